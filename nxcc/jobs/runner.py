"""Who runs the jobs: one thread a job, inside the app's process (or that of the command line).

The truth about a job is its row and the archive, never this memory: whoever dies in the middle, the next one goes on.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from nxcc import logs
from nxcc.errors import ApiError, AwayError, ConfigurationError, NxccError
from nxcc.importing import Importer, PageSize
from nxcc.jobs.errors import JobsError
from nxcc.jobs.files import FileRequest, build
from nxcc.jobs.folder import Folder
from nxcc.jobs.importing import Importing
from nxcc.jobs.job import AT_WORK, Job, Period
from nxcc.jobs.live import Live
from nxcc.jobs.passing import PATIENCE_S, Asks, Passing
from nxcc.jobs.store import Store
from nxcc.lookup import Lookup
from nxcc.traces import LeftOut, Trace

LOOK_EVERY_S = 0.5
BEAT_EVERY_S = 1.0
LONGEST_END_S = 5.0  # what is under way may take longer: it is kept then, or asked again at the next start
ENDED_KEPT = 20  # jobs whose last half hour can still be seen
AWAY_S = 1.0  # a job whose database does not answer is tried again after this
AGAIN_AFTER_S = 20.0  # a job that cannot even be halted (a full disk) is tried again after this

log = logging.getLogger(__name__)


class Lead(Protocol):
    """Which jobs are this process's to run, where there are several processes."""

    def ours(self, job_ids: Collection[str]) -> set[str]:
        """Of these jobs, those that nobody else runs: nobody does from now on."""

    def leave(self, job_id: str) -> None:
        """This process runs the job no more."""

    def asking(self, job_id: str) -> Asks:
        """What the job's ids are asked through."""


