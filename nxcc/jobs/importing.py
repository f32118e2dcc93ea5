"""A period read for a job, from where it stands to its end: an import, or what a list's orders are answered out of."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from datetime import datetime
from typing import Any

from nxcc.archive import Archive, by_period
from nxcc.errors import NxccError
from nxcc.importing import Importer, Passed
from nxcc.importing.importer import stretches_of
from nxcc.jobs.job import AT_WORK, Job
from nxcc.jobs.live import Live
from nxcc.jobs.store import Store

NOTE_EVERY_S = 1.0
AWAY = "The gateway brings no answers; it is tried again."


class Importing:
    """Runs an import until its period has been read whole, or its row says that it must not run.

    Raises `NxccError`, which halts the job; what came before is kept.
    """

    def __init__(
        self, store: Store, importer: Importer, archive: Archive, job: Job, live: Live, *, now: Callable[[], datetime]
    ) -> None:
        self._store, self._importer, self._archive, self._now = store, importer, archive, now
        self._job, self._live = job, live
        self._parts = stretches_of(importer.period)
        self._calls = 0
        self._requests = job.requests
        self._noted = 0.0

    def run(self) -> None:
        """All of it."""
        self._calls = self._counted()
        there = self._whole() if self._job.started_at is None else self._job.from_archive
        self._note(from_archive=there)
        try:
            with closing(self._importer.run()) as coming:
                for passed in coming:
                    self._take(passed)
        except NxccError:
            with suppress(NxccError):
                self._end()
            raise
        if self._live.stop.is_set():
            self._end()
        elif self._importer.left():
            self._end()
            raise NxccError(
                "Parts of the period do not count as read: what was searched for was forgotten meanwhile.",
                cure="What came is kept. Read the period again.",
            )
        else:
            self._end(state="done", finished_at=self._now(), note="", cure="")

    def _take(self, passed: Passed) -> None:
        self._calls += passed.calls
        self._requests += passed.requests
        self._live.waits_until = self._importer.away_until
        self._live.note(self._calls, self._importer.per_second)
        if time.monotonic() - self._noted >= NOTE_EVERY_S:
            self._note()

    def _note(self, **more: Any) -> None:
        self._noted = time.monotonic()
        away = self._importer.away_said
        note = f"{AWAY} Last: {away}" if away else ""
        self._store.change(self._job.id, AT_WORK, found=self._whole(), note=note, cure="", **self._counts(), **more)

    def _end(self, **more: Any) -> None:
        self._calls = self._counted()
        self._store.change(
            self._job.id,
            AT_WORK if more else None,
            found=self._whole(),
            counted_at=self._now(),
            **(self._counts() | more),
        )

    def _counts(self) -> dict[str, int]:
        return {"calls": self._calls, "requests": self._requests}

    def _counted(self) -> int:
        """Calls of the period that are there, without what its filters leave out."""
        importer = self._importer
        return by_period.counted(self._archive, [importer.period], importer.filters).calls

    def _whole(self) -> int:
        """How many of the stretches that it is read in have been read whole."""
        starts = [part.from_s for part in self._parts]
        unread = {bisect_right(starts, left.from_s) for left in self._importer.left()}
        return len(self._parts) - len(unread)


class Answering:
    """Reads the period of a list's job, and answers those of its orders that are in it."""

    def __init__(self, store: Store, importer: Importer, archive: Archive, job: Job, live: Live) -> None:
        self._store, self._importer, self._archive = store, importer, archive
        self._job, self._live = job, live

    def read(self) -> Generator[Passed, None, None]:
        """Reads what has not been read. Raises `NxccError`."""
        pages, noted = 0, 0.0
        with closing(self._importer.run()) as coming:
            for passed in coming:
                pages += passed.pages
                self._live.waits_until = self._importer.away_until
                if time.monotonic() - noted >= NOTE_EVERY_S:
                    noted = time.monotonic()
                    said = f"{AWAY} Last: {self._importer.away_said}" if self._importer.away_said else ""
                    reading = (
                        f"Reading the calls of its period: {pages:,} pages so far. Orders that are not among them "
                    )
                    self._store.change(self._job.id, AT_WORK, note=said or f"{reading}are asked one by one.", cure="")
                yield passed

    def answer(self, pending: list[str]) -> int:
        """How many orders were answered. Raises `ArchiveError`."""
        as_of = self._importer.as_of()
        return by_period.answer(self._archive, pending, self._importer.period, as_of) if as_of else 0
