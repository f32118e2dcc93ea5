"""From a due run to its job. Made twice, it is the same job."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from nxcc.archive import Archive, orders_to_ask_again
from nxcc.jobs import Checked, Folder, Job, Jobs
from nxcc.schedules.errors import SchedulesError
from nxcc.schedules.schedule import Run, Schedule, days_of
from nxcc.stretches import CallFilters, of_days

ASKED_AGAIN = "orders asked again.csv"

Note = Callable[[str], bool]  # hears the job's id before there is such a job; False: somebody else makes the job
Upload = Callable[[Schedule, Run], "tuple[Folder, Checked] | Nothing"]


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is nothing to do, for this reason."""

    why: str


class Maker:
    """Makes jobs of the three kinds. Every method raises `NxccError`."""

    def __init__(self, jobs: Jobs, archive: Archive) -> None:
        self._jobs, self._archive = jobs, archive

    def job(self, job_id: str) -> Job | None:
        """The job as it stands; None when there is none of this id."""
        return self._jobs.store.get(job_id)

    def make(self, schedule: Schedule, run: Run, note: Note) -> Job | Nothing | None:
        """The job of a run; `Nothing` to do, or None when somebody else took the run over.

        What a job is made of is kept under its id, the id is noted in the run, and then the job is made: whoever goes
        on with the run makes that job and no other.
        """
        if run.job_id and (there_is := self.job(run.job_id)):
            return there_is
        match schedule.what.kind:
            case "import":
                return self._import(schedule, run, note)
            case "ask_again":
                return self._of_upload(schedule, run, note, self._asked_again)
            case "repeat":
                return self._of_upload(schedule, run, note, self._repeated)

    def _import(self, schedule: Schedule, run: Run, note: Note) -> Job | None:
        """Reads its days whole, those that were read before as well: a cost, say, may have come since."""
        job_id = run.job_id or secrets.token_hex(8)
        if not run.job_id and not note(job_id):
            return None
        stretch = of_days(*days_of(schedule, run), ZoneInfo(schedule.when.zone))
        return self._jobs.start_import(
            stretch, CallFilters(), name=name_of(schedule, run), who=_who(schedule, run), again=True, job_id=job_id
        )

    def _of_upload(self, schedule: Schedule, run: Run, note: Note, upload: Upload) -> Job | Nothing | None:
        if run.job_id:
            folder = self._jobs.folder(run.job_id)
            if folder is None:  # another job would not be this run's
                raise SchedulesError("Its list of orders is not there any more.", cure="Run it again.")
            checked = _as_checked(folder)
        else:
            made = upload(schedule, run)
            if isinstance(made, Nothing):
                return made
            folder, checked = made
            if not note(folder.id):
                folder.remove()
                return None
        return self._jobs.start(folder, checked, name=name_of(schedule, run), who=_who(schedule, run), use_fresh=False)

    def _asked_again(self, schedule: Schedule, run: Run) -> tuple[Folder, Checked] | Nothing:
        what = schedule.what
        since = run.begun_at - timedelta(days=what.days)
        order_ids = orders_to_ask_again(
            self._archive, since, without_calls=what.without_calls, without_cost=what.without_cost
        )
        if not order_ids:
            return Nothing("No order needed to be asked again.")
        folder = self._jobs.upload_ids(ASKED_AGAIN, order_ids, _who(schedule, run))
        checked = Checked(0, insist=True)  # they were sent before, just as they are
        folder.check(checked.column, insist=checked.insist)
        return folder, checked

    def _repeated(self, schedule: Schedule, _: Run) -> tuple[Folder, Checked]:
        job = self.job(schedule.what.job)
        if job is None or self._jobs.folder(job.id) is None:
            raise SchedulesError(
                "The job that it repeats is not there any more.", cure="Edit the schedule and choose another job."
            )
        folder = self._jobs.repeat(job)
        return folder, _as_checked(folder)


def name_of(schedule: Schedule, run: Run) -> str:
    """As the run's job is called."""
    day = run.begun_at.astimezone(ZoneInfo(schedule.when.zone))
    return f"{schedule.name}, {day:%d %b %Y}"


def _who(schedule: Schedule, run: Run) -> str:
    return run.by or schedule.who


def _as_checked(folder: Folder) -> Checked:
    """How the upload was checked when its job was started."""
    checked = folder.about().get("checked") or {}
    return Checked(int(checked.get("column", 0)), insist=bool(checked.get("insist")))