class Runner:
    """Takes up jobs that wait, and those that somebody else left in the middle; stops them when their row says so."""

    def __init__(
        self,
        store: Store,
        lookup: Lookup,
        folders: Path,
        *,
        patience_s: float | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        lead: Lead | None = None,
    ) -> None:
        self._store, self._lookup, self._folders = store, lookup, folders
        self._patience_s = PATIENCE_S if patience_s is None else patience_s
        self._now, self._lead = now, lead
        self._size = PageSize()
        self._only: str | None = None
        self._lock = threading.Lock()
        self._lives: dict[str, Live] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._not_before: dict[str, float] = {}
        self._left_out: defaultdict[str, LeftOut] = defaultdict(LeftOut)
        self._poke = threading.Event()
        self._ending = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="nxcc-jobs", daemon=True)

    def start(self, only: str | None = None) -> None:
        """Begins; jobs that were left in the middle go on. `only` one: the command line leaves others to the app."""
        self._only = only
        self._watcher.start()

    def stop(self) -> None:
        """Ends: what is under way is kept, jobs stay as they are and go on at the next start."""
        self._ending.set()
        self._poke.set()
        for live in list(self._lives.values()):
            live.halt()
        until = time.monotonic() + LONGEST_END_S
        for thread in [self._watcher, *self._threads.values()]:
            if thread.is_alive():
                thread.join(timeout=max(0.0, until - time.monotonic()))
        try:
            self._store.rest()
        except JobsError as error:
            log.warning("the end is not noted: %s", error)

    def poke(self) -> None:
        """Something was changed: look at once."""
        self._poke.set()

    def leave_out(self, trace: Trace, job_ids: Iterable[str]) -> None:
        """These jobs do not bring it back for as long as this process lives, whatever they ask from now on."""
        for job_id in job_ids:
            self._left_out[job_id].add(trace)

    def begin_anew(self, job_ids: Iterable[str]) -> None:
        """The lists of these jobs have changed: those that run end what is under way, and go on with their new list."""
        for job_id in job_ids:
            if live := self._lives.get(job_id):
                live.latest.clear()
                live.halt()
        self._poke.set()

    def live(self, job_id: str) -> Live | None:
        """How a job goes that this process runs, or ran last."""
        return self._lives.get(job_id)

    def _watch(self) -> None:
        beaten = 0.0
        began = False
        while not self._ending.is_set():
            try:
                if self._only is None and time.monotonic() - beaten >= BEAT_EVERY_S:  # else it does no one else's work
                    self._store.beat(os.getpid(), self._now())
                    beaten = time.monotonic()
                if not began:
                    self._store.make_anew()
                    began = True
                self._look()
                self._make_files()
            except (JobsError, AwayError) as error:
                log.warning("jobs cannot be looked after: %s", error)
            except Exception as error:  # noqa: BLE001 - a system without threads, say: without this one nothing goes on
                logs.broke(log, "looking after jobs", error)
            self._poke.wait(LOOK_EVERY_S)
            self._poke.clear()

    def _look(self) -> None:
        states = {job_id for job_id in self._store.states() if self._only in (None, job_id)}
        if self._lead:
            states = self._lead.ours(states)
        with self._lock:
            for job_id, live in self._lives.items():
                if job_id not in states:  # paused, cancelled, deleted
                    live.halt()
            for job_id in states:
                thread = self._threads.get(job_id)
                if (thread is None or not thread.is_alive()) and time.monotonic() >= self._not_before.get(job_id, 0):
                    self._take_up(job_id)

    def _take_up(self, job_id: str) -> None:
        ended = [other for other, live in self._lives.items() if not live.running and other != job_id]
        for other in ended[:-ENDED_KEPT]:
            del self._lives[other], self._threads[other]
        self._lives[job_id] = live = Live()
        thread = threading.Thread(target=self._run, args=(job_id, live), name=f"nxcc-job-{job_id}", daemon=True)
        self._threads[job_id] = thread
        thread.start()

    def _run(self, job_id: str, live: Live) -> None:
        with logs.about(job=job_id):
            self._run_one(job_id, live)

    def _run_one(self, job_id: str, live: Live) -> None:
        try:
            job = self._store.get(job_id)
            if job is None:
                return
            log.info("job begins", extra={"ids": job.ids, "state": job.state})
            folder = Folder(self._folders / job_id)
            began = job.started_at or self._now()
            self._store.change(job_id, AT_WORK, state="running", started_at=began, note="", cure="", code="")
            left_out = self._left_out[job_id]
            importer = self._importer(job, job.period, live, left_out) if job.period else None
            if importer and job.is_import:
                Importing(self._store, importer, self._lookup.archive, job, live, now=self._now).run()
            else:
                asking = self._lead.asking(job_id) if self._lead and self._only is None else self._lookup
                Passing(
                    self._store, asking, folder, job, live,
                    patience_s=self._patience_s, now=self._now, left_out=left_out, importer=importer,
                ).run()  # fmt: skip
            self._log_end(job_id)
        except AwayError as error:
            live.error = error
            self._not_before[job_id] = time.monotonic() + AWAY_S
            log.warning("a job waits: %s", error)
            return  # it is still ours
        except NxccError as error:
            self._halt(job_id, live, error)
        except Exception as error:  # noqa: BLE001 - the last place where it can become a sentence
            logs.broke(log, "a job", error)
            said = f"Something happened that the app was not made for ({type(error).__name__})."
            self._halt(job_id, live, NxccError(said, cure="Resume the job. If it stays, report it with the app's log."))
        finally:
            live.ended()
            self._poke.set()
        self._leave(job_id)

    def _importer(self, job: Job, period: Period, live: Live, left_out: LeftOut) -> Importer:
        """What reads a job's period; what the archive has of it counts when it was read since `job.found_after`."""
        return Importer(
            self._lookup.client,
            self._lookup.archive,
            period.stretch,
            period.filters,
            after=job.found_after,
            own=job.created_at,
            now=self._now,
            stop=live.stop,
            left_out=left_out,
            size=self._size,
            patience_s=self._patience_s,
        )

    def _leave(self, job_id: str) -> None:
        try:
            if self._lead:
                self._lead.leave(job_id)
        except AwayError as error:
            log.info("a job is led until this process ends: %s", error)

    def _halt(self, job_id: str, live: Live, error: NxccError) -> None:
        if self._ending.is_set():
            return  # the archive is closed by now: the job stays as it is, and goes on at the next start
        live.error = error
        said = error.evidence if isinstance(error, ApiError) else None
        code = "" if said is None else str(said.code or (f"HTTP {said.http_status}" if said.http_status else ""))
        what = error.what
        if isinstance(error, ConfigurationError) and error.order_id:
            what += f" It came when {error.order_id} was asked."
        try:
            if self._store.change(
                job_id, AT_WORK, state="halted", halted_at=self._now(), note=what, cure=error.cure, code=code
            ):
                log.warning("job halted: %s", type(error).__name__, extra={"code": code})
        except JobsError as second:
            self._not_before[job_id] = time.monotonic() + AGAIN_AFTER_S
            log.warning("a halted job cannot be noted: %s", second)

    def _log_end(self, job_id: str) -> None:
        job = self._store.get(job_id)
        if job is None:
            log.info("job ended: it was deleted")
            return
        counts = ("state", "ids", "found", "no_calls", "failed", "invalid", "calls", "from_archive", "requests")
        ended = "job left for the next start" if job.state in AT_WORK else "job ended"
        log.info(ended, extra={name: getattr(job, name) for name in counts})

    def _make_files(self) -> None:
        for job_id, name, request in self._store.wanted_files():
            self._store.file_is(job_id, name, "made")
            threading.Thread(target=self._make_file, args=(job_id, name, request), daemon=True).start()

    def _make_file(self, job_id: str, name: str, request: Any) -> None:
        try:
            job = self._store.get(job_id)
            if job is not None:
                folder = Folder(self._folders / job_id)
                made = build(job, folder, self._lookup.archive, FileRequest(**request))
                self._store.file_is(job_id, name, "ready", str(made))
        except NxccError as error:
            self._file_failed(job_id, name, str(error))
        except Exception as error:  # noqa: BLE001 - whoever waits for the file must hear of it
            logs.broke(log, "a file", error)
            self._file_failed(job_id, name, f"The file could not be made ({type(error).__name__}).")

    def _file_failed(self, job_id: str, name: str, said: str) -> None:
        try:
            self._store.file_is(job_id, name, "failed", said)
        except JobsError as error:
            log.warning("a file that failed cannot be noted: %s", error)
