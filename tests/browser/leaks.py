"""Looks for values where they must not be: in the raw bytes of files, and in what they hold when they are read."""

from __future__ import annotations

import base64
import gzip
import io
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import duckdb
import pyarrow.parquet as pq

Place = tuple[str, bytes]


class Needles:
    """Values by their names, each in the forms in which it could be written."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._forms = {name: _forms(value) for name, value in values.items()}
        assert all(self._forms.values()), "a value that is empty is nowhere"

    def found_in(self, place: Place) -> list[str]:
        """`where: name` of each that is there."""
        where, content = place
        return [f"{where}: {name}" for name, forms in self._forms.items() if any(form in content for form in forms)]


def _forms(value: str) -> set[bytes]:
    if not value:
        return set()
    texts = {value, quote(value, safe=""), json.dumps(value)[1:-1], repr(value)[1:-1]}
    raw = value.encode()
    # Of any place within a longer text, the signs that do not depend on what stands around it.
    within = {base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4].strip(b"=") for shift in range(3)}
    return {text.encode() for text in texts} | {value.encode("utf-16-le")} | {form for form in within if len(form) > 7}


def of_folder(folder: Path, *, without: frozenset[str] = frozenset()) -> Iterator[Place]:
    """Every file below it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in without:
            yield from of_file(str(path.relative_to(folder)), path.read_bytes())


def of_file(name: str, content: bytes) -> Iterator[Place]:
    """A file as it is; and what it holds, where it is one that can be packed."""
    yield name, content
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                yield from of_file(f"{name}/{member}", archive.read(member))
    elif content.startswith(b"\x1f\x8b"):
        yield from of_file(f"{name} unpacked", gzip.decompress(content))
    elif content.startswith(b"PAR1"):
        table = pq.read_table(io.BytesIO(content))
        yield f"{name} read", repr((table.schema, table.to_pydict())).encode()
    elif content.startswith(b"SQLite format 3"):
        yield f"{name} read", _of_sqlite(content)
    elif content[8:12] == b"DUCK":
        yield f"{name} read", _of_duckdb(content)


def _of_sqlite(content: bytes) -> bytes:
    with sqlite3.connect(":memory:") as connection:
        connection.deserialize(
            content.replace(b"\x02\x02", b"\x01\x01", 1) if content[18:20] == b"\x02\x02" else content
        )
        dump = "\n".join(connection.iterdump())
    connection.close()
    return dump.encode()


def _of_duckdb(content: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "looked.duckdb"
        path.write_bytes(content)
        with duckdb.connect(path, read_only=True) as connection:
            tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
            found = [connection.execute(f'SELECT * FROM "{table}"').to_arrow_table() for (table,) in tables]
    return repr([table.to_pylist() for table in found]).encode()
