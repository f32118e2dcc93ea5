"""Calls read by time: pages as they came, and what has been read whole. What they say of orders: `by_period`.

A page is kept as a lookup of no order, with the calls that it brought: whatever becomes of lookups (they are moved,
grow old, lose what is forgotten) becomes of pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from nxcc import records
from nxcc.archive.ledger import Archive
from nxcc.stretches import CallFilters, Stretch
from nxcc.traces import Trace

PAGE = "page"
SETTLED_S = 3_600  # calls are told when they have ended: younger ones may have been missing when they were read
_EPOCH = datetime.fromtimestamp(0, UTC)
_MINE = "gateway = $gateway AND tenant_id = $tenant"
_PAGES = pa.schema(
    [
        ("gateway", pa.string()),
        ("tenant_id", pa.int64()),
        ("order_id", pa.string()),
        ("asked_at", pa.timestamp("us", tz="UTC")),
        ("req_id", pa.string()),
        ("attempts", pa.int32()),
        ("source", pa.string()),
        ("from_s", pa.int64()),
        ("to_s", pa.int64()),
        ("filters", pa.string()),
        ("began_at", pa.timestamp("us", tz="UTC")),
        ("page", pa.int32()),
        ("ended", pa.bool_()),
    ]
)
# A page whose write was not acknowledged, and which is there all the same.
_THERE = "SELECT asked_at FROM archive.lookups SEMI JOIN new_pages USING (gateway, tenant_id, order_id, asked_at)"
# Pages overlap at their edges, and shift while calls arrive: a call that says what it said last is not kept again. Most
# calls are new; which are not is looked up in narrow columns, and only where those lie what they said is read.
_IS_THERE = f"{_MINE} AND order_id = '' AND asked_at > $since"
_AGAIN = f"""
    SELECT count(*), coalesce(min(epoch_us(started_at)), 0), coalesce(max(epoch_us(started_at)), 0) FROM (
        SELECT started_at FROM archive.calls WHERE {_IS_THERE} AND call_id IN (SELECT call_id FROM came)
        UNION ALL SELECT started_at FROM came WHERE call_id IS NULL)
"""
_SAID_LAST = f"""
    CREATE OR REPLACE TEMP TABLE said_last AS
    SELECT coalesce(call_id, raw) AS is_call, arg_max(raw, asked_at) AS raw FROM archive.calls
    WHERE {_IS_THERE} AND (started_at BETWEEN $first AND $last OR started_at IS NULL)
        AND coalesce(call_id, raw) IN (SELECT coalesce(call_id, raw) FROM came)
    GROUP BY is_call
"""
_NOTHING_SAID = "CREATE OR REPLACE TEMP TABLE said_last (is_call VARCHAR, raw VARCHAR)"
_NEW_CALLS = """
    CREATE OR REPLACE TEMP TABLE kept_calls AS
    SELECT c.* FROM came AS c LEFT JOIN said_last AS s ON s.is_call = coalesce(c.call_id, c.raw)
    QUALIFY c.raw IS DISTINCT FROM
        coalesce(lag(c.raw) OVER (PARTITION BY coalesce(c.call_id, c.raw) ORDER BY c.asked_at), s.raw)
"""
_ADD_PAGES = """
    INSERT INTO archive.lookups BY NAME
    SELECT p.*, CASE WHEN n IS NULL THEN 'no_calls' ELSE 'found' END AS outcome, coalesce(n, 0)::INTEGER AS calls
    FROM kept_pages AS p LEFT JOIN (SELECT asked_at, count(*) AS n FROM kept_calls GROUP BY ALL) USING (asked_at)
"""
_READ = f"""
    SELECT DISTINCT from_s, to_s, epoch_us(began_at) AS began_us FROM archive.lookups
    WHERE {_MINE} AND order_id = '' AND ended AND filters IN (SELECT text FROM wider) AND began_at > $after
    ORDER BY ALL
"""
_HALF_READ = f"""
    SELECT from_s, to_s, epoch_us(max(began_at)) AS began_us, max_by(page, (began_at, page)) AS page
    FROM archive.lookups
    WHERE {_MINE} AND order_id = '' AND NOT ended AND filters = $filters AND began_at > $after
    GROUP BY from_s, to_s
"""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a stretch as it came.

    `began_at` is when the stretch's first page was asked, `asked_at` when this one was: a moment that no other page
    has. `ended`: it was the last one, so that the stretch has been read whole. `calls` are typed rows (`records`).
    """

    stretch: Stretch
    filters: CallFilters
    began_at: datetime
    asked_at: datetime
    number: int
    ended: bool
    calls: Sequence[dict[str, Any]] = field(default=(), repr=False)
    req_id: str = ""
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Read:
    """A stretch that was read whole: everything is there that the gateway had when it `began` to be read."""

    stretch: Stretch
    began: datetime


