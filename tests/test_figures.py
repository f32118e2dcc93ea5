"""Every figure by hand on a small set with the quirks of the contract; the engine and the DataFrames agree with it."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nxcc import kpis, records, totals
from nxcc.archive import Archive, Explored, Look, Tallied
from nxcc.facts import PARTS
from nxcc.filters import Filters
from nxcc.hangup import RESULTS
from nxcc.outcome import Outcome
from nxcc.totals import Totals
from nxcc.wording import Money

from .conftest import at

UTC_ZONE = ZoneInfo("UTC")
LOOK = Look(UTC_ZONE, 10, 20)
NOON = 1_763_985_600_000  # 24 November 2025, a Monday, 12:00 UTC
ASKED = at("2026-11-24T12:00:00")
TERMS = kpis.Terms(Money("HKD", 4))

# order -> its records. Numbers as strings, zeros, nulls, missing and new keys, contradictions: all allowed.
ORDERS: dict[str, list[dict[str, Any]]] = {
    "A": [  # reached at the second call, once more called
        {"callId": "a1", "direction": 1, "answered": False, "startTime": NOON, "totalCustomerPrice": "0.01",
         "hangupReason": "No answer", "callDuration": 0},
        {"callId": "a2", "direction": "1", "answered": True, "startTime": NOON + 3_600_000,
         "answerTime": NOON + 3_610_000, "endTime": NOON + 3_670_000, "callDuration": "60",
         "totalCustomerPrice": 0.06, "agentName": "mei", "hangupCode": 1001, "hangupBy": 1,
         "hangupReason": "Agent hang-up"},
        {"callId": "a3", "direction": 1, "answered": True, "startTime": NOON + 7_200_000,
         "answerTime": NOON + 7_205_000, "endTime": NOON + 7_210_000, "callDuration": 5, "totalCustomerPrice": None},
    ],
    "B": [  # inbound: abandoned in the queue; milliseconds in queueDuration
        {"callId": "b1", "direction": 0, "answered": False, "startTime": NOON, "inQueueTime": NOON,
         "outQueueTime": NOON + 5_139, "queueDuration": 5139, "hangupBy": 0, "hangupCode": 1103,
         "hangupReason": "User abandoned while in queue", "totalCustomerPrice": 0.02},
    ],
    "C": [  # inbound: one answered in time, one late, one whose answer time is missing
        {"callId": "c1", "direction": 0, "answered": True, "startTime": NOON, "inQueueTime": NOON + 1_000,
         "outQueueTime": NOON + 7_000, "answerTime": NOON + 11_000, "callDuration": 120, "totalCustomerPrice": 0.1},
        {"callId": "c2", "direction": 0, "answered": True, "startTime": NOON + 60_000, "inQueueTime": NOON + 60_000,
         "outQueueTime": NOON + 90_000, "answerTime": NOON + 90_000, "callDuration": None, "totalCustomerPrice": 0.2},
        {"callId": "c3", "direction": 0, "answered": True, "startTime": NOON + 120_000, "inQueueTime": NOON + 120_000,
         "answerTime": 0, "callDuration": 30},
    ],
    "D": [{"callId": "d1", "direction": 2, "answered": False, "startTime": 0, "brandNew": "?"}],  # no time at all
    "E": [{"callId": "a2", "direction": 1, "answered": True, "startTime": NOON + 3_600_000,  # the same call again
           "answerTime": NOON + 3_610_000, "callDuration": 60, "totalCustomerPrice": 0.07}],
    "F": [],
}  # fmt: skip
BY_HAND: dict[str, tuple[float | None, int]] = {
    "calls": (8, 8),
    "answer_rate": (5 / 8, 8),
    "answer_rate_inbound": (3 / 4, 4),
    "answer_rate_outbound": (2 / 3, 3),
    "answer_rate_aicc": (0, 1),
    "average_talk": ((60 + 5 + 120 + 30) / 4, 4),
    "median_talk": (45, 4),
    "short_calls": (1 / 4, 4),
    "offered": (4, 4),
    "abandoned": (1, 1),
    "abandonment": (1 / 4, 4),
    "asa": ((10 + 30) / 2, 2),
    "service_level": (1 / 4, 4),
    "cost": (0.01 + 0.07 + 0.02 + 0.1 + 0.2, 5),
    "cost_per_call": (0.4 / 5, 5),
    "cost_per_answered_minute": ((0.07 + 0.1) / 3, 2),
    "unanswered_cost": (0.03, 2),
    "orders": (5, 5),
    "orders_reached": (3 / 5, 5),  # of those that the engine knows; 3 of 6 with the one that has no calls
    "reach": (3 / 5, 5),
    "attempts": ((3 + 1 + 3 + 1 + 1) / 5, 5),
    "attempts_to_first_answer": ((2 + 1 + 1) / 3, 3),
    "time_to_first_answer": (11, 3),  # of 3,610 s, 11 s and 10 s
    "first_call_contact": (2 / 5, 5),
    "calls_after_answer": (3, 3),
    "contradictory_hangups": (1 / 8, 8),
}


def asked_at(order_id: str) -> datetime:
    return ASKED + timedelta(minutes=ord(order_id[0]) % 60)


def keep(archive: Archive, orders: dict[str, list[dict[str, Any]]], when: Callable[[str], datetime] = asked_at) -> None:
    answers = []
    for order_id, found in orders.items():
        rows = records.calls(order_id, found)
        outcome = Outcome(
            order_id, "found" if rows else "no_calls", calls=len(rows), asked_at=when(order_id), attempts=1
        )
        answers.append((outcome, rows))
    archive.append(answers)


def by_engine(archive: Archive, filters: Filters = Filters()) -> Totals:  # noqa: B008 (frozen)
    explored = Explored(archive)
    explored.refresh()
    return Tallied(explored, filters, LOOK).totals()


def by_frames(archive: Archive, orders: dict[str, list[dict[str, Any]]]) -> Totals:
    outcomes = [
        Outcome(order_id, "found" if found else "no_calls", calls=len(found), asked_at=asked_at(order_id))
        for order_id, found in orders.items()
    ]
    calls = totals.distinct(records.frame(archive.calls(outcomes)), {o.order_id: o.asked_at for o in outcomes})
    return totals.of_frames(archive.orders(outcomes).to_pandas(), calls, short_s=10, in_time_s=20)


@pytest.fixture
def archive(tmp_path: Path) -> Any:
    with_calls = Archive(tmp_path / "archive.duckdb", "gw", 7)
    yield with_calls
    with_calls.close()


def test_every_figure__by_hand() -> None:
    assert set(BY_HAND) == set(kpis.DEFINITIONS)


@pytest.mark.parametrize("name", BY_HAND)
def test_figure__engine_and_frames_say_what_is_computed_by_hand(archive: Archive, name: str) -> None:
    keep(archive, ORDERS)
    value, n = BY_HAND[name]
    found = {"engine": kpis.kpi(name, by_engine(archive), TERMS)}
    found["frames"] = kpis.kpi(name, by_frames(archive, {k: v for k, v in ORDERS.items() if v}), TERMS)
    for path, kpi in found.items():
        assert kpi.value == pytest.approx(value), path
        assert kpi.n == n, path


def test_figures__an_order_without_calls_counts_as_an_order_that_was_not_reached(archive: Archive) -> None:
    keep(archive, ORDERS)
    both = by_frames(archive, ORDERS)
    assert kpis.kpi("orders_reached", both, TERMS).value == 3 / 6
    assert kpis.kpi("reach", both, TERMS).value == 3 / 5


def test_explored__a_later_answer_replaces_the_call_and_nothing_is_counted_twice(archive: Archive) -> None:
    explored = Explored(archive)
    keep(archive, ORDERS)
    explored.refresh()
    late = {"A": [ORDERS["A"][0], ORDERS["A"][1] | {"totalCustomerPrice": 0.5}, ORDERS["A"][2]]}
    keep(archive, late, lambda _: ASKED + timedelta(hours=2))
    explored.refresh()
    added = Tallied(explored, Filters(), LOOK).totals()
    assert added.total("calls") == 8
    assert added.total("cost") == pytest.approx(0.01 + 0.5 + 0.02 + 0.1 + 0.2)  # a2 of order A is now the newer record
    assert added.total("order_calls") == 9


def test_explored__brought_up_step_by_step_is_what_it_is_made_at_once(archive: Archive, tmp_path: Path) -> None:
    explored = Explored(archive)
    for order_id, found in ORDERS.items():
        keep(archive, {order_id: found})
        explored.refresh()
    keep(archive, ORDERS, lambda order_id: asked_at(order_id) - timedelta(hours=1))  # the clock had been set back
    explored.refresh()
    stepwise = Tallied(explored, Filters(), LOOK).totals()
    other = Archive(tmp_path / "other.duckdb", "gw", 7)
    keep(other, ORDERS)
    assert of(stepwise) == of(by_engine(other))
    other.close()


def test_explored__a_damaged_or_foreign_file_is_made_anew(archive: Archive) -> None:
    keep(archive, ORDERS)
    explored = Explored(archive)
    explored.path.write_bytes(b"not a database at all" * 100)
    explored.refresh()
    assert Tallied(explored, Filters(), LOOK).totals().total("calls") == 8


def test_explored__another_team_sees_its_own_calls(tmp_path: Path) -> None:
    for tenant, orders in ((7, ORDERS), (8, {"A": ORDERS["A"]}), (7, ORDERS)):
        archive = Archive(tmp_path / "archive.duckdb", "gw", tenant)
        keep(archive, orders)
        assert by_engine(archive).total("calls") == (8 if tenant == 7 else 3)
        archive.close()


def of(added: Totals) -> dict[str, float]:
    return {name: added.total(name) for name in PARTS} | {
        "median_talk": added.median_talk_s or 0,
        "time": added.time_to_answer_s or 0,
    }


maybe = st.none() | st.just(0)
times = maybe | st.integers(NOON, NOON + 4 * 86_400_000)
call = st.fixed_dictionaries(
    {
        "callId": st.none() | st.sampled_from([f"c{n}" for n in range(8)]),
        "direction": st.sampled_from([0, 1, 2, 9, "1", None]),
        "answered": st.sampled_from([True, False, None]),
        "startTime": times,
        "inQueueTime": times,
        "outQueueTime": times,
        "answerTime": times,
        "callDuration": maybe | st.integers(0, 4000) | st.just("17"),
        "totalCustomerPrice": st.none() | st.sampled_from([0, 0.25, 1.5, "0.125"]),
        "hangupBy": st.sampled_from([0, 1, 2, None]),
        "hangupReason": st.sampled_from(["Agent hang-up", "No answer", "", "客户挂断"]),
        "agentName": st.sampled_from(["mei", "jun", None]),
    }
)
worlds = st.dictionaries(st.sampled_from("ABCDEF"), st.lists(call, max_size=4), min_size=1, max_size=6)
few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@few
@given(worlds)
def test_engine_and_frames__agree_on_every_part(tmp_path_factory: pytest.TempPathFactory, world: Any) -> None:
    archive = Archive(tmp_path_factory.mktemp("world") / "archive.duckdb", "gw", 7)
    keep(archive, world)
    engine, frames = of(by_engine(archive)), of(by_frames(archive, world))
    no_calls = sum(not found for found in world.values())
    assert frames.pop("known_orders") == engine.pop("known_orders") + no_calls
    assert engine == pytest.approx(frames)
    archive.close()


@few
@given(worlds)
def test_splits__add_up_and_filters_commute(tmp_path_factory: pytest.TempPathFactory, world: Any) -> None:
    archive = Archive(tmp_path_factory.mktemp("world") / "archive.duckdb", "gw", 7)
    keep(archive, world)
    explored = Explored(archive)
    explored.refresh()

    @cache
    def added(filters: Filters) -> Totals:
        return Tallied(explored, filters, LOOK).totals()

    def total(part: str, **filters: Any) -> float:
        return added(Filters(**filters)).total(part)

    everything = Tallied(explored, Filters(), LOOK)
    for part in ("calls", "orders", "cost", "answered", "reached", "talk"):
        whole = total(part)
        assert sum(total(part, result=(result,)) for result in RESULTS) == pytest.approx(whole)
        assert total(part, answered=True) + total(part, answered=False) == pytest.approx(whole)
        directions = ["", *everything.options().direction]
        assert sum(total(part, direction=(direction,)) for direction in directions) == pytest.approx(whole)
    assert total("calls", result=("answered",), agent=("mei",)) == total("calls", agent=("mei",), answered=True)
    calls = total("calls")
    for rows, column in (
        (everything.reasons(), "calls"),
        (everything.agents(7), "calls"),
        (everything.directions(), "calls"),
    ):
        assert rows[column].sum() == calls
        assert not calls or (rows[column] / calls).sum() == pytest.approx(1)
    timed = int(everything.by_day()["calls"].sum())
    assert (
        timed == int(everything.by_slot()["calls"].sum()) == total("calls", period=(date(2000, 1, 1), date(2100, 1, 1)))
    )
    steps = everything.steps()
    assert steps["reached"].sum() == total("reached")
    assert not len(steps) or steps["tried"][0] == total("orders")
    for name in ("calls", "answered_inbound", "abandoned", "reached", "after_answer"):  # each kind of bits
        shown = everything.count(name)
        assert shown == total(name)
        assert everything.calls(name, 0, 1000).num_rows >= min(shown, 1)
    archive.close()


def test_days_and_hours__are_those_of_the_zone(archive: Archive) -> None:
    summer = int(datetime(2026, 3, 29, 0, 30, tzinfo=UTC).timestamp() * 1000)  # 01:30 in Berlin; at 02:00 it is 03:00
    keep(archive, {"A": [{"callId": str(n), "startTime": summer + n * 3_600_000} for n in range(-2, 26)]})
    explored = Explored(archive)
    explored.refresh()
    for zone in ("Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "UTC"):
        tallied = Tallied(explored, Filters(), Look(ZoneInfo(zone), 10, 20))
        local = pd.to_datetime([summer + n * 3_600_000 for n in range(-2, 26)], unit="ms", utc=True).tz_convert(zone)
        days = tallied.by_day().set_index("day")["calls"].to_dict()
        assert days == pd.Series(local.tz_localize(None).normalize()).value_counts().to_dict()
        slots = tallied.by_slot().groupby(["weekday", "hour"])["calls"].sum().to_dict()
        assert slots == pd.DataFrame({"w": local.day_of_week, "h": local.hour}).value_counts().to_dict()
        one = date(2026, 3, 29)
        assert Tallied(explored, Filters(period=(one, one)), Look(ZoneInfo(zone), 10, 20)).totals().total(
            "calls"
        ) == sum(day.date() == one for day in local)


@pytest.mark.parametrize(
    ("filters", "calls"),
    [
        ({"direction": ("inbound",)}, 4),
        ({"direction": ("inbound", "aicc")}, 5),
        ({"agent": ("mei",)}, 0),  # the newer record of a2 names nobody
        ({"agent": ("",)}, 8),
        ({"reason": ("No answer", "")}, 7),
        ({"party": ("customer",)}, 1),
        ({"flag": ("hangup_party",)}, 1),
        ({"flag": ("unknown_field", "queue_unit")}, 2),
        ({"hour": ("12",)}, 5),
        ({"slot": ("0-12",)}, 5),
        ({"slot": ("1-12",)}, 0),
        ({"talk": (10.0, 100.0)}, 2),
        ({"talk": (None, 60.0), "answered": True}, 2),
        ({"cost": (0.07, None)}, 3),
        ({"queue": (5.0, 6.0)}, 1),
        ({"attempt": ("1",)}, 5),
        ({"find": "b"}, 1),
        ({"find": "nobody"}, 0),
        ({"result": ("abandoned",)}, 1),
        ({"status": ("nothing like it",)}, 0),
        ({"hour": ("x",), "slot": ("a-b",)}, 0),
    ],
)
def test_filters__let_pass(archive: Archive, filters: Any, calls: int) -> None:
    keep(archive, ORDERS)
    assert by_engine(archive, Filters(**filters)).total("calls") == calls


def test_flags__what_figures_would_be_without_those_calls(archive: Archive) -> None:
    keep(archive, ORDERS)
    explored = Explored(archive)
    explored.refresh()
    counts, without = Tallied(explored, Filters(), LOOK).by_flag()
    n = dict(zip(counts["flag"], counts["calls"], strict=True))
    assert (n["queue_unit"], n["hangup_party"], n["unknown_field"], n["order_blank"]) == (1, 1, 1, 8)
    rates = {flag: kpis.kpi("answer_rate", make(), TERMS).value for flag, make in without}
    assert rates["queue_unit"] == 5 / 7
    assert rates["order_blank"] is None
    assert math.isclose(rates["time_order"] or 0, 5 / 8)
