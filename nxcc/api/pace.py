"""The pace of requests: slots, reserved one by one.

Slots were chosen over the token buckets of libraries because they never bunch: at 50/s with 32 threads, never over 51
requests in a second nor 6 in 100 ms, where the buckets let a whole second's requests go at once.
"""

from __future__ import annotations

import heapq
import math
import threading
import time
from collections.abc import Callable

SLOWEST_PER_S = 0.5
STEP_S = 1.0  # at most one halving in this time; a step back up when nothing was refused for as long
STEPS_UP = 10  # steps from nothing to the full rate


class Pace:
    """Hands out times to send at; halves the rate when told to slow down and recovers step by step. Thread-safe.

    `limit` is in requests a second, 0 = none. Without a limit, being told to slow down sets one at half of what was
    sent in the last second; it is lifted again when the rate has recovered to four times that.
    """

    def __init__(self, limit: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._ceiling = limit or math.inf
        self._rate = self._ceiling
        self._now = now
        self._lock = threading.Lock()
        self._next = 0.0
        self._given_back: list[float] = []  # slots that nobody used, a heap
        self._slowed = -math.inf  # the last halving
        self._changed = -math.inf  # the last change of the rate, or refusal
        self._step = self._ceiling / STEPS_UP
        self._second = -math.inf
        self._sent = self._sent_before = 0

    @property
    def per_second(self) -> float:
        """The rate now, in requests a second; infinite without a limit."""
        return self._rate

    def reserve(self) -> float:
        """Takes the next slot; returns how many seconds to wait for it."""
        with self._lock:
            now = self._now()
            self._count(now)
            if self._rate < self._ceiling and now - self._changed >= STEP_S:
                self._recover(now)
            while self._given_back:
                at = heapq.heappop(self._given_back)
                if at >= now:
                    return at - now
            at = max(now, self._next)
            self._next = at + 1 / self._rate
            return at - now

    def give_back(self, at: float) -> None:
        """The slot at this time (by this pace's clock) will not be used: others need not wait behind it."""
        with self._lock:
            heapq.heappush(self._given_back, at)

    def slow_down(self, sent_at: float) -> None:
        """The API said that a request sent at `sent_at` (by this pace's clock) came too fast."""
        with self._lock:
            now = self._now()
            self._changed = now
            if sent_at < self._slowed or now - self._slowed < STEP_S:
                return  # an answer to the rate before the last halving
            if self._rate == math.inf:
                self._rate = float(max(self._sent, self._sent_before, 1))
                self._step = self._rate / STEPS_UP
                self._lift_at = self._rate * 2
            self._rate = max(self._rate / 2, min(SLOWEST_PER_S, self._ceiling))
            self._slowed = now

    def _recover(self, now: float) -> None:
        steps = int((now - self._changed) / STEP_S)
        self._rate = min(self._ceiling, self._rate + steps * self._step)
        if self._ceiling == math.inf and self._rate >= self._lift_at:
            self._rate = math.inf
        self._changed = now

    def _count(self, now: float) -> None:
        if now - self._second >= 1:
            self._sent_before = self._sent if now - self._second < 2 else 0
            self._sent, self._second = 0, now
        self._sent += 1
