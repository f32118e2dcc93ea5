"""What calls that were read by time say of orders: which were called, and answers put together out of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from nxcc import records
from nxcc.archive.ledger import Archive
from nxcc.archive.periods import moment
from nxcc.stretches import CallFilters, Stretch

PERIOD = "period"
_MINE = "gateway = $gateway AND tenant_id = $tenant"
_OF_PAGE = f"{_MINE} AND order_id = ''"
_WANTED = "said_order_id IN (SELECT order_id FROM wanted)"
# Calls as pages brought them, each in its newest state.
_OF_PAGES = f"""
    SELECT * FROM (
        SELECT * FROM archive.calls
        WHERE {_OF_PAGE} AND (
            call_id IN (SELECT call_id FROM archive.calls WHERE {_OF_PAGE} AND {_WANTED})
            OR (call_id IS NULL AND {_WANTED}))
        QUALIFY row_number() OVER (PARTITION BY coalesce(call_id, raw) ORDER BY asked_at DESC) = 1
    ) WHERE {_WANTED}
"""
_SEEN = f"""
    CREATE OR REPLACE TEMP TABLE seen AS
    WITH of_pages AS ({_OF_PAGES})
    SELECT * REPLACE (said_order_id AS order_id, $asked_at::TIMESTAMPTZ AS asked_at) FROM of_pages
    WHERE said_order_id IN (
        SELECT said_order_id FROM of_pages WHERE started_at >= $from_at AND started_at < $to_at)
    AND said_order_id NOT IN (
        SELECT order_id FROM archive.lookups WHERE {_MINE} AND asked_at = $asked_at AND source = '{PERIOD}')
"""
_ANSWER = (
    f"""INSERT INTO archive.lookups BY NAME
    SELECT gateway, tenant_id, order_id, asked_at, 'found' AS outcome, count(*)::INTEGER AS calls, 0 AS attempts,
        '{PERIOD}' AS source
    FROM seen GROUP BY ALL""",
    "INSERT INTO archive.calls BY NAME SELECT * FROM seen",
)
_COLUMN_OF = {"order_id": "said_order_id"}  # columns of calls that filters are about, where they are called otherwise
_IN_PARTS = """EXISTS (SELECT 1 FROM parts
    WHERE started_at >= make_timestamptz(from_us) AND started_at < make_timestamptz(to_us))"""
_CALLS_OF_PAGES = f"""
    SELECT count(DISTINCT {{which}}) AS calls, count(DISTINCT {{which}}) FILTER (said_order_id IS NULL) AS blank
    FROM archive.calls WHERE {_OF_PAGE} AND call_id IS {{given}} NULL AND {_IN_PARTS}
"""
_NEVER = f"""
    SELECT count(*) FILTER (outcome = 'no_calls') AS never, count(*) AS n FROM archive.lookups
    WHERE {_MINE} AND order_id <> '' AND source IS NULL AND outcome <> 'failed'
"""
_CALLED = f"""
    SELECT epoch_us(min(started_at)) AS first_us, epoch_us(max(started_at)) AS last_us FROM archive.calls
    WHERE {_MINE} AND coalesce(nullif(order_id, ''), said_order_id) IN (SELECT order_id FROM wanted)
"""
_SEEN_OF = f"""
    SELECT count(DISTINCT said_order_id) AS n FROM archive.calls
    WHERE {_OF_PAGE} AND {_WANTED} AND {_IN_PARTS}
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """Distinct calls that pages brought, and how many of them do not say their order."""

    calls: int
    blank: int


def counted(archive: Archive, stretches: Sequence[Stretch], filters: CallFilters | None = None) -> Counted:
    """What pages have brought of these stretches: all calls, or those that fit the filters. Raises `ArchiveError`."""
    said = asdict(filters) if filters else {}
    wanted = {name: value for name, value in said.items() if value not in ("", None)}
    fits = "".join(f" AND {_COLUMN_OF.get(name, name)} = ${name}" for name in wanted)
    calls = blank = 0
    for which, given in (("call_id", "NOT"), ("raw", "")):  # records are wide: they are read only where there is no id
        query = _CALLS_OF_PAGES.format(which=which, given=given) + fits
        (row,) = archive.read(query, wanted, parts=_parts(stretches)).to_pylist()
        calls, blank = calls + row["calls"], blank + row["blank"]
    return Counted(calls, blank)


def seen(archive: Archive, order_ids: Iterable[str], stretches: Sequence[Stretch]) -> int:
    """How many of these orders have a call in one of the stretches that pages have brought."""
    wanted = pa.table({"order_id": pa.array(order_ids, pa.string())})
    found: int = archive.read(_SEEN_OF, {}, wanted=wanted, parts=_parts(stretches))["n"][0].as_py()
    return found


def calls_of(archive: Archive, order_id: str) -> pa.Table:
    """The calls (`records.SCHEMA`) that pages brought and that say they are of this order, each in its newest state, in
    the order of time. Raises `ArchiveError`."""
    names = ", ".join("said_order_id AS order_id" if name == "order_id" else name for name in records.SCHEMA.names)
    query = f"SELECT {names} FROM ({_OF_PAGES}) ORDER BY started_at, call_id"
    wanted = pa.table({"order_id": [order_id]})
    return archive.read(query, {}, wanted=wanted).cast(records.SCHEMA)


def never_called(archive: Archive) -> tuple[int, int]:
    """Of the trusted answers about orders, how many told of no call, and how many there are. Raises `ArchiveError`."""
    (row,) = archive.read(_NEVER, {}).to_pylist()
    return row["never"], row["n"]


def called_between(archive: Archive, order_ids: Iterable[str]) -> tuple[datetime, datetime] | None:
    """When calls of these orders began that the archive knows, the first and the last; None when it knows none."""
    wanted = pa.table({"order_id": pa.array(order_ids, pa.string())})
    found = archive.read(_CALLED, {}, wanted=wanted).to_pylist()[0]
    if found["first_us"] is None:
        return None
    return moment(found["first_us"]), moment(found["last_us"])


def answer(archive: Archive, order_ids: Sequence[str], stretch: Stretch, as_of: datetime) -> int:
    """Answers those of these orders that have a call in a stretch, as if they had been asked at the moment `as_of`:
    with every call of theirs that pages brought, in its newest state. Returns how many were answered.

    The stretch must have been read whole since that moment. What was met then and had not changed stands where it came
    first, so that it does not matter when that was. Twice is once. Raises `ArchiveError`.
    """
    wanted = pa.table({"order_id": pa.array(order_ids, pa.string())})
    values = archive.owner | _times(stretch) | {"asked_at": as_of}

    def add(_: bool) -> int:
        with archive.adding(wanted=wanted) as cursor:
            cursor.execute(_SEEN, values)
            for query in _ANSWER:
                cursor.execute(query)
            row = cursor.execute("SELECT count(DISTINCT order_id) FROM seen").fetchone()
        return int(row[0]) if row else 0

    return archive.file.kept(add)


def _parts(stretches: Sequence[Stretch]) -> pa.Table:
    return pa.table(
        {
            "from_us": pa.array([one.from_s * 1_000_000 for one in stretches], pa.int64()),
            "to_us": pa.array([one.to_s * 1_000_000 for one in stretches], pa.int64()),
        }
    )


def _times(stretch: Stretch) -> dict[str, Any]:
    return {"from_at": stretch.began, "to_at": stretch.ended}
