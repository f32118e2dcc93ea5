"""A team on this machine: how 1, 2 and 4 workers share a job, and a whole run while workers are killed and PostgreSQL
restarts. `tests/team/test_kill.py` is the same with fewer ids."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

from nxcc.jobs import Checked
from nxcc.team.place import Team
from tests.bench.processes import sandbox
from tests.jobs.conftest import as_csv, wait_for
from tests.postgres import Postgres, postgres
from tests.team import killing
from tests.team.group import Group
from tests.team.replicas import replicas

WORKERS = (1, 2, 4)
SECONDS, A_SECOND = 20, 80  # so long a worker's share takes at 8 at once and 100 ms
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def main() -> None:
    with postgres() as server:
        _scaling(server)
        _killing(server)


def _scaling(server: Postgres) -> None:
    print("one job over several workers; the API takes 100 ms, 8 at once for each worker, no limit of the rate")
    print(f"  {'workers':<10}{'ids':>7}{'seconds':>10}{'ids/s':>9}{'times':>8}{'PostgreSQL, of one core':>26}")
    first = 0.0
    with sandbox(delay_ms=100) as account:
        for workers in WORKERS:
            ids = workers * SECONDS * A_SECOND
            cpu_s = _cpu_s(server)
            seconds = _one_job(server, account, workers, ids)
            rate = ids / seconds
            first = first or rate
            share = (_cpu_s(server) - cpu_s) / seconds
            print(f"  {workers:<10}{ids:>7,}{seconds:>10.1f}{rate:>9.0f}{rate / first:>8.2f}{share:>26.2f}", flush=True)


def _one_job(server: Postgres, account: dict[str, str], workers: int, ids: int) -> float:
    """Seconds from its start to its end, by the database's clock."""
    url = server.create()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "lake").mkdir()
        group = Group(path, Team(url, str(path / "lake")), account, rate_per_second=0, concurrency=8)
        try:
            for _ in range(workers):
                group.start_worker()
            desk = group.desk()
            assert desk.jobs and desk.team
            at_work = desk.team
            wait_for(lambda: at_work.workers() == workers, 60)
            order_ids = [f"TEAM-{workers}-{n:06}" for n in range(ids)]
            upload = desk.jobs.upload("ids.csv", io.BytesIO(as_csv([["order_id"], *([one] for one in order_ids)])))
            upload.read()
            upload.check(0)
            store = desk.jobs.store
            job = desk.jobs.start(upload, Checked(0), name="bench", who="bench")
            wait_for(lambda: (store.get(job.id) or job).state == "done", 300)
            ended = store.get(job.id)
            desk.close()
        finally:
            group.close()
    server.drop(url)
    assert ended
    assert ended.started_at
    assert ended.finished_at
    assert (ended.no_calls, ended.requests) == (ids, ids)
    return (ended.finished_at - ended.started_at).total_seconds()


def _killing(server: Postgres) -> None:
    def restart() -> None:
        server.stop("immediate")
        server.start()

    print(
        "2 apps behind nginx, 3 workers, one killed every 10 s, PostgreSQL restarted once; 20 % of requests fail; "
        "up to 100 requests/s"
    )
    url = server.create()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "lake").mkdir()
        figures = killing.run(
            path, Team(url, str(path / "lake")), ids=20_000, workers=3, kill_every_s=10, kills=20, faults=0.2, rate=100,
            restart=restart, behind=replicas, concurrency=8,
        )  # fmt: skip
    print(f"  {figures.ids:,} ids, {figures.kills} kills, {figures.seconds:,.0f} s, {figures.requests:,} requests")
    print(f"  {figures.answered_twice:,} answers asked twice; at most {figures.most_in_a_second} requests in a second")
    print("  " + ", ".join(f"{n:,} {word}" for word, n in figures.outcomes.items()), flush=True)


def _cpu_s(server: Postgres) -> float:
    """CPU seconds of PostgreSQL with all its processes so far."""
    master = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    ticks = sum(_ticks(master)[1:])
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent, *own = _ticks(int(path.parent.name))
        except OSError:
            continue
        ticks += sum(own[:2]) if parent == master else 0
    return ticks / TICKS_PER_S


def _ticks(pid: int) -> list[int]:
    """Parent; user, system, and those of ended children."""
    said = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [int(said[1]), *(int(value) for value in said[11:15])]


if __name__ == "__main__":
    main()
