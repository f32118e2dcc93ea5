"""The tables of schedules and runs, in both installations: kept, changed, claimed once, forgotten."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from nxcc.schedules import Limit, Run, Schedule, Schedules, SchedulesError, Tell, What, When
from nxcc.schedules.schedule import LONGEST_NAME
from nxcc.schedules.store import HELD, KEPT_RUNS, NOT_ENDED
from nxcc.small_tables import Place

from ..conftest import at
from ..places import both, run_sql
from .conftest import IMPORT, NIGHTLY, NOON

TELL = Tell(finish=True, halt=True, limit=Limit("answer_rate", "below", 0.4))
TONIGHT = at("2026-11-25T02:00:00")


@pytest.fixture
def schedules(place: Place) -> Iterator[Schedules]:
    opened = Schedules(place, "us")
    yield opened
    opened.close()


@pytest.fixture
def nightly(schedules: Schedules) -> Schedule:
    return schedules.add("nightly", IMPORT, NIGHTLY, Tell(), who="ann", now=NOON)


def claimed(schedules: Schedules, schedule: Schedule) -> Run:
    run = schedules.claim(schedule, TONIGHT, "me")
    assert run
    return run


@both
def test_add__comes_back_by_name_just_as_it_is(schedules: Schedules) -> None:
    whats = [
        What("ask_again", days=7, without_calls=False),
        What("repeat", job="0123456789abcdef"),
        What("import", days=3),
    ]
    for name, what in zip(("zebra", "Apple 客户", "apple"), whats, strict=True):
        schedules.add(f" {name} ", what, When("0 2 * * *", "Asia/Shanghai"), TELL, who="ann@example.com", now=NOON)
    found = schedules.all()
    assert [one.name for one in found] == ["apple", "Apple 客户", "zebra"]
    assert [one.what for one in found] == [whats[2], whats[1], whats[0]]
    (first, *_) = found
    assert (first.tell, first.who, first.on, first.created_at) == (TELL, "ann@example.com", True, NOON)
    assert first.next_at == at("2026-11-24T18:00:00")
    assert schedules.get(first.id) == first


@both
def test_add__a_name_is_needed_and_cut(schedules: Schedules) -> None:
    with pytest.raises(SchedulesError, match="needs a name"):
        schedules.add("  ", IMPORT, NIGHTLY, Tell(), who="", now=NOON)
    assert len(schedules.add("x" * 200, IMPORT, NIGHTLY, Tell(), who="", now=NOON).name) == LONGEST_NAME


@both
def test_change__what_was_missed_while_it_was_off_is_not_caught_up(schedules: Schedules, nightly: Schedule) -> None:
    schedules.change(replace(nightly, on=False), NOON)
    off = schedules.get(nightly.id)
    assert off
    assert (off.on, off.next_at) == (False, None)
    assert schedules.due(NOON + timedelta(days=9)) == []
    schedules.change(replace(off, on=True, name="hourly", when=When("0 * * * *", "UTC")), NOON + timedelta(days=3))
    again = schedules.get(nightly.id)
    assert again
    assert (again.name, again.next_at) == ("hourly", NOON + timedelta(days=3, hours=1))


@both
def test_remove__its_runs_go_with_it(schedules: Schedules, nightly: Schedule) -> None:
    claimed(schedules, nightly)
    schedules.remove(nightly.id)
    assert schedules.all() == []
    assert schedules.followed(TONIGHT) == schedules.history(nightly.id, 9) == []


@both
def test_schedules__of_another_owner_are_neither_seen_nor_touched(
    schedules: Schedules, nightly: Schedule, place: Place
) -> None:
    theirs = Schedules(place, "them")
    assert (theirs.all(), theirs.get(nightly.id), theirs.due(TONIGHT)) == ([], None, [])
    theirs.remove(nightly.id)
    theirs.change(replace(nightly, name="theirs"), NOON)
    assert theirs.claim(nightly, TONIGHT, "them") is None
    with pytest.raises(SchedulesError, match="no such schedule"):
        theirs.begin_now(nightly.id, "eve", NOON, "them")
    run = claimed(schedules, nightly)
    assert theirs.followed(TONIGHT) == []
    assert theirs.take_up(run.id, TONIGHT + 2 * HELD, "them") is None
    assert schedules.all()[0].name == "nightly"
    theirs.close()


@both
def test_claim__once(schedules: Schedules, nightly: Schedule) -> None:
    assert schedules.due(TONIGHT - timedelta(seconds=1)) == []
    assert schedules.due(TONIGHT) == [nightly]
    run = claimed(schedules, nightly)
    assert (run.due_at, run.begun_at, run.state, run.by) == (TONIGHT, TONIGHT, "due", "")
    assert schedules.claim(nightly, TONIGHT, "other") is None
    assert schedules.due(TONIGHT) == []
    assert schedules.all()[0].next_at == TONIGHT + timedelta(days=1)


@both
def test_claim__not_of_one_that_was_changed_meanwhile(schedules: Schedules, nightly: Schedule) -> None:
    schedules.change(replace(nightly, on=False), TONIGHT)
    assert schedules.claim(nightly, TONIGHT, "me") is None
    schedules.change(replace(nightly, when=When("0 2 * * *", "Europe/Berlin")), NOON)
    assert schedules.claim(nightly, TONIGHT, "me") is None
    assert schedules.history(nightly.id, 9) == []


@both
def test_claim__many_at_one_moment(place: Place, schedules: Schedules, nightly: Schedule) -> None:
    processes = [Schedules(place, "us") for _ in range(6)]
    ready, claims = threading.Barrier(len(processes)), list[Run | None]()

    def claim(process: Schedules, name: str) -> None:
        ready.wait(10)
        claims.append(process.claim(nightly, TONIGHT, name))

    threads = [threading.Thread(target=claim, args=(one, str(n))) for n, one in enumerate(processes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(claims) == len(processes)
    assert len([run for run in claims if run]) == 1
    assert len(schedules.history(nightly.id, 99)) == 1
    for process in processes:
        process.close()


@both
def test_claim__while_the_run_before_has_not_ended(schedules: Schedules, nightly: Schedule) -> None:
    claimed(schedules, nightly)
    (due,) = schedules.due(TONIGHT + timedelta(days=1))
    run = schedules.claim(due, TONIGHT + timedelta(days=1), "me")
    assert run
    assert (run.state, run.said, run.finished_at) == ("skipped", NOT_ENDED, run.begun_at)
    with pytest.raises(SchedulesError, match="has not ended"):
        schedules.begin_now(nightly.id, "ann", TONIGHT, "me")


@both
def test_take_up__by_another_one_only_when_its_time_is_over(schedules: Schedules, nightly: Schedule) -> None:
    run = claimed(schedules, nightly)
    assert schedules.take_up(run.id, TONIGHT + HELD, "other") is None
    later = TONIGHT + HELD + timedelta(seconds=1)
    assert schedules.take_up(run.id, later, "other") == run
    assert schedules.take_up(run.id, later, "me") is None
    assert not schedules.job_is(run.id, "a" * 16, later, "me")  # whoever was slow has lost it
    assert schedules.job_is(run.id, "b" * 16, later, "other")
    assert not schedules.job_is(run.id, "c" * 16, later, "other")  # a run has one job
    taken = schedules.take_up(run.id, later + 2 * HELD, "me")
    assert taken
    assert taken.job_id == "b" * 16
    assert schedules.under_way(run.id, "b" * 16)
    assert schedules.take_up(run.id, later + 9 * HELD, "me") is None


@both
def test_close_run__once_and_as_it_was_found(schedules: Schedules, nightly: Schedule) -> None:
    run = claimed(schedules, nightly)
    schedules.under_way(run.id, "a" * 16)
    (running,) = schedules.followed(TONIGHT)
    told = {"finished": "being sent"}
    assert schedules.close_run(running, "done", "3 calls.", now=TONIGHT, told=told)
    assert not schedules.close_run(running, "failed", "", now=TONIGHT)
    schedules.note_told(run.id, "finished", "sent")
    (ended,) = schedules.history(nightly.id, 9)
    assert (ended.state, ended.said, ended.job_id, ended.finished_at) == ("done", "3 calls.", "a" * 16, TONIGHT)
    assert ended.told == {"finished": "sent"}
    assert schedules.followed(TONIGHT) == []


@both
def test_newest__of_each_schedule(schedules: Schedules, nightly: Schedule) -> None:
    assert schedules.newest() == {}
    other = schedules.add("other", IMPORT, NIGHTLY, Tell(), who="", now=NOON)
    run = claimed(schedules, nightly)
    schedules.close_run(run, "skipped", "", now=TONIGHT)
    second = schedules.begin_now(nightly.id, "ann", TONIGHT + timedelta(hours=1), "me")
    third = claimed(schedules, other)
    assert schedules.newest() == {nightly.id: second, other.id: third}


@both
def test_history__the_oldest_go(schedules: Schedules, nightly: Schedule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nxcc.schedules.store.KEPT_RUNS", 3)
    for n in range(6):
        run = schedules.begin_now(nightly.id, "ann", NOON + timedelta(minutes=n), "me")
        schedules.close_run(run, "done", str(n), now=NOON)
    assert [run.said for run in schedules.history(nightly.id, KEPT_RUNS)] == ["5", "4", "3"]


@both
def test_reword__names_and_what_was_said(schedules: Schedules, nightly: Schedule, place: Place) -> None:
    theirs = Schedules(place, "them")
    theirs.add("for Mr Chan 35757580", IMPORT, NIGHTLY, Tell(), who="", now=NOON)
    run = claimed(schedules, nightly)
    schedules.close_run(run, "failed", "35757580 again", now=NOON)
    assert schedules.reword(lambda text: text.replace("35757580", "…"), dry=True) == 2
    assert theirs.all()[0].name == "for Mr Chan 35757580"
    assert schedules.reword(lambda text: text.replace("35757580", "…")) == 2
    assert (theirs.all()[0].name, schedules.history(nightly.id, 1)[0].said) == ("for Mr Chan …", "… again")
    theirs.close()


@both
def test_schedules__tables_that_are_not_there_are_a_sentence(schedules: Schedules, place: Place) -> None:
    run_sql(place, "DROP TABLE schedules")
    with pytest.raises(SchedulesError) as told:
        schedules.all()
    assert told.value.cure
