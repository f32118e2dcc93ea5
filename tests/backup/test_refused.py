"""What is no backup, or not whole, or made to do harm, is refused with a sentence and changes nothing."""

from __future__ import annotations

import hashlib
import io
import json
import random
import sqlite3
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nxcc.archive import copying
from nxcc.backup import BackupError
from nxcc.backup.manifest import NAME

from .conftest import members_of, resealed, restore, sealed, state, zipped

FLIPS = 60
OUTSIDE = [
    "../evil",
    "jobs/../../evil",
    "/tmp/nxcc-evil",
    "jobs/0123456789abcdef/../../../evil",
    "..\\evil",
    "C:\\evil",
]


@pytest.fixture(scope="module")
def refused(kept: Path) -> Callable[[Path, str], None]:
    """Tries to put a file back in the place of what the folder holds: it is refused with these words."""

    before = state(kept)
    around = sorted(kept.parent.iterdir())

    def tried(path: Path, told: str) -> None:
        with pytest.raises(BackupError, match=told) as error:
            restore(kept, path, replace=True)
        assert error.value.cure
        assert state(kept) == before
        assert sorted(kept.parent.iterdir()) == around
        assert list(kept.glob(".*")) == []

    return tried


def test_refused__a_single_byte_that_is_another(
    made: Path, tmp_path: Path, refused: Callable[[Path, str], None]
) -> None:
    whole, chance = made.read_bytes(), random.Random(20261124)
    ends = [0, 1, 30, len(whole) - 1, len(whole) - 20, len(whole) - 70, len(whole) - 90]
    for place in [*ends, *(chance.randrange(len(whole)) for _ in range(FLIPS))]:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << chance.randrange(8)
        path = tmp_path / "flipped.zip"
        path.write_bytes(flipped)
        refused(path, "is damaged|not a backup of nxcc, or its end is missing")


