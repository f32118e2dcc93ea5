"""How a job goes right now: what only this process knows and nobody needs afterwards."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nxcc.archive import Reason
from nxcc.errors import NxccError
from nxcc.outcome import Outcome, Word

KEPT_S = 1800
EVERY_S = 1.0
RATE_OVER_S = 30.0
LATEST = 5
MOST_REASONS = 100  # the vendor's words may differ for each id
OTHER_REASONS = "Other reasons"


@dataclass(frozen=True, slots=True)
class Moment:
    """A second of a job: epoch seconds, ids done so far, the limit in force (requests a second, inf = none)."""

    at: float
    done: int
    limit: float


class Live:
    """Progress of one job in this process. Written by its thread, read by pages."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self.stop = threading.Event()  # the job's row says that it must not run
        self.error: NxccError | None = None  # what ended it
        self.waits_until: float | None = None  # epoch seconds of the next try, while the gateway does not answer
        self.words: dict[Word, int] | None = None  # ids by outcome, newer than those in the row
        self.moments: deque[Moment] = deque(maxlen=int(KEPT_S / EVERY_S))
        self.latest: deque[Outcome] = deque(maxlen=LATEST)  # the newest first
        self.failures: Counter[tuple[str, bool]] = Counter()  # reason and whether it may pass -> ids
        self.running = True
        self._clock = clock
        self._lock = threading.Lock()
        self._run = threading.Event()

    def halt(self) -> None:
        """Ends the job's thread, as soon as what is under way has come."""
        with self._lock:
            self.stop.set()
            self._run.set()

    def begin_run(self) -> threading.Event:
        """The event that ends one run through ids: by itself, or together with the job."""
        with self._lock:
            self._run = threading.Event()
            if self.stop.is_set():
                self._run.set()
            return self._run

    def take(self, outcomes: Sequence[Outcome]) -> None:
        """Outcomes that came just now."""
        self.latest.extendleft(outcomes[-LATEST:])
        for outcome in outcomes:
            if outcome.word == "failed":
                said = (outcome.reason, outcome.may_pass)
                known = said in self.failures or len(self.failures) < MOST_REASONS
                self.failures[said if known else (OTHER_REASONS, outcome.may_pass)] += 1

    def most_failures(self, most: int) -> list[Reason]:
        """Why ids failed, the most frequent reason first."""
        return [Reason(reason, ids, may_pass) for (reason, may_pass), ids in self.failures.copy().most_common(most)]

    def note(self, done: int, limit: float) -> None:
        """So many ids have an outcome now; kept once a second."""
        at = self._clock()
        if not self.moments or at - self.moments[-1].at >= EVERY_S:
            self.moments.append(Moment(at, done, limit))

    def ended(self) -> None:
        """Its thread has ended."""
        self.running = False
        self.waits_until = None

    def per_second(self) -> float | None:
        """Answers a second lately; None before there is anything to say."""
        moments = list(self.moments)
        if not self.running or len(moments) < 2:
            return None
        last = moments[-1]
        first = next(moment for moment in moments if last.at - moment.at <= RATE_OVER_S)
        if last is first:
            first = moments[-2]
        now = self._clock()
        until = max(last.at, now - EVERY_S)  # nothing new for a while is slower, not the same
        return (last.done - first.done) / (until - first.at) if until > first.at else None
