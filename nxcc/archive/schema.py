"""Numbered migrations: `migrations/NNN_name.sql`, applied in order, each whole or not at all."""

from __future__ import annotations

from pathlib import Path

import duckdb

from nxcc.errors import ArchiveError

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(connection: duckdb.DuckDBPyConnection, migrations: Path = MIGRATIONS, *, up_to: int | None = None) -> int:
    """Brings a file forward to the newest schema, or to an older one; returns its version.

    Raises `ArchiveError` when the file was written by a newer nxcc.
    """
    steps = {int(step.name[:3]): step for step in sorted(migrations.glob("[0-9][0-9][0-9]_*.sql"))}
    connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL, applied_at TIMESTAMPTZ)")
    row = connection.execute("SELECT max(version) FROM schema_version").fetchone()
    version = (row and row[0]) or 0
    newest = max(steps) if up_to is None else up_to
    if version > newest:
        raise ArchiveError(
            f"The archive has schema {version}, written by a newer nxcc; this one knows schemas up to {newest}.",
            cure="Nothing was changed. Update nxcc, or set NXCC_DATA_DIR to another folder.",
        )
    for number in range(version + 1, newest + 1):
        connection.begin()
        try:
            connection.execute(steps[number].read_text(encoding="utf-8"))
            connection.execute("INSERT INTO schema_version VALUES (?, now())", [number])
            connection.commit()
        except duckdb.Error as error:
            connection.rollback()
            raise ArchiveError(
                f"The archive could not be brought from schema {number - 1} to {number}.",
                cure="Nothing was changed. Keep a copy of the data folder and report this.",
            ) from error
    return newest
