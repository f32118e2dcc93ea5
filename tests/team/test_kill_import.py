"""The worker that leads an import is killed: another one goes on with it, and each call is in the lake once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from nxcc.archive import by_period, periods
from nxcc.sandbox import Sandbox
from nxcc.stretches import CallFilters
from nxcc.team.place import Team

from ..jobs.conftest import wait_for
from ..jobs.importing import pages_that_came, past, time_of
from .group import Group

CALLS = 6_000


def test_kill__the_import_goes_on_in_another_worker(tmp_path: Path, team: Team) -> None:
    crowd = past(CALLS)
    week = time_of(crowd)
    with Sandbox(crowd=crowd, seed=8, faults=0.1, delay_s=0.3) as sandbox:
        group = Group(tmp_path, team, sandbox, concurrency=2)
        leader = group.start_worker()
        desk = group.desk()
        try:
            assert desk.jobs
            assert desk.team
            store, archive, at_work = desk.jobs.store, desk.archive, desk.team
            wait_for(lambda: at_work.workers() == 1, 60)
            job = desk.jobs.start_import(week, CallFilters(), name="a week", who="amy")
            wait_for(lambda: pages_that_came(sandbox.requests) > 20, 60)
            group.start_worker()
            wait_for(lambda: by_period.counted(archive, [week]).calls > CALLS / 3, 60)
            assert [one.id for one in store.at_work()] == [job.id]
            group.kill(leader)
            came = by_period.counted(archive, [week]).calls
            assert came < CALLS
            wait_for(lambda: (store.get(job.id) or job).state not in ("queued", "running"), 120)
            ended = store.get(job.id)
            assert ended and (ended.state, ended.found, ended.calls) == ("done", ended.ids, CALLS), ended
            found = archive.read("SELECT call_id FROM archive.calls WHERE order_id = ''", {})["call_id"].to_pylist()
            assert Counter(found) == Counter(sandbox.calls_by_time(week.from_s, week.to_s))
            assert sum(read.stretch.seconds for read in periods.read_whole(archive)) == week.seconds
        finally:
            desk.close()
            group.close()
        pages = pages_that_came(sandbox.requests)
    assert "Traceback" not in group.said()
    under_way = 40 + 2 * 2  # pages that had come, and were not kept yet
    assert pages <= 1.1 * (CALLS / 100 + 7) + under_way
