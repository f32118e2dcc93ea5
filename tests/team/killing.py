"""A whole run of a team while its workers are killed and its database restarts: `test_kill`, and the bench."""

from __future__ import annotations

import io
import random
import shutil
import time
from bisect import bisect_left
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from nxcc.jobs import Checked, FileRequest, Job, Jobs
from nxcc.lookup import SLICE
from nxcc.sandbox import Sandbox
from nxcc.team.place import Team
from nxcc.team.slices import AT_ONCE

from ..conftest import TODAY
from ..jobs.conftest import answered, as_csv, wait_for
from ..jobs.killing import check_calls, check_orders, order_ids_of
from .group import Group
from .replicas import Replicas


@dataclass(frozen=True)
class Figures:
    """What a run took, and what came of it."""

    ids: int
    kills: int
    seconds: float
    requests: int
    answered_twice: int
    most_in_a_second: int
    outcomes: dict[str, int]


def run(
    path: Path,
    team: Team,
    *,
    ids: int,
    workers: int,
    kill_every_s: float,
    kills: int,
    faults: float,
    rate: float,
    restart: Callable[[], None],
    behind: Callable[[Group], AbstractContextManager[Replicas]] | None = None,
    **settings: object,
) -> Figures:
    """Looks up so many ids while a worker is killed every so often and the database restarts once in the middle; every
    answer is checked. The job is started by a desk, or in a browser at one of the apps `behind` something."""
    order_ids, chance = order_ids_of(ids, 0), random.Random(7)
    with Sandbox(today=TODAY, faults=faults, delay_s=0.02) as sandbox, ExitStack() as closing:
        group = Group(path, team, sandbox, rate_per_second=rate, **settings)
        try:
            alive = [group.start_worker() for _ in range(workers)]
            one, other = group.desk("one"), group.desk("other")
            assert one.jobs and other.jobs and one.team
            wait_for(lambda: one.team and one.team.workers() == workers, 60)
            apps = closing.enter_context(behind(group)) if behind else None
            content = as_csv([["order_id"], *([order_id] for order_id in order_ids)])
            began = time.monotonic()
            job = one.jobs.store.get(apps.start(content)) if apps else _start(one.jobs, content)
            assert job
            restarted = False
            for n in range(kills):
                wait_for(lambda n=n: time.monotonic() - began > kill_every_s * (n + 1), 600)  # type: ignore[misc]
                killed = alive.pop(chance.randrange(len(alive)))
                group.kill(killed)
                alive.append(group.start_worker())
                if not restarted and n >= kills // 2:
                    restart()
                    restarted = True
            wait_for(lambda: (other.jobs.store.get(job.id) or job).state not in ("queued", "running"), 900)  # type: ignore[union-attr]
            seconds = time.monotonic() - began
            ended = other.jobs.store.get(job.id)
            assert ended and (ended.state, ended.pending) == ("done", 0), ended
            if apps:
                apps.see_the_end(ids)
            for kind, name in (("orders", "orders.csv"), ("calls", "calls.parquet")):
                made = other.jobs.file(ended, FileRequest(kind, name.partition(".")[2], "UTC"))  # type: ignore[arg-type]
                shutil.copyfile(made, path / name)
            one.close()
            other.close()
        finally:
            group.close()
        assert "Traceback" not in group.said()
        outcomes = check_orders(path / "orders.csv", order_ids, sandbox.world)
        check_calls(path / "calls.parquet", order_ids, sandbox.world)
        assert {word: getattr(ended, word) for word in outcomes} == dict(outcomes)
        requests = sandbox.requests
    twice = sum(n - 1 for n in answered(requests).values())
    assert twice <= SLICE * AT_ONCE * (kills + workers), "more than what was under way"
    times = sorted(request.at for request in requests)
    most = max(bisect_left(times, start + 1 - 1e-9) - n for n, start in enumerate(times))
    return Figures(ids, kills, seconds, len(requests), twice, most, dict(outcomes))


def _start(jobs: Jobs, content: bytes) -> Job:
    folder = jobs.upload("ids.csv", io.BytesIO(content))
    folder.read()
    folder.check(0)
    return jobs.start(folder, Checked(0), name="killed", who="amy")
