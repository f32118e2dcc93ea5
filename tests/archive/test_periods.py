"""Pages of calls read by time: kept once, what they cover, orders answered out of them, and what becomes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nxcc import records, traces
from nxcc.archive import Archive, by_period, periods
from nxcc.archive.by_period import Counted
from nxcc.archive.copying import copy
from nxcc.archive.forgetting import Gone, Past
from nxcc.archive.moving import carry
from nxcc.archive.periods import Half, Page, Read
from nxcc.outcome import Outcome
from nxcc.stretches import CallFilters, Stretch
from nxcc.traces import Trace

from ..conftest import DAY
from .test_forgetting import WHO, forget
from .test_ledger import NOW, ArchiveAt, ago, answer

ALL = CallFilters()
LONG_AGO = datetime.fromtimestamp(0, UTC)
FROM_S = 1_790_000_000
HOUR = 3600
MORNING = Stretch(FROM_S, FROM_S + 6 * HOUR)
NOON = Stretch(MORNING.to_s, MORNING.to_s + 6 * HOUR)
BOTH = Stretch(MORNING.from_s, NOON.to_s)


def call(call_id: str | None, order_id: str | None = None, at_s: int = FROM_S + 60, **more: Any) -> dict[str, Any]:
    said = {"callId": call_id, "orderId": order_id, "startTime": 1000 * at_s, **more}
    return {name: value for name, value in said.items() if value is not None}


def page(*sent: dict[str, Any], at: int = 1, n: int = 1, ended: bool = True, **more: Any) -> Page:
    """The n-th page of a stretch whose reading began with the first minute, asked `at` this second of it."""
    began = more.pop("began", ago(hours=1))
    values = {"stretch": MORNING, "filters": ALL, "asked_at": began + timedelta(seconds=at)} | more
    return Page(began_at=began, number=n, ended=ended, calls=records.calls("", sent), **values)


def keep(archive: Archive, *pages: Page, since: datetime = LONG_AGO, left_out: Trace | None = None) -> int:
    return periods.keep(archive, pages, since, [left_out] if left_out else [])


def kept(archive: Archive) -> list[tuple[Any, ...]]:
    """Calls with their costs, as pages brought them."""
    query = "SELECT call_id, cost FROM archive.calls WHERE order_id = '' ORDER BY call_id, asked_at"
    return [tuple(row.values()) for row in archive.read(query, {}).to_pylist()]


def pages_of(archive: Archive) -> list[tuple[Any, ...]]:
    query = "SELECT page, outcome, calls, filters FROM archive.lookups WHERE order_id = '' ORDER BY asked_at"
    return [tuple(row.values()) for row in archive.read(query, {}).to_pylist()]


def covered(archive: Archive, filters: CallFilters = ALL, **more: Any) -> list[Stretch]:
    return [each.stretch for each in periods.read_whole(archive, filters, **more)]


def test_keep__pages_with_and_without_calls(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    assert keep(archive, page(call("a"), call("b", "B", totalCustomerPrice=1), ended=False), page(at=2, n=2)) == 2
    assert kept(archive) == [("a", None), ("b", 1.0)]
    assert pages_of(archive) == [(1, "found", 2, ""), (2, "no_calls", 0, "")]
    assert (archive.size().lookups, archive.size().calls) == (0, 2)  # nobody asked for an order


@pytest.mark.parametrize("doubtful", [False, True])
def test_keep__in_doubt_twice_is_once(archive_at: ArchiveAt, doubtful: bool) -> None:
    archive = archive_at()
    pages = [page(call("a"), call(None, "N"), ended=False), page(call("b"), at=2, n=2)]
    assert periods._keep(archive, pages[:1], LONG_AGO, [], False) == 2
    assert periods._keep(archive, pages[: 2 if doubtful else 0] or pages[1:], LONG_AGO, [], doubtful) == 1
    assert sorted(row[0] or "" for row in kept(archive)) == ["", "a", "b"]
    assert pages_of(archive) == [(1, "found", 2, ""), (2, "found", 1, "")]


def test_keep__what_says_what_it_said_last_is_not_kept_again(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    first, later = call("a", totalCustomerPrice=1), call("a", totalCustomerPrice=2)
    nameless = [call(None, at_s=FROM_S + n) for n in (1, 2)]
    assert keep(archive, page(first, first, *nameless), page(first, *nameless, at=2)) == 3  # in one go
    assert keep(archive, page(*nameless, first, call("new"), at=3)) == 1
    assert keep(archive, page(later, at=4), page(later, at=5)) == 1
    assert keep(archive, page(first, at=6)) == 1  # it says again what it said once
    assert keep(archive, page(first, at=7)) == 0
    assert [cost for name, cost in kept(archive) if name == "a"] == [1, 2, 1]
    assert len(kept(archive)) == 6


def test_keep__anew_since_a_moment_what_came_before_is_kept_again(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    keep(archive, page(call("a")))
    later = page(call("a"), at=100)
    assert keep(archive, later, since=later.began_at + timedelta(seconds=50)) == 1
    assert kept(archive) == [("a", None)] * 2


def test_keep__calls_without_a_time(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    timeless = {"callId": "t", "totalCustomerPrice": 1}
    assert keep(archive, page(timeless, call("a"))) == 2
    assert keep(archive, page(timeless, call("a"), at=2)) == 0
    assert keep(archive, page(timeless | {"totalCustomerPrice": 2}, at=3)) == 1


def test_keep__another_team_does_not_count(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    keep(archive, page(call("a")))
    archive.close()
    other = archive_at(tenant_id=2)
    assert covered(other) == []
    assert keep(other, page(call("a"))) == 1


def test_keep__nothing_that_was_forgotten_meanwhile(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    hers = traces.number(WHO)
    pages = [page(call("a", caller=WHO), call("b")), page(call("c"), at=2, n=2, filters=CallFilters(caller=WHO))]
    assert keep(archive, *pages, left_out=hers) == 2
    assert kept(archive) == [("b", None), ("c", None)]
    assert [row[3] for row in pages_of(archive)] == ["", None]
    assert covered(archive, CallFilters(caller=WHO)) == [MORNING]  # as all calls of it were read
    order = page(call("d"), at=3, filters=CallFilters(order_id="GONE"), stretch=NOON)
    assert keep(archive, order, left_out=traces.order("GONE")) == 1
    assert covered(archive, CallFilters(order_id="GONE")) == [MORNING]


in_a_file = pytest.mark.parametrize("archive_at", ["file"], indirect=True)  # the same SQL in a lake
INBOUND, HERS = CallFilters(direction="inbound"), CallFilters(direction="inbound", caller=WHO)


@in_a_file
@pytest.mark.parametrize(
    ("read", "of", "counts"),
    [
        (ALL, ALL, True),
        (ALL, HERS, True),
        (INBOUND, INBOUND, True),
        (INBOUND, HERS, True),
        (HERS, INBOUND, False),
        (INBOUND, ALL, False),
        (INBOUND, CallFilters(direction="outbound"), False),
        (CallFilters(answered=False), CallFilters(answered=True), False),
        (CallFilters(answered=False), CallFilters(answered=False, agent="mei"), True),
    ],
)
def test_read_whole__by_filters_that_let_more_pass(
    archive_at: ArchiveAt, read: CallFilters, of: CallFilters, counts: bool
) -> None:
    archive = archive_at()
    keep(archive, page(filters=read))
    assert bool(covered(archive, of)) == counts


def test_read_whole__each_reading_and_none_that_was_broken_off(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    keep(archive, page(ended=False), page(at=2, n=2), page(stretch=NOON, at=3, ended=False))
    again = ago(minutes=5)
    keep(archive, page(began=again))
    assert periods.read_whole(archive) == [Read(MORNING, ago(hours=1)), Read(MORNING, again)]
    assert periods.read_whole(archive, after=ago(minutes=30)) == [Read(MORNING, again)]
    assert periods.half_read(archive, ALL, LONG_AGO) == {
        MORNING: Half(MORNING, ago(hours=1), 1),
        NOON: Half(NOON, ago(hours=1), 1),
    }


def test_read_whole__what_was_not_settled_counts_only_for_whoever_read_it(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    began = datetime.fromtimestamp(NOON.from_s + 2 * HOUR, UTC)
    keep(archive, page(stretch=NOON, began=began))
    settled = Stretch(NOON.from_s, NOON.from_s + HOUR)
    assert covered(archive) == [settled]
    assert covered(archive, own=began + timedelta(seconds=1)) == [settled]
    assert covered(archive, own=began) == [NOON]
    keep(archive, page(stretch=NOON, began=began - timedelta(hours=1, seconds=1)))  # nothing of it was settled
    assert covered(archive) == [settled]


def test_half_read__by_exactly_these_filters_and_the_newest(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    keep(archive, page(ended=False, filters=INBOUND), page(ended=False, filters=INBOUND, at=2, n=2))
    assert periods.half_read(archive, ALL, LONG_AGO) == {}
    assert periods.half_read(archive, HERS, LONG_AGO) == {}
    assert periods.half_read(archive, INBOUND, LONG_AGO) == {MORNING: Half(MORNING, ago(hours=1), 2)}
    later = ago(minutes=5)
    keep(archive, page(ended=False, filters=INBOUND, began=later))
    assert periods.half_read(archive, INBOUND, LONG_AGO) == {MORNING: Half(MORNING, later, 1)}
    assert periods.half_read(archive, INBOUND, later) == {}


def test_counted__distinct_calls_and_those_without_an_order(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    sent = [call("a", "A"), call("b"), call(None), call("late", "A", NOON.from_s)]
    keep(archive, page(*sent), page(call("a", "A", totalCustomerPrice=1), at=2, n=2))
    keep(archive, page(call("i", "I", direction=0), at=3, filters=INBOUND))
    assert by_period.counted(archive, [MORNING]) == Counted(4, 2)
    assert by_period.counted(archive, [NOON]) == Counted(1, 0)
    assert by_period.counted(archive, [BOTH], INBOUND) == Counted(1, 0)


def test_seen__orders_with_a_call_in_the_stretch(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    keep(archive, page(call("a", "A"), call("b", "B"), call("b2", "B"), call("c"), call("d", "D", NOON.from_s)))
    assert by_period.seen(archive, ["A", "B", "D", "X", ""], [MORNING]) == 2
    assert by_period.seen(archive, ["A", "B", "D", "X"], [MORNING, NOON]) == 3
    assert by_period.seen(archive, [], [BOTH]) == 0
    assert by_period.seen(archive, ["A"], []) == 0


def answers(archive: Archive, *order_ids: str) -> dict[str, tuple[str, int, bool]]:
    known = archive.known(order_ids, DAY.at(NOW))
    return {order_id: (one.word, one.calls, one.by_period) for order_id, one in known.items()}


def test_answer__with_all_calls_that_pages_brought_in_their_newest_state(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    keep(
        archive,
        page(
            call("a", "A"),
            call("b", "B", totalCustomerPrice=1),
            call("blank"),
            call(None, "N"),
            call(None, "N", at_s=1),
        ),
        page(call("a-later", "A", NOON.from_s), call("only-later", "C", NOON.from_s), stretch=NOON, at=2),
        page(call("b", "B", totalCustomerPrice=2), at=3),
    )
    as_of = ago(hours=1)
    assert by_period.answer(archive, ["A", "B", "C", "N", "X", ""], MORNING, as_of) == 3
    found = {"A": ("found", 2, True), "B": ("found", 1, True), "N": ("found", 2, True)}
    assert answers(archive, "A", "B", "C", "N", "X") == found
    orders = [Outcome(order_id, "found", calls=n, asked_at=as_of) for order_id, (_, n, _) in found.items()]
    calls = archive.calls(orders).to_pylist()
    assert Counter(row["order_id"] for row in calls) == {"A": 2, "B": 1, "N": 2}
    assert [row["cost"] for row in calls if row["order_id"] == "B"] == [2]
    assert archive.size().lookups == 3


def test_answer__twice_is_once(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    keep(archive, page(call("a", "A"), call("b", "B")))
    as_of = ago(hours=1)
    assert by_period.answer(archive, ["A"], MORNING, as_of) == 1
    assert by_period.answer(archive, ["A", "B"], MORNING, as_of) == 1
    assert by_period.answer(archive, ["A", "B"], MORNING, as_of) == 0
    assert archive.size().lookups == 2
    assert archive.read("SELECT count(*) AS n FROM archive.calls WHERE order_id <> ''", {})["n"][0].as_py() == 2


def test_answer__with_calls_that_came_before_and_were_met_again(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    outbound = page(call("out", "A", direction=1), began=ago(hours=3), filters=CallFilters(direction="outbound"))
    keep(archive, outbound)
    assert keep(archive, page(call("out", "A", direction=1), call("in", "A", direction=0))) == 1
    (read,) = periods.read_whole(archive)
    assert by_period.answer(archive, ["A"], MORNING, read.began) == 1
    assert answers(archive, "A") == {"A": ("found", 2, True)}


def filters_in(archive: Archive) -> list[str | None]:
    return [row[3] for row in pages_of(archive)]


@in_a_file
@pytest.mark.parametrize(
    ("filters", "what", "goes"),
    [
        (CallFilters(caller=WHO), traces.number(WHO), True),
        (CallFilters(callee="852 9876 5432", answered=True), traces.number(WHO), True),
        (CallFilters(order_id="85298765432-1"), traces.number(WHO), True),
        (CallFilters(agent="185298765432"), traces.number(WHO), False),
        (CallFilters(caller="1001"), traces.number("1001"), True),
        (CallFilters(caller="21001", agent="1001"), traces.number("1001"), False),
        (CallFilters(callee='sip:a"b\\c@host'), traces.number('sip:a"b\\c@host'), True),
        (CallFilters(order_id="GONE"), traces.order("GONE"), True),
        (CallFilters(order_id='G"订单'), traces.order('G"订单'), True),
        (CallFilters(order_id="GONE-1", agent="GONE"), traces.order("GONE"), False),
    ],
)
def test_forgetting__what_was_asked_for_goes_and_its_coverage_with_it(
    archive_at: ArchiveAt, filters: CallFilters, what: Trace, goes: bool
) -> None:
    archive = archive_at()
    keep(archive, page(call("a"), filters=filters), page(call("b"), stretch=NOON, at=2))
    gone = forget(archive, what)
    assert gone == (Gone(changed=1) if goes else Gone())
    assert filters_in(archive) == [None if goes else filters.text, ""]
    assert covered(archive, filters) == ([NOON] if goes else [MORNING, NOON])
    assert kept(archive) == [("a", None), ("b", None)]


def test_forgetting__an_order_and_a_number_of_which_pages_hold_something(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    keep(archive, page(call("a", "GONE"), call("b", "B", callee=WHO), call("c", "C"), call("d")))
    keep(archive, page(at=2, filters=CallFilters(order_id="GONE")), page(at=3, filters=CallFilters(callee=WHO)))
    by_period.answer(archive, ["GONE", "B", "C"], MORNING, ago(hours=1))
    assert forget(archive, traces.order("GONE")) == Gone(calls=2, lookups=1, orders=2, changed=2)
    assert forget(archive, traces.number(WHO)) == Gone(calls=2, orders=2, changed=3)
    assert kept(archive) == [("c", None), ("d", None)]
    assert pages_of(archive) == [(1, "found", 2, ""), (1, "no_calls", 0, None), (1, "no_calls", 0, None)]
    assert covered(archive) == [MORNING]  # what is not there any more is not asked for again
    assert answers(archive, "GONE", "B", "C") == {"B": ("no_calls", 0, True), "C": ("found", 1, True)}


def test_retention__takes_pages_and_their_coverage(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    old = ago(days=9)
    keep(archive, page(call("a"), began=old), page(call("b"), stretch=NOON, at=2))
    assert forget(archive, Past(ago(days=1))) == Gone(calls=1, lookups=1, orders=1)
    assert covered(archive) == [NOON]
    assert kept(archive) == [("b", None)]


def test_retention__a_stretch_of_which_some_pages_are_past_counts_no_more(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    pages = [page(call("a"), at=1, ended=False), page(call("b"), at=3, n=2)]
    keep(
        archive,
        *pages,
        page(call("c"), stretch=NOON, at=4, ended=False),
        page(call("d"), stretch=NOON, at=5, n=2, ended=False),
    )
    assert covered(archive) == [MORNING]
    gone = forget(archive, Past(pages[0].began_at + timedelta(seconds=2)))
    assert gone == Gone(calls=1, lookups=1, orders=1, changed=3)
    assert covered(archive) == []
    assert periods.half_read(archive, ALL, LONG_AGO) == {}  # else nobody would ask for its first pages again
    assert [row[0] for row in kept(archive)] == ["b", "c", "d"]


def state(archive: Archive) -> list[object]:
    return [
        kept(archive),
        pages_of(archive),
        periods.read_whole(archive),
        periods.half_read(archive, ALL, LONG_AGO),
        answers(archive, "A", "B"),
    ]


@pytest.fixture
def full(archive_at: ArchiveAt) -> Archive:
    """With pages of a whole and of half a stretch, and an order that was answered out of them."""
    archive = archive_at()
    keep(archive, page(call("a", "A"), call("b")), page(call("c", "B"), stretch=NOON, at=2, ended=False))
    by_period.answer(archive, ["A"], MORNING, ago(hours=1))
    archive.append([answer("B", call("c", "B"))])
    return archive


def test_backup__keeps_pages_and_what_they_cover(full: Archive, tmp_path: Path) -> None:
    before = state(full)
    copy(full, tmp_path / "copied.duckdb")
    copied = Archive(tmp_path / "copied.duckdb", "gateway", 1)
    assert state(copied) == before
    copied.close()


@pytest.mark.parametrize("archive_at", ["lake"], indirect=True)
def test_moving__from_a_file_to_a_lake_and_back(archive_at: Callable[..., Archive], tmp_path: Path) -> None:
    file = Archive(tmp_path / "first.duckdb", "gateway", 1)
    keep(file, page(call("a", "A"), call("b")), page(call("c", "B"), stretch=NOON, at=2, ended=False))
    by_period.answer(file, ["A"], MORNING, ago(hours=1))
    before = state(file)
    file.close()
    lake = archive_at()
    carry(tmp_path / "first.duckdb", lake.file.lake)
    assert state(lake) == before
    carry(lake.file.lake, tmp_path / "second.duckdb")
    back = Archive(tmp_path / "second.duckdb", "gateway", 1)
    assert state(back) == before
    back.close()


def test_calls_of__an_order_that_only_pages_know(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    assert by_period.calls_of(archive, "A").num_rows == 0
    keep(archive, page(call("a", "A"), call("b", "B"), call("c"), call("a2", "A", NOON.from_s)))
    keep(archive, page(call("b", "A"), call("a", "A", totalCustomerPrice=1), at=2, n=2))
    found = by_period.calls_of(archive, "A").select(["order_id", "call_id", "cost"]).to_pylist()
    assert sorted((row["order_id"], row["call_id"], row["cost"]) for row in found) == [
        ("A", "a", 1.0), ("A", "a2", None), ("A", "b", None),
    ]  # fmt: skip
    assert by_period.calls_of(archive, "B").num_rows == 0  # its call says another order by now