def test_refused__a_file_that_is_cut_or_goes_on(
    made: Path, tmp_path: Path, refused: Callable[[Path, str], None]
) -> None:
    whole, path = made.read_bytes(), tmp_path / "cut.zip"
    for size in (0, 1, 75, 76, 77, 500, len(whole) // 3, len(whole) // 2, len(whole) - 77, len(whole) - 1):
        path.write_bytes(whole[:size])
        refused(path, "is damaged|not a backup of nxcc, or its end is missing")
    for more in (b"\0", b"PK", whole):
        path.write_bytes(whole + more)
        refused(path, "is damaged|not a backup of nxcc, or its end is missing")
    path.write_bytes(whole[100:])
    refused(path, "is damaged")


def test_refused__other_files(kept: Path, tmp_path: Path, refused: Callable[[Path, str], None]) -> None:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as archive:
        archive.add(kept / "archive.duckdb", "archive.duckdb")
    for n, content in enumerate(
        (
            b"\x89PNG\r\n\x1a\n" + bytes(500),
            zipped([("archive.duckdb", b"x" * 500)]),
            tar.getvalue(),
            (kept / "archive.duckdb").read_bytes(),
            (kept / "jobs.sqlite").read_bytes(),
            b"order_id\r\nA1\r\n" * 20,
        )
    ):
        path = tmp_path / f"other{n}"
        path.write_bytes(content)
        refused(path, "is not a backup of nxcc")
    refused(tmp_path / "nowhere.zip", "There is no file")
    refused(tmp_path, "There is no file")


def test_refused__a_seal_around_something_else(tmp_path: Path, refused: Callable[[Path, str], None]) -> None:
    path = tmp_path / "odd.zip"
    for body in (b"", b"no zip at all" * 50):
        path.write_bytes(body + b"nxcc sha256 " + hashlib.sha256(body).hexdigest().encode())
        refused(path, "its members are not as they should be")
    resealed(path, zipped([("archive.duckdb", b"x")]))
    refused(path, "has no manifest")
    for manifest in (b"", b"[]", b"{}", b"null", b"[" * 100_000, b'{"format": "nxcc backup", "version": "one"}'):
        resealed(path, zipped([(NAME, manifest)]))
        refused(path, "manifest cannot be read")


@pytest.mark.parametrize("name", OUTSIDE)
def test_refused__paths_that_lead_elsewhere(
    made: Path, tmp_path: Path, refused: Callable[[Path, str], None], name: str
) -> None:
    members = members_of(made)
    refused(sealed(tmp_path / "b.zip", {name: b"evil", **members}), "manifest cannot be read")
    refused(sealed(tmp_path / "b.zip", {name: b"evil", **members}, told=False), "does not hold what its manifest says")
    assert not Path("/tmp/nxcc-evil").exists()


def test_refused__links_packed_and_repeated_members(
    made: Path, tmp_path: Path, refused: Callable[[Path, str], None]
) -> None:
    members, path = list(members_of(made).items()), tmp_path / "b.zip"
    odd = "its members are not as they should be"
    links = [(name, b"/etc/passwd" if name == "jobs.sqlite" else content) for name, content in members]
    refused(resealed(path, zipped(links, link="jobs.sqlite")), odd)
    refused(resealed(path, zipped(members, compression=zipfile.ZIP_DEFLATED)), odd)
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zipped([*members, members[0]])
    refused(resealed(path, twice), odd)


def test_refused__a_bomb(made: Path, tmp_path: Path, refused: Callable[[Path, str], None]) -> None:
    """A member that unpacks to more than the file has: packed, or said to be larger than it is."""
    members, path = list(members_of(made).items()), tmp_path / "b.zip"
    packed = zipped([*members, ("sandbox.duckdb", bytes(50_000_000))], compression=zipfile.ZIP_DEFLATED)
    assert len(packed) < 2_000_000
    refused(resealed(path, packed), "its members are not as they should be")

    content = bytearray(zipped([("jobs.sqlite", b"small")]))
    at = content.index(b"PK\x01\x02")
    struct.pack_into("<II", content, at + 20, 2_000_000_000, 2_000_000_000)
    refused(resealed(path, bytes(content)), "its members are not as they should be")


def newer(said: dict[str, Any]) -> None:
    said["ledgers"]["archive.duckdb"]["schema"] = copying.NEWEST + 1


LIES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "newer schema": (newer, "written by a newer nxcc"),
    "newer format": (lambda said: said.update(version=2), "made by a newer nxcc"),
    "another format": (lambda said: said.update(format="backup"), "manifest cannot be read"),
    "fewer calls": (lambda said: said["ledgers"]["archive.duckdb"]["tables"].update(calls=7), "other rows"),
    "another team": (lambda said: said["ledgers"]["archive.duckdb"]["owners"][0].update(tenant_id=9), "other rows"),
    "fewer views": (lambda said: said["tables"].update(views=0), "other rows"),
    "more jobs": (lambda said: said.update(jobs=3), "lacks the files of a job"),
    "a member less": (lambda said: said["members"].pop("jobs.sqlite"), "does not hold what its manifest says"),
    "another hash": (lambda said: said["members"]["jobs.sqlite"].update(sha256="0" * 64), "is damaged"),
    "no hash": (lambda said: said["members"]["jobs.sqlite"].update(sha256=""), "manifest cannot be read"),
    "a size below nought": (lambda said: said["members"]["jobs.sqlite"].update(bytes=-1), "manifest cannot be read"),
    "no ledger": (lambda said: said.update(ledgers={}), "manifest cannot be read"),
    "no time": (lambda said: said.update(made_at="yesterday"), "manifest cannot be read"),
}


@pytest.mark.parametrize("lie", LIES)
def test_refused__a_manifest_that_lies(
    made: Path, tmp_path: Path, refused: Callable[[Path, str], None], lie: str
) -> None:
    change, told = LIES[lie]
    refused(sealed(tmp_path / "b.zip", members_of(made), change), told)


