"""Who begins what is due: once, whoever looks and whoever dies; followed to the end; told once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from nxcc.errors import AwayError, NxccError
from nxcc.kpis import Kpi
from nxcc.schedules import Limit, Run, Schedule, Timekeeper, When, timekeeper
from nxcc.schedules.store import HELD

from ..conftest import at
from ..places import both
from .conftest import NIGHTLY, NOON, Clock, Jobs, KeeperOf, Post, add, figure, runs, unreadable

TONIGHT = at("2026-11-25T02:00:00")
BELOW = Limit("answer_rate", "below", 0.4)


def only(keeper: Timekeeper, schedule: Schedule) -> Run:
    (run,) = runs(keeper, schedule)
    return run


@both
def test_look__from_due_to_done(keeper_of: KeeperOf, clock: Clock, jobs: Jobs) -> None:
    keeper = keeper_of()
    nightly = add(keeper, clock)
    keeper.look()
    assert runs(keeper, nightly) == []
    clock.now = TONIGHT
    keeper.look()
    begun = only(keeper, nightly)
    assert (begun.state, begun.due_at, begun.job_id) == ("running", TONIGHT, next(iter(jobs.made)))
    clock.pass_by(minutes=10)
    keeper.look()
    assert only(keeper, nightly) == begun
    jobs.becomes("done")
    keeper.look()
    ended = only(keeper, nightly)
    assert (ended.state, ended.finished_at) == ("done", TONIGHT + timedelta(minutes=10))
    assert ended.said == "2 found, 1 no calls, 4 calls, 3 requests."
    assert not ended.caught_up
    clock.pass_by(days=1)
    keeper.look()
    assert [run.state for run in runs(keeper, nightly)] == ["done", "running"]


@both
def test_look__two_processes_at_one_moment_begin_it_once(keeper_of: KeeperOf, clock: Clock, jobs: Jobs) -> None:
    keepers = [keeper_of(), keeper_of()]
    schedules = [add(keepers[0], clock, f"nightly {n}") for n in range(5)]
    clock.now = TONIGHT
    ready = threading.Barrier(2)

    def look(keeper: Timekeeper) -> None:
        ready.wait(10)
        for _ in range(3):
            keeper.look()

    threads = [threading.Thread(target=look, args=(keeper,)) for keeper in keepers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(job.name for job in jobs.made.values()) == [one.name for one in schedules]
    assert [only(keepers[0], one).state for one in schedules] == ["running"] * 5


@both
def test_look__what_was_missed_is_caught_up_once(keeper_of: KeeperOf, clock: Clock, jobs: Jobs) -> None:
    nightly = add(keeper_of(), clock)
    clock.now = at("2026-11-30T09:00:00")  # nobody looked for five nights
    keeper = keeper_of()
    for _ in range(3):
        keeper.look()
    run = only(keeper, nightly)
    assert (run.due_at, run.begun_at, run.caught_up) == (TONIGHT, clock.now, True)
    assert len(jobs.made) == 1
    again = keeper.schedules.get(nightly.id)
    assert again
    assert again.next_at == at("2026-12-01T02:00:00")


@both
def test_look__a_run_that_ended_while_nobody_looked_keeps_none_from_beginning(
    keeper_of: KeeperOf, clock: Clock, jobs: Jobs
) -> None:
    nightly = add(keeper_of(), clock)
    clock.now = TONIGHT
    keeper_of().look()
    jobs.becomes("done")
    clock.pass_by(days=3)
    keeper = keeper_of()
    keeper.look()
    assert [run.state for run in runs(keeper, nightly)] == ["done", "running"]


@both
@pytest.mark.parametrize("dies", ["before", "after", "after it was made"])
def test_look__killed_while_it_made_the_job(keeper_of: KeeperOf, clock: Clock, jobs: Jobs, dies: str) -> None:
    first, second = keeper_of(), keeper_of()
    nightly = add(first, clock)
    clock.now, jobs.dies = TONIGHT, dies
    with pytest.raises(KeyboardInterrupt):
        first.look()
    jobs.dies = ""
    second.look()
    assert only(second, nightly).state == "due"  # perhaps the first one is only slow
    clock.pass_by(seconds=HELD.total_seconds() + 1)
    second.look()
    run = only(second, nightly)
    assert (run.state, run.due_at) == ("running", TONIGHT)
    assert list(jobs.made) == [run.job_id]


@both
def test_look__whoever_is_only_slow_makes_no_second_job(
    keeper_of: KeeperOf, clock: Clock, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = keeper_of(), keeper_of()
    nightly = add(slow, clock)
    clock.now = TONIGHT
    make = jobs.make

    def later(*arguments: object) -> object:  # between the claim and the job the other one takes over
        monkeypatch.setattr(jobs, "make", make)
        clock.pass_by(seconds=HELD.total_seconds() + 1)
        quick.look()
        return make(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "make", later)
    slow.look()
    assert len(jobs.made) == 1
    assert only(slow, nightly).job_id == next(iter(jobs.made))


@both
def test_look__nothing_to_do(keeper_of: KeeperOf, clock: Clock, jobs: Jobs, post: Post) -> None:
    keeper = keeper_of()
    nightly = add(keeper, clock, finish=True, halt=True)
    clock.now, jobs.why_nothing = TONIGHT, "No order needed to be asked again."
    keeper.look()
    run = only(keeper, nightly)
    assert (run.state, run.said, run.job_id) == ("skipped", jobs.why_nothing, "")
    assert post.came == []


@both
def test_look__a_job_that_cannot_be_made(keeper_of: KeeperOf, clock: Clock, jobs: Jobs, post: Post) -> None:
    keeper = keeper_of()
    nightly, quiet = add(keeper, clock, halt=True), add(keeper, clock, "quiet")
    clock.now, jobs.refuses = TONIGHT, NxccError("The job is not there any more.", cure="Choose another job.")
    keeper.look()
    keeper.look()
    for schedule in (nightly, quiet):
        run = only(keeper, schedule)
        assert (run.state, run.said, run.cure) == ("failed", "The job is not there any more.", "Choose another job.")
    assert [(notice.event, notice.schedule) for notice in post.came] == [("failed", "nightly")]
    assert jobs.asked == 2


@both
def test_look__what_nobody_foresaw_keeps_no_other_from_beginning(
    keeper_of: KeeperOf, clock: Clock, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Kpi:
        raise ZeroDivisionError

    keeper = keeper_of(measure=broken)
    bad, good = add(keeper, clock, "bad"), add(keeper, clock, "good", limit=BELOW)
    make, clock.now = jobs.make, TONIGHT
    monkeypatch.setattr(jobs, "make", lambda one, *more: 1 / 0 if one.id == bad.id else make(one, *more))
    keeper.look()
    assert only(keeper, bad).said == "Something happened that the app was not made for (ZeroDivisionError)."
    assert only(keeper, good).state == "running"
    jobs.becomes("done")
    keeper.look()
    assert (only(keeper, good).state, only(keeper, good).said[-20:]) == ("done", "(ZeroDivisionError).")


@both
def test_look__what_is_away_is_made_later(keeper_of: KeeperOf, clock: Clock, jobs: Jobs) -> None:
    keeper = keeper_of()
    nightly = add(keeper, clock)
    clock.now, jobs.refuses = TONIGHT, AwayError("The database does not answer.")
    with pytest.raises(AwayError):
        keeper.look()
    assert only(keeper, nightly).state == "due"
    jobs.refuses = None
    keeper.look()
    assert only(keeper, nightly).state == "running"
    assert len(jobs.made) == 1


@both
def test_look__a_halted_job_closes_its_run_until_it_is_resumed(
    keeper_of: KeeperOf, clock: Clock, jobs: Jobs, post: Post
) -> None:
    keeper = keeper_of()
    nightly = add(keeper, clock, halt=True, finish=True)
    clock.now = TONIGHT
    keeper.look()
    jobs.becomes("halted", note="It came when ORDER-7 was asked.", cure="Check NXCC_ACCESS_SECRET.", code="1003")
    keeper.look()
    run = only(keeper, nightly)
    assert (run.state, run.said, run.cure) == ("failed", "Its job halted (code 1003).", "Check NXCC_ACCESS_SECRET.")
    assert "ORDER-7" not in repr(post.came)
    jobs.becomes("queued")
    keeper_of().look()  # after a restart
    assert only(keeper, nightly).state == "running"
    jobs.becomes("halted", code="1003")
    keeper.look()
    jobs.becomes("done")
    keeper.look()
    assert only(keeper, nightly).state == "done"
    assert post.events == ["halted", "finished"]  # each once


@both
@pytest.mark.parametrize("state", ["cancelled", "gone"])
def test_look__somebody_ended_the_job(keeper_of: KeeperOf, clock: Clock, jobs: Jobs, post: Post, state: str) -> None:
    keeper = keeper_of()
    nightly = add(keeper, clock, halt=True, finish=True)
    clock.now = TONIGHT
    keeper.look()
    if state == "gone":
        jobs.made.clear()
    else:
        jobs.becomes("cancelled")
    keeper.look()
    run = only(keeper, nightly)
    assert run.state == "failed"
    assert ("deleted" if state == "gone" else "cancelled: 2 found, 1 no calls") in run.said
    assert post.came == []


@both
def test_look__of_a_schedule_that_was_deleted(keeper_of: KeeperOf, clock: Clock, jobs: Jobs) -> None:
    keeper = keeper_of()
    nightly = add(keeper, clock)
    clock.now = TONIGHT
    keeper.look()
    keeper.schedules.remove(nightly.id)
    jobs.becomes("done")
    keeper.look()
    assert runs(keeper, nightly) == []


@both
def test_look__of_one_that_is_off_or_was_changed(keeper_of: KeeperOf, clock: Clock, jobs: Jobs) -> None:
    keeper = keeper_of()
    off, changed = add(keeper, clock, "off"), add(keeper, clock, "changed")
    keeper.schedules.change(replace(off, on=False), clock())
    keeper.schedules.change(replace(changed, when=When("0 3 * * *", "UTC")), clock())
    clock.now = TONIGHT
    keeper.look()
    assert jobs.made == {}
    clock.pass_by(hours=1)
    keeper.look()
    assert [job.name for job in jobs.made.values()] == ["changed"]
    assert runs(keeper, off) == []


@both
def test_run_now__beside_the_clock(keeper_of: KeeperOf, clock: Clock, jobs: Jobs) -> None:
    keeper = keeper_of()
    nightly = add(keeper, clock)
    keeper.run_now(nightly.id, "amy")
    keeper.look()
    run = only(keeper, nightly)
    assert (run.state, run.by, run.due_at) == ("running", "amy", NOON)
    with pytest.raises(NxccError, match="has not ended"):
        keeper.run_now(nightly.id, "amy")
    clock.now = TONIGHT
    keeper.look()
    assert [one.state for one in runs(keeper, nightly)] == ["running", "skipped"]
    assert len(jobs.made) == 1


@both
def test_look__tells_what_was_asked_for_and_once(keeper_of: KeeperOf, clock: Clock, jobs: Jobs, post: Post) -> None:
    keeper = keeper_of(measure=figure(0.3), link=lambda job_id: f"https://calls.example.com/bulk?job={job_id}")
    nightly = add(keeper, clock, finish=True, limit=BELOW)
    add(keeper, clock, "quiet")
    clock.now = TONIGHT
    keeper.look()
    for job_id in jobs.made:
        jobs.made[job_id] = replace(jobs.made[job_id], state="done")
    keeper.look()
    keeper_of().look()
    run = only(keeper, nightly)
    assert post.events == ["finished", "threshold"]
    assert run.told == {"finished": "sent", "threshold": "sent"}
    assert run.said.endswith("Answer rate: 30 %, past its limit.")
    finished, past = post.came
    assert finished.link == f"https://calls.example.com/bulk?job={run.job_id}"
    assert finished.counts == {
        "found": 2, "no_calls": 1, "failed": 0, "invalid": 0, "pending": 0, "calls": 4, "requests": 3,
    }  # fmt: skip
    assert (past.kpi, past.value, past.threshold) == ("answer_rate", 0.3, 0.4)
    assert past.said == "Answer rate is 30 % (n 40 calls): Answer rate below 40 %."


LIMITS = [
    (BELOW, 0.39, True),
    (BELOW, 0.4, False),
    (BELOW, None, False),
    (Limit("answer_rate", "above", 0.4), 0.41, True),
    (Limit("answer_rate", "above", 0.4), 0.4, False),
]


@both
@pytest.mark.parametrize(("limit", "value", "told"), LIMITS)
def test_look__a_figure_and_its_limit(
    keeper_of: KeeperOf, clock: Clock, jobs: Jobs, post: Post, limit: Limit, value: float | None, told: bool
) -> None:
    keeper = keeper_of(measure=figure(value))
    add(keeper, clock, limit=limit)
    clock.now = TONIGHT
    keeper.look()
    jobs.becomes("done")
    keeper.look()
    assert post.events == ["threshold"] * told


@both
def test_look__a_figure_that_cannot_be_computed(keeper_of: KeeperOf, clock: Clock, jobs: Jobs, post: Post) -> None:
    keeper = keeper_of(measure=unreadable)
    nightly = add(keeper, clock, finish=True, limit=BELOW)
    clock.now = TONIGHT
    keeper.look()
    jobs.becomes("done")
    keeper.look()
    run = only(keeper, nightly)
    assert run.state == "done"
    assert "Answer rate below 40 % could not be looked at: The archive cannot be read." in run.said
    assert post.events == ["finished"]


@both
def test_look__a_notice_that_does_not_arrive_is_in_the_history(
    keeper_of: KeeperOf, clock: Clock, jobs: Jobs, post: Post
) -> None:
    keeper = keeper_of()
    nightly = add(keeper, clock, finish=True)
    clock.now, post.away = TONIGHT, True
    keeper.look()
    jobs.becomes("done")
    keeper.look()
    post.away = False
    keeper.look()
    run = only(keeper, nightly)
    assert run.state == "done"
    assert run.told == {"finished": "not sent: Nobody answers at the configured address."}
    assert post.came == []


@both
def test_look__killed_while_it_told_is_not_told_again(
    keeper_of: KeeperOf, clock: Clock, jobs: Jobs, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = keeper_of()
    nightly = add(keeper, clock, finish=True)
    clock.now = TONIGHT
    keeper.look()
    jobs.becomes("done")

    def die(notice: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(post, "send", die)
        with pytest.raises(KeyboardInterrupt):
            keeper.look()
    keeper_of().look()
    assert only(keeper, nightly).told == {"finished": timekeeper.SENDING}
    assert post.came == []


@both
def test_look__without_an_address(keeper_of: KeeperOf, clock: Clock, jobs: Jobs) -> None:
    keeper = keeper_of(notices=None)
    assert not keeper.tells
    nightly = add(keeper, clock, finish=True)
    clock.now = TONIGHT
    keeper.look()
    jobs.becomes("done")
    keeper.look()
    assert only(keeper, nightly).told == {"finished": timekeeper.NOWHERE}


@both
def test_begun__what_cannot_be_noted_is_not_begun(keeper_of: KeeperOf, clock: Clock, jobs: Jobs) -> None:
    noted: list[tuple[str, str]] = []

    def note(schedule: Schedule, job_id: str) -> None:
        if schedule.name == "refused":
            raise NxccError("The audit cannot be written, so this was not done.")
        noted.append((schedule.name, job_id))

    keeper = keeper_of(begun=note)
    nightly, refused = add(keeper, clock), add(keeper, clock, "refused")
    clock.now = TONIGHT
    keeper.look()
    assert noted == [("nightly", only(keeper, nightly).job_id)]
    assert (only(keeper, refused).state, len(jobs.made)) == ("failed", 1)


@both
def test_begin__looks_by_itself_and_when_poked_until_it_ends(
    keeper_of: KeeperOf, clock: Clock, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timekeeper, "LOOK_EVERY_S", 3600)
    keeper = keeper_of()
    looked = threading.Semaphore(0)
    look = keeper.look

    def noticed() -> None:
        try:
            look()
        finally:
            looked.release()

    monkeypatch.setattr(keeper, "look", noticed)
    nightly = add(keeper, clock, when=NIGHTLY)
    keeper.begin()
    assert looked.acquire(timeout=20)
    with monkeypatch.context() as broken:
        broken.setattr(keeper.schedules, "followed", lambda _: 1 / 0)  # nobody foresaw this
        keeper.run_now(nightly.id, "amy")
        assert looked.acquire(timeout=20)
    keeper.poke()
    assert looked.acquire(timeout=20)
    assert only(keeper, nightly).state == "running"
    keeper.end()
    assert "nxcc-schedules" not in {thread.name for thread in threading.enumerate()}
