"""One pace for all processes that ask with an account: the same slots as `nxcc.api.pace`, kept in PostgreSQL.

The state of the pace is one row, which whoever reserves holds for the moment. It is the database's clock that counts:
the machines' clocks may differ. A process takes as many slots as its threads wait for, not one by one.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable

import psycopg

from nxcc.api.pace import Pace
from nxcc.team.database import Database, TeamAway

LATE_S = 0.03  # a slot that passed longer ago than this is nobody's: else slots would bunch
AT_ONCE_S = 0.25  # slots are taken for no longer than this
FREE_S = 0.25  # without a limit, for so long nobody looks whether there is one now
LOOK_EVERY_S = 0.1  # when the line is full
SEEN_S = 1.0  # for so long, what was seen of the pace is shown
AWAY_S = 0.5  # when the database does not answer

log = logging.getLogger(__name__)


class SharedPace:
    """Hands out times to send at, for this process's threads. Thread-safe.

    `account` is whose pace it is; `limit` as in `Pace`, and the same in all processes. While the database does not
    answer there are no slots: nothing is sent that others do not know of.
    """

    def __init__(
        self, database: Database, account: str, limit: float, *, clock: Callable[[], float] | None = None
    ) -> None:
        self._database, self._account, self._limit = database, account, limit
        self._clock = clock  # instead of the database's, for tests
        self._now = clock or time.monotonic
        self._ahead = 0.0  # the database's clock, from `_now`
        self._pace = Pace(limit, now=lambda: self._now() + self._ahead)  # as it was when we last looked
        self._lock = threading.Lock()
        self._slots: deque[float] = deque()  # by our clock, the next first
        self._free_until = -math.inf  # without a limit
        self._free_sent = 0
        self._look_at = -math.inf  # not before this
        self._seen_at = -math.inf  # when the pace was as it is here, on the monotonic clock
        self._waiting = 0
        self._counting = threading.Lock()

    @property
    def per_second(self) -> float:
        """The rate of all together, in requests a second; infinite without a limit."""
        with self._lock:
            self._look()
            return self._pace.per_second

    @property
    def lately(self) -> int:
        """Requests that all together let go in the last whole second."""
        with self._lock:
            self._look()
            return self._pace.lately

    def reserve(self, within_s: float = math.inf) -> float | None:
        """Takes the next slot; returns how many seconds to wait for it.

        None when it is not `within_s`, or cannot be had now: ask again a little later.
        """
        with self._counting:
            self._waiting += 1
        try:
            with self._lock:
                return self._reserve(within_s)
        finally:
            with self._counting:
                self._waiting -= 1

    def give_back(self, at: float) -> None:
        """The slot at this time (by our clock) will not be used."""
        with self._lock:
            if at > self._now():
                self._slots.append(at)
                self._slots = deque(sorted(self._slots))

    def slow_down(self, sent_at: float) -> None:
        """The API said that a request sent at `sent_at` (by our clock) came too fast."""
        with self._lock:
            try:
                self._change(lambda pace: self._slow_down(pace, sent_at))
            except TeamAway as error:
                log.warning("%s", error)
            self._slots.clear()  # they are of the rate before
            self._free_until = -math.inf

    def _look(self) -> None:
        """What others have made of it, when we have not asked for a slot lately."""
        if self._clock is None and time.monotonic() - self._seen_at >= SEEN_S:
            with contextlib.suppress(TeamAway):
                self._change(lambda _: None)

    def _reserve(self, within_s: float) -> float | None:
        now = self._now()
        if now < self._free_until:
            self._free_sent += 1
            return 0.0
        while self._slots and self._slots[0] < now - LATE_S:
            self._slots.popleft()
        if not self._slots and now >= self._look_at:
            try:
                self._change(lambda pace: self._take(pace, within_s))
            except TeamAway:
                self._look_at = self._now() + AWAY_S
        if not self._slots:
            return None
        at = self._slots.popleft()
        if at - self._now() > max(within_s, 1 / self._pace.per_second):
            self._slots.appendleft(at)
            return None
        return max(0.0, at - self._now())

    def _slow_down(self, pace: Pace, sent_at: float) -> None:
        self._count(pace)
        pace.slow_down(sent_at + self._ahead)

    def _count(self, pace: Pace) -> None:
        """What was sent without a limit, so that it is known how fast that was, should it be too much."""
        for _ in range(self._free_sent):
            pace.reserve()
        self._free_sent = 0

    def _take(self, pace: Pace, within_s: float) -> None:
        """As many slots as threads wait for."""
        self._count(pace)
        wanted = max(1, min(self._waiting, int(pace.per_second * AT_ONCE_S) if pace.per_second < math.inf else 1))
        now = self._now()
        for _ in range(wanted):
            if (wait_s := pace.reserve(within_s)) is None:
                break
            self._slots.append(now + wait_s)
        if not self._slots:
            self._look_at = now + LOOK_EVERY_S
        if pace.per_second == math.inf:
            self._free_until = now + FREE_S

    def _change(self, change: Callable[[Pace], object]) -> None:
        """Does something to the pace that all share."""
        self._database.run(lambda connection: self._change_in(connection, change))

    def _change_in(self, connection: psycopg.Connection, change: Callable[[Pace], object]) -> None:
        query = "SELECT state FROM team_paces WHERE account = %s FOR UPDATE"
        row = connection.execute(query, [self._account]).fetchone()
        if row is None:
            connection.execute(
                "INSERT INTO team_paces VALUES (%s, '') ON CONFLICT (account) DO NOTHING", [self._account]
            )
            row = connection.execute(query, [self._account]).fetchone()
        if self._clock is None:  # the lock is held: nobody's slots lie between
            before = time.monotonic()
            told = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
            self._ahead = told[0] - (before + time.monotonic()) / 2 if told else 0.0
        pace = Pace(self._limit, now=lambda: self._now() + self._ahead)
        kept = json.loads(row[0]) if row and row[0] else None
        if kept and kept["limit"] == self._limit:
            pace.resume(kept)
        change(pace)
        state = json.dumps(pace.state() | {"limit": self._limit})
        connection.execute("UPDATE team_paces SET state = %s WHERE account = %s", [state, self._account])
        self._pace, self._seen_at = pace, time.monotonic()
