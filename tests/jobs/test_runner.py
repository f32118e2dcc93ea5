"""A job from its start to its end: paused, cancelled, left in the middle, beside others."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nxcc.errors import ArchiveError, ConfigurationError
from nxcc.jobs import Checked, JobsError
from nxcc.sandbox import Sandbox
from nxcc.team.place import Team

from ..conftest import TODAY, client_of, own, seen
from .conftest import HouseOf, answered, wait_for

pytestmark = pytest.mark.usefixtures("quick")
in_a_file = pytest.mark.parametrize("installation", ["file"], indirect=True)  # what it is about, a team has not


@pytest.fixture(params=["file", "team"])
def installation(request: pytest.FixtureRequest) -> Team | None:
    """Everything in a folder, or in a team's database and lake."""
    return request.getfixturevalue("team") if request.param == "team" else None


def some(n: int, kind: str = "SAMPLE-VENDOR") -> list[str]:
    """Ids that no other test asks for."""
    return [own(kind) for _ in range(n)]


@pytest.fixture
def slow() -> Any:
    """A sandbox of one's own that takes its time."""
    with Sandbox(today=TODAY, delay_s=0.02) as running:
        yield running


def test_start__runs_to_its_end(sandbox: Sandbox, house_of: HouseOf) -> None:
    house = house_of(sandbox)
    ids = some(7) + some(5, "SHAPE-LIST") + some(3, "FAIL-CODE-41000")
    job = house.done(house.start([*ids, ids[0], "", "1.5E+17"]))
    assert job.words == {"found": 7, "no_calls": 5, "failed": 3, "invalid": 2, "pending": 0}
    assert (job.rows, job.ids, job.calls, job.from_archive, job.requests) == (18, 15, 14, 0, 15)
    assert sorted(request.order_id for request in seen(sandbox, *ids)) == sorted(ids)
    assert job.started_at
    assert job.finished_at
    assert job.created_at <= job.started_at <= job.finished_at
    live = house.jobs.live(job)
    assert live
    assert (live.words, live.error, len(live.latest)) == (job.words, None, 5)
    assert [(reason.ids, reason.may_pass) for reason in live.most_failures(5)] == [(3, False)]


@pytest.mark.parametrize("cells", [["", "1.5E+17"], ["1.5E+17"]], ids=["blank too", "invalid"])
def test_start__a_list_without_anything_to_ask_is_done_at_once(
    sandbox: Sandbox, house_of: HouseOf, cells: list[str]
) -> None:
    house = house_of(sandbox)
    job = house.done(house.start(cells))
    assert (job.ids, job.invalid, house.client.requests) == (0, len(cells), 0)


def test_start__what_is_fresh_is_not_asked(sandbox: Sandbox, house_of: HouseOf) -> None:
    house = house_of(sandbox)
    ids = some(10) + some(2, "SHAPE-LIST")
    first = house.done(house.start(ids[:6] + ids[10:]))
    plan = house.jobs.plan(house.upload([["order_id"], *([order_id] for order_id in ids)]), use_fresh=True)
    assert (plan.ids, plan.fresh, plan.requests) == (12, 8, 4)
    second = house.done(house.start(ids))
    assert (first.from_archive, second.from_archive, second.requests) == (0, 8, 4)
    assert len(seen(sandbox, *ids)) == 12


def test_start__without_what_is_fresh_all_are_asked(sandbox: Sandbox, house_of: HouseOf) -> None:
    house = house_of(sandbox)
    ids = some(6)
    house.done(house.start(ids))
    folder = house.upload([["order_id"], *([order_id] for order_id in ids)])
    assert house.jobs.plan(folder, use_fresh=False).requests == 6
    job = house.done(house.jobs.start(folder, Checked(0), name="again", who="me", use_fresh=False))
    assert (job.from_archive, job.requests, len(seen(sandbox, *ids))) == (0, 6, 12)


def test_plan__time_at_todays_rate(sandbox: Sandbox, house_of: HouseOf) -> None:
    limited = house_of(sandbox, rate_per_second=4)
    plan = limited.jobs.plan(limited.upload([["order_id"], *([f"A{n}"] for n in range(20))]), use_fresh=True)
    assert plan.requests / (limited.client.likely_rate() or 0.1) == 5.0


STOPS = [("pause", "paused"), ("cancel", "cancelled")]


