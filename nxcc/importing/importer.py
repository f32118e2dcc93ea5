"""A period into the archive: threads that read its stretches, and one writer that keeps the pages."""

from __future__ import annotations

import contextvars
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime

from nxcc.api.client import Client
from nxcc.archive import Archive, periods
from nxcc.archive.periods import Page
from nxcc.errors import Cancelled, NxccError, TransientError
from nxcc.importing.reading import Moments, PageSize, Reading
from nxcc.stretches import CallFilters, Stretch, cut, joined, without
from nxcc.traces import LeftOut

LONGEST_S = 86_400  # of a stretch that is read in one go
SHORT_PERIOD_S = 2 * LONGEST_S  # up to this long, a period is read in stretches of a quarter of a day
BATCH = 40  # pages that are kept in one go
MOST_THREADS = 64
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 120.0
LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Passed:
    """What has come since the last time this was said: pages, requests that they took, and calls that were new."""

    pages: int
    requests: int
    calls: int


def stretches_of(period: Stretch) -> list[Stretch]:
    """What a period is read in: always the same, so that what was broken off can go on."""
    return cut([period], LONGEST_S if period.seconds > SHORT_PERIOD_S else LONGEST_S // 4)


class Importer:
    """Reads what has not been read of a period since a moment, and keeps it.

    `after`: what began to be read later counts; what was read since `own` also where it was not settled yet.
    `patience_s`: how long the gateway may be away. `away_until` (epoch seconds) and `away_said` tell when it is tried
    again, and what it said, while it is.
    """

    def __init__(
        self,
        client: Client,
        archive: Archive,
        period: Stretch,
        filters: CallFilters,
        *,
        after: datetime,
        own: datetime,
        now: Callable[[], datetime],
        stop: threading.Event,
        left_out: LeftOut,
        size: PageSize,
        patience_s: float,
    ) -> None:
        self._client, self._archive, self._size = client, archive, size
        self.period, self.filters, self._after, self._own = period, filters, after, own
        self._stop, self._left_out = stop, left_out
        self._patience_s = patience_s
        self._since = own  # a call that has come in the same words since then is not kept again
        self._moments = Moments(now)
        self._pages: queue.Queue[Page] = queue.Queue(4 * BATCH)
        self._todo: deque[Reading] = deque()
        self._lock = threading.Lock()
        self._failure: BaseException | None = None
        self._is_lost = False  # pages could not be kept: none that follow them may be, or they would not be missed
        self._is_over = False  # nobody takes pages any more
        self._halt = threading.Event()  # the threads end when what is under way has come
        self._away_since: float | None = None
        self.away_until: float | None = None
        self.away_said = ""

    @property
    def per_second(self) -> float:
        """The limit in force, requests a second."""
        return self._client.pace.per_second

    def left(self) -> list[Stretch]:
        """What has not been read yet. Raises `ArchiveError`."""
        read = joined(each.stretch for each in self._read_whole())
        return [left for part in stretches_of(self.period) for left in without(part, read)]

    def as_of(self) -> datetime | None:
        """The moment that all of the period can be told of: when the oldest of its newest readings began. None when it
        has not been read whole. Raises `ArchiveError`."""
        left, oldest = [self.period], None
        for each in sorted(self._read_whole(), key=lambda read: read.began, reverse=True):
            rest = [part for one in left for part in without(one, [each.stretch])]
            if rest != left:
                left, oldest = rest, each.began
        return None if left else oldest

    def _read_whole(self) -> list[periods.Read]:
        return periods.read_whole(self._archive, self.filters, self._after, self._own)

    def run(self) -> Generator[Passed, None, None]:
        """Reads it. Says from time to time what came; it is kept by then.

        Raises `NxccError` when it cannot go on; what came before is kept.
        """
        left = self.left()
        halves = self._halves() if left else {}
        self._todo.extend(
            Reading(self._client, part, self.filters, self._moments, size=self._size, half=halves.get(part))
            for part in left
        )
        # What others read is not leant on: retention may take it away before what we say was read.
        self._since = min([self._own, *(half.began for part, half in halves.items() if part in left)])
        threads = self._hire()
        try:
            while any(thread.is_alive() for thread in threads) or not self._pages.empty():
                if self._stop.is_set():
                    self._halt.set()
                if batch := self._batch():
                    yield self._keep(batch)
                else:
                    yield Passed(0, 0, 0)
            if self._failure:
                raise self._failure
        finally:
            self._halt.set()
            self._is_over = True
            batch = [self._pages.get_nowait() for _ in range(self._pages.qsize())]
            if batch and not self._is_lost:
                self._keep(batch)

    def _halves(self) -> dict[Stretch, periods.Half]:
        """What was broken off, and would count as read when it is read to its end."""
        return {
            part: half
            for part, half in periods.half_read(self._archive, self.filters, self._after).items()
            if half.began >= self._own or part.to_s <= half.began.timestamp() - periods.SETTLED_S
        }

    def _hire(self) -> list[threading.Thread]:
        threads = []
        for _ in range(min(len(self._todo), max(1, self._client.concurrency), MOST_THREADS)):
            context = contextvars.copy_context()  # whose run it is, for the log
            thread = threading.Thread(target=context.run, args=(self._work,), name="nxcc-import", daemon=True)
            thread.start()
            threads.append(thread)
        return threads

    def _batch(self) -> list[Page]:
        """Pages that have come: as many as come within the time that the archive likes to be left alone."""
        until = time.monotonic() + self._archive.file.keep_every_s
        batch: list[Page] = []
        while len(batch) < BATCH and (wait_s := until - time.monotonic()) > 0:
            try:
                batch.append(self._pages.get(timeout=min(wait_s, LOOK_S)))
            except queue.Empty:
                if batch or self._halt.is_set():
                    break
        return batch

    def _keep(self, batch: list[Page]) -> Passed:
        try:
            calls = periods.keep(self._archive, batch, self._since, self._left_out.traces)
        except BaseException:
            self._is_lost = True
            raise
        return Passed(len(batch), sum(page.attempts for page in batch), calls)

    def _work(self) -> None:
        try:
            while not self._halt.is_set() and (reading := self._take()):
                self._read(reading)
        except Cancelled:
            pass
        except BaseException as error:  # noqa: BLE001 - carried over to the thread that keeps the pages
            self._failure = self._failure or error
            self._halt.set()

    def _take(self) -> Reading | None:
        with self._lock:
            return self._todo.popleft() if self._todo else None

    def _read(self, reading: Reading) -> None:
        while not reading.ended and not self._halt.is_set():
            try:
                page = reading.next(self._halt)
            except TransientError as error:
                self._wait(error)
                continue
            self._back()
            self._put(page)

    def _put(self, page: Page) -> None:
        while True:
            try:
                self._pages.put(page, timeout=LOOK_S)
                return
            except queue.Full:
                if self._is_over:  # it is asked again
                    return

    def _wait(self, error: TransientError) -> None:
        """The gateway does not answer: waits, longer each time, before the page is asked again."""
        with self._lock:
            self._away_since = self._away_since or time.monotonic()
            away_s = time.monotonic() - self._away_since
            wait_s = min(max(away_s, FIRST_WAIT_S), LONGEST_WAIT_S)
            self.away_said, self.away_until = error.what, time.time() + wait_s
        if away_s > self._patience_s:
            raise NxccError(
                f"The gateway has brought no page of calls for {self._patience_s / 3600:.0f} h. Last: {error.what}",
                cure="Resume the job when it is back.",
            ) from error
        self._halt.wait(wait_s)

    def _back(self) -> None:
        if self._away_since is not None:
            with self._lock:
                self._away_since, self.away_until, self.away_said = None, None, ""
