"""How jobs go that another process runs, as far as their rows tell: for whoever looks at one for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from nxcc.archive import Reason
from nxcc.errors import NxccError
from nxcc.jobs.job import AT_WORK, Job
from nxcc.jobs.live import Live

MOST = 50
REASONS_EVERY_S = 10.0


class Following:
    """Progress of jobs led elsewhere. Thread-safe."""

    def __init__(self, limit: Callable[[], float], failures: Callable[[Job], list[Reason]]) -> None:
        self._limit, self._failures = limit, failures
        self._lives: dict[str, Live] = {}
        self._asked_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def live(self, job: Job) -> Live | None:
        """What is known of a job at work, with this look at it; None when it is not."""
        with self._lock:
            if job.state not in AT_WORK:
                self._lives.pop(job.id, None)
                return None
            while len(self._lives) >= MOST and job.id not in self._lives:
                del self._lives[next(iter(self._lives))]
            live = self._lives.setdefault(job.id, Live())
            ask = job.failed and time.monotonic() - self._asked_at.get(job.id, -REASONS_EVERY_S) >= REASONS_EVERY_S
            if ask:
                self._asked_at[job.id] = time.monotonic()
        live.note(job.done, self._limit())
        if ask:
            self._note_failures(live, job)
        return live

    def _note_failures(self, live: Live, job: Job) -> None:
        try:
            reasons = self._failures(job)
        except NxccError:
            return  # the page says that the archive cannot be read
        live.failures.clear()
        live.failures.update({(reason.reason, reason.may_pass): reason.ids for reason in reasons})
