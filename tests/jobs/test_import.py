"""Periods read for jobs: imports, and lists whose orders are answered out of their calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nxcc import backup
from nxcc.archive import periods
from nxcc.jobs import Job
from nxcc.jobs.job import Period
from nxcc.sandbox import Sandbox
from nxcc.sandbox.crowd import Crowd
from nxcc.stretches import CallFilters, Stretch, days_of, of_days

from ..backup.conftest import nobody, restore
from .conftest import House, wait_for
from .importing import past

ALL = CallFilters()
PAGES = "/cdr/page"


def week_of(crowd: Crowd) -> Stretch:
    """All the time that the crowd's calls began in."""
    first = datetime.combine(crowd.first_day, datetime.min.time(), UTC) - timedelta(hours=8)
    return Stretch(int(first.timestamp()), int((first + timedelta(days=7)).timestamp()))


def pages_of(gateway: Sandbox) -> int:
    """How many pages were asked for."""
    return sum(PAGES in seen.path for seen in gateway.requests)


def kept(house: House) -> Counter[str]:
    """How often each call is in the archive."""
    found = house.archive.read("SELECT call_id FROM archive.calls WHERE order_id = ''", {})
    return Counter(found["call_id"].to_pylist())


pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Opens the jobs of a process in a folder."""
    with ExitStack() as closing:

        def open_house(gateway: Sandbox, folder: str = "data", **options: Any) -> House:
            opened = House(tmp_path / folder, gateway, **options)
            closing.callback(opened.end)
            return opened

        yield open_house


@pytest.fixture(scope="module")
def crowd() -> Crowd:
    """A week of 6,000 calls, some of which do not say their order."""
    return past(6_000, blank=0.05, without_calls=0.03)


def imported(house: House, job: Job) -> Job:
    ended = house.until(job, "done", "halted")
    assert ended.state == "done", (ended.note, ended.cure)
    return ended


def test_import__each_call_once_and_hardly_a_request_too_many(house: Callable[..., House], crowd: Crowd) -> None:
    with Sandbox(crowd=crowd) as gateway:
        here, week = house(gateway), week_of(crowd)
        here.jobs.begin()
        job = imported(here, here.jobs.start_import(week, ALL, name="a week", who="ann"))
        assert kept(here) == Counter(gateway.calls_by_time(week.from_s, week.to_s))
        assert (job.found, job.ids, job.calls) == (7, 7, 6_000)
        assert job.requests == pages_of(gateway) <= 1.1 * (60 + 7)
        again = imported(here, here.jobs.start_import(week, ALL, name="again", who="ann"))
        assert (again.requests, again.calls, again.from_archive) == (0, 6_000, 7)
        anew = imported(here, here.jobs.start_import(week, ALL, name="anew", who="ann", again=True))
        assert anew.requests > 0
        assert here.archive.size().calls == 6_000


def test_import__is_in_a_backup(house: Callable[..., House], crowd: Crowd, tmp_path: Path) -> None:
    with Sandbox(crowd=crowd) as gateway:
        here, week = house(gateway), week_of(crowd)
        here.jobs.begin()
        imported(here, here.jobs.start_import(week, ALL, name="a week", who="ann"))
        here.end()
        backup.make(here.path, tmp_path / "b.zip", nobody)
        restore(tmp_path / "restored", tmp_path / "b.zip")
        there = house(gateway, "restored")
        (job,) = there.store.all()
        assert (job.calls, job.period, job.state) == (6_000, Period(week, ALL), "done")
        assert kept(there) == Counter(gateway.calls_by_time(week.from_s, week.to_s))
        there.jobs.begin()
        assert imported(there, there.jobs.start_import(week, ALL, name="again", who="ann")).requests == 0


def test_import__with_faults_and_arrivals_loses_nothing_that_was_there(house: Callable[..., House]) -> None:
    crowd = past(4_000)
    week, added = week_of(crowd), []

    def arrive(page: int) -> None:
        if page % 5 == 0:
            added.extend(gateway.add_calls(3, week.from_s, week.to_s))

    with Sandbox(crowd=crowd, faults=0.2, on_page=arrive) as gateway:
        here = house(gateway, attempts=8)
        before = set(gateway.calls_by_time(week.from_s, week.to_s))
        here.jobs.begin()
        imported(here, here.jobs.start_import(week, ALL, name="a week", who="ann"))
        found = kept(here)
        assert set(found.values()) == {1}
        assert before <= set(found) <= before | {one.call_id for one in added}


def test_import__filtered_reads_only_what_fits_and_counts_only_for_it(
    house: Callable[..., House], crowd: Crowd
) -> None:
    with Sandbox(crowd=crowd) as gateway:
        here, week = house(gateway), week_of(crowd)
        here.jobs.begin()
        answered = CallFilters(direction="inbound", answered=True)
        job = imported(here, here.jobs.start_import(week, answered, name="inbound", who="ann"))
        rows = here.archive.read("SELECT DISTINCT direction, answered FROM archive.calls", {}).to_pylist()
        assert rows == [{"direction": "inbound", "answered": True}]
        assert job.calls == here.archive.size().calls > 0
        assert not periods.read_whole(here.archive)
        assert periods.read_whole(here.archive, answered)
        narrower = CallFilters(direction="inbound", answered=True, caller="85212345678")
        asked = pages_of(gateway)
        none = imported(here, here.jobs.start_import(week, narrower, name="narrower", who="ann"))
        assert (none.requests, pages_of(gateway)) == (0, asked)


def test_import__paused_and_killed_goes_on_where_it_was(house: Callable[..., House], crowd: Crowd) -> None:
    with Sandbox(crowd=crowd, delay_s=0.02) as gateway:
        here, week = house(gateway, concurrency=2), week_of(crowd)
        here.jobs.begin()
        job = here.jobs.start_import(week, ALL, name="a week", who="ann")
        wait_for(lambda: here.job(job).requests > 10)
        here.jobs.pause(job)
        half = here.until(job, "paused")
        assert 0 < half.calls < 6_000
        here.end()
        there = house(gateway, concurrency=2)  # another process on the same folder
        there.jobs.begin()
        there.jobs.resume(job)
        imported(there, job)
        assert kept(there) == Counter(gateway.calls_by_time(week.from_s, week.to_s))
        assert pages_of(gateway) <= 1.1 * (60 + 7) + 4  # pages under way when it was paused are asked again


@pytest.mark.parametrize(
    ("manner", "said"),
    [("repeat", "again and again"), ("endless", "more than")],
)
def test_import__a_gateway_whose_pages_never_end_is_told(
    house: Callable[..., House], manner: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nxcc.importing.reading.MOST_PAGES", 60)
    crowd = past(2_000, days=1)
    with Sandbox(crowd=crowd, pages=manner) as gateway:  # type: ignore[arg-type]
        here = house(gateway)
        here.jobs.begin()
        first = int(datetime.combine(crowd.first_day, datetime.min.time(), UTC).timestamp()) - 8 * 3600
        job = here.jobs.start_import(Stretch(first, first + 86_400), ALL, name="a day", who="ann")
        halted = here.until(job, "halted")
        assert said in halted.note
        assert halted.cure
        assert halted.calls > 0
        assert len(gateway.requests) < 400


@pytest.mark.parametrize("manner", ["cap50", "ascending", "unsorted"])
def test_import__other_ways_of_a_gateway_lose_nothing(house: Callable[..., House], crowd: Crowd, manner: str) -> None:
    with Sandbox(crowd=crowd, pages=manner) as gateway:  # type: ignore[arg-type]
        here, week = house(gateway), week_of(crowd)
        here.jobs.begin()
        imported(here, here.jobs.start_import(week, ALL, name="a week", who="ann"))
        assert kept(here) == Counter(gateway.calls_by_time(week.from_s, week.to_s))


def test_import__waits_while_the_gateway_is_away(house: Callable[..., House], crowd: Crowd) -> None:
    with Sandbox(crowd=crowd) as gateway:
        port = int(gateway.base_url.rpartition(":")[2])
        here, week = house(gateway, attempts=1), week_of(crowd)
    here.jobs.begin()
    job = here.jobs.start_import(week, ALL, name="a week", who="ann")
    wait_for(lambda: "no answers" in here.job(job).note)
    live = here.jobs.live(job)
    assert live
    assert live.waits_until
    with Sandbox(crowd=crowd, port=port):
        imported(here, job)
        assert here.archive.size().calls == 6_000


def test_by_period__the_same_answers_for_a_handful_of_requests(house: Callable[..., House]) -> None:
    crowd = past(6_000)
    with Sandbox(crowd=crowd) as gateway:
        week, orders = week_of(crowd), crowd.orders()
        one_by_one, by_period = house(gateway, folder="singles"), house(gateway, folder="period")
        for here in (one_by_one, by_period):
            here.jobs.begin()
        singles = one_by_one.done(one_by_one.start(orders), within_s=60)
        asked = len(gateway.requests)
        job = by_period.done(by_period.start(orders, period=week))
        assert (job.found, job.no_calls, job.calls) == (singles.found, singles.no_calls, singles.calls)
        assert len(gateway.requests) - asked == job.requests < 0.04 * asked
        assert told(one_by_one, singles) == told(by_period, job)


def test_by_period__orders_that_are_not_seen_are_asked_one_by_one(house: Callable[..., House], crowd: Crowd) -> None:
    with Sandbox(crowd=crowd) as gateway:
        here, week = house(gateway), week_of(crowd)
        here.jobs.begin()
        orders = [*crowd.orders()[:900], "NOBODY-KNOWS-IT"]
        job = here.done(here.start(orders, period=week))
        singles = [seen.order_id for seen in gateway.requests if PAGES not in seen.path]
        without_calls = [order for order in orders if not crowd.records(order)]
        assert set(without_calls) <= set(singles)
        assert len(singles) == len(set(singles)) < 200
        assert job.no_calls == len(without_calls)
        assert job.requests == len(gateway.requests)


def test_by_period__stopped_in_the_middle_it_goes_on(house: Callable[..., House], crowd: Crowd) -> None:
    with Sandbox(crowd=crowd, delay_s=0.03) as gateway:
        here, week = house(gateway, concurrency=2), week_of(crowd)
        here.jobs.begin()
        job = here.start(crowd.orders()[:300], period=week)
        wait_for(lambda: pages_of(gateway) > 8)
        here.jobs.pause(job)
        here.until(job, "paused")
        here.jobs.resume(job)
        here.done(job)
        assert pages_of(gateway) <= 1.1 * (60 + 7) + 4


def told(house: House, job: Job) -> list[dict[str, object]]:
    """What the orders file says, without how and when it was asked."""
    listed = house.jobs.listed(job)
    outcomes = listed.outcomes(range(job.rows), {})
    orders = house.archive.orders(outcomes).drop_columns(["asked_at", "from_archive", "source"])
    rows: list[dict[str, object]] = orders.to_pylist()
    return rows


def test_importing__finds_what_was_made_in_another_zone(house: Callable[..., House], crowd: Crowd) -> None:
    with Sandbox(crowd=crowd) as gateway:
        jobs, shanghai, berlin = house(gateway).jobs, ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
        day = date(2026, 11, 20)
        job = jobs.start_import(of_days(day, day, shanghai), ALL, name="a day", who="ann")
        there = of_days(*days_of(of_days(day, day, shanghai), berlin), berlin)
        assert jobs.importing(there, ALL, berlin) == jobs.importing(of_days(day, day, shanghai), ALL, shanghai) == job
        assert jobs.importing(there, CallFilters(direction="inbound"), berlin) is None
        assert jobs.importing(of_days(day, day, berlin), ALL, berlin) is None
        jobs.cancel(job)
        assert jobs.importing(there, ALL, berlin) is None
