"""Calls that came by time, in Explore: each counts once, with its order as soon as anybody says which."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nxcc.archive import Archive, Explored, Look, Tallied, by_period, explored
from nxcc.filters import Filters

from .test_ledger import ago, answer
from .test_periods import BOTH, FROM_S, call, keep, page

LOOK = Look(ZoneInfo("UTC"), 10, 20)
ROWS = "SELECT * EXCLUDE (ledger) FROM calls ORDER BY ALL"
_tenants = itertools.count(1)


def at(second: int, call_id: str | None, order_id: str | None = None) -> dict[str, Any]:
    """A call that began then."""
    return call(call_id, order_id, FROM_S + second)


def rows(explored: Explored) -> list[tuple[str, str | None, int | None]]:
    """The order, the call and which attempt it was."""
    explored.refresh()
    found = explored.read("SELECT order_id, call_id, attempt FROM calls ORDER BY order_id, call_id NULLS LAST", {})
    return [tuple(row.values()) for row in found.to_pylist()]


def totals(explored: Explored) -> dict[str, float]:
    """The calls, orders and cost of all that is there."""
    explored.refresh()
    found = Tallied(explored, Filters(), LOOK).totals()
    return {name: found.total(name) for name in ("calls", "orders", "cost", "order_calls")}


@pytest.fixture
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    made = Archive(tmp_path_factory.mktemp("explored") / "archive.duckdb", "gateway", 1)
    yield made
    made.close()


def test_by_time__calls_count_once_and_blank_ones_are_no_order(archive: Archive) -> None:
    kept_up = Explored(archive)
    sent = [at(1, "a1", "A"), at(2, "a2", "A"), at(3, "b", "B"), at(4, "x"), at(5, "y"), at(6, None), at(7, None)]
    keep(archive, page(*(one | {"totalCustomerPrice": 1} for one in sent)), page(*sent[:1], at=2, n=2))
    assert rows(kept_up) == [
        ("", "x", None), ("", "y", None), ("", None, None), ("", None, None),
        ("A", "a1", 1), ("A", "a2", 2), ("B", "b", 1),
    ]  # fmt: skip
    assert totals(kept_up) == {"calls": 7, "orders": 2, "cost": 6, "order_calls": 3}  # a1 has no cost any more


def test_by_time__an_order_that_was_answered_out_of_pages_counts_once(archive: Archive) -> None:
    kept_up = Explored(archive)
    keep(archive, page(at(1, "a1", "A"), at(2, "a2", "A")))
    before = totals(kept_up)
    by_period.answer(archive, ["A"], page().stretch, ago(hours=2))
    by_period.answer(archive, ["A"], BOTH, ago(hours=1))
    assert totals(kept_up) == before == {"calls": 2, "orders": 1, "cost": 0, "order_calls": 2}


@pytest.mark.parametrize("pages_first", [True, False])
@pytest.mark.parametrize("between", [True, False])
def test_by_time__a_blank_call_moves_to_the_order_that_a_lookup_tells(
    archive: Archive, pages_first: bool, between: bool
) -> None:
    kept_up = Explored(archive)
    steps = [
        lambda: keep(archive, page(at(1, "a1"), at(2, "a2", "A"), at(3, "x"))),
        lambda: archive.append([answer("A", at(1, "a1"), at(2, "a2", "A"), asked_at=ago(hours=3))]),
    ]
    for step in steps if pages_first else reversed(steps):
        step()
        if between:
            kept_up.refresh()
    assert rows(kept_up) == [("", "x", None), ("A", "a1", 1), ("A", "a2", 2)]


SMALL = st.integers(1, 6)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("page"), st.lists(st.tuples(SMALL, st.booleans(), st.integers(0, 2)), max_size=5)),
        st.tuples(st.just("order"), st.tuples(st.integers(1, 3), st.integers(0, 2))),
        st.tuples(st.just("answer"), st.integers(1, 3)),
        st.tuples(st.just("look"), st.none()),
    ),
    min_size=2,
    max_size=9,
)


def sent(n: int, cost: int, *, blank: bool = False) -> dict[str, Any]:
    """Call n is of order n % 3; it may leave that blank."""
    order_id = None if blank else f"O{n % 3}"
    return call(f"c{n}", order_id, FROM_S + n, totalCustomerPrice=cost, answered=bool(n % 2), direction=1)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(events=EVENTS, rows_at_once=st.integers(1, 9), folded_at_once=st.integers(2, 20))
def test_rebuilt__says_what_was_brought_up_step_by_step(
    archive: Archive, events: list[Any], rows_at_once: int, folded_at_once: int
) -> None:
    archive.owner["tenant"] = next(_tenants)
    stepwise = Explored(archive)
    for n, (what, how) in enumerate(events):
        asked_at = ago(minutes=50 - n)
        if what == "page":
            found = [sent(which, cost, blank=blank) for which, blank, cost in how]
            keep(archive, page(*found, began=asked_at))
        elif what == "order":
            of, cost = how
            calls = [sent(which, cost, blank=which > 3) for which in range(1, 7) if which % 3 == of % 3]
            archive.append([answer(f"O{of % 3}", *calls, asked_at=asked_at)])
        elif what == "answer":
            by_period.answer(archive, [f"O{how % 3}"], page().stretch, asked_at)
        else:
            stepwise.refresh()
    stepwise.refresh()
    narrow = stepwise.read(ROWS, {}).to_pylist()
    known = totals(stepwise)
    with archive.file.alone() as cursor, stepwise.gone() as forget_rows:
        forget_rows(cursor, "archive.calls")
    anew = Explored(archive)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explored, "AT_ONCE", rows_at_once)
        patch.setattr(explored, "FOLDED_AT_ONCE", folded_at_once)
        anew.refresh()
    assert anew.read(ROWS, {}).to_pylist() == narrow
    assert totals(anew) == known
    assert known["calls"] == archive.size().calls
