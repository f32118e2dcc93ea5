"""One job from where it stands to its end: pass after pass over the ids that have no answer yet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from nxcc.api.client import Client
from nxcc.archive import Archive, Listed, Window
from nxcc.errors import NxccError
from nxcc.importing import Importer
from nxcc.jobs.folder import Folder
from nxcc.jobs.importing import Answering
from nxcc.jobs.job import AT_WORK, Job
from nxcc.jobs.live import Live
from nxcc.jobs.store import Store
from nxcc.lookup import Hits
from nxcc.outcome import Outcome
from nxcc.traces import LeftOut

NOTE_EVERY_S = 1.0
ROUNDS = 3  # an id that failed in a way that may pass is asked in this many rounds, each with all its attempts
BETWEEN_ROUNDS_S = 2.0
SILENT_AFTER = 20  # so many failures that may pass, one after the other, mean that the gateway is away
LOOK_S = 60.0  # longest look whether it is there
PROBES = 3  # ids that are asked to see whether it is back
MOST_LOST = 1000  # answers that came and do not count, because this machine's clock was set back
FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 120.0
PATIENCE_S = 12 * 3600.0


class Asks(Protocol):
    """What a job's ids are asked through: this process's `Lookup`, or what spreads them over several."""

    @property
    def archive(self) -> Archive: ...

    @property
    def client(self) -> Client: ...

    @property
    def hits(self) -> Hits: ...

    def run(
        self,
        order_ids: Sequence[str],
        *,
        window: Window | None = None,
        ask_again: bool = False,
        stop: threading.Event,
        left_out: LeftOut,
    ) -> Generator[list[Outcome], None, None]: ...


class Passing:
    """Runs a job until nothing is left to ask, or its row says that it must not run.

    Raises `NxccError`, which halts the job; what came before is kept.
    """

    def __init__(
        self,
        store: Store,
        lookup: Asks,
        folder: Folder,
        job: Job,
        live: Live,
        *,
        patience_s: float,
        now: Callable[[], datetime],
        left_out: LeftOut,
        importer: Importer | None = None,
    ) -> None:
        self._importer = importer  # reads the period of a job that has one
        self._store, self._lookup, self._folder = store, lookup, folder
        self._job, self._live, self._now, self._left_out = job, live, now, left_out
        self._patience_s = patience_s
        self._noted = 0.0
        self._calls = 0
        self._from_archive = 0
        self._requests = job.requests
        self._lost = 0
        self._newest = job.created_at  # the answer that came last
        self._may_pass_after = job.may_pass_after
        self._silent = 0  # failures that may pass since the last answer
        self._witness = ""  # an id that the gateway has answered
        self._away_since: float | None = None  # monotonic; None while the gateway answers
        self._wait_s = FIRST_WAIT_S

    def run(self) -> None:
        """All rounds."""
        try:
            self._rounds()
        except NxccError:
            with suppress(NxccError):
                self._end_early()  # what came before is kept, and the row says so
            raise

    def _rounds(self) -> None:
        pending = self._count()
        if self._job.started_at is None:  # these are never given to the lookup
            self._lookup.hits.add(self._from_archive, self._from_archive)
        if pending and self._importer:
            pending = self._by_period(self._importer, pending)
        rounds = 1
        while not self._live.stop.is_set():
            before = len(pending)
            self._pass(pending)
            pending = self._count()
            if self._live.stop.is_set():
                break
            if pending:
                if len(pending) >= before:
                    raise _clock_was_set_back()
            elif rounds >= ROUNDS or not self._may_pass():
                self._finish()
                return
            else:
                rounds = 1 if self._away_since else rounds + 1
                if not self._live.stop.wait(BETWEEN_ROUNDS_S):
                    pending = self._again()
        self._end_early()

    def _by_period(self, importer: Importer, pending: list[str]) -> list[str]:
        """Reads the job's period, and answers orders out of it; returns the others."""
        answering = Answering(self._store, importer, self._lookup.archive, self._job, self._live)
        with closing(answering.read()) as coming:
            for passed in coming:
                self._requests += passed.requests
        if self._live.stop.is_set():
            return pending
        answering.answer(pending)
        return self._count()

    def _pass(self, pending: list[str]) -> None:
        """Asks for what is pending. Waits while the gateway is away."""
        while pending and not self._live.stop.is_set():
            run = self._live.begin_run()
            part = pending[:PROBES] if self._away_since else pending
            with closing(self._lookup.run(part, window=self._job.window, stop=run, left_out=self._left_out)) as batches:
                for batch in batches:
                    self._take(batch)
                    if batch and self._silent >= SILENT_AFTER and not self._is_there(run):
                        run.set()
            if self._live.stop.is_set() or (part is pending and self._silent < SILENT_AFTER):
                break
            if self._silent >= SILENT_AFTER:
                self._wait_for_gateway()
            pending = self._count()

    def _is_there(self, run: threading.Event) -> bool:
        """Whether the gateway still answers an id that it has answered before: then only these ids fail.

        The others go on meanwhile: what has been tried of them is not lost.
        """
        witness = self._witness or self._any_answered()
        if not witness:
            return False
        give_up_at = time.monotonic() + LOOK_S
        with closing(self._lookup.run([witness], ask_again=True, stop=run, left_out=self._left_out)) as batches:
            for batch in batches:
                if not all(outcome.may_pass for outcome in batch):  # a refusal of this id is an answer as well
                    self._answered(witness)
                if time.monotonic() > give_up_at:
                    break
        return not self._silent

    def _any_answered(self) -> str:
        listed = self._listed()
        places = listed.places(("found", "no_calls"), 0, 1)
        return listed.outcomes(places, {})[0].order_id if places else ""

    def _answered(self, order_id: str) -> None:
        self._witness, self._silent, self._away_since, self._wait_s = order_id, 0, None, FIRST_WAIT_S

    def _take(self, batch: list[Outcome]) -> None:
        words = self._live.words or dict(self._job.words)
        window = self._job.window
        for outcome in batch:
            if outcome.asked_at and not window.holds(outcome.word, outcome.asked_at, may_pass=outcome.may_pass):
                self._lost += 1
            self._newest = max(self._newest, outcome.asked_at or self._newest)
            words[outcome.word] += 1
            words["pending"] -= 1
            self._calls += outcome.calls
            self._from_archive += outcome.from_archive
            self._requests += outcome.attempts
            if outcome.word == "failed" and outcome.may_pass:
                self._silent += 1
            elif not outcome.from_archive:
                self._answered(outcome.order_id)
        self._live.take(batch)
        self._live.note(self._job.ids - words["pending"], self._lookup.client.pace.per_second)
        if time.monotonic() - self._noted >= NOTE_EVERY_S:
            self._note()
        if self._lost > MOST_LOST:
            raise _clock_was_set_back()

    def _wait_for_gateway(self) -> None:
        """The gateway brings nothing but failures that may pass: waits, longer each time, before it is tried again."""
        self._away_since = self._away_since or time.monotonic()
        if time.monotonic() - self._away_since > self._patience_s:
            hours = self._patience_s / 3600
            raise NxccError(
                f"The gateway has brought no answer for {hours:.0f} h.", cure="Resume the job when it is back."
            )
        last = self._listed().failures()
        why = f" Last: {last[0].reason}" if last else ""
        self._live.waits_until = time.time() + self._wait_s
        self._store.change(self._job.id, AT_WORK, note=f"The gateway brings no answers; it is tried again.{why}")
        self._live.stop.wait(self._wait_s)
        self._live.waits_until = None
        self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)

    def _may_pass(self) -> bool:
        return self._listed().any_may_pass()

    def _again(self) -> list[str]:
        """Failures that may pass count no more: their ids are pending."""
        now = self._now()
        self._store.change(self._job.id, may_pass_after=now)
        self._job = replace(self._job, may_pass_after=now)
        return self._count()

    def _count(self) -> list[str]:
        """Counts anew out of the archive; returns the ids without an answer."""
        listed = self._listed()
        tally = listed.tally()
        self._calls, self._from_archive = tally.calls, tally.from_archive
        self._live.words = tally.words | {"invalid": self._job.invalid}
        if tally.words["failed"]:
            self._live.failures.clear()
            self._live.failures.update({(r.reason, r.may_pass): r.ids for r in listed.failures()})
        self._note()
        return listed.pending() if tally.words["pending"] else []

    def _listed(self) -> Listed:
        return Listed(self._lookup.archive, self._folder.ids, self._job.window)

    def _note(self) -> None:
        self._noted = time.monotonic()
        note = {} if self._away_since else {"note": "", "cure": ""}
        self._store.change(self._job.id, AT_WORK, **self._counted(), **note)

    def _finish(self) -> None:
        at = max(self._now(), self._newest)
        end = {"state": "done", "finished_at": at, "counted_at": at, "note": "", "cure": ""}
        self._store.change(self._job.id, AT_WORK, **(self._counted() | end))

    def _end_early(self) -> None:
        """Paused, cancelled, halted, or the process ends: what a later round did not reach has failed as before."""
        self._job = replace(self._job, may_pass_after=self._may_pass_after)
        self._count()
        at = max(self._now(), self._newest)
        self._store.change(self._job.id, None, **self._counted(), counted_at=at, may_pass_after=self._may_pass_after)

    def _counted(self) -> dict[str, Any]:
        words = self._live.words or self._job.words
        return {
            "found": words["found"],
            "no_calls": words["no_calls"],
            "failed": words["failed"],
            "calls": self._calls,
            "from_archive": self._from_archive,
            "requests": self._requests,
        }


def _clock_was_set_back() -> NxccError:
    return NxccError(
        "Answers came and do not count: this machine's clock was set back while the job ran.",
        cure="Check the clock, then resume the job.",
    )
