"""A whole import while calls are added, requests fail and the app is killed: what `test_kill_import` and
`python -m tests.bench period` do."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nxcc.api.protocol import MOST_ON_A_PAGE, PAGE_BY_TIME
from nxcc.archive import Archive, periods
from nxcc.jobs.job import Job, Period
from nxcc.jobs.starting import import_of
from nxcc.jobs.store import Store
from nxcc.sandbox import Sandbox, Seen
from nxcc.sandbox.calls import ZONE, midnight_ms
from nxcc.sandbox.crowd import Crowd
from nxcc.sandbox.pages import Arrived
from nxcc.stretches import CallFilters, Stretch

from .conftest import wait_for
from .killing import installation

ADDED_EVERY, ADDED = 4, 5  # pages, and how many calls are added then
LONG_AGO = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Figures:
    """What a run took, and what came of it. `retries` are requests that brought no page."""

    calls: int
    added: int  # calls that came into being while it was read, of which `caught` are there
    caught: int
    seconds: float
    requests: int
    retries: int
    windows: int

    @property
    def most_requests(self) -> float:
        """That it may take."""
        return 1.1 * (self.calls / MOST_ON_A_PAGE + self.windows) + self.retries


def past(calls: int, **how: Any) -> Crowd:
    """A crowd whose last day has been over for a day: what began less than an hour ago never counts as read."""
    return Crowd(calls, today=datetime.now(ZONE).date() - timedelta(days=1), **how)


def time_of(crowd: Crowd) -> Stretch:
    """All the time that a crowd's calls began in."""
    return Stretch(midnight_ms(crowd.first_day) // 1000, midnight_ms(crowd.today) // 1000)


def started(store: Store, period: Stretch) -> Job:
    """An import of a period, which whoever runs the jobs takes up."""
    now = datetime.now(UTC)
    return import_of(store, Period(period, CallFilters()), name="a week", who="amy", after=LONG_AGO, now=now)


def pages_that_came(requests: Sequence[Seen]) -> int:
    """How many requests brought a page."""
    return sum((seen.path, seen.status, seen.code) == (PAGE_BY_TIME, 200, 0) for seen in requests)


def run(path: Path, *, calls: int, faults: float, seed: int, delay_s: float, **settings: object) -> Figures:
    """Reads a week of so many calls through the app, which is killed in the middle, and checks every call."""
    crowd = past(calls)
    week, added = time_of(crowd), list[Arrived]()

    def arrive(page: int) -> None:
        if page % ADDED_EVERY == 0:
            added.extend(sandbox.add_calls(ADDED, week.from_s, week.to_s))

    with (
        Sandbox(crowd=crowd, seed=seed, faults=faults, delay_s=delay_s, on_page=arrive) as sandbox,
        installation(path, sandbox, **settings) as app,
    ):
        app.start()
        began, there = time.monotonic(), sandbox.calls_by_time(week.from_s, week.to_s)
        job = started(app.store, week)
        half = calls / MOST_ON_A_PAGE / 2
        wait_for(lambda: pages_that_came(sandbox.requests) > half, within_s=600)
        app.kill()
        app.start()
        wait_for(lambda: (app.store.get(job.id) or job).state not in ("queued", "running"), within_s=1200)
        seconds = time.monotonic() - began
        ended = app.store.get(job.id)
        assert ended and ended.state == "done", (ended, app.said())
        assert "Traceback" not in app.said()
        app.kill()
        requests, account = sandbox.requests, sandbox.credentials
    archive = Archive(path / "data" / "archive.duckdb", "127.0.0.1", account.tenant_id)
    try:
        windows = check(archive, week, there, added, ended)
        kept = archive.size().calls
    finally:
        archive.close()
    came = pages_that_came(requests)
    return Figures(kept, len(added), kept - len(there), seconds, len(requests), len(requests) - came, windows)


def check(archive: Archive, week: Stretch, there: Sequence[str], added: Sequence[Arrived], job: Job) -> int:
    """Each call once, none missing that was there when its window began to be read. Returns how many windows were."""
    found = Counter(archive.read("SELECT call_id FROM archive.calls WHERE order_id = ''", {})["call_id"].to_pylist())
    assert set(found.values()) == {1}
    reads = periods.read_whole(archive)
    assert set(there) - set(found) == set()
    assert set(found) - set(there) <= {one.call_id for one in added}
    clock_s = time.time() - time.monotonic()
    for one in added:
        came = datetime.fromtimestamp(clock_s + one.at, UTC) + timedelta(milliseconds=10)
        if any(r.began > came and 1000 * r.stretch.from_s <= one.start_ms < 1000 * r.stretch.to_s for r in reads):
            assert one.call_id in found
    assert (job.found, job.calls, job.note) == (job.ids, len(found), "")
    query = "SELECT count(DISTINCT (from_s, to_s)) AS n FROM archive.lookups WHERE order_id = '' AND ended"
    windows: int = archive.read(query, {})["n"][0].as_py()
    return windows
