"""Schedules on real tables, with a clock that is set, and jobs that are made of nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nxcc.errors import NxccError
from nxcc.jobs import Job, State
from nxcc.kpis import Kpi
from nxcc.notices import Notice, NoticeError
from nxcc.schedules import Limit, Run, Schedule, Schedules, Tell, Timekeeper, What, When
from nxcc.schedules.making import Note, Nothing
from nxcc.small_tables import Place

from ..conftest import at
from ..places import place

__all__ = ["place"]  # a fixture

NOON = at("2026-11-24T12:00:00")
NIGHTLY = When("0 2 * * *", "UTC")
IMPORT = What("import", days=1)


class Clock:
    """The time of all processes."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


class Jobs:
    """Stands in for what makes jobs: shared by all timekeepers, as the table of jobs is."""

    def __init__(self, clock: Clock) -> None:
        self.made: dict[str, Job] = {}
        self.asked = 0
        self.clock = clock
        self.refuses: Exception | None = None
        self.why_nothing = ""
        self.dies: str = ""  # "before" or "after" the job's id was noted, or "after it was made"

    def make(self, schedule: Schedule, run: Run, note: Note) -> Job | Nothing | None:
        self.asked += 1
        if self.refuses:
            raise self.refuses
        if self.why_nothing:
            return Nothing(self.why_nothing)
        if run.job_id and run.job_id in self.made:
            return self.made[run.job_id]
        self._die("before")
        job_id = run.job_id or f"{len(self.made) + self.asked:016x}"
        if not run.job_id and not note(job_id):
            return None
        self._die("after")
        self.made[job_id] = job_of(job_id, schedule.name, self.clock())
        self._die("after it was made")
        return self.made[job_id]

    def _die(self, when: str) -> None:
        if self.dies == when:
            raise KeyboardInterrupt

    def job(self, job_id: str) -> Job | None:
        return self.made.get(job_id)

    def becomes(self, state: State, **values: object) -> None:
        """The newest job is in this state from now on."""
        job_id = next(reversed(self.made))
        self.made[job_id] = replace(self.made[job_id], state=state, **values)  # type: ignore[arg-type]


def job_of(job_id: str, name: str, now: datetime) -> Job:
    return Job(
        id=job_id, name=name, file_name="", who="ann", column="", state="running", rows=3, ids=3, created_at=now,
        found_after=now, no_calls_after=now, failed_after=now, may_pass_after=now, found=2, no_calls=1, calls=4,
        requests=3,
    )  # fmt: skip


class Post:
    """Stands in for the address of notices."""

    def __init__(self) -> None:
        self.came: list[Notice] = []
        self.away = False

    def send(self, notice: Notice) -> None:
        if self.away:
            raise NoticeError("Nobody answers at the configured address.")
        self.came.append(notice)

    @property
    def events(self) -> list[str]:
        return [notice.event for notice in self.came]


def figure(value: float | None) -> Callable[..., Kpi]:
    """What a limit's figure is found to be."""

    def measure(schedule: Schedule, run: Run, job: Job, limit: Limit) -> Kpi:
        return Kpi(limit.kpi, "Answer rate", value, "share", f"{100 * (value or 0):.0f} %", 40, "n 40 calls", "")

    return measure


def unreadable(schedule: Schedule, run: Run, job: Job, limit: Limit) -> Kpi:
    raise NxccError("The archive cannot be read.")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jobs(clock: Clock) -> Jobs:
    return Jobs(clock)


@pytest.fixture
def post() -> Post:
    return Post()


KeeperOf = Callable[..., Timekeeper]


@pytest.fixture
def keeper_of(place: Place, clock: Clock, jobs: Jobs, post: Post) -> Iterator[KeeperOf]:
    """Opens timekeepers on the test's tables, as processes of their own would."""
    with ExitStack() as closing:

        def open_one(owner: str = "us", **options: object) -> Timekeeper:
            schedules = Schedules(place, owner)
            closing.callback(schedules.close)
            given = {"notices": post, "now": clock} | options
            measure = given.pop("measure", figure(0.5))
            return Timekeeper(schedules, jobs, measure, **given)  # type: ignore[arg-type]

        yield open_one


def add(
    keeper: Timekeeper, clock: Clock, name: str = "nightly", what: What = IMPORT, when: When = NIGHTLY, **tell: object
) -> Schedule:
    """A schedule that is due tonight."""
    return keeper.schedules.add(name, what, when, Tell(**tell), who="ann", now=clock())  # type: ignore[arg-type]


def runs(keeper: Timekeeper, schedule: Schedule) -> list[Run]:
    """Oldest first."""
    return keeper.schedules.history(schedule.id, 99)[::-1]
