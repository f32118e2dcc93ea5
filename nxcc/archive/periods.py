"""Calls read by time: pages as they came, what has been read whole, and orders answered out of it.

A page is kept as a lookup of no order, with the calls that it brought: whatever becomes of lookups (they are moved,
grow old, lose what is forgotten) becomes of pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from nxcc import records
from nxcc.archive.ledger import Archive
from nxcc.stretches import CallFilters, Stretch
from nxcc.traces import Trace

PAGE, PERIOD = "page", "period"
SETTLED_S = (
    3_600  # a call is told when it has ended: what began less than this before it was read may have been missing
)
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
# Calls as pages brought them, each in its newest state.
_OF_PAGES = f"""
    SELECT * FROM (
        SELECT * FROM archive.calls
        WHERE {_MINE} AND order_id = '' AND coalesce(call_id, raw) IN (
            SELECT coalesce(call_id, raw) FROM archive.calls
            WHERE {_MINE} AND order_id = '' AND said_order_id IN (SELECT order_id FROM wanted))
        QUALIFY row_number() OVER (PARTITION BY coalesce(call_id, raw) ORDER BY asked_at DESC) = 1
    ) WHERE said_order_id IN (SELECT order_id FROM wanted)
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
    SELECT count(DISTINCT coalesce(call_id, raw)) AS calls,
        count(DISTINCT coalesce(call_id, raw)) FILTER (said_order_id IS NULL) AS blank
    FROM archive.calls
    WHERE {_MINE} AND order_id = '' AND {_IN_PARTS}
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
    WHERE {_MINE} AND order_id = '' AND said_order_id IN (SELECT order_id FROM wanted)
        AND {_IN_PARTS}
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


@dataclass(frozen=True, slots=True)
class Counted:
    """Distinct calls that pages brought, and how many of them do not say their order."""

    calls: int
    blank: int


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
            cursor.execute(_SAID_LAST, values | {"first": _moment(first), "last": _moment(last)})
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
    read = (_read(row["from_s"], row["to_s"], _moment(row["began_us"]), own) for row in found)
    return [each for each in read if each]


def _read(from_s: int, to_s: int, began: datetime, own: datetime | None) -> Read | None:
    if own is None or began < own:
        to_s = min(to_s, int(began.timestamp()) - SETTLED_S)
    return Read(Stretch(from_s, to_s), began) if from_s < to_s else None


def half_read(archive: Archive, filters: CallFilters, after: datetime) -> dict[Stretch, Half]:
    """Stretches whose reading began after a moment and was broken off, by exactly these filters."""
    found = archive.read(_HALF_READ, {"after": after, "filters": filters.text})
    halves = (
        Half(Stretch(row["from_s"], row["to_s"]), _moment(row["began_us"]), row["page"]) for row in found.to_pylist()
    )
    return {half.stretch: half for half in halves}


def counted(archive: Archive, stretches: Sequence[Stretch], filters: CallFilters | None = None) -> Counted:
    """What pages have brought of these stretches: all calls, or those that fit the filters. Raises `ArchiveError`."""
    said = asdict(filters) if filters else {}
    wanted = {name: value for name, value in said.items() if value not in ("", None)}
    fits = "".join(f" AND {_COLUMN_OF.get(name, name)} = ${name}" for name in wanted)
    return Counted(**archive.read(_CALLS_OF_PAGES + fits, wanted, parts=_parts(stretches)).to_pylist()[0])


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
    return _moment(found["first_us"]), _moment(found["last_us"])


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


def _moment(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)
