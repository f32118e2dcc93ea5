"""The door to bulk lookups: from an uploaded file to a job and its results."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from nxcc.archive import Listed, Reason, Window, by_period
from nxcc.archive.by_period import Counted
from nxcc.errors import ArchiveError, NxccError
from nxcc.jobs.files import FileRequest, build
from nxcc.jobs.folder import Folder, is_id, tidy
from nxcc.jobs.following import Following
from nxcc.jobs.job import AT_WORK, UNFINISHED, Job, Period, State
from nxcc.jobs.live import Live
from nxcc.jobs.pricing import PeriodPrice, price
from nxcc.jobs.runner import Lead, Runner
from nxcc.jobs.starting import Checked, import_of, new_job, source_of_import
from nxcc.jobs.store import Store
from nxcc.lookup import Lookup
from nxcc.stretches import CallFilters, Stretch, days_of
from nxcc.traces import Trace

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a job would cost: distinct ids, how many of them are answered already, and requests to make."""

    ids: int
    fresh: int
    requests: int


class Jobs:
    """Bulk lookups of one installation. Thread-safe. Raises `NxccError`s that say what happened and what to do."""

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
        self.store, self._lookup, self._folders, self._now = store, lookup, folders, now
        self.failed_files: dict[str, NxccError] = {}
        self._starting = threading.Lock()
        self._following = Following(lambda: lookup.client.pace.per_second, self._failures) if lead else None
        self._runner = Runner(store, lookup, folders, patience_s=patience_s, now=now, lead=lead)

    def begin(self, only: str | None = None) -> None:
        """Runs jobs in this process from now on, or `only` one; those that were left in the middle go on."""
        tidy(self._folders, time.time())
        self._runner.start(only)

    def stop(self) -> None:
        """Runs no more jobs; what is under way is kept, and they stay as they are."""
        self._runner.stop()

    def end(self) -> None:
        """Stops, and lets the table of jobs go."""
        self.stop()
        self.store.close()

    def upload(self, name: str, content: IO[bytes], who: str = "") -> Folder:
        """Keeps a file that `who` uploaded on the disk, before anything is made of it."""
        return Folder.keep(self._folders, name, content, who)

    def upload_ids(self, name: str, order_ids: Iterable[str], who: str = "") -> Folder:
        """Keeps pasted ids as an uploaded file of one column."""
        return Folder.keep_ids(self._folders, name, order_ids, who)

    def folder(self, job_id: str) -> Folder | None:
        """The files of a job or of an upload; None when there are none of this id."""
        folder = Folder(self._folders / job_id) if is_id(job_id) else None
        return folder if folder and folder.exists else None

    def plan(self, folder: Folder, *, use_fresh: bool) -> Plan:
        """What a job on this checked upload would cost now."""
        tally = Listed(self._lookup.archive, folder.ids, self._fresh(use_fresh)).tally()
        ids, requests = sum(tally.words.values()), tally.words["pending"]
        return Plan(ids, ids - requests, requests)

    def price_by_period(
        self, folder: Folder, stretch: Stretch, *, use_fresh: bool, stop: threading.Event
    ) -> PeriodPrice:
        """What a job on this checked upload would cost when calls that began in a stretch of time are read first. Looks
        at some pages of them, which are requests; `stop` ends that."""
        fresh = self._fresh(use_fresh)
        pending = Listed(self._lookup.archive, folder.ids, fresh).pending()
        return price(self._lookup.client, self._lookup.archive, pending, stretch, after=fresh.found, stop=stop)

    def called_between(self, folder: Folder) -> tuple[datetime, datetime] | None:
        """When orders of this checked upload were called, as far as the archive knows: the first and the last call."""
        ids = Listed(self._lookup.archive, folder.ids, self._fresh(True)).rows["order_id"]
        return by_period.called_between(self._lookup.archive, ids)

    def start(
        self,
        folder: Folder,
        checked: Checked,
        *,
        name: str,
        who: str,
        use_fresh: bool = True,
        period: Stretch | None = None,
    ) -> Job:
        """Makes a job of an upload as it was checked; it begins by itself. Twice is once. Orders that were called in a
        `period` are answered out of its calls, which are read for it."""
        fresh, now = self._fresh(use_fresh), self._now()
        by = Period(period, answers=True) if period else None
        job = new_job(
            self.store, folder, checked, name=name, who=who, fresh=fresh, now=now, again=not use_fresh, period=by
        )
        self._runner.poke()
        return job

    def start_import(
        self,
        stretch: Stretch,
        filters: CallFilters,
        *,
        name: str,
        who: str,
        again: bool = False,
        job_id: str = "",
    ) -> Job:
        """Reads the calls of a stretch of time, by itself; `again`: also what was read before. The same import that has
        not ended is returned instead of another one. With an id of the caller's own, twice is once."""
        now = self._now()
        after = now if again else datetime.fromtimestamp(0, UTC)
        period = Period(stretch, filters)
        with self._starting:  # two who press at once get one job
            job = import_of(self.store, period, name=name, who=who, after=after, now=now, job_id=job_id)
        self._runner.poke()
        return job

    def importing(self, stretch: Stretch, filters: CallFilters, zone: ZoneInfo) -> Job | None:
        """The import of this that has not ended, if there is one: else one that is on the same days in a zone, for it
        may have been made in another."""
        if same := self.store.unfinished_of(source_of_import(Period(stretch, filters))):
            return same
        days = days_of(stretch, zone)
        imports = (job for job in self.store.all() if job.is_import and job.state in UNFINISHED)
        found = (job for job in imports if job.period and job.period.filters == filters)
        return next((job for job in found if job.period and days_of(job.period.stretch, zone) == days), None)

    def pause(self, job: Job) -> None:
        """Stops asking; what is under way is kept."""
        self._change(job, AT_WORK, state="paused", note="", cure="")

    def resume(self, job: Job) -> None:
        """Goes on after a pause, or after what halted it was cured."""
        self._change(job, ("paused", "halted"), state="queued", note="", cure="", code="")

    def cancel(self, job: Job) -> None:
        """Ends it; what was fetched stays in the archive and in the files."""
        self._change(job, UNFINISHED, state="cancelled", finished_at=self._now(), note="", cure="")

    def retry_failed(self, job: Job) -> None:
        """Asks again for the ids that failed in a job that is done."""
        now = self._now()
        self._again(job, failed_after=now, may_pass_after=now)

    def ask_again_without_calls(self, job: Job) -> None:
        """Asks again for the ids that had no calls in a job that is done: they may have been called since."""
        self._again(job, no_calls_after=self._now())

    def rename(self, job: Job, name: str) -> None:
        """Another name for the list of jobs."""
        self.store.change(job.id, name=name)

    def repeat(self, job: Job) -> Folder:
        """The same file once more, to be checked before it is started."""
        return Folder(self._folders / job.id).copy()

    def delete(self, job: Job) -> None:
        """Removes the job with its files; answers stay in the archive."""
        self.store.remove(job.id)
        self._runner.poke()
        Folder(self._folders / job.id).remove()

    def leave_out(self, trace: Trace) -> None:
        """Whatever is being asked now does not bring it back; nor do jobs that have not ended, in this process."""
        self._runner.leave_out(trace, (job.id for job in self.store.all() if job.state in UNFINISHED))
        self._lookup.leave_out(trace)

    def lists_changed(self, job_ids: Iterable[str]) -> None:
        """Jobs that run begin anew with their list as it is now."""
        self._runner.begin_anew(job_ids)

    def count_anew(self) -> None:
        """Jobs that do not run say what the archive holds for them now."""
        for job in self.store.all():
            if job.state not in AT_WORK and not job.is_import and self.folder(job.id):
                try:
                    tally = self.listed(job).tally()
                except ArchiveError as error:
                    log.warning("a job cannot be counted anew: %s", error, extra={"job": job.id})
                    continue
                found, no_calls, failed = (tally.words[word] for word in ("found", "no_calls", "failed"))
                counts = {"found": found, "no_calls": no_calls, "failed": failed, "calls": tally.calls}
                if any(getattr(job, name) != n for name, n in counts.items()):
                    self.store.change(job.id, (job.state,), **counts, from_archive=tally.from_archive)

    @property
    def folders(self) -> Path:
        """Where the folders of jobs and uploads lie, those of other owners as well."""
        return self._folders

    def listed(self, job: Job) -> Listed:
        """What the archive says of the job's list."""
        return Listed(self._lookup.archive, Folder(self._folders / job.id).ids, job.window)

    def told_by_period(self, job: Job) -> tuple[int, Counted] | None:
        """How many of a job's ids were answered out of calls that were read by time, and what those calls were; None
        for a job that read none."""
        if job.period is None or job.is_import:
            return None
        read = by_period.counted(self._lookup.archive, [job.period.stretch])
        return self.listed(job).by_period(), read

    def live(self, job: Job) -> Live | None:
        """How the job goes right now, when this process runs it; in a team, as far as its row tells."""
        live = self._runner.live(job.id)
        return self._following.live(job) if self._following and not (live and live.running) else live

    def file(self, job: Job, wanted: FileRequest) -> Path:
        """A file of the job's, made when it is asked for; can take a minute for a million rows."""
        return build(job, Folder(self._folders / job.id), self._lookup.archive, wanted)

    def content(self, job: Job, wanted: FileRequest) -> bytes:
        """What is in such a file. Why one could not be made is kept in `failed_files` until the next is."""
        folder = Folder(self._folders / job.id)
        try:
            with folder.lock, folder.sentences():  # nobody makes another one before it is read
                content = self.file(self.store.get(job.id) or job, wanted).read_bytes()
        except NxccError as error:
            self.failed_files[job.id] = error
            raise
        self.failed_files.pop(job.id, None)
        return content

    def _failures(self, job: Job) -> list[Reason]:
        return self.listed(job).failures()

    def _fresh(self, use_fresh: bool) -> Window:
        now = self._now()
        return self._lookup.freshness.at(now) if use_fresh else Window(now, now)

    def _again(self, job: Job, **after: datetime) -> None:
        self._change(job, ("done",), state="queued", finished_at=None, note="", cure="", code="", **after)

    def _change(self, job: Job, only: Sequence[State], **values: Any) -> None:
        self.store.change(job.id, only, **values)
        self._runner.poke()
