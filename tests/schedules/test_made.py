"""From a schedule to its job, on real ground: jobs that run, an archive in a file or a lake, a sandbox over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nxcc.archive import by_period, periods
from nxcc.desk import Desk
from nxcc.jobs import Job
from nxcc.sandbox import Sandbox
from nxcc.sandbox.crowd import Crowd
from nxcc.schedules import Limit, Maker, Run, Schedule, Schedules, Tell, Timekeeper, What, When, measure
from nxcc.schedules.schedule import MOST_DAYS, days_of
from nxcc.schedules.store import HELD
from nxcc.stretches import joined, of_days

from ..conftest import TODAY, at, own, seen
from ..jobs.conftest import installation, wait_for
from ..test_keeping import DeskOf, call, desk_of, know, on_both, run_job, upload
from .conftest import Clock, Post

__all__ = ["desk_of", "installation"]  # fixtures
UTC_NIGHTLY = When("0 2 * * *", "UTC")


class Process:
    """A desk, and who looks after its schedules; the clock is set."""

    def __init__(self, desk: Desk, clock: Clock, post: Post) -> None:
        assert desk.jobs
        self.desk, self.jobs, self.clock = desk, desk.jobs, clock
        self.schedules = Schedules(desk.jobs.store.place, desk.jobs.store.owner)
        figures = measure(desk.jobs, desk.explored, currency="", short_s=10, in_time_s=20)
        self.keeper = Timekeeper(self.schedules, Maker(desk.jobs, desk.archive), figures, notices=post, now=clock)

    def add(self, what: What, when: When = UTC_NIGHTLY, **tell: object) -> Schedule:
        return self.schedules.add("a schedule", what, when, Tell(**tell), who="ann", now=self.clock())  # type: ignore[arg-type]

    def due(self, schedule: Schedule) -> Run:
        """Its time comes, and somebody looks."""
        now = self.schedules.get(schedule.id)
        assert now
        assert now.next_at
        self.clock.now = now.next_at
        self.keeper.look()
        return self.last(schedule)

    def last(self, schedule: Schedule) -> Run:
        return self.schedules.history(schedule.id, 1)[0]

    def job(self, run: Run) -> Job:
        job = self.jobs.store.get(run.job_id)
        assert job
        return job

    def to_its_end(self, schedule: Schedule) -> Run:
        """Looks until the run has ended."""

        def ended() -> bool:
            self.keeper.look()
            return self.last(schedule).finished_at is not None

        wait_for(ended, 60)
        return self.last(schedule)


@pytest.fixture
def process(desk_of: DeskOf, post: Post) -> Iterator[Process]:
    opened = Process(desk_of(), Clock(datetime.now(UTC)), post)
    yield opened
    opened.schedules.close()


@pytest.fixture
def post() -> Post:
    return Post()


@on_both
def test_import__yesterday_in_the_schedules_zone(desk_of: DeskOf, post: Post) -> None:
    crowd = Crowd(1_400)
    day = crowd.first_day + timedelta(days=2)
    with Sandbox(crowd=crowd) as gateway:
        process = Process(desk_of(gateway), Clock(at(f"{day}T12:00:00")), post)
        nightly = process.add(
            What("import"), When("0 2 * * *", "Asia/Shanghai"), finish=True, limit=Limit("answer_rate", "above", 0.0)
        )
        run = process.due(nightly)
        assert run.due_at == at(f"{day}T18:00:00")  # 02:00 of the next day there
        job = process.job(run)
        assert (job.name, job.who) == (f"a schedule, {day + timedelta(days=1):%d %b %Y}", "ann")
        run = process.to_its_end(nightly)
        job = process.job(run)
        assert run.state == "done", run
        yesterday = of_days(day, day, ZoneInfo("Asia/Shanghai"))
        there = gateway.calls_by_time(yesterday.from_s, yesterday.to_s)
        assert len(set(there)) == job.calls == by_period.counted(process.desk.archive, [yesterday]).calls > 0
        assert joined(read.stretch for read in periods.read_whole(process.desk.archive)) == [yesterday]
        assert run.said.startswith(f"{job.calls:,} calls, {job.requests:,} requests.")
        assert post.events == ["finished", "threshold"]
        assert post.came[1].value
        assert 0 < post.came[1].value < 1
        assert post.came[0].counts == {"calls": job.calls, "requests": job.requests}
        process.schedules.close()


@on_both
def test_ask_again__what_may_have_come_since(process: Process, sandbox: Sandbox) -> None:
    empty, unpriced, priced = (own("SAMPLE-VENDOR") for _ in range(3))
    know(process.desk, empty)
    know(process.desk, unpriced, call("u"))
    know(process.desk, priced, call("p", totalCustomerPrice=1))
    old = datetime.now(UTC) - timedelta(days=9)
    know(process.desk, "LONG-AGO", asked_at=old)
    schedule = process.add(What("ask_again", days=7))
    run = process.due(schedule)
    assert process.job(run).ids == 2
    run = process.to_its_end(schedule)
    assert (run.state, process.job(run).found) == ("done", 2)
    assert "2 found" in run.said
    assert [len(seen(sandbox, order_id)) for order_id in (empty, unpriced, priced, "LONG-AGO")] == [1, 1, 0, 0]
    run = process.due(schedule)  # the vendor's example has a cost: nothing is left
    assert (run.state, run.said) == ("skipped", "No order needed to be asked again.")


@on_both
def test_repeat__every_id_anew(process: Process, sandbox: Sandbox, post: Post) -> None:
    ids = [own("SAMPLE-VENDOR") for _ in range(3)]
    rows = "\r\n".join(f"x,{order_id}" for order_id in ids)
    first = run_job(process.desk, upload(process.desk, "crm.csv", f"a,order_id\r\n{rows}\r\n".encode(), 1), 1)
    schedule = process.add(What("repeat", job=first.id), limit=Limit("answer_rate", "above", 0.1))
    process.due(schedule)
    run = process.to_its_end(schedule)
    again = process.job(run)
    (past,) = post.came
    assert (past.event, past.kpi, past.threshold) == ("threshold", "answer_rate", 0.1)
    assert past.value
    assert 0.1 < past.value <= 1
    assert (again.found, again.column, again.file_name, again.requests) == (3, "order_id", "crm.csv", 3)
    assert again.id != first.id
    assert [len(seen(sandbox, order_id)) for order_id in ids] == [2, 2, 2]
    process.jobs.delete(first)
    run = process.due(schedule)
    assert (run.state, run.said) == ("failed", "The job that it repeats is not there any more.")


def test_import__caught_up_with_every_day_that_was_missed(process: Process) -> None:
    monday = When("0 2 * * 1", "UTC")
    schedule = process.add(What("import", days=2), monday)
    due = at("2026-11-09T02:00:00")

    def read(begun: str) -> tuple[date, date]:
        return days_of(schedule, Run("a" * 16, schedule.id, due, "due", at(begun)))

    assert read("2026-11-09T02:00:03") == (date(2026, 11, 7), date(2026, 11, 8))
    assert read("2026-11-12T09:00:00") == (date(2026, 11, 7), date(2026, 11, 11))
    first, last = read("2027-05-01T09:00:00")
    assert (last, (last - first).days + 1) == (date(2027, 4, 30), MOST_DAYS)


KILLED: list[tuple[str, What, str]] = [
    ("import, before the job", What("import"), "nxcc.jobs.jobs.import_of"),
    ("import, after the job", What("import"), "nxcc.schedules.store.Schedules.under_way"),
    ("a list, before its id is noted", What("ask_again"), "nxcc.schedules.store.Schedules.job_is"),
    ("a list, before the job", What("ask_again"), "nxcc.jobs.jobs.new_job"),
    ("a list, after the job", What("ask_again"), "nxcc.schedules.store.Schedules.under_way"),
]


@pytest.mark.parametrize(("where", "what", "dies_in"), KILLED, ids=[where for where, _, _ in KILLED])
def test_make__killed_anywhere_there_is_one_job(
    process: Process, post: Post, monkeypatch: pytest.MonkeyPatch, where: str, what: What, dies_in: str
) -> None:
    know(process.desk, own("SAMPLE-VENDOR"))
    process.clock.now = at(f"{TODAY}T12:00:00") if what.kind == "import" else process.clock.now
    schedule = process.add(what)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(dies_in, die)
        with pytest.raises(KeyboardInterrupt):
            process.due(schedule)
    other = Process(process.desk, process.clock, post)
    other.keeper.look()
    assert other.last(schedule).state == "due"
    process.clock.pass_by(seconds=HELD.total_seconds() + 1)
    other.keeper.look()
    run = other.to_its_end(schedule)
    assert run.state == "done", (where, run)
    assert [job.id for job in process.jobs.store.all()] == [run.job_id]
    process.keeper.look()
    assert len(process.jobs.store.all()) == 1
    other.schedules.close()


def test_make__a_run_whose_list_has_gone_fails_and_the_next_one_begins(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(process.desk, own("SAMPLE-VENDOR"))
    schedule = process.add(What("ask_again"))

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("nxcc.jobs.jobs.new_job", die)
        with pytest.raises(KeyboardInterrupt):
            process.due(schedule)
    folder = process.jobs.folder(process.last(schedule).job_id)
    assert folder
    folder.remove()  # nobody was there for a week
    process.clock.pass_by(seconds=HELD.total_seconds() + 1)
    process.keeper.look()
    run = process.last(schedule)
    assert (run.state, run.said) == ("failed", "Its list of orders is not there any more.")
    assert process.due(schedule).state in ("running", "skipped")
    assert process.last(schedule).said != "The run before it had not ended."


def test_desk__begins_nothing_before_it_is_told_to(desk_of: DeskOf, sandbox: Sandbox) -> None:
    desk = desk_of(begin=False, notice_url="http://127.0.0.1:9/the-token", public_url="https://calls.example.com")
    keeper = desk.timekeeper
    assert keeper
    assert keeper.tells
    assert "nxcc-schedules" not in {thread.name for thread in threading.enumerate()}
    know(desk, own("SAMPLE-VENDOR"))
    schedule = keeper.schedules.add("now", What("ask_again"), UTC_NIGHTLY, Tell(), who="ann", now=keeper.now())
    keeper.run_now(schedule.id, "amy")
    keeper.begin()
    wait_for(lambda: keeper.schedules.history(schedule.id, 1)[0].state == "running")
    (run,) = keeper.schedules.history(schedule.id, 9)
    assert desk.audit
    (entry,) = desk.audit.all()
    assert (entry.who, entry.deed, entry.what, entry.job) == (
        "schedules", "started", "schedule, ask again", run.job_id,
    )  # fmt: skip
    desk.close()
    assert "nxcc-schedules" not in {thread.name for thread in threading.enumerate()}