@pytest.mark.parametrize(("how", "state"), STOPS, ids=["pause", "cancel"])
def test_stopping__acts_within_two_seconds_and_asks_nothing_afterwards(
    slow: Sandbox, house_of: HouseOf, how: str, state: str
) -> None:
    house = house_of(slow, concurrency=4)
    ids = some(1000)
    job = house.start(ids)
    wait_for(lambda: len(slow.requests) > 40)
    began = time.monotonic()
    getattr(house.jobs, how)(house.job(job))
    stopped = house.until(job, state, within_s=2)
    assert time.monotonic() - began < 2
    asked = len(slow.requests)
    assert asked < 500
    assert stopped.found == asked == house.jobs.listed(stopped).tally().words["found"]  # what was under way is kept
    assert stopped.pending == 1000 - asked
    threading.Event().wait(0.3)
    assert len(slow.requests) == asked
    assert (stopped.finished_at is not None) == (state == "cancelled")


def test_resume__asks_only_the_rest(slow: Sandbox, house_of: HouseOf) -> None:
    house = house_of(slow)
    ids = some(300)
    job = house.start(ids)
    for more in (40, 120):
        wait_for(lambda more=more: len(slow.requests) > more)  # type: ignore[misc]
        house.jobs.pause(house.job(job))
        house.until(job, "paused")
        house.jobs.resume(house.job(job))
    ended = house.done(job)
    assert (ended.found, ended.requests, ended.calls) == (300, 300, 600)
    assert answered(slow.requests) == dict.fromkeys(ids, 1)


def test_resume__at_once_after_a_pause(slow: Sandbox, house_of: HouseOf) -> None:
    house = house_of(slow)
    ids = some(100)
    job = house.start(ids)
    wait_for(lambda: len(slow.requests) > 20)
    for _ in range(20):  # quicker than anybody looks
        house.jobs.pause(house.job(job))
        house.jobs.resume(house.job(job))
    wait_for(lambda: house.job(job).state == "running")
    assert house.done(job).found == 100
    assert answered(slow.requests) == dict.fromkeys(ids, 1)


def test_pause__of_a_job_that_has_ended_changes_nothing(sandbox: Sandbox, house_of: HouseOf) -> None:
    house = house_of(sandbox)
    job = house.done(house.start(some(2)))
    house.jobs.pause(job)
    house.jobs.resume(job)
    house.jobs.cancel(job)
    assert house.job(job) == job


def test_cancel__ends_a_paused_job_for_good(slow: Sandbox, house_of: HouseOf) -> None:
    house = house_of(slow, concurrency=2)
    job = house.start([*some(3, "FAIL-CODE-41000-1"), *some(60)])
    wait_for(lambda: len(slow.requests) > 20)
    house.jobs.pause(house.job(job))
    paused = house.until(job, "paused")
    house.jobs.cancel(paused)
    cancelled = house.job(job)
    assert (cancelled.state, cancelled.words) == ("cancelled", paused.words)
    assert (cancelled.failed, cancelled.pending > 0) == (3, True)
    house.jobs.resume(cancelled)
    house.jobs.retry_failed(cancelled)
    assert house.job(job) == cancelled
    assert house.done(house.start(house.jobs.listed(job).pending())).failed == 0  # what is left can be asked anew


def test_retry_failed__asks_only_the_failed(sandbox: Sandbox, house_of: HouseOf) -> None:
    house = house_of(sandbox)
    good, mended, bad = some(4), some(3, "FAIL-CODE-41000-1"), some(2, "FAIL-CODE-41000")
    first = house.done(house.start([*good, *mended, *bad, *some(1, "SHAPE-LIST")]))
    assert (first.found, first.failed) == (4, 5)
    before = len(sandbox.requests)
    house.jobs.retry_failed(first)
    second = house.done(first)
    assert (second.found, second.failed, second.requests) == (7, 2, first.requests + 5)
    asked = [request.order_id for request in sandbox.requests[before:]]
    assert sorted(asked) == sorted([*mended, *bad])
    assert second.finished_at
    assert first.finished_at
    assert second.finished_at > first.finished_at


