"""Order ids -> outcomes: out of the archive what is fresh, each distinct id asked once, nothing lost."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from nxcc.archive import Archive, Window
from nxcc.errors import ArchiveError
from nxcc.lookup import Lookup
from nxcc.outcome import Outcome
from nxcc.sandbox import Sandbox

from .both import archives
from .conftest import DAY, TODAY, client_of, outcomes_of, own, seen

LookupOn = Callable[..., Lookup]


@pytest.fixture(params=["file", "lake"])
def archive_at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Archive]]:
    """Opens archives that are closed after the test."""
    yield from archives(request, tmp_path)


def words(outcomes: dict[str, Outcome]) -> set[str]:
    return {outcome.word for outcome in outcomes.values()}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are kept, and heartbeats come, much more often than in real life."""
    monkeypatch.setattr("nxcc.lookup.LOOK_EVERY_S", 0.02)
    for ledger in ("ledger_file.LedgerFile", "ledger_lake.LedgerLake"):
        monkeypatch.setattr(f"nxcc.archive.{ledger}.keep_every_s", 0.02)
    monkeypatch.setattr("nxcc.lookup.TICK_S", 0.01)


def test_run__nothing_asked_nothing_comes(sandbox: Sandbox, lookup_on: LookupOn) -> None:
    lookup = lookup_on(sandbox)
    assert outcomes_of(lookup.run([])) == {}
    assert lookup.client.requests == 0


def test_run__each_distinct_id_once(sandbox: Sandbox, lookup_on: LookupOn) -> None:
    a, b = own("SAMPLE-VENDOR"), own("SHAPE-LIST")
    outcomes = outcomes_of(lookup_on(sandbox).run([a, b, a, a, b]))
    assert {order_id: outcome.word for order_id, outcome in outcomes.items()} == {a: "found", b: "no_calls"}
    assert sorted(request.order_id for request in seen(sandbox, a, b)) == sorted([a, b])


def test_run__ids_are_text_to_the_end(sandbox: Sandbox, lookup_on: LookupOn, request: pytest.FixtureRequest) -> None:
    ids = ["007", "7", "1E5", "100000", "6912345678901234567", "a b", "回访", 'q"\\', "it's"]
    if request.node.callspec.params["archive_at"] == "file":
        ids.append("x\u0000y")  # no list or page lets it through, and PostgreSQL's texts hold none
    ids = [f"{order_id}{own('')}" for order_id in ids]
    assert sorted(outcomes_of(lookup_on(sandbox).run(ids))) == sorted(ids)
    assert {request.order_id for request in seen(sandbox, *ids)} == set(ids)


def test_run__second_time_out_of_the_archive_without_a_request(sandbox: Sandbox, lookup_on: LookupOn) -> None:
    ids = [own("SAMPLE-VENDOR"), own("SHAPE-NULL")]
    lookup = lookup_on(sandbox)
    first = outcomes_of(lookup.run(ids))
    second = outcomes_of(lookup.run(ids))
    assert len(seen(sandbox, *ids)) == 2
    for order_id in ids:
        before, after = first[order_id], second[order_id]
        assert (before.from_archive, after.from_archive, after.attempts) == (False, True, 0)
        assert (after.word, after.calls, after.asked_at, after.req_id) == (
            before.word, before.calls, before.asked_at, before.req_id,
        )  # fmt: skip
    assert lookup.archive.calls(list(second.values())).equals(lookup.archive.calls(list(first.values())))


def test_run__ask_again_passes_over_what_is_fresh(sandbox: Sandbox, lookup_on: LookupOn) -> None:
    order_id = own("SAMPLE-VENDOR")
    lookup = lookup_on(sandbox)
    outcomes_of(lookup.run([order_id]))
    (outcome,) = outcomes_of(lookup.run([order_id], ask_again=True)).values()
    assert (outcome.from_archive, outcome.attempts) == (False, 1)
    assert len(seen(sandbox, order_id)) == 2


def test_run__a_failure_is_kept_but_never_an_answer(sandbox: Sandbox, lookup_on: LookupOn) -> None:
    order_id = own("FAIL-CODE-41000-1")
    lookup = lookup_on(sandbox)
    runs = [outcomes_of(lookup.run([order_id]))[order_id] for _ in range(3)]
    assert [(run.word, run.from_archive) for run in runs] == [("failed", False), ("found", False), ("found", True)]
    assert len(seen(sandbox, order_id)) == 2
    assert lookup.archive.size().lookups == 2


