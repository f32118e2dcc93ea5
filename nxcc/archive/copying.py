"""Whole ledgers: a copy at one moment while answers are added, and a look over one that came from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from nxcc.archive.ledger import Archive
from nxcc.archive.schema import MIGRATIONS, migrate
from nxcc.archive.sentences import sentences
from nxcc.errors import ArchiveError

NEWEST = max(int(step.name[:3]) for step in MIGRATIONS.glob("[0-9][0-9][0-9]_*.sql"))
_OWNERS = """
    SELECT gateway, tenant_id, sum(lookups)::BIGINT AS lookups, sum(calls)::BIGINT AS calls FROM (
        SELECT gateway, tenant_id, 1 AS lookups, 0 AS calls FROM {0}.lookups
        UNION ALL SELECT gateway, tenant_id, 0, 1 FROM {0}.calls)
    GROUP BY ALL ORDER BY ALL
"""
_TABLES = """
    SELECT table_name FROM duckdb_tables()
    WHERE database_name = $name AND schema_name = 'main' AND NOT internal ORDER BY table_name
"""
_COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default FROM duckdb_columns()
    WHERE database_name = $name AND NOT internal ORDER BY ALL
"""
_FOREIGN = """
    SELECT 1 FROM duckdb_views() WHERE database_name = $name AND NOT internal
    UNION ALL SELECT 1 FROM duckdb_functions() WHERE database_name = $name AND NOT internal
    UNION ALL SELECT 1 FROM duckdb_indexes() WHERE database_name = $name
    UNION ALL SELECT 1 FROM duckdb_sequences() WHERE database_name = $name
    UNION ALL SELECT 1 FROM duckdb_types() WHERE database_name = $name AND NOT internal
    UNION ALL SELECT 1 FROM duckdb_schemas() WHERE database_name = $name AND NOT internal AND schema_name <> 'main'
"""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose answers a ledger holds, and how many: lookups made, and calls that they brought (each time anew)."""

    gateway: str
    tenant_id: int
    lookups: int
    calls: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is in a ledger: the number of its schema, rows by table, and whose they are."""

    schema: int
    tables: dict[str, int]
    owners: tuple[Owner, ...]


def copy(archive: Archive, target: Path) -> None:
    """A new file with all that the open archive holds at this moment, also of other teams; answers go on coming.

    Raises `ArchiveError` when there is no room for it, say; then there is no such file.
    """
    with _whole_or_none(target), archive.writing() as cursor:
        _copy(cursor, target)


def copy_closed(path: Path, target: Path) -> None:
    """The same of a ledger that nobody has open. Raises `ArchiveBusy` when somebody has, else as `copy`."""
    with sentences(path), duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        connection.execute(f"ATTACH {_quoted(path)} AS archive (READ_ONLY)")
        with _whole_or_none(target):
            _copy(connection, target)


def look_over(path: Path) -> Ledger:
    """What is in a ledger that came from elsewhere; it stays as it is.

    Raises `ArchiveError` when it cannot be read as a whole, is newer than this nxcc, or holds anything that nxcc does
    not make: a view, say, could read other files of this machine.
    """
    with sentences(path), duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        connection.execute(f"ATTACH {_quoted(path)} AS looked (READ_ONLY)")
        connection.execute("SET enable_external_access = false")
        if connection.execute(_FOREIGN, {"name": "looked"}).fetchone():
            raise ArchiveError(f"{path.name} holds more than tables of nxcc.", cure="It is no archive of nxcc.")
        schema = _schema(connection, path)
        if _columns(connection, "looked") != _columns_of(schema):
            raise ArchiveError(f"{path.name} has other tables than those of nxcc.", cure="It is no archive of nxcc.")
        return _ledger(connection, "looked", schema)


@contextmanager
def _whole_or_none(target: Path) -> Iterator[None]:
    try:
        with sentences(target):
            yield
    except BaseException:
        for half in (target, target.with_name(f"{target.name}.wal")):
            half.unlink(missing_ok=True)
        raise


def _copy(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    connection.execute(f"ATTACH {_quoted(target)} AS copied")
    try:
        connection.begin()
        try:
            connection.execute("COPY FROM DATABASE archive TO copied")
            connection.commit()
        except duckdb.Error:
            connection.rollback()
            raise
    finally:
        connection.execute("DETACH copied")  # brings everything into the one file


def _schema(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    row = connection.execute("SELECT max(version) FROM looked.schema_version").fetchone()
    schema = (row and row[0]) or 0
    if not 1 <= schema <= NEWEST:
        raise ArchiveError(
            f"{path.name} has schema {schema}, written by a newer nxcc; this one knows schemas up to {NEWEST}.",
            cure="Update nxcc, then try again.",
        )
    return int(schema)


def _columns(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[object, ...]]:
    return connection.execute(_COLUMNS, {"name": name}).fetchall()


@cache
def _columns_of(schema: int) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        migrate(connection, up_to=schema)
        return _columns(connection, "memory")


def _ledger(connection: duckdb.DuckDBPyConnection, name: str, schema: int) -> Ledger:
    tables = {}
    for (table,) in connection.execute(_TABLES, {"name": name}).fetchall():
        row = connection.execute(f'SELECT count(*) FROM {name}."{table}"').fetchone()
        tables[table] = int(row[0]) if row else 0
    owners = connection.execute(_OWNERS.format(name)).fetchall()
    return Ledger(schema, tables, tuple(Owner(*row) for row in owners))


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
