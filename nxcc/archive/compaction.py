"""Keeps a team's lake quick: rows that wait in the catalog become files, small files become large ones, and what only
the past needs goes.

For any process of the team at any time, say every half a minute: one at a time does it, the others have nothing to do.
Others read and write meanwhile; each step holds writers up for as long as it takes (a second, say).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nxcc.archive.ledger import Archive
from nxcc.archive.ledger_file import LedgerFile

if TYPE_CHECKING:
    from nxcc.archive.ledger_lake import LedgerLake

AGE_S = 3600  # so long stay files of the past: whoever reads keeps what was there when it began
ENOUGH_ROWS = 5_000  # in the catalog, before they become a file
ENOUGH_FILES = 8  # of a size, before they become one of the next size
_MB = 1_000_000
_SIZES = ((0, _MB), (_MB, 10 * _MB), (10 * _MB, 100 * _MB))  # bytes, from and up to

_TABLES = """
    SELECT table_id, table_name, rows - in_files AS waiting FROM postgres_query('__ducklake_metadata_archive', '
        SELECT t.table_id, t.table_name, coalesce(s.record_count, 0) AS rows,
            coalesce((SELECT sum(record_count) FROM {0}.ducklake_data_file AS f
                WHERE f.table_id = t.table_id AND f.end_snapshot IS NULL), 0)::BIGINT AS in_files
        FROM {0}.ducklake_table AS t LEFT JOIN {0}.ducklake_table_stats AS s USING (table_id)
        WHERE t.end_snapshot IS NULL')
"""
_FILES = """
    SELECT n FROM postgres_query('__ducklake_metadata_archive', '
        SELECT count(*) AS n FROM {0}.ducklake_data_file
        WHERE table_id = {1} AND end_snapshot IS NULL AND file_size_bytes >= {2} AND file_size_bytes < {3}')
"""
_OLD = """
    SELECT n FROM postgres_query('__ducklake_metadata_archive', '
        SELECT 1 AS n FROM {0}.ducklake_snapshot WHERE snapshot_time < now() - INTERVAL ''{1} SECONDS'' LIMIT 1')
"""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What was done: rows out of the catalog into files, steps of merging."""

    flushed: int = 0
    merged: int = 0


def compact(archive: Archive) -> Compacted:
    """Does what there is to do; at once nothing when another process is at it, or the archive is a file.

    Raises `ArchiveAway` when the database does not answer, else `ArchiveError`.
    """
    ledger = archive.file
    if isinstance(ledger, LedgerFile):
        return Compacted()
    with ledger.compacting.perhaps() as ours:
        return archive.again(_Compaction(archive, ledger).all) if ours else Compacted()


class _Compaction:
    def __init__(self, archive: Archive, ledger: LedgerLake) -> None:
        self._archive, self._ledger = archive, ledger
        self._schema = ledger.lake.name

    def all(self) -> Compacted:
        flushed = merged = 0
        for table in self._rows(_TABLES):
            if table["waiting"] >= ENOUGH_ROWS:
                self._do(f"ducklake_flush_inlined_data('archive', table_name => '{table['table_name']}')")
                flushed += table["waiting"]
            merged += sum(self._merge(table, *size) for size in _SIZES)
        if self._rows(_OLD, 2 * AGE_S):  # rather many at a time
            self._do(f"ducklake_expire_snapshots('archive', older_than => now() - INTERVAL '{AGE_S} SECONDS')")
        with self._archive.writing() as cursor:  # files that nobody reads or writes: no turn is needed
            cursor.execute(
                f"CALL ducklake_cleanup_old_files('archive', older_than => now() - INTERVAL '{AGE_S} SECONDS')"
            )
        return Compacted(flushed, merged)

    def _merge(self, table: dict[str, Any], least: int, below: int) -> int:
        """Files of a size, as long as there are enough of them."""
        steps, before = 0, ENOUGH_FILES
        while True:
            there = self._rows(_FILES, table["table_id"], least, below)[0]["n"]
            if there < ENOUGH_FILES or (steps and there >= before):
                return steps
            before = there
            self._do(
                f"""ducklake_merge_adjacent_files('archive', '{table["table_name"]}',
                min_file_size => {least}, max_file_size => {below})"""
            )
            steps += 1

    def _do(self, call: str) -> None:
        with self._ledger.turn(for_long=True), self._archive.writing() as cursor:
            cursor.execute(f"CALL {call}")

    def _rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._archive.read(query.format(self._schema, *values), {}).to_pylist()
        return rows
