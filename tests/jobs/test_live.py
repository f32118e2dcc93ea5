"""How a job goes right now: what the page shows and nobody keeps."""

from __future__ import annotations

import math

import pytest

from nxcc.jobs import Live
from nxcc.outcome import Outcome


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def live(clock: Clock) -> Live:
    return Live(clock=clock)


def test_note__once_a_second(live: Live, clock: Clock) -> None:
    for n in range(20):
        clock.now = 1000 + n / 4
        live.note(n, math.inf)
    assert [(moment.at, moment.done) for moment in live.moments] == [(1000 + n, 4 * n) for n in range(5)]


def test_per_second__over_the_last_half_minute(live: Live, clock: Clock) -> None:
    assert live.per_second() is None
    live.note(0, 10)
    assert live.per_second() is None  # nothing to compare it with
    for n in range(1, 100):
        clock.now = 1000 + n
        live.note(5 * n if n <= 50 else 250 + 10 * (n - 50), 10)
    assert live.per_second() == 10
    clock.now += 60
    rate = live.per_second()
    assert rate is not None
    assert 3 < rate < 4  # nothing came for a minute: slower, not the same
    live.ended()
    assert live.per_second() is None


def test_per_second__of_answers_with_long_pauses(live: Live, clock: Clock) -> None:
    live.note(0, 10)
    clock.now += 40
    live.note(20, 10)
    assert live.per_second() == 0.5


def test_take__the_newest_first_and_reasons_by_number(live: Live) -> None:
    live.take([Outcome(f"A{n}", "found") for n in range(4)])
    live.take([Outcome("B1", "failed", "HTTP 500", may_pass=True), Outcome("B2", "failed", "41000: wrong")])
    live.take([Outcome("B3", "failed", "HTTP 500", may_pass=True)])
    assert [outcome.order_id for outcome in live.latest] == ["B3", "B2", "B1", "A3", "A2"]
    assert [(r.reason, r.ids, r.may_pass) for r in live.most_failures(1)] == [("HTTP 500", 2, True)]


def test_halt__ends_the_run_and_those_to_come(live: Live) -> None:
    run = live.begin_run()
    assert not run.is_set()
    live.halt()
    assert (run.is_set(), live.stop.is_set(), live.begin_run().is_set()) == (True, True, True)
