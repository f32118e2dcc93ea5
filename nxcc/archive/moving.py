"""A whole ledger, carried into another one: out of a file into a team's lake, and back.

In batches, each a transaction: a lookup and its calls come together, and those that are there are not written again. So
it may be run again, wherever it was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from nxcc.archive.lake import Lake
from nxcc.archive.ledger import Archive
from nxcc.archive.sentences import sentences

BATCH = 10_000  # lookups

_KEY = "gateway, tenant_id, order_id, asked_at"
_EACH = "epoch_us(asked_at)"
_BATCHES = f"""
    SELECT {_EACH} AS until FROM (SELECT asked_at, row_number() OVER (ORDER BY asked_at) AS n FROM archive.lookups)
    WHERE n % $batch = 0 GROUP BY ALL
    UNION SELECT max({_EACH}) FROM archive.lookups HAVING count(*) > 0 ORDER BY until
"""
_PART = "asked_at > $after::TIMESTAMPTZ AND asked_at <= $until::TIMESTAMPTZ"
_LOOKUPS = f"SELECT * FROM archive.lookups WHERE {_PART}"
_CALLS = f"SELECT * FROM archive.calls SEMI JOIN archive.lookups USING ({_KEY}) WHERE {_PART}"
_SIZE = """SELECT (SELECT count(*) FROM archive.lookups) AS lookups, (SELECT count(*) FROM archive.calls) AS calls"""
_THERE = f"""
    CREATE OR REPLACE TEMP TABLE there AS
    SELECT DISTINCT {_KEY} FROM archive.lookups SEMI JOIN moved_lookups USING ({_KEY}) WHERE {_PART}
"""
_ARRIVED = f"""SELECT
    (SELECT count(*) FROM archive.lookups SEMI JOIN moved_lookups USING ({_KEY}) WHERE {_PART}),
    (SELECT count(*) FROM archive.calls SEMI JOIN moved_lookups USING ({_KEY}) WHERE {_PART})
"""

Read = Callable[[str, dict[str, Any]], pa.Table]


@dataclass(frozen=True, slots=True)
class Carried:
    """Rows of a ledger, whoever they are of, and how many of them the other one has."""

    lookups: int
    calls: int
    lookups_arrived: int
    calls_arrived: int


def carry(
    source: Path | Lake,
    target: Path | Lake,
    passed: Callable[[int, int], object] = lambda *_: None,
    *,
    write: bool = True,
) -> Carried:
    """Carries all that is in the ledger `source`, which stays as it is, into `target`; a new one is made.

    Without `write` it only counts what has arrived. `passed` hears after each batch how many lookups have, of how many.
    Raises `ArchiveError`.
    """
    into = Archive(target, "", 0)
    try:
        with _reading(source) as read:
            (size,) = read(_SIZE, {}).to_pylist()
            after, lookups, calls = "0001-01-01 00:00:00+00", 0, 0
            for until_us in read(_BATCHES, {"batch": BATCH})["until"].to_pylist():
                part = {"after": after, "until": _moment(until_us)}
                some, more = _keep(into, read(_LOOKUPS, part), read(_CALLS, part), part, write=write)
                after, lookups, calls = part["until"], lookups + some, calls + more
                passed(lookups, size["lookups"])
        return Carried(size["lookups"], size["calls"], lookups, calls)
    finally:
        into.close()


def holds_anything(where: Path | Lake) -> bool:
    """Whether there is a lookup in a ledger. Raises `ArchiveError`."""
    with _reading(where) as read:
        return bool(read("SELECT 1 AS one FROM archive.lookups LIMIT 1", {}).num_rows)


def _keep(into: Archive, lookups: pa.Table, calls: pa.Table, part: dict[str, str], *, write: bool) -> tuple[int, int]:
    def keep(_: bool) -> tuple[int, int]:
        with into.file.turn(), into.writing() as cursor:
            cursor.register("moved_lookups", lookups)
            cursor.register("moved_calls", calls)
            cursor.begin()
            if write:
                cursor.execute(_THERE, part)
                for name in ("lookups", "calls"):
                    add = f"INSERT INTO archive.{name} BY NAME SELECT * FROM moved_{name}"
                    cursor.execute(f"{add} ANTI JOIN there USING ({_KEY})")
            arrived = cursor.execute(_ARRIVED, part).fetchone()
            cursor.commit()
        return (int(arrived[0]), int(arrived[1])) if arrived else (0, 0)

    return into.file.kept(keep)


@contextmanager
def _reading(source: Path | Lake) -> Iterator[Read]:
    if isinstance(source, Lake):
        archive = Archive(source, "", 0)
        try:
            yield archive.read
        finally:
            archive.close()
        return
    with sentences(source), duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        path = str(source).replace("'", "''")
        connection.execute(f"ATTACH '{path}' AS archive (READ_ONLY)")
        connection.execute("SET TimeZone = 'UTC'")
        yield lambda query, values: connection.execute(query, values).to_arrow_table()


def _moment(us: int) -> str:
    seconds, rest = divmod(us, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{rest:06}+00"
