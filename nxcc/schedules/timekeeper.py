"""Who begins the runs that are due, follows their jobs to the end, and tells of it. Every process that may looks.

Between two looks nothing is in memory: what is due, who makes a run's job, and what was told stands in the table.
A notice is noted as being sent before it is sent. So it is never sent twice; when the process dies in between it is
perhaps not sent at all, and the run's history says that nobody knows.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from nxcc import logs
from nxcc.errors import AwayError, NxccError
from nxcc.jobs import Job
from nxcc.kpis import Kpi
from nxcc.notices import Notice, NoticeError
from nxcc.schedules import telling
from nxcc.schedules.making import Note, Nothing
from nxcc.schedules.schedule import Limit, Run, RunState, Schedule
from nxcc.schedules.store import Schedules
from nxcc.schedules.telling import Measure

LOOK_EVERY_S = 5.0
LONGEST_END_S = 5.0
SENDING = "being sent"
NOWHERE = "not sent: NXCC_NOTICE_URL is not set"

log = logging.getLogger(__name__)


class Makes(Protocol):
    """What makes the jobs (`Maker`)."""

    def make(self, schedule: Schedule, run: Run, note: Note) -> Job | Nothing | None: ...

    def job(self, job_id: str) -> Job | None: ...


class Sends(Protocol):
    """What sends notices (`nxcc.notices.Notices`)."""

    def send(self, notice: Notice) -> None: ...


class Timekeeper:
    """Looks after the schedules of one owner. Thread-safe.

    `begun` hears of each job before it is made; when it raises, the job is not made. `link` is the address of a job's
    page, empty where it is not known. `now` is the clock of all processes.
    """

    def __init__(
        self,
        schedules: Schedules,
        makes: Makes,
        measure: Measure,
        *,
        notices: Sends | None,
        now: Callable[[], datetime],
        begun: Callable[[Schedule, str], None] = lambda _schedule, _job_id: None,
        link: Callable[[str], str] = lambda _: "",
    ) -> None:
        self.schedules = schedules
        self._makes, self._measure, self._notices = makes, measure, notices
        self._now, self._begun, self._link = now, begun, link
        self._holder = secrets.token_hex(8)
        self._poke, self._ending = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="nxcc-schedules", daemon=True)

    def begin(self) -> None:
        """Looks from now on, until `end`."""
        self._thread.start()

    def end(self) -> None:
        """Looks no more. A run whose job is just being made is gone on with by whoever looks next."""
        self._ending.set()
        self._poke.set()
        if self._thread.is_alive():
            self._thread.join(timeout=LONGEST_END_S)
        self.schedules.close()

    def poke(self) -> None:
        """Something was changed: look at once."""
        self._poke.set()

    @property
    def tells(self) -> bool:
        """Whether there is an address for notices."""
        return self._notices is not None

    def now(self) -> datetime:
        """The time by which schedules are due."""
        return self._now()

    def run_now(self, schedule_id: str, who: str) -> Run:
        """Begins a run that `who` asked for. Raises `SchedulesError`."""
        run = self.schedules.begin_now(schedule_id, who, self._now(), self._holder)
        self.poke()
        return run

    def look(self) -> None:
        """One look: begins what is due, makes jobs, follows them. Raises `SchedulesError`, or `AwayError` while what a
        team shares does not answer: nothing is lost then."""
        self._go_on()  # first, because what nobody looked at may have ended, and would keep the next from beginning
        claimed = [self.schedules.claim(due, self._now(), self._holder) for due in self.schedules.due(self._now())]
        if any(claimed):
            self._go_on()

    def _go_on(self) -> None:
        for run in self.schedules.followed(self._now()):
            if self._ending.is_set():
                return
            schedule = self.schedules.get(run.schedule_id)
            if schedule and run.state == "due":
                self._make(schedule, run.id)
            elif schedule:
                self._follow(schedule, run)

    def _watch(self) -> None:
        while not self._ending.is_set():
            try:
                self.look()
            except NxccError as error:
                log.warning("schedules cannot be looked after: %s", error)
            except Exception as error:  # noqa: BLE001 - without this thread nothing is due any more
                logs.broke(log, "looking after schedules", error)
            self._poke.wait(LOOK_EVERY_S)
            self._poke.clear()

    def _make(self, schedule: Schedule, run_id: str) -> None:
        run = self.schedules.take_up(run_id, self._now(), self._holder)
        if run is None:
            return

        def note(job_id: str) -> bool:
            ours = self.schedules.job_is(run_id, job_id, self._now(), self._holder)
            if ours:
                self._begun(schedule, job_id)
            return ours

        try:
            made = self._makes.make(schedule, run, note)
        except AwayError:
            raise  # made when it is back
        except NxccError as error:
            self._fail(schedule, run_id, error)
            return
        except Exception as error:  # noqa: BLE001 - it would keep all others from beginning, again and again
            logs.broke(log, "making a schedule's job", error)
            self._fail(schedule, run_id, _unforeseen(error))
            return
        if isinstance(made, Nothing):
            self.schedules.close_run(run, "skipped", made.why, now=self._now())
        elif made:
            self.schedules.under_way(run_id, made.id)
            log.info("a schedule began a job", extra={"job": made.id})

    def _fail(self, schedule: Schedule, run_id: str, error: NxccError) -> None:
        log.warning("a schedule's job cannot be made: %s", type(error).__name__)
        run = self.schedules.take_up(run_id, self._now(), self._holder)  # as it is by now
        if run:
            notices = [telling.failed(schedule, error.what, error.cure)] if schedule.tell.halt else []
            self._end(run, "failed", error.what, error.cure, notices)

    def _follow(self, schedule: Schedule, run: Run) -> None:
        job = self._makes.job(run.job_id)
        open_ = run.state == "running"
        if job is None:
            if open_:
                self._end(run, "failed", "Its job was deleted before it had ended.")
        elif job.state == "done":
            self._end_well(schedule, run, job)
        elif job.state == "cancelled":
            if open_:
                self._end(run, "failed", f"Its job was cancelled: {telling.came_of(job)}")
        elif job.state == "halted":
            if open_:
                notices = [telling.stopped(schedule, job, self._link(job.id))] if schedule.tell.halt else []
                self._end(run, "failed", telling.halted(job), job.cure, notices)
        elif not open_:  # it was resumed
            self.schedules.under_way(run.id, job.id)

    def _end_well(self, schedule: Schedule, run: Run, job: Job) -> None:
        notices = [telling.finished(schedule, job, self._link(job.id))] if schedule.tell.finish else []
        said, limit = telling.came_of(job), schedule.tell.limit
        if limit:
            found = self._measured(schedule, run, job, limit)
            if isinstance(found, NxccError):
                said = f"{said} {telling.limit_in_words(limit)} could not be looked at: {found.what}"
            elif limit.passed(found.value):
                said = f"{said} {found.label}: {found.text}, past its limit."
                notices.append(telling.past(schedule, job, limit, found, self._link(job.id)))
        self._end(run, "done", said, notices=notices)

    def _measured(self, schedule: Schedule, run: Run, job: Job, limit: Limit) -> Kpi | NxccError:
        """The figure, or why there is none: that must not keep the run from its end."""
        try:
            return self._measure(schedule, run, job, limit)
        except AwayError:
            raise  # looked at when it is back
        except NxccError as error:
            return error
        except Exception as error:  # noqa: BLE001 - as above
            logs.broke(log, "a schedule's figure", error)
            return _unforeseen(error)

    def _end(self, run: Run, state: RunState, said: str, cure: str = "", notices: Sequence[Notice] = ()) -> None:
        """Closes the run; whoever does tells of it."""
        fresh = [notice for notice in notices if notice.event not in run.told]
        told: dict[str, str] = {notice.event: SENDING if self._notices else NOWHERE for notice in fresh}
        if not self.schedules.close_run(run, state, said, cure=cure, now=self._now(), told=told):
            return
        for notice in fresh if self._notices else ():
            self.schedules.note_told(run.id, notice.event, self._sent(notice))

    def _sent(self, notice: Notice) -> str:
        if self._notices is None:
            return NOWHERE
        try:
            self._notices.send(notice)
        except NoticeError as error:
            log.warning("a notice did not arrive: %s", error, extra={"job": notice.job})
            return f"not sent: {error}"
        return "sent"


def _unforeseen(error: Exception) -> NxccError:
    said = f"Something happened that the app was not made for ({type(error).__name__})."
    return NxccError(said, cure="Run it again. If it stays, report it with the app's log.")