@contextmanager
def ledger(members: dict[str, bytes], tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The archive in the backup, to be changed."""
    path = tmp_path / "changed.duckdb"
    path.write_bytes(members["archive.duckdb"])
    with duckdb.connect(str(path)) as connection:
        yield connection
    members["archive.duckdb"] = path.read_bytes()


HOSTILE_LEDGERS = {
    "a view on a file": (
        "DROP TABLE calls; CREATE VIEW calls AS SELECT * FROM read_text('/etc/passwd')",
        "holds more",
    ),
    "a macro": ("CREATE MACRO count_if(a) AS (SELECT content FROM read_text('/etc/passwd'))", "holds more"),
    "a schema": ("CREATE SCHEMA other", "holds more"),
    "an index": ("CREATE INDEX i ON lookups (order_id)", "holds more"),
    "another table": ("CREATE TABLE more (n INTEGER)", "other tables"),
    "a table less": ("DROP TABLE calls", "other tables"),
    "another type": ("ALTER TABLE lookups ALTER calls TYPE VARCHAR", "other tables"),
    "a default": ("ALTER TABLE lookups ALTER calls SET DEFAULT 7", "other tables"),
    "a newer schema": ("INSERT INTO schema_version VALUES (99, now())", "written by a newer nxcc"),
    "no schema": ("DELETE FROM schema_version", "written by a newer nxcc|other tables|schema 0"),
    "more rows": ("INSERT INTO lookups SELECT * FROM lookups", "other rows"),
}


@pytest.mark.parametrize("what", HOSTILE_LEDGERS)
def test_refused__a_ledger_that_is_made_to_do_harm(
    made: Path, tmp_path: Path, refused: Callable[[Path, str], None], what: str
) -> None:
    sql, told = HOSTILE_LEDGERS[what]
    members = members_of(made)
    with ledger(members, tmp_path) as connection:
        connection.execute(sql)
    refused(sealed(tmp_path / "b.zip", members), told)


HOSTILE_TABLES = {
    "a trigger": ("CREATE TRIGGER t AFTER INSERT ON jobs BEGIN DELETE FROM audit; END", "holds more than rows"),
    "another trigger of our name": (
        "DROP TRIGGER audit_no_delete; CREATE TRIGGER audit_no_delete AFTER INSERT ON jobs BEGIN DELETE FROM jobs; END",
        "holds more than rows",
    ),
    "a view": ("CREATE VIEW v AS SELECT * FROM jobs", "holds more than rows"),
    "a virtual table": ("CREATE VIRTUAL TABLE f USING fts5(a)", "holds more than rows"),
    "a column less": ("ALTER TABLE jobs DROP COLUMN requests", "is of another version: jobs has no requests"),
    "a job without files": ("UPDATE jobs SET id = '0123456789abcdef'", "lacks the files of a job"),
}


@pytest.mark.parametrize("what", HOSTILE_TABLES)
def test_refused__tables_that_are_made_to_do_harm(
    made: Path, tmp_path: Path, refused: Callable[[Path, str], None], what: str
) -> None:
    sql, told = HOSTILE_TABLES[what]
    members, path = members_of(made), tmp_path / "jobs.sqlite"
    path.write_bytes(members["jobs.sqlite"])
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(sql)
    members["jobs.sqlite"] = path.read_bytes()
    refused(sealed(tmp_path / "b.zip", members), told)


def test_refused__members_that_are_something_else(
    made: Path, tmp_path: Path, refused: Callable[[Path, str], None]
) -> None:
    whole = members_of(made)
    about = next(name for name in whole if name.endswith("about.json"))
    for name, content in (
        ("archive.duckdb", b"not a ledger"),
        ("archive.duckdb", whole["jobs.sqlite"]),
        ("archive.duckdb", b""),
        ("jobs.sqlite", b"not a table" * 100),
        ("jobs.sqlite", whole["archive.duckdb"]),
        (about, b"not json"),
        (about, json.dumps({"name": 7}).encode()),
    ):
        refused(sealed(tmp_path / "b.zip", whole | {name: content}), "cannot be used")


def test_refused__nothing_in_an_empty_folder_either(made: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.zip"
    cut.write_bytes(made.read_bytes()[:-1])
    with pytest.raises(BackupError):
        restore(tmp_path / "data", cut)
    assert list((tmp_path / "data").iterdir()) == []
