"""Migrations: forward only, each whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from nxcc import records
from nxcc.archive.schema import MIGRATIONS, migrate
from nxcc.errors import ArchiveError

NEWEST = len(list(MIGRATIONS.glob("*.sql")))


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """The real migrations, in a folder where more can be added."""
    return Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))


@pytest.fixture
def file(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A file of today's schema with one call in it."""
    with duckdb.connect(str(tmp_path / "file.duckdb")) as connection:
        migrate(connection)
        connection.execute(
            "INSERT INTO calls (gateway, tenant_id, asked_at, order_id, call_id) VALUES ('g', 1, now(), 'A', 'c')"
        )
        yield connection


def versions(file: duckdb.DuckDBPyConnection) -> list[int]:
    return [row[0] for row in file.execute("SELECT version FROM schema_version ORDER BY version").fetchall()]


def columns(file: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    described = file.execute(f"DESCRIBE {table}").fetchall()
    return {name: kind for name, kind, *_ in described}


def test_migrate__a_new_file_gets_every_step(file: duckdb.DuckDBPyConnection) -> None:
    assert versions(file) == list(range(1, NEWEST + 1))


def test_migrate__a_second_time_changes_nothing(file: duckdb.DuckDBPyConnection) -> None:
    assert migrate(file) == NEWEST
    assert versions(file) == list(range(1, NEWEST + 1))


def test_migrate__the_table_has_every_column_of_a_call(file: duckdb.DuckDBPyConnection) -> None:
    assert set(columns(file, "calls")) == {*records.SCHEMA.names, "gateway", "tenant_id", "asked_at"}


@pytest.mark.parametrize("field", list(records.SCHEMA), ids=lambda field: field.name)
def test_migrate__each_column_takes_the_type_of_the_records(file: duckdb.DuckDBPyConnection, field: pa.Field) -> None:
    kinds = {
        pa.string(): "VARCHAR",
        pa.int64(): "BIGINT",
        pa.bool_(): "BOOLEAN",
        pa.float64(): "DOUBLE",
        pa.timestamp("ms", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
        pa.list_(pa.string()): "VARCHAR[]",
    }
    assert columns(file, "calls")[field.name] == kinds[field.type]


def test_migrate__an_older_file_is_brought_forward(file: duckdb.DuckDBPyConnection, migrations: Path) -> None:
    added = migrations / f"{NEWEST + 1:03d}_note.sql"
    added.write_text("ALTER TABLE calls ADD COLUMN note VARCHAR DEFAULT 'none'; CREATE TABLE views (name VARCHAR);")
    assert migrate(file, migrations) == NEWEST + 1
    assert versions(file)[-1] == NEWEST + 1
    assert file.execute("SELECT call_id, note FROM calls").fetchall() == [("c", "none")]
    assert columns(file, "views") == {"name": "VARCHAR"}


def test_migrate__a_step_that_fails_changes_nothing(file: duckdb.DuckDBPyConnection, migrations: Path) -> None:
    before = columns(file, "calls")
    good, bad = migrations / f"{NEWEST + 1:03d}_good.sql", migrations / f"{NEWEST + 2:03d}_bad.sql"
    good.write_text("CREATE TABLE views (name VARCHAR)")
    bad.write_text("ALTER TABLE calls ADD COLUMN note VARCHAR; DELETE FROM calls; SELECT nonsense FROM nowhere;")
    with pytest.raises(ArchiveError, match=f"from schema {NEWEST + 1} to {NEWEST + 2}") as failed:
        migrate(file, migrations)
    assert "Nothing was changed" in failed.value.cure
    assert versions(file)[-1] == NEWEST + 1  # the step before it holds
    assert columns(file, "calls") == before
    assert file.execute("SELECT call_id FROM calls").fetchall() == [("c",)]

    bad.write_text("ALTER TABLE calls ADD COLUMN note VARCHAR")  # the next release has it right
    assert migrate(file, migrations) == NEWEST + 2
    assert "note" in columns(file, "calls")


def test_migrate__a_newer_file_is_refused_untouched(file: duckdb.DuckDBPyConnection) -> None:
    file.execute("INSERT INTO schema_version VALUES (?, now())", [NEWEST + 1])
    with pytest.raises(ArchiveError, match=f"schema {NEWEST + 1}, written by a newer nxcc") as failed:
        migrate(file)
    assert "Nothing was changed" in failed.value.cure
    assert versions(file)[-1] == NEWEST + 1
    assert file.execute("SELECT call_id FROM calls").fetchall() == [("c",)]


def test_migrations__are_numbered_without_gaps() -> None:
    numbers = sorted(int(step.name[:3]) for step in MIGRATIONS.glob("*.sql"))
    assert numbers == list(range(1, NEWEST + 1))
