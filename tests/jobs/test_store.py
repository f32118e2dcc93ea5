"""The table of jobs in a real file: what is written comes back, states guard changes, trouble is a sentence."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_args

import pytest

from nxcc.jobs import AT_WORK, Job, JobsError, Store
from nxcc.jobs.job import UNFINISHED, State
from nxcc.jobs.store import ALIVE_S
from nxcc.small_tables import Place

from ..conftest import at
from ..places import both, place

__all__ = ["place"]  # a fixture

NOON = at("2026-11-24T12:00:00.123456")
JOB = Job(
    id="0123456789abcdef", name='November "回访"', file_name="crm's.csv", who="陈", column="订单号", state="queued",
    rows=1_000_000, ids=999_999, created_at=NOON, found_after=NOON - timedelta(days=1),
    no_calls_after=NOON - timedelta(minutes=5), failed_after=NOON, may_pass_after=NOON, found=5, no_calls=4, failed=3,
    invalid=2, calls=7, from_archive=1, requests=12, started_at=NOON, finished_at=NOON, halted_at=NOON, counted_at=NOON,
    note="It waits.", cure="Wait.", code="1003", source="f" * 64,
)  # fmt: skip
STATES: tuple[State, ...] = get_args(State)
StoreOf = Callable[..., Store]


@pytest.fixture
def file_of(tmp_path: Path) -> Iterator[StoreOf]:
    with ExitStack() as closing:

        def open_store(owner: str = "owner", path: Path = tmp_path / "jobs.sqlite") -> Store:
            store = Store(path, owner)
            closing.callback(store.close)
            return store

        yield open_store


@pytest.fixture
def store_of(place: Place) -> Iterator[StoreOf]:
    with ExitStack() as closing:

        def open_store(owner: str = "owner") -> Store:
            store = Store(place, owner)
            closing.callback(store.close)
            return store

        yield open_store


@both
def test_add__comes_back_as_it_went_in(store_of: StoreOf) -> None:
    store_of().add(JOB)
    found = store_of().get(JOB.id)  # another process
    assert found == JOB
    assert found
    for field in fields(found):
        value = getattr(found, field.name)
        if isinstance(value, datetime):
            assert value.tzinfo is UTC, field.name


@both
def test_add__what_is_not_known_yet_is_none(store_of: StoreOf) -> None:
    store = store_of()
    job = replace(JOB, started_at=None, finished_at=None, halted_at=None, counted_at=None)
    store.add(job)
    assert store.get(JOB.id) == job


@both
def test_add__times_of_another_zone_are_the_same_moments(store_of: StoreOf) -> None:
    store = store_of()
    store.add(replace(JOB, created_at=NOON.astimezone(timezone(timedelta(hours=8)))))
    assert store.get(JOB.id) == JOB


@both
def test_get__none_where_there_is_none(store_of: StoreOf) -> None:
    store = store_of()
    assert (store.get("f" * 16), store.get("' OR 1=1 --"), store.all()) == (None, None, [])


@both
@pytest.mark.parametrize("state", STATES)
def test_change__only_in_the_states_that_are_named(store_of: StoreOf, state: Any) -> None:
    store = store_of()
    store.add(replace(JOB, state=state))
    for only in (("queued", "running"), ("paused",), ("done", "cancelled")):
        assert store.change(JOB.id, only, found=6) is (state in only)
        found = store.get(JOB.id)
        assert found
        assert found.found == (6 if state in only else 5)
        store.change(JOB.id, found=5)


@both
def test_change__of_no_job(store_of: StoreOf) -> None:
    assert store_of().change("f" * 16, state="done") is False


@both
def test_all__the_newest_first_and_by_state(store_of: StoreOf) -> None:
    store = store_of()
    for n, state in enumerate(STATES):
        store.add(replace(JOB, id=f"{n:016x}", state=state, created_at=NOON + timedelta(seconds=n)))
    assert [job.state for job in store.all()] == list(STATES[::-1])
    assert [job.state for job in store.at_work()] == ["queued", "running"]  # the oldest first
    assert sorted(store.states().values()) == sorted(AT_WORK)
    assert store.count_by_state() == dict.fromkeys(STATES, 1)


@both
def test_unfinished_of__the_newest_that_has_not_ended(store_of: StoreOf) -> None:
    store = store_of()
    assert store.unfinished_of(JOB.source) is None
    for n, state in enumerate(("halted", "paused", "done", "cancelled")):
        store.add(replace(JOB, id=f"{n:016x}", state=state, created_at=NOON + timedelta(seconds=n)))  # type: ignore[arg-type]
    store.add(replace(JOB, source="another", created_at=NOON + timedelta(days=1)))
    found = store.unfinished_of(JOB.source)
    assert found
    assert (found.id, found.state) == (f"{1:016x}", "paused")
    assert found.state in UNFINISHED


@both
def test_store__owners_are_apart(store_of: StoreOf) -> None:
    mine, other = store_of("mine"), store_of("other")
    mine.add(JOB)
    mine.beat(7, NOON)
    mine.want_file(JOB.id, "orders.csv", {"kind": "orders"})
    assert (other.get(JOB.id), other.all(), other.states(), other.count_by_state()) == (None, [], {}, {})
    assert other.change(JOB.id, state="done") is False
    assert other.unfinished_of(JOB.source) is None
    assert (other.runner(NOON), other.wanted_files()) == (None, [])
    other.remove(JOB.id)
    other.rest()
    assert mine.get(JOB.id) == JOB
    assert mine.runner(NOON) == 7
    assert len(mine.wanted_files()) == 1


@both
def test_runner__is_there_while_it_says_so(store_of: StoreOf) -> None:
    store = store_of()
    assert store.runner(NOON) is None
    store.beat(7, NOON)
    store.beat(8, NOON)
    assert store.runner(NOON + timedelta(seconds=ALIVE_S - 0.1)) == 8
    assert store.runner(NOON + timedelta(seconds=ALIVE_S)) is None
    assert store.runner(NOON - timedelta(hours=1)) is None  # the clock was set back: that was another day's
    store.rest()
    assert store.runner(NOON) is None


@both
def test_files__wanted_ready_failed_and_wanted_again(store_of: StoreOf) -> None:
    store = store_of()
    store.add(JOB)
    request = {"kind": "orders", "format": "csv", "zone": "Asia/Shanghai"}
    assert store.file_state(JOB.id, "orders.csv") == ("failed", "It was never asked for.")
    store.want_file(JOB.id, "orders.csv", request)
    assert store.wanted_files() == [(JOB.id, "orders.csv", request)]
    store.file_is(JOB.id, "orders.csv", "made")
    assert (store.wanted_files(), store.file_state(JOB.id, "orders.csv")) == ([], ("made", ""))
    store.make_anew()  # whoever made it has died
    assert store.wanted_files() == [(JOB.id, "orders.csv", request)]
    store.file_is(JOB.id, "orders.csv", "ready", "/a/path")
    store.make_anew()
    assert store.file_state(JOB.id, "orders.csv") == ("ready", "/a/path")
    store.want_file(JOB.id, "orders.csv", request)
    assert store.file_state(JOB.id, "orders.csv") == ("wanted", "")
    store.remove(JOB.id)
    assert (store.get(JOB.id), store.wanted_files()) == (None, [])


def test_store__locked_is_a_sentence_in_time(file_of: StoreOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nxcc.jobs.store.WAIT_FOR_LOCK_S", 0.2)
    store = file_of()
    store.add(JOB)
    other = sqlite3.connect(tmp_path / "jobs.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(JobsError, match=r"jobs\.sqlite.* is locked") as failed:
        store.change(JOB.id, state="paused")
    assert 0.1 < time.monotonic() - began < 2
    assert "resume the job" in failed.value.cure
    assert store.get(JOB.id) == JOB  # reading goes on
    other.execute("ROLLBACK")
    assert store.change(JOB.id, state="paused")
    store.close()
    other.execute("PRAGMA journal_mode=DELETE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(JobsError, match="is locked"):
        store.get(JOB.id)
    other.close()


@pytest.mark.parametrize("damage", [b"order_id,outcome\r\n" * 100, b"SQLite format 3\x00" + b"\xaa" * 8000])
def test_store__a_damaged_file_is_a_sentence(file_of: StoreOf, tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "damaged.sqlite"
    path.write_bytes(damage)
    with pytest.raises(JobsError, match="cannot be read or written"):
        file_of(path=path)
    assert path.read_bytes() == damage


def test_store__a_place_that_cannot_be_written_is_a_sentence(file_of: StoreOf, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "jobs.sqlite").mkdir()
    for path in (tmp_path / "file" / "jobs.sqlite", tmp_path / "jobs.sqlite"):
        with pytest.raises(JobsError, match="cannot be read or written") as failed:
            file_of(path=path)
        assert "NXCC_DATA_DIR" in failed.value.cure


def test_store__a_full_disk_is_a_sentence(file_of: StoreOf) -> None:
    store = file_of()
    store.add(JOB)

    def small(connection: Any, _: object) -> None:
        connection.execute("PRAGMA max_page_count=1")  # SQLite's own words for a disk that is full

    from sqlalchemy import event

    event.listen(store._engine, "connect", small)
    store.close()
    with pytest.raises(JobsError, match="is full") as failed:
        store.change(JOB.id, note="x" * 100_000)
    assert "uploaded files are kept" in failed.value.cure
    assert store.get(JOB.id) == JOB
