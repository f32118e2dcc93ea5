"""Slots: never more than the rate, in order, slower when told to, then faster again."""

from __future__ import annotations

import math
import random
import secrets
import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from nxcc.api.pace import Pace, Paced
from nxcc.sandbox import Sandbox
from nxcc.team.pace import LOOK_EVERY_S, SharedPace

from ..conftest import TODAY, client_of


class Clock:
    """A time that only the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


NewPace = Callable[..., Paced]


@pytest.fixture(params=["of this process", "of a team"])
def new_pace(request: pytest.FixtureRequest) -> Iterator[NewPace]:
    """Makes a pace with a limit and a clock, of either kind."""
    if request.param == "of this process":
        yield Pace
        return
    database = request.getfixturevalue("database")
    yield lambda limit, now: SharedPace(database, secrets.token_hex(4), limit, clock=now)


def most_in_a_second(times: Iterable[float]) -> int:
    ordered = sorted(times)
    return max(bisect_left(ordered, start + 1 - 1e-9) - n for n, start in enumerate(ordered))


def pass_seconds(pace: Paced, clock: Clock, seconds: int) -> None:
    """Time passes with nothing refused, and requests being sent."""
    for _ in range(seconds):
        clock.now += 1
        pace.reserve()


@pytest.mark.parametrize("rate", [0.5, 1, 7, 50, 1000])
def test_reserve__slots_lie_one_interval_apart(new_pace: NewPace, clock: Clock, rate: float) -> None:
    pace = new_pace(rate, now=clock)
    assert [pace.reserve() for _ in range(20)] == pytest.approx([n / rate for n in range(20)], abs=1e-6)


def test_reserve__time_that_passed_unused_is_not_saved_up(new_pace: NewPace, clock: Clock) -> None:
    pace = new_pace(10, now=clock)
    pace.reserve()
    clock.now += 60
    assert [pace.reserve() for _ in range(3)] == pytest.approx([0, 0.1, 0.2])


@pytest.mark.parametrize("threads", [2, 32])
def test_reserve__never_more_than_the_rate_whatever_the_number_of_threads(new_pace: NewPace, threads: int) -> None:
    pace = new_pace(50, now=lambda: 0.0)
    with ThreadPoolExecutor(threads) as pool:
        slots = list(pool.map(lambda _: pace.reserve(), range(500)))
    assert most_in_a_second(slots) <= 55
    assert max(slots) == pytest.approx(499 / 50)  # and none is lost


def test_reserve__no_limit_never_waits(new_pace: NewPace, clock: Clock) -> None:
    pace = new_pace(0, now=clock)
    assert {pace.reserve() for _ in range(1000)} == {0}
    assert pace.per_second == math.inf


def test_slow_down__halves_once_a_second_at_most(new_pace: NewPace, clock: Clock) -> None:
    pace = new_pace(40, now=clock)
    rates = []
    for _ in range(3):
        for _ in range(5):
            pace.slow_down(clock.now)
        rates.append(pace.per_second)
        clock.now += 1
    assert rates == [20, 10, 5]


def test_slow_down__an_answer_to_the_rate_before_counts_once(new_pace: NewPace, clock: Clock) -> None:
    pace = new_pace(40, now=clock)
    sent_at = clock.now - 0.5
    pace.slow_down(sent_at)
    clock.now += 3
    pace.slow_down(sent_at)  # it took three seconds to be refused
    assert pace.per_second == 20


@pytest.mark.parametrize(("limit", "slowest"), [(40, 0.5), (0.2, 0.2)])
def test_slow_down__has_an_end(new_pace: NewPace, clock: Clock, limit: float, slowest: float) -> None:
    pace = new_pace(limit, now=clock)
    for _ in range(20):
        pace.slow_down(clock.now)
        clock.now += 1
    assert pace.per_second == slowest


def test_slow_down__slots_follow_the_new_rate(new_pace: NewPace, clock: Clock) -> None:
    pace = new_pace(10, now=clock)
    pace.slow_down(clock.now)
    assert [pace.reserve() for _ in range(3)] == pytest.approx([0, 0.2, 0.4])


def test_reserve__recovers_step_by_step_to_the_limit_and_no_further(new_pace: NewPace, clock: Clock) -> None:
    pace = new_pace(40, now=clock)
    pace.slow_down(clock.now)
    rates = []
    for _ in range(7):
        pass_seconds(pace, clock, 1)
        rates.append(pace.per_second)
    assert rates == [24, 28, 32, 36, 40, 40, 40]


def test_reserve__a_pause_counts_as_recovery(new_pace: NewPace, clock: Clock) -> None:
    pace = new_pace(40, now=clock)
    pace.slow_down(clock.now)
    clock.now += 3.5
    pace.reserve()
    assert pace.per_second == 32


def test_slow_down__keeps_going_down_while_requests_are_sent(new_pace: NewPace, clock: Clock) -> None:
    """A gateway that lets 20/s pass is met at about 20/s, though the setting says 100/s."""
    pace = new_pace(100, now=clock)
    passed: list[float] = []
    sent, refused = [], []
    while len(sent) < 600:
        clock.now += pace.reserve()
        sent.append(clock.now)
        if sum(clock.now - before < 1 for before in passed[-20:]) < 20:
            passed.append(clock.now)
        else:
            refused.append(clock.now)
            pace.slow_down(clock.now)
    after = clock.now - 20
    assert most_in_a_second(time for time in sent if time > after) <= 25
    assert sum(time > after for time in refused) <= 40  # two a second, where a fixed 100/s would see eighty


class Gateway:
    """Lets `limit` requests pass in any second, and refuses a `share` by chance; keeps what was sent and refused."""

    def __init__(self, limit: float = math.inf, share: float = 0, seed: int = 0) -> None:
        self.limit, self.share = limit, share
        self._random = random.Random(seed)
        self.sent: list[float] = []
        self.refused: list[float] = []
        self._passed: deque[float] = deque()

    def passes(self, at: float) -> bool:
        self.sent.append(at)
        while self._passed and at - self._passed[0] >= 1:
            self._passed.popleft()
        passes = len(self._passed) < self.limit and self._random.random() >= self.share
        (self._passed if passes else self.refused).append(at)
        return passes


def ask(pace: Pace, clock: Clock, gateway: Gateway, seconds: float, fastest: float = 1000) -> None:
    """Sends as the pace says, `fastest` a second at the most."""
    end = clock.now + seconds
    while clock.now < end:
        clock.now += max(pace.reserve(), 1 / fastest)
        if not gateway.passes(clock.now):
            pace.slow_down(clock.now)


@pytest.mark.parametrize("limit", [10, 50, 200, 0])
@pytest.mark.parametrize("seed", range(3))
def test_slow_down__what_is_refused_whatever_the_rate_costs_little(clock: Clock, limit: float, seed: int) -> None:
    pace, gateway = Pace(limit, now=clock), Gateway(share=0.04, seed=seed)
    ask(pace, clock, gateway, 300)
    assert len(gateway.sent) >= 0.6 * 300 * (limit or 1000)


@pytest.mark.parametrize(("limit", "allowed"), [(100, 20), (100, 49), (1000, 20), (10, 5), (10, 9), (20, 3), (0, 100)])
def test_slow_down__a_limit_below_ours_is_respected(clock: Clock, limit: float, allowed: int) -> None:
    pace, gateway = Pace(limit, now=clock), Gateway(allowed)
    ask(pace, clock, gateway, 60)
    begun, gateway.sent, gateway.refused = clock.now, [], []
    rates = []
    for _ in range(60):
        ask(pace, clock, gateway, 1)
        rates.append(pace.per_second)
    assert len(gateway.refused) < 0.1 * len(gateway.sent)
    assert len(gateway.sent) > 0.6 * allowed * (clock.now - begun)
    assert allowed / 4 < min(rates) <= max(rates) < 2 * allowed


def test_slow_down__a_limit_that_comes_later_is_found_at_once(clock: Clock) -> None:
    pace, gateway = Pace(100, now=clock), Gateway(share=0.04)
    ask(pace, clock, gateway, 60)
    assert pace.per_second == 100
    gateway.limit = 50
    ask(pace, clock, gateway, 1.5)
    assert pace.per_second <= 60


def test_slow_down__the_first_refusal_ever_counts(new_pace: NewPace, clock: Clock) -> None:
    pace = new_pace(100, now=clock)
    ask(pace, clock, Gateway(), 60)
    pace.slow_down(clock.now)
    assert pace.per_second == 50


def test_slow_down__without_a_limit_begins_at_half_of_what_was_sent(new_pace: NewPace, clock: Clock) -> None:
    pace = new_pace(0, now=clock)
    for _ in range(100):
        pace.reserve()
        clock.now += 0.01
    pace.slow_down(clock.now)
    assert pace.per_second == pytest.approx(50, abs=1)

    pass_seconds(pace, clock, 7)
    assert pace.per_second < math.inf
    pass_seconds(pace, clock, 1)  # four times the rate it began with: nobody minds
    assert pace.per_second == math.inf


def test_query_by_order__over_http_50_a_second_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(today=TODAY) as sandbox:
        client = client_of(sandbox, rate_per_second=50, concurrency=16, wait=threading.Event.wait)
        stop, slots, reserve = threading.Event(), [], client.pace.reserve

        def noted(within_s: float) -> float | None:
            wait_s = reserve(within_s=within_s)
            if wait_s is not None:
                slots.append(time.monotonic() + wait_s)
            return wait_s

        monkeypatch.setattr(client.pace, "reserve", noted)
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda n: client.query_by_order(f"P{n}", stop), range(100)))
        times = [request.at for request in sandbox.requests]
    assert len(times) == len(slots) == 100  # each request has a slot of its own
    assert most_in_a_second(slots) <= 55
    assert most_in_a_second(times) <= 65  # a busy machine lets some of them arrive in bunches
    assert max(times) - min(times) < 1.1 * 99 / 50 + 0.2


def test_give_back__the_next_in_line_takes_the_slot(new_pace: NewPace) -> None:
    now = [0.0]
    pace = new_pace(1, now=lambda: now[0])
    waits = [pace.reserve() for _ in range(4)]
    assert waits == [0, 1, 2, 3]
    pace.give_back(2)
    pace.give_back(1)
    assert [pace.reserve() for _ in range(3)] == [1, 2, 4]


def test_give_back__a_slot_that_has_passed_is_nobodys(new_pace: NewPace) -> None:
    now = [0.0]
    pace = new_pace(1, now=lambda: now[0])
    assert [pace.reserve() for _ in range(2)] == [0, 1]
    pace.give_back(1)
    now[0] = 1.5
    assert pace.reserve() == pytest.approx(0.5)


@pytest.mark.parametrize(("rate", "in_line"), [(8, 5), (64, 33), (0.5, 2)])
def test_reserve__no_slot_further_ahead_than_asked_for(
    new_pace: NewPace, clock: Clock, rate: float, in_line: int
) -> None:
    """Who waits for a slot far ahead would wait on when the rate has recovered; the next one is always given."""
    pace = new_pace(rate, now=clock)
    waits = [pace.reserve(within_s=0.5) for _ in range(100)]
    assert sum(wait is not None for wait in waits) == in_line
    clock.now += max(1 / rate, LOOK_EVERY_S)
    assert pace.reserve(within_s=0.5) is not None