def test_ask_again_without_calls__asks_only_those(sandbox: Sandbox, house_of: HouseOf) -> None:
    house = house_of(sandbox)
    silent = some(3, "SHAPE-LIST")
    ids = [*some(4), *silent, *some(1, "FAIL-CODE-41000")]
    first = house.done(house.start(ids))
    before = len(sandbox.requests)
    house.jobs.ask_again_without_calls(first)
    second = house.done(first)
    assert second.words == first.words
    assert sorted(request.order_id for request in sandbox.requests[before:]) == sorted(silent)


def test_done__later_answers_are_not_its_own(sandbox: Sandbox, house_of: HouseOf) -> None:
    house = house_of(sandbox)
    ids = some(2, "FAIL-CODE-41000-1")
    first = house.done(house.start(ids))
    assert house.done(house.start(ids)).found == 2
    assert house.jobs.listed(first).tally().words["failed"] == 2
    assert house.job(first) == first


ROUNDS = [
    ("FAIL-500-7", "found", 8),  # five attempts a round: it answers in the second
    ("FAIL-500-14", "found", 15),
    ("FAIL-500", "failed", 15),
    ("FAIL-503-3", "found", 4),
    ("FAIL-CODE-41000", "failed", 1),  # what cannot pass is asked once
    ("SHAPE-TEXT", "failed", 1),
]


def test_rounds__what_may_pass_is_asked_in_several(sandbox: Sandbox, house_of: HouseOf) -> None:
    house = house_of(sandbox)
    ids = {own(kind): (word, asked) for kind, word, asked in ROUNDS}
    job = house.done(house.start([*ids, *some(20)]))
    assert (job.found, job.failed) == (23, 3)
    assert job.requests == 20 + sum(asked for _, asked in ids.values())
    listed = house.jobs.listed(job)
    outcomes = {outcome.order_id: outcome for outcome in listed.outcomes(range(len(ids)), {})}
    assert {order_id: (outcomes[order_id].word, len(seen(sandbox, order_id))) for order_id in ids} == ids
    assert all(outcome.reason for outcome in outcomes.values() if outcome.word == "failed")
    assert {(reason.ids, reason.may_pass) for reason in listed.failures()} == {(1, True), (1, False)}


