"""The pace of requests: slots, reserved one by one.

Slots were chosen over the token buckets of libraries because they never bunch: at 50/s with 32 threads, never over 51
requests in a second nor 6 in 100 ms, where the buckets let a whole second's requests go at once.
"""

from __future__ import annotations

import heapq
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from nxcc.api.refusals import Refusals, Share

SLOWEST_PER_S = 0.5
STEP_S = 1.0  # at most one halving in this time; a step back up when nothing was refused for as long
STEPS_UP = 10  # steps from nothing to the rate that was refused
SLOW = 0.75  # of the rate that was refused: a gateway that refused for the rate does not refuse now
SHORTEST_S = 0.02  # over which a rate is measured
_STATE = (
    "_rate", "_next", "_slowed", "_changed", "_refused_rate", "_step",
    "_second", "_sent", "_sent_before", "_refused", "_refused_before",
)  # fmt: skip


class Paced(Protocol):
    """What the client asks for times to send at: a process's own `Pace`, or the one that a team shares."""

    @property
    def per_second(self) -> float: ...

    @property
    def lately(self) -> int: ...

    def reserve(self, within_s: float = math.inf) -> float | None: ...

    def give_back(self, at: float) -> None: ...

    def slow_down(self, sent_at: float) -> None: ...


class Pace:
    """Hands out times to send at; halves the rate when told to slow down and recovers step by step. Thread-safe.

    `limit` is in requests a second, 0 = none. A refusal that comes by chance, whatever the rate, is passed over
    (`Refusals`). Steps are a tenth of the rate that was refused; beyond it each is twice the last. Without a limit,
    being told to slow down sets one at half of what is sent; it is lifted again when the rate has recovered to four
    times that.
    """

    def __init__(self, limit: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._ceiling = limit or math.inf
        self._rate = self._ceiling
        self._now = now
        self._lock = threading.Lock()
        self._next = 0.0
        self._given_back: list[float] = []  # slots that nobody used, a heap
        self._slowed = -math.inf  # the last halving
        self._changed = -math.inf  # the last change of the rate, or refusal that postpones the next
        self._refused_rate = 0.0  # the last one that was too much
        self._step = 0.0
        self._refusals = Refusals()
        self._second = -math.inf
        self._sent = self._sent_before = self._refused = self._refused_before = 0  # in this second, in the one before

    def state(self) -> dict[str, Any]:
        """All that it has come to, as plain values, for `resume`."""
        said = {name: getattr(self, name) for name in _STATE}
        return said | {"_refusals": asdict(self._refusals)}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Goes on from a `state`, of a pace with the same limit and the same clock."""
        for name in _STATE:
            setattr(self, name, state[name])
        counted = state["_refusals"]
        shares = {name: Share(**counted[name]) for name in ("slow", "fast")}
        self._refusals = Refusals(**shares, spare=counted["spare"])

    @property
    def per_second(self) -> float:
        """The rate now, in requests a second; infinite without a limit."""
        return self._rate

    @property
    def lately(self) -> int:
        """Requests that were let go in the last whole second."""
        with self._lock:
            ago_s = self._now() - self._second
            return self._sent_before if ago_s < 1 else self._sent if ago_s < 2 else 0

    def reserve(self, within_s: float = math.inf) -> float | None:
        """Takes the next slot; returns how many seconds to wait for it.

        None when others are in line before it and it is not `within_s`: until then the rate may have changed.
        """
        with self._lock:
            now = self._now()
            if self._rate < self._ceiling and now - self._changed >= STEP_S:
                self._recover(now)
            while self._given_back:
                at = heapq.heappop(self._given_back)
                if at >= now:
                    self._count(now)
                    return at - now
            at = max(now, self._next)
            if at - now > max(within_s, 1 / self._rate):
                return None
            self._next = at + 1 / self._rate
            self._count(now)
            return at - now

    def give_back(self, at: float) -> None:
        """The slot at this time (by this pace's clock) will not be used: others need not wait behind it."""
        with self._lock:
            heapq.heappush(self._given_back, at)

    def slow_down(self, sent_at: float) -> None:
        """The API said that a request sent at `sent_at` (by this pace's clock) came too fast."""
        with self._lock:
            now = self._now()
            self._turn(now)
            self._refused += 1
            if sent_at < self._slowed:
                return  # an answer to the rate before the last halving
            if now - self._slowed < STEP_S:
                self._changed = now
                return
            if sent_at - self._slowed >= STEP_S:
                self._refusals.refused(slow=self._is_slow)
            if not self._refusals.put_up_with():
                self._halve(now)

    def _halve(self, now: float) -> None:
        rate = self._measured(now) if self._rate == math.inf else self._rate
        passed = self._sent_before - self._refused_before
        if 0 < passed < self._refused_before:  # half of it would still be too much
            rate = min(rate, 2.0 * passed)
        self._refused_rate, self._step = rate, rate / STEPS_UP
        self._rate = max(rate / 2, min(SLOWEST_PER_S, self._ceiling))
        self._slowed = self._changed = now
        self._refusals.slowed_down()

    def _recover(self, now: float) -> None:
        for _ in range(int((now - self._changed) / STEP_S)):
            if self._rate >= self._ceiling:
                break
            if self._rate >= self._refused_rate:
                self._step *= 2
            self._rate = min(self._ceiling, self._rate + self._step)
            if self._ceiling == math.inf and self._rate >= 2 * self._refused_rate:
                self._rate = math.inf
        self._changed = now

    @property
    def _is_slow(self) -> bool:
        return self._rate <= SLOW * self._refused_rate

    def _measured(self, now: float) -> float:
        """What is sent in a second; at the very beginning by what was sent so far."""
        if self._sent_before:
            return float(max(self._sent, self._sent_before))
        return max(self._sent, 1) / max(now - self._second, SHORTEST_S)

    def _count(self, now: float) -> None:
        self._turn(now)
        self._sent += 1
        if now - self._slowed >= STEP_S:  # before that, a gateway still refuses for the rate before
            self._refusals.sent(slow=self._is_slow, a_second=self._sent_before)

    def _turn(self, now: float) -> None:
        """Begins the next second when this one is over."""
        if now - self._second >= 1:
            at_once = now - self._second < 2
            self._sent_before, self._refused_before = (self._sent, self._refused) if at_once else (0, 0)
            self._sent = self._refused = 0
            self._second = now