AGES = [
    ("SAMPLE-VENDOR", timedelta(hours=23, minutes=59), True),
    ("SAMPLE-VENDOR", timedelta(hours=24), False),
    ("SHAPE-LIST", timedelta(minutes=4, seconds=59), True),
    ("SHAPE-LIST", timedelta(minutes=5), False),
]


@pytest.mark.parametrize(("kind", "age", "fresh"), AGES)
def test_run__freshness_by_outcome(
    sandbox: Sandbox, archive_at: Callable[..., Archive], kind: str, age: timedelta, fresh: bool
) -> None:
    now = [datetime(2026, 11, 24, 12, tzinfo=UTC)]
    lookup = Lookup(client_of(sandbox), archive_at(), DAY, now=lambda: now[0])
    order_id = own(kind)
    outcomes_of(lookup.run([order_id]))
    now[0] += age
    (outcome,) = outcomes_of(lookup.run([order_id])).values()
    assert outcome.from_archive == fresh
    assert len(seen(sandbox, order_id)) == (1 if fresh else 2)


def test_run__two_sessions_at_the_same_moment_ask_each_id_once(lookup_on: LookupOn) -> None:
    ids = [f"SAMPLE-VENDOR~s{n}" for n in range(200)]
    with Sandbox(today=TODAY, delay_s=0.005) as slow:
        lookup = lookup_on(slow)
        together = threading.Barrier(2)

        def session(order_ids: list[str]) -> dict[str, Outcome]:
            together.wait()
            return outcomes_of(lookup.run(order_ids))

        with ThreadPoolExecutor(2) as pool:
            both = list(pool.map(session, [ids, ids[::-1]]))
        assert sorted(request.order_id for request in slow.requests) == sorted(ids)
    assert [outcomes.keys() for outcomes in both] == [set(ids)] * 2
    assert [words(outcomes) for outcomes in both] == [{"found"}] * 2


def test_run__who_waits_for_a_session_that_stops_asks_itself(lookup_on: LookupOn, impatient: None) -> None:
    with Sandbox(today=TODAY, delay_s=0.05) as slow:
        lookup = lookup_on(slow, concurrency=1)
        ids = [f"SAMPLE-VENDOR~w{n}" for n in range(10)]
        first, second = lookup.run(ids), lookup.run(ids)
        assert next(first) == []  # it has claimed them all
        assert next(second) == []
        first.close()
        outcomes = outcomes_of(second)
    assert outcomes.keys() == set(ids)
    assert words(outcomes) == {"found"}


def test_run__closing_early_keeps_what_came_and_what_is_under_way(lookup_on: LookupOn, impatient: None) -> None:
    ids = [f"SAMPLE-VENDOR~c{n}" for n in range(200)]
    with Sandbox(today=TODAY, delay_s=0.02) as slow:
        lookup = lookup_on(slow, concurrency=4)
        batches = lookup.run(ids)
        came = next(batch for batch in batches if batch)
        batches.close()
        asked = len(slow.requests)
        assert asked < 200
        kept = lookup.archive.known(ids, DAY.at(datetime.now(UTC)))
        assert {outcome.order_id for outcome in came} <= kept.keys()

        again = outcomes_of(lookup.run(ids))
        assert again.keys() == set(ids)
        assert len(slow.requests) == 200  # what was under way is waited for, not asked a second time


def test_run__a_moment_without_news_is_an_empty_batch(lookup_on: LookupOn, impatient: None) -> None:
    with Sandbox(today=TODAY, delay_s=0.1) as slow:
        batches = list(lookup_on(slow).run(["SAMPLE-VENDOR"]))
    assert batches[0] == []
    assert [outcome.word for batch in batches for outcome in batch] == ["found"]


def test_run__answers_come_while_others_are_asked(lookup_on: LookupOn, impatient: None) -> None:
    with Sandbox(today=TODAY, delay_s=0.02) as slow:
        batches = [batch for batch in lookup_on(slow, concurrency=2).run(f"A{n}" for n in range(60)) if batch]
    assert len(batches) >= 3


def test_run__what_is_given_out_is_in_the_archive_already(lookup_on: LookupOn, impatient: None) -> None:
    with Sandbox(today=TODAY, delay_s=0.01) as slow:
        lookup = lookup_on(slow, concurrency=2)
        for batch in lookup.run(f"SAMPLE-VENDOR~k{n}" for n in range(10)):
            kept = lookup.archive.known([outcome.order_id for outcome in batch], DAY.at(datetime.now(UTC)))
            assert len(kept) == len(batch)


