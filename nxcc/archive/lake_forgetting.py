"""Takes calls and lookups out of a team's lake so that no byte of them is left in its files, nor in the catalog.

What stays is written to new tables, which take the places of the old ones in one commit; then all that only the past
needs goes: the old tables with what the catalog says of them (the smallest and the greatest number in each file, say),
their files, and the dead rows in PostgreSQL's tables. PostgreSQL's log (WAL), its archives and backups of the database
or of the lake may hold them until they are recycled: that is up to who runs them.

Whoever dies on the way leaves the tables as they were or as they are to be; what is left of the past then goes with
the next time something is forgotten, whether anything is found or not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import duckdb

from nxcc.archive.catalog import sweep
from nxcc.archive.explored import Explored
from nxcc.archive.lake_sentences import lake_sentences, overtaken
from nxcc.archive.ledger_lake import LedgerLake
from nxcc.errors import ArchiveError

if TYPE_CHECKING:
    from nxcc.archive.forgetting import Gone

_COLUMNS = """
    SELECT column_name, data_type, is_nullable FROM duckdb_columns()
    WHERE database_name = 'archive' AND table_name = $table ORDER BY column_index
"""


def without_gone(
    ledger: LedgerLake,
    explored: Explored,
    select: Callable[[duckdb.DuckDBPyConnection], Gone],
    stay: dict[str, str],
    values: Callable[[str], dict[str, Any]],
) -> Gone:
    """Takes out what `select` finds; `stay` are queries for the rows of each table that stay, with their `values`.

    Raises `ArchiveError`, of which `ArchiveAway` also leaves it open whether it is done.
    """
    with explored.gone() as forget_rows, ledger.alone() as cursor:
        gone = select(cursor)
        if gone:
            cursor.begin()
            for table, query in stay.items():
                _write_anew(cursor, table, query, values(query))
            if not ledger.writing.still():
                raise overtaken(ledger.lake.team)
            cursor.commit()
            forget_rows(cursor, "archive.calls")
            ledger.beside_gone()
        _forget_past(cursor)
    with lake_sentences(ledger.lake.team):
        sweep(ledger.lake)
    return gone


def _write_anew(cursor: duckdb.DuckDBPyConnection, table: str, query: str, values: dict[str, Any]) -> None:
    columns = ", ".join(
        f"{name} {kind}{'' if nullable else ' NOT NULL'}"
        for name, kind, nullable in cursor.execute(_COLUMNS, {"table": table}).fetchall()
    )
    cursor.execute(f"CREATE TABLE archive.{table}_anew ({columns})")
    cursor.execute(f"INSERT INTO archive.{table}_anew {query}", values)
    counts = f"""SELECT (SELECT count(*) FROM archive.{table}) - (SELECT count(*) FROM gone_{table})
        = (SELECT count(*) FROM archive.{table}_anew)"""
    if cursor.execute(counts).fetchone() != (True,):
        raise ArchiveError("The archive could not be copied as a whole.", cure="Nothing was changed. Try again.")
    cursor.execute(f"DROP TABLE archive.{table}")
    cursor.execute(f"ALTER TABLE archive.{table}_anew RENAME TO {table}")


def _forget_past(cursor: duckdb.DuckDBPyConnection) -> None:
    """Nobody writes meanwhile: what no table has is nobody's. Who reads just now reads anew."""
    cursor.execute("CALL ducklake_flush_inlined_data('archive')")
    cursor.execute("CALL ducklake_expire_snapshots('archive', older_than => now() + INTERVAL 1 DAY)")
    cursor.execute("CALL ducklake_cleanup_old_files('archive', cleanup_all => true)")
    cursor.execute("CALL ducklake_delete_orphaned_files('archive', cleanup_all => true)")
