"""Apps and workers of a team, as processes of their own: each due run begins once, also after nobody was there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from nxcc.sandbox import Sandbox
from nxcc.schedules import Run, Schedule, Tell, What, When
from nxcc.schedules.tables import schedules_table
from nxcc.small_tables import engine
from nxcc.team.place import Team

from ..browser.server import app
from ..conftest import own
from ..jobs.conftest import answered, wait_for
from ..team.group import Group
from ..test_keeping import know

YEARLY = When("0 2 1 1 *", "UTC")
AGES_S = 90  # a busy machine starts processes slowly


@pytest.fixture
def group(tmp_path: Path, team: Team, sandbox: Sandbox) -> Iterator[Group]:
    running = Group(tmp_path, team, sandbox)
    yield running
    running.close()


def is_due(team: Team, schedule: Schedule, since: timedelta) -> None:
    """As if its time had come so long ago."""
    with engine(team).begin() as connection:
        past = datetime.now(UTC) - since
        of_it = schedules_table.c.id == schedule.id
        connection.execute(sa.update(schedules_table).where(of_it).values(next_at=past))


def test_workers__a_run_begins_once_and_is_caught_up_once(group: Group, team: Team, sandbox: Sandbox) -> None:
    desk = group.desk()  # an app that does not look after schedules itself
    assert desk.timekeeper
    assert desk.jobs
    schedules, jobs = desk.timekeeper.schedules, desk.jobs
    ids = [own("SAMPLE-VENDOR") for _ in range(2)]
    know(desk, ids[0])
    schedule = schedules.add("again", What("ask_again"), YEARLY, Tell(), who="ann", now=desk.timekeeper.now())

    def runs() -> list[Run]:
        return schedules.history(schedule.id, 9)

    def workers(n: int) -> bool:
        return len([member for member in desk.team.members() if member.kind == "worker"]) == n if desk.team else False

    for _ in range(2):
        group.start_worker()
    wait_for(lambda: workers(2), AGES_S)
    is_due(team, schedule, timedelta(0))
    wait_for(lambda: [run.state for run in runs()] == ["done"], AGES_S)
    assert [job.id for job in jobs.store.all()] == [run.job_id for run in runs()]

    for n in range(2):
        group.kill(n)
    know(desk, ids[1])
    is_due(team, schedule, timedelta(days=800))
    group.start_worker()
    wait_for(lambda: [run.state for run in runs()] == ["done", "done"], AGES_S)
    newest = runs()[0]
    assert newest.caught_up
    assert len(jobs.store.all()) == 2
    assert [answered(sandbox.requests)[order_id] for order_id in ids] == [1, 1]
    assert "ERROR" not in group.said()
    desk.close()


def test_apps__begin_a_run_once_and_catch_up_once(group: Group, team: Team, tmp_path: Path) -> None:
    desk = group.desk()
    assert desk.timekeeper
    assert desk.jobs
    schedules, jobs = desk.timekeeper.schedules, desk.jobs
    now = desk.timekeeper.now()
    every = [schedules.add(f"n{n}", What("import", days=n + 1), YEARLY, Tell(), who="", now=now) for n in range(4)]

    def begun() -> list[str]:
        return [run.state for one in every for run in schedules.history(one.id, 9)]

    def start(name: str) -> None:
        (tmp_path / name).mkdir(exist_ok=True)
        environment = {key: value for key, value in group.environment(name).items() if key.startswith("NXCC_")}
        apps.enter_context(app(tmp_path / name, environment))

    def at_work(n: int) -> bool:
        return len([each for each in desk.team.members() if each.kind == "app"]) == n + 1 if desk.team else False

    with ExitStack() as apps:
        start("one")
        start("other")
        wait_for(lambda: at_work(2), AGES_S)
        for schedule in every:
            is_due(team, schedule, timedelta(0))
        wait_for(lambda: begun() == ["running"] * 4, AGES_S)  # no worker is there
    assert len(jobs.store.all()) == 4
    for job in jobs.store.all():
        jobs.cancel(job)
    wait_for(lambda: at_work(0), AGES_S)

    for schedule in every:
        is_due(team, schedule, timedelta(days=3))
    with ExitStack() as apps:
        start("one")
        wait_for(lambda: begun() == ["running", "failed"] * 4, AGES_S)  # those before were cancelled
    assert all(schedules.history(one.id, 1)[0].caught_up for one in every)
    assert len(jobs.store.all()) == 8
    desk.close()