def test_run__an_archive_that_cannot_keep_answers_stops_the_run(
    sandbox: Sandbox, archive_at: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = archive_at()
    lookup = Lookup(client_of(sandbox), archive, DAY)
    ids = [own("SAMPLE-VENDOR"), own("SHAPE-LIST")]
    with archive.writing() as cursor:
        cursor.execute("ALTER TABLE archive.calls RENAME TO gone")
        with pytest.raises(ArchiveError):
            outcomes_of(lookup.run(ids))
        cursor.execute("ALTER TABLE archive.gone RENAME TO calls")
    assert archive.size().lookups == 0  # all or none
    assert words(outcomes_of(lookup.run(ids))) == {"found", "no_calls"}  # nobody holds them any more


def test_run__a_closed_archive_is_told_before_any_request(sandbox: Sandbox, lookup_on: LookupOn) -> None:
    lookup = lookup_on(sandbox)
    lookup.archive.close()
    with pytest.raises(ArchiveError):
        outcomes_of(lookup.run(["A"]))
    assert lookup.client.requests == 0


class _Unhurried(Archive):
    """A real archive that looks for fresh answers only when it may."""

    def __init__(self, path: Path, gateway: str, tenant_id: int) -> None:
        super().__init__(path, gateway, tenant_id)
        self.looking, self.may = threading.Event(), threading.Event()

    def known(self, order_ids: Iterable[str] | pa.Array, window: Window) -> dict[str, Outcome]:
        self.looking.set()
        assert self.may.wait(10)
        return super().known(order_ids, window)


def test_run__ask_again_is_not_content_with_what_another_session_finds_in_the_archive(
    sandbox: Sandbox, tmp_path: Path, impatient: None
) -> None:
    archive = _Unhurried(tmp_path / "archive.duckdb", "gateway", 1)
    lookup = Lookup(client_of(sandbox), archive, DAY)
    order_id = own("SAMPLE-VENDOR")
    archive.may.set()
    outcomes_of(lookup.run([order_id]))
    archive.may.clear()
    archive.looking.clear()

    def session() -> dict[str, Outcome]:
        return outcomes_of(lookup.run([order_id]))

    with ThreadPoolExecutor(1) as pool:
        other: Any = pool.submit(session)
        assert archive.looking.wait(10)  # the other has claimed the id
        asking = lookup.run([order_id], ask_again=True)
        assert next(asking) == []
        archive.may.set()
        came = [outcome for batch in asking for outcome in batch]
        other.result()
    archive.close()
    assert [(outcome.order_id, outcome.from_archive) for outcome in came] == [(order_id, False)]
    assert len(seen(sandbox, order_id)) == 2


def test_run__stopped_when_everything_is_in_the_archive_it_ends(sandbox: Sandbox, lookup_on: LookupOn) -> None:
    """No thread was ever needed, so none can tell that it ends."""
    ids = [f"SAMPLE-VENDOR~z{n}" for n in range(310)]
    lookup = lookup_on(sandbox, concurrency=32)
    outcomes_of(lookup.run(ids))
    stop = threading.Event()
    batches = lookup.run(ids, stop=stop)
    known = next(batches)
    stop.set()
    assert known
    assert outcomes_of(batches).keys() <= set(ids)


def seconds_to_stop(batches: Iterator[list[Outcome]], stop: threading.Event, after_s: float) -> float:
    """How long a run goes on when it is stopped after some seconds."""
    threading.Timer(after_s, stop.set).start()
    began = time.monotonic()
    outcomes_of(batches)
    return time.monotonic() - began - after_s


def test_run__stops_while_ids_wait_to_be_tried_again(sandbox: Sandbox, lookup_on: LookupOn) -> None:
    ids = [own("FAIL-429") for _ in range(12)]
    lookup, stop = lookup_on(sandbox, concurrency=4, wait=threading.Event.wait), threading.Event()
    assert seconds_to_stop(lookup.run(ids, stop=stop), stop, 0.3) < 1
    assert not lookup._claims._claims


def test_run__stops_while_another_run_holds_every_place(sandbox: Sandbox, lookup_on: LookupOn) -> None:
    """At one request in 20 s, the places of the client are all taken by threads that wait for their slot."""
    lookup = lookup_on(sandbox, concurrency=2, rate_per_second=0.05, wait=threading.Event.wait)
    stop, other_stop = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(lambda: outcomes_of(lookup.run([f"P{n}" for n in range(9)], stop=other_stop)))
        threading.Event().wait(0.3)
        assert seconds_to_stop(lookup.run([f"Q{n}" for n in range(9)], stop=stop), stop, 0.3) < 1
        other_stop.set()
        other.result(5)
    assert not lookup._claims._claims


def test_run__ids_that_wait_to_be_tried_again_hold_up_no_others(sandbox: Sandbox, lookup_on: LookupOn) -> None:
    """Twelve ids that are refused three times, each with a second to wait, before 400 others; two at once."""
    slow = [own("FAIL-503-3") for _ in range(8)] + [own("FAIL-429-3") for _ in range(4)]
    quick = [f"SAMPLE-VENDOR~q{n}" for n in range(400)]
    lookup = lookup_on(sandbox, concurrency=2, rate_per_second=200, wait=threading.Event.wait)
    came: list[str] = []
    for batch in lookup.run(slow + quick):
        came += [outcome.order_id for outcome in batch]
        assert {outcome.word for outcome in batch} <= {"found"}
    assert sorted(came) == sorted(slow + quick)
    assert min(came.index(order_id) for order_id in slow) >= 100  # they take three seconds at least


def test_run__no_more_threads_than_the_system_gives(
    sandbox: Sandbox, lookup_on: LookupOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []
    start = threading.Thread.start

    def start_two(thread: threading.Thread) -> None:
        if thread.name == "nxcc-ask":
            if len(given) == 2:
                raise RuntimeError("can't start new thread")
            given.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_two)
    ids = [f"SAMPLE-VENDOR~t{n}" for n in range(20)]
    assert words(outcomes_of(lookup_on(sandbox, concurrency=8).run(ids))) == {"found"}


def test_run__no_thread_at_all_is_told_and_nothing_stays_claimed(
    sandbox: Sandbox, lookup_on: LookupOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "nxcc-ask":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    lookup = lookup_on(sandbox)
    with pytest.raises(RuntimeError):
        outcomes_of(lookup.run(["A", "B"]))
    assert eventually(lambda: not lookup._claims._claims)


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it holds within five seconds."""
    give_up_at = time.monotonic() + 5
    while not holds() and time.monotonic() < give_up_at:
        threading.Event().wait(0.01)
    return holds()


def test_run__a_thread_that_dies_ends_the_run_and_nothing_stays_claimed(
    sandbox: Sandbox, lookup_on: LookupOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup = lookup_on(sandbox, concurrency=4)
    ask = lookup.client.query_by_order

    def break_at_nine(order_id: str, *others: Any) -> Any:
        if order_id.endswith("~d9"):
            raise MemoryError
        return ask(order_id, *others)

    monkeypatch.setattr(lookup.client, "query_by_order", break_at_nine)
    ids = [f"SAMPLE-VENDOR~d{n}" for n in range(40)]
    with pytest.raises(MemoryError):
        outcomes_of(lookup.run(ids))
    assert eventually(lambda: not lookup._claims._claims)
    monkeypatch.undo()
    assert outcomes_of(lookup.run(ids)).keys() == set(ids)


@pytest.mark.parametrize("at", [1, 2])
def test_run__closed_at_any_batch_nothing_stays_claimed(
    sandbox: Sandbox, lookup_on: LookupOn, impatient: None, at: int
) -> None:
    lookup = lookup_on(sandbox, concurrency=4)
    tag = own("SAMPLE-VENDOR")
    ids = [f"{tag}-{n}" for n in range(300)]
    batches = lookup.run(ids)
    for _ in range(at):
        next(batches)
    batches.close()
    assert eventually(lambda: not lookup._claims._claims)
    assert outcomes_of(lookup.run(ids)).keys() == set(ids)
    assert len(seen(sandbox, *ids)) == 300


def test_run__under_faults_no_id_is_lost_or_doubled(lookup_on: LookupOn, impatient: None) -> None:
    """Two runs over lists that overlap, one in five requests failing."""
    ids = [f"SAMPLE-VENDOR~u{n}" for n in range(400)]
    with Sandbox(today=TODAY, faults=0.2) as faulty, ThreadPoolExecutor(2) as pool:
        lookup = lookup_on(faulty, attempts=12, concurrency=16)
        both = list(pool.map(lambda part: outcomes_of(lookup.run(part)), [ids[:300], ids[100:]]))
        answered = Counter(request.order_id for request in faulty.requests if request.code == 0)
    assert [outcomes.keys() for outcomes in both] == [set(ids[:300]), set(ids[100:])]
    assert words(both[0]) == words(both[1]) == {"found"}
    assert lookup.archive.size().lookups == 400
    assert set(answered) == set(ids)