@dataclass(frozen=True, slots=True)
class Half:
    """How far the reading of a stretch came that was broken off: pages up to this one are kept."""

    stretch: Stretch
    began: datetime
    page: int


def keep(archive: Archive, pages: Sequence[Page], since: datetime, left_out: Sequence[Trace] = ()) -> int:
    """Keeps pages, all or none; a call that says what it said last, since a moment, is not kept again. Returns how many
    calls were kept.

    What is `left_out` (it was forgotten meanwhile) is not kept; a page that was asked for by it does not count as read.
    Raises `ArchiveError`.
    """
    return archive.file.kept(lambda doubtful: _keep(archive, pages, since, left_out, doubtful))


def _keep(archive: Archive, pages: Sequence[Page], since: datetime, left_out: Sequence[Trace], doubtful: bool) -> int:
    rows = [(page, row) for page in pages for row in page.calls if not any(trace.is_of_call(row) for trace in left_out)]
    calls = records.table([row for _, row in rows])
    owner = archive.owner
    calls = calls.append_column("gateway", pa.array([owner["gateway"]] * len(rows), pa.string()))
    calls = calls.append_column("tenant_id", pa.array([owner["tenant"]] * len(rows), pa.int64()))
    calls = calls.append_column(
        "asked_at", pa.array([page.asked_at for page, _ in rows], _PAGES.field("asked_at").type)
    )
    with archive.adding(new_pages=_table(owner, pages, left_out), new_calls=calls) as cursor:
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE kept_pages AS SELECT * FROM new_pages{_unless(doubtful)}")
        # Out of Arrow first: conditions on times that the engine hands on to Arrow need a package that is not here.
        cursor.execute("CREATE OR REPLACE TEMP TABLE came AS SELECT * FROM new_calls")
        if doubtful:
            cursor.execute("DELETE FROM came WHERE asked_at NOT IN (SELECT asked_at FROM kept_pages)")
        values = owner | {"since": since}
        again, first, last = cursor.execute(_AGAIN, values).fetchone() or (0, 0, 0)
        if again:
            cursor.execute(_SAID_LAST, values | {"first": moment(first), "last": moment(last)})
        else:
            cursor.execute(_NOTHING_SAID)
        cursor.execute(_NEW_CALLS)
        cursor.execute(_ADD_PAGES)
        row = cursor.execute("INSERT INTO archive.calls BY NAME SELECT * FROM kept_calls").fetchone()
    return int(row[0]) if row else 0


def _unless(doubtful: bool) -> str:
    return f" ANTI JOIN ({_THERE}) AS there USING (asked_at)" if doubtful else ""


def _table(owner: dict[str, Any], pages: Sequence[Page], left_out: Sequence[Trace]) -> pa.Table:
    rows = [
        (
            owner["gateway"],
            owner["tenant"],
            "",
            page.asked_at,
            page.req_id or None,
            page.attempts,
            PAGE,
            page.stretch.from_s,
            page.stretch.to_s,
            None if _asks_for(left_out, page.filters) else page.filters.text,
            page.began_at,
            page.number,
            page.ended,
        )
        for page in pages
    ]
    return pa.table([list(column) for column in zip(*rows, strict=True)], schema=_PAGES)


def _asks_for(traces: Sequence[Trace], filters: CallFilters) -> bool:
    said = asdict(filters) | {"said_order_id": None}
    return any(trace.is_of_call(said) for trace in traces)


def read_whole(
    archive: Archive,
    filters: CallFilters | None = None,
    after: datetime = _EPOCH,
    own: datetime | None = None,
) -> list[Read]:
    """What has been read whole since a moment, the earliest stretch first, each as often as it was read: all calls, or
    at least those of these filters.

    What was too young to be settled when it was read does not count, but for readings since `own`: those are the ones
    of whoever asks. Raises `ArchiveError`.
    """
    wider = pa.table({"text": [each.text for each in (filters or CallFilters()).wider()]})
    found = archive.read(_READ, {"after": after}, wider=wider).to_pylist()
    read = (_read(row["from_s"], row["to_s"], moment(row["began_us"]), own) for row in found)
    return [each for each in read if each]


def _read(from_s: int, to_s: int, began: datetime, own: datetime | None) -> Read | None:
    if own is None or began < own:
        to_s = min(to_s, int(began.timestamp()) - SETTLED_S)
    return Read(Stretch(from_s, to_s), began) if from_s < to_s else None


def half_read(archive: Archive, filters: CallFilters, after: datetime) -> dict[Stretch, Half]:
    """Stretches whose reading began after a moment and was broken off, by exactly these filters."""
    found = archive.read(_HALF_READ, {"after": after, "filters": filters.text})
    halves = (
        Half(Stretch(row["from_s"], row["to_s"]), moment(row["began_us"]), row["page"]) for row in found.to_pylist()
    )
    return {half.stretch: half for half in halves}


def moment(us: int) -> datetime:
    """Of microseconds since 1970, aware UTC."""
    return _EPOCH + timedelta(microseconds=us)