def test_rounds__many_failures_beside_good_ids_are_no_gateway_that_is_away(
    sandbox: Sandbox, house_of: HouseOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nxcc.jobs.passing.FIRST_WAIT_S", 1000.0)  # a wait for the gateway would be seen
    house = house_of(sandbox, attempts=2)
    bad, refused = some(50, "FAIL-500"), some(30, "FAIL-CODE-41000")
    job = house.done(house.start([*some(10), *refused, *bad]))
    assert (job.found, job.failed) == (10, 80)
    assert {len(seen(sandbox, order_id)) for order_id in bad} == {6}  # two attempts in each of three rounds


def test_rounds__go_on_after_a_restart_though_the_newest_answers_are_all_failures(
    sandbox: Sandbox, house_of: HouseOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nxcc.jobs.passing.FIRST_WAIT_S", 1000.0)
    house = house_of(sandbox, attempts=2)
    job = house.start([*some(10), *some(104, "FAIL-500")])
    wait_for(lambda: house.job(job).failed == 104)
    house.end()
    house = house_of(sandbox, attempts=2)
    assert (house.done(job).found, house.job(job).failed) == (10, 104)


HALTS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("1003", {"account": {"access_secret": "wrong"}}, {}, "NXCC_ACCESS_SECRET"),
    ("1005", {"account": {"access_key": "wrong"}}, {}, "NXCC_ACCESS_KEY"),
    ("1004", {"now": lambda: time.time() - 600}, {}, "clock"),
]


@pytest.mark.parametrize(("code", "client", "_", "cure"), HALTS, ids=["secret", "key", "clock"])
def test_halt__a_wrong_configuration_and_after_its_cure_it_goes_on(
    house_of: HouseOf, code: str, client: dict[str, Any], _: Any, cure: str
) -> None:
    with Sandbox(today=TODAY) as strict:
        house = house_of(strict, begin=False)
        right = house.lookup.client
        house.lookup.client = client_of(strict, concurrency=3, **client)
        house.jobs.begin()
        ids = some(400)
        halted = house.until(house.start(ids), "halted")
        assert 1 <= len(strict.requests) <= 3
        assert (halted.code, halted.done) == (code, 0)
        assert code in halted.note
        assert any(order_id in halted.note for order_id in ids)
        assert cure in halted.cure
        live = house.jobs._runner.live(halted.id)  # not `jobs.live`: in a team, it tells of ended runs by their row
        assert live
        assert isinstance(live.error, ConfigurationError)

        house.lookup.client = right
        house.jobs.resume(halted)
        assert house.done(halted).found == 400
        assert answered(strict.requests) == dict.fromkeys(ids, 1)


def test_halt__in_mid_run_keeps_what_came_and_says_so(
    slow: Sandbox, house_of: HouseOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nxcc.jobs.passing.NOTE_EVERY_S", 1000.0)
    house = house_of(slow, concurrency=4)
    ids = [*some(60), own("FAIL-CODE-1003-1"), *some(200)]
    job = house.start(ids)
    halted = house.until(job, "halted")
    assert (halted.code, halted.failed) == ("1003", 0)
    assert halted.found >= 50
    assert halted.found == house.jobs.listed(halted).tally().words["found"]
    asked = len(slow.requests)
    assert asked <= 70
    house.jobs.resume(halted)
    assert house.done(job).found == 261
    assert answered(slow.requests) == dict.fromkeys(ids, 1)


def test_runner__a_small_job_does_not_wait_for_a_big_one(house_of: HouseOf) -> None:
    with Sandbox(today=TODAY) as quiet:
        house = house_of(quiet, rate_per_second=100, wait=threading.Event.wait)
        big = house.start(some(600))
        wait_for(lambda: len(quiet.requests) > 50)
        ids = set(some(50))
        small = house.done(house.start(sorted(ids)))
        assert small.found == 50
        assert house.job(big).state == "running"
        asked = [request.order_id in ids for request in quiet.requests]
        while_it_ran = asked[asked.index(True) : len(asked) - asked[::-1].index(True)]
    assert 25 <= while_it_ran.count(False) <= 100  # half of the requests are its own, or nearly so


def test_runner__jobs_that_share_ids_ask_each_once(
    slow: Sandbox, house_of: HouseOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nxcc.lookup.SLICE", 20)  # what the other has had is found in the archive, slice by slice
    house = house_of(slow)
    ids = [*some(200), *some(20, "SHAPE-LIST"), *some(10, "FAIL-CODE-41000")]
    first, second = house.start(ids), house.start(ids[::-1])
    assert house.done(first).words == house.done(second).words
    assert sorted(request.order_id for request in slow.requests) == sorted(ids)


def test_runner__goes_on_where_another_process_ended(slow: Sandbox, house_of: HouseOf) -> None:
    ids = some(300)
    house = house_of(slow)
    job, waits = house.start(ids[:250]), house.start(ids[250:])
    house.jobs.pause(waits)
    for more in (50, 150):
        wait_for(lambda more=more: len(slow.requests) > more)  # type: ignore[misc]
        house.end()
        house = house_of(slow, begin=False)
        assert house.job(job).state == "running"  # nobody has paused it
        assert house.job(job).found >= more - 10
        house.jobs.begin()
    assert house.done(job).found == 250
    assert house.job(waits).state == "paused"  # and this one nobody has resumed
    assert answered(slow.requests) == dict.fromkeys(ids[:250], 1)


def test_runner__only_one_job_where_it_is_told_so(sandbox: Sandbox, house_of: HouseOf) -> None:
    house = house_of(sandbox, begin=False)
    mine, other = house.start(some(3)), house.start(some(3))
    house.jobs.begin(only=mine.id)
    house.done(mine)
    assert house.job(other).state == "queued"


def test_runner__says_that_it_lives(sandbox: Sandbox, house_of: HouseOf) -> None:
    house = house_of(sandbox)
    wait_for(lambda: house.store.runner(datetime.now(UTC)) is not None)
    house.jobs.stop()
    assert house.store.runner(datetime.now(UTC)) is None


def test_delete__stops_a_running_job(slow: Sandbox, house_of: HouseOf, caplog: pytest.LogCaptureFixture) -> None:
    house = house_of(slow, concurrency=4)
    job = house.start(some(1000))
    wait_for(lambda: len(slow.requests) > 40)
    house.jobs.delete(house.job(job))
    live = house.jobs.live(job)
    wait_for(lambda: not (live and live.running), within_s=2)
    asked = len(slow.requests)
    assert (house.store.get(job.id), house.jobs.folder(job.id)) == (None, None)
    threading.Event().wait(0.2)
    assert len(slow.requests) == asked
    assert house.archive.size().lookups == asked  # answers stay
    assert not caplog.records


def test_repeat__is_a_job_of_its_own(sandbox: Sandbox, house_of: HouseOf) -> None:
    house = house_of(sandbox)
    first = house.done(house.start(some(3)))
    folder = house.jobs.repeat(first)
    second = house.done(house.jobs.start(folder, Checked(0), name="again", who="me", use_fresh=False))
    assert (second.id != first.id, second.found, second.requests) == (True, 3, 3)
    house.jobs.delete(first)
    assert house.jobs.listed(second).tally().words["found"] == 3


def test_rename__changes_the_name_only(sandbox: Sandbox, house_of: HouseOf) -> None:
    house = house_of(sandbox)
    job = house.done(house.start(some(1)))
    house.jobs.rename(job, "November 回访")
    assert house.job(job).name == "November 回访"


def test_clock__set_back_while_it_runs_ends_with_a_sentence(slow: Sandbox, house_of: HouseOf) -> None:
    clock = [timedelta(0)]
    house = house_of(slow, now=lambda: datetime.now(UTC) - clock[0])
    ids = some(100, "SHAPE-LIST")
    job = house.start(ids)
    wait_for(lambda: len(slow.requests) > 20)
    clock[0] = timedelta(hours=1)
    halted = house.until(job, "halted")
    assert "clock" in halted.note
    assert len(slow.requests) <= 3 * len(ids)
    clock[0] = timedelta(0)
    house.jobs.resume(halted)
    assert house.done(job).no_calls == 100


@in_a_file
def test_runner__a_row_that_cannot_be_written_is_tried_again(
    slow: Sandbox, house_of: HouseOf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("nxcc.jobs.runner.AGAIN_AFTER_S", 0.1)
    monkeypatch.setattr("nxcc.jobs.store.WAIT_FOR_LOCK_S", 0.1)
    house = house_of(slow)
    ids = some(200)
    job = house.start(ids)
    wait_for(lambda: len(slow.requests) > 40)
    with closing(sqlite3.connect(house.store.place, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        live = house.jobs.live(job)
        wait_for(lambda: not (live and live.running))
        assert live
        assert "locked by another program" in str(live.error)
        with pytest.raises(JobsError, match="locked"):
            house.jobs.pause(job)
        assert house.job(job).state == "running"  # nothing else could be noted
        other.execute("ROLLBACK")
    assert house.done(job).found == 200
    assert answered(slow.requests) == dict.fromkeys(ids, 1)
    assert {record.levelname for record in caplog.records} == {"WARNING"}


@in_a_file
def test_halt__an_archive_that_cannot_keep_answers(slow: Sandbox, house_of: HouseOf) -> None:
    house = house_of(slow, concurrency=4)
    ids = some(150)
    job = house.start(ids)
    wait_for(lambda: len(slow.requests) > 40)
    with house.archive.writing() as cursor:
        cursor.execute("ALTER TABLE archive.calls RENAME TO gone")
        halted = house.until(job, "halted")
        cursor.execute("ALTER TABLE archive.gone RENAME TO calls")
    assert "archive" in halted.note
    assert halted.cure
    assert halted.pending > 0
    folder = house.jobs.folder(job.id)
    assert folder
    assert folder.upload.read_bytes().count(b"\n") == 151
    house.jobs.resume(halted)
    assert house.done(job).found == 150


def test_halt__a_full_disk(slow: Sandbox, house_of: HouseOf, monkeypatch: pytest.MonkeyPatch) -> None:
    house = house_of(slow, concurrency=4)
    ids = some(150)
    job = house.start(ids)
    wait_for(lambda: len(slow.requests) > 40)

    def full(*_: Any) -> None:
        raise ArchiveError("The disk of /data is full.", cure="Free some space and ask again.")

    monkeypatch.setattr(house.archive, "append", full)
    halted = house.until(job, "halted")
    assert (halted.note, halted.cure) == ("The disk of /data is full.", "Free some space and ask again.")
    monkeypatch.undo()
    folder = house.jobs.folder(job.id)
    assert folder
    assert folder.upload.read_bytes().count(b"\n") == 151
    house.jobs.resume(halted)
    assert house.done(job).found == 150
