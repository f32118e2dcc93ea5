"""The archive on a lake, with the real thing: processes at once, killed and cut off; nothing lost, nothing doubled."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nxcc.archive import Archive, Explored, Lake, compaction, ledger_lake, standing
from nxcc.archive.compaction import Compacted, compact
from nxcc.archive.copying import NEWEST
from nxcc.errors import ArchiveAway, ArchiveError
from nxcc.outcome import Outcome
from nxcc.team.place import Team
from tests.cut import Wire, wire
from tests.lakes import quick_engines
from tests.postgres import Postgres

from ..conftest import DAY
from .test_ledger import NOW, answer

PROJECT = Path(__file__).parent.parent.parent
WRITER = """
import itertools, sys
from datetime import datetime, timezone
from pathlib import Path
from nxcc import records
from nxcc.archive import Archive, Lake
from nxcc.outcome import Outcome
from nxcc.team.place import Team
url, lake, beside, name, batches = sys.argv[1:]
archive = Archive(Lake(Team(url, lake), "archive", Path(beside)), "gateway", 1)
print("open", flush=True)
sys.stdin.readline()
for batch in range(int(batches)):
    now = datetime.now(timezone.utc)
    ids = [f"{name}-{batch}-{n}" for n in range(50)]
    outcomes = [Outcome(one, "found", calls=1, asked_at=now) for one in ids]
    archive.append([(o, records.calls(o.order_id, [{"callId": o.order_id}])) for o in outcomes])
    print(batch, flush=True)
archive.close()
"""


@pytest.fixture
def open_lake(team: Team, tmp_path: Path) -> Iterator[Callable[..., Archive]]:
    """Opens the team's archive, as a process with a folder of its own; through a wire, say."""
    opened: list[Archive] = []

    def open_archive(through: Wire | None = None, **more: Any) -> Archive:
        lake = Lake(_through(team, through), "archive", tmp_path / "beside")
        opened.append(Archive(lake, "gateway", 1, **more))
        return opened[-1]

    with quick_engines():
        yield open_archive
        for archive in opened:
            archive.close()


@pytest.fixture
def line(postgres: Postgres) -> Iterator[Wire]:
    """A wire to PostgreSQL."""
    with wire(postgres.port) as running:
        yield running


def _through(team: Team, through: Wire | None) -> Team:
    if through is None:
        return team
    before, _, rest = team.database_url.rpartition(":")
    return Team(f"{before}:{through.port}/{rest.partition('/')[2]}", team.lake_path)


def writer(team: Team, beside: Path, name: str, batches: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, team.database_url, team.lake_path, str(beside), name, str(batches)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=PROJECT, **pipes)


def begin(*writers: subprocess.Popen[str]) -> None:
    """Lets them write at the same moment, when all are open."""
    for one in writers:
        assert one.stdout
        assert one.stdin
        assert one.stdout.readline() == "open\n"
    for one in writers:
        assert one.stdin
        one.stdin.write("\n")
        one.stdin.flush()


def batch_of(name: str, size: int = 30) -> list[Any]:
    return [answer(f"{name}-{n}", {"callId": f"{name}-{n}"}) for n in range(size)]


def counts(archive: Archive) -> tuple[int, int, int]:
    """Lookups, rows of calls, and different calls."""
    query = """SELECT (SELECT count(*) FROM archive.lookups) AS lookups,
        (SELECT count(*) FROM archive.calls) AS calls, (SELECT count(DISTINCT call_id) FROM archive.calls) AS ids"""
    return tuple(archive.read(query, {}).to_pylist()[0].values())


def test_processes__the_first_two_at_once_and_all_they_append_is_there(
    team: Team, tmp_path: Path, open_lake: Callable[..., Archive]
) -> None:
    writers = [writer(team, tmp_path / "beside", name, 12) for name in ("a", "b")]
    begin(*writers)  # neither found tables: both came to make them
    for one in writers:
        said, _ = one.communicate(timeout=60)
        assert said.split() == [str(n) for n in range(12)]
    archive = open_lake()
    assert counts(archive) == (1200, 1200, 1200)
    rows = archive.read(
        "SELECT count(DISTINCT rowid) AS n, min(rowid) AS low, max(rowid) AS high FROM archive.calls", {}
    )
    assert rows.to_pylist() == [{"n": 1200, "low": 0, "high": 1199}]
    assert sorted(path.name for path in (tmp_path / "beside").iterdir()) == ["archive-rows-1", "archive-rows-2"]


def test_processes__killed_while_they_write_lose_nothing_and_leave_nothing_half_done(
    team: Team, tmp_path: Path, open_lake: Callable[..., Archive]
) -> None:
    archive = open_lake()
    names = ("a", "b", "c")
    writers = [writer(team, tmp_path / "beside", name, 1000) for name in names]
    begin(*writers)
    acknowledged = set()
    for least, name, one in zip((3, 6, 9), names, writers, strict=True):
        assert one.stdout
        for line in one.stdout:
            acknowledged.add((name, int(line)))
            if int(line) == least:
                break
        one.send_signal(signal.SIGKILL)
        acknowledged |= {(name, int(line)) for line in one.communicate(timeout=20)[0].split()}
    rows = archive.read("SELECT order_id FROM archive.lookups", {})["order_id"].to_pylist()
    batches: dict[tuple[str, int], int] = {}
    for order_id in rows:
        name, number, _ = order_id.split("-")
        batches[name, int(number)] = batches.get((name, int(number)), 0) + 1
    assert acknowledged <= batches.keys()
    assert len(acknowledged) >= 4 + 7 + 10
    assert set(batches.values()) == {50}
    lookups, calls, ids = counts(archive)
    assert lookups == calls == ids
    archive.append([answer("after", {"callId": "after"})])  # nobody left a lock behind


def test_away__postgres_ends_at_once_and_starts_again(postgres: Postgres, open_lake: Callable[..., Archive]) -> None:
    archive = open_lake()
    archive.append(batch_of("before"))
    ending, written, errors = threading.Event(), [], []

    def go_on() -> None:
        try:
            while not ending.is_set():
                archive.append(batch_of(f"during{len(written)}"))
                written.append(archive.size().lookups)
        except ArchiveError as error:
            errors.append(error)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        _until(lambda: len(written) >= 3)
        postgres.stop("immediate")
        so_far = len(written)
        postgres.start()
        _until(lambda: len(written) >= so_far + 3 or bool(errors))
    finally:
        ending.set()
        thread.join(30)
    assert errors == []
    n = 30 * (1 + len(written))
    assert counts(archive) == (n, n, n)


def test_away__a_cut_line_is_told_without_secrets_and_work_goes_on_after_it(
    line: Wire, team: Team, open_lake: Callable[..., Archive]
) -> None:
    archive = open_lake(line)
    archive.append(batch_of("before"))
    line.break_()
    began = time.monotonic()
    with pytest.raises(ArchiveAway, match=r"database \(127.0.0.1:\d+/nxcc_\w+\) does not answer") as away:
        archive.size()
    assert time.monotonic() - began < 8
    assert team.password not in "".join(traceback.format_exception(away.value))
    keeping = threading.Thread(target=archive.append, args=[batch_of("cut")])
    keeping.start()
    keeping.join(1)
    assert keeping.is_alive()  # it waits
    line.mend()
    keeping.join(20)
    assert counts(archive) == (60, 60, 60)


def test_away__a_frozen_line_holds_up_and_no_more(line: Wire, open_lake: Callable[..., Archive]) -> None:
    archive, other = open_lake(line), open_lake()
    archive.append(batch_of("before"))
    line.freeze()
    keeping = threading.Thread(target=archive.append, args=[batch_of("frozen")])
    keeping.start()
    other.append(batch_of("other"))
    keeping.join(1)
    assert keeping.is_alive()
    line.thaw()
    keeping.join(20)
    assert counts(archive) == counts(other) == (90, 90, 90)


def test_append__an_answer_that_was_lost_is_not_done_again(line: Wire, open_lake: Callable[..., Archive]) -> None:
    archive = open_lake(line)
    for n in range(3):
        line.cut_after(b"COMMIT")
        keeping = threading.Thread(target=archive.append, args=[batch_of(f"b{n}")])
        keeping.start()
        keeping.join(30)
        assert line.cut.is_set()
        assert counts(archive) == (30 * (n + 1),) * 3


def test_append__what_was_given_up_may_come_again_in_another_batch(
    line: Wire, open_lake: Callable[..., Archive], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_lake, "PATIENCE_S", 0.5)
    archive, other = open_lake(line), open_lake()
    first, second = batch_of("first"), batch_of("second")
    committed = counts(other)
    line.break_()
    with pytest.raises(ArchiveAway):
        archive.append(first)
    assert counts(other) == committed
    other.append(first)  # as if the commit had gone through, and only its answer had not
    line.mend()
    assert [outcome.order_id for outcome in archive.append(first + second)] == [o.order_id for o, _ in first + second]
    assert counts(archive) == (60, 60, 60)


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compaction has something to do at once."""
    monkeypatch.setattr(compaction, "ENOUGH_ROWS", 20)
    monkeypatch.setattr(compaction, "ENOUGH_FILES", 3)
    monkeypatch.setattr(compaction, "AGE_S", 0)


@pytest.mark.usefixtures("eager")
def test_compaction__beside_writers_and_readers(team: Team, open_lake: Callable[..., Archive]) -> None:
    writing, reading, compacting = open_lake(), open_lake(), open_lake()
    explored = Explored(reading)
    ending, errors, written, seen = threading.Event(), [], [0], [0]

    def run(work: Callable[[], None]) -> threading.Thread:
        def go_on() -> None:
            try:
                while not ending.is_set():
                    work()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told below
                errors.append(error)

        thread = threading.Thread(target=go_on)
        thread.start()
        return thread

    def write() -> None:
        size = 5 if written[0] % 65 else 60
        writing.append(batch_of(f"w{written[0]}", size))
        written[0] += size

    def read() -> None:
        least = written[0]
        found = reading.size()
        assert found.lookups >= max(least, seen[0])
        assert found.calls == found.lookups
        seen[0] = found.lookups
        explored.refresh()
        rows = explored.read("SELECT count(*) AS n, count(DISTINCT order_id) AS orders FROM calls", {}).to_pylist()[0]
        assert rows["n"] == rows["orders"] >= found.calls

    done = Compacted()
    threads = [run(write), run(read)]
    try:
        for _ in range(4):
            one = compact(compacting)
            done = Compacted(done.flushed + one.flushed, done.merged + one.merged)
            before = written[0]
            _until(lambda before=before: written[0] > before + 130 or bool(errors))  # type: ignore[misc]
    finally:
        ending.set()
        for thread in threads:
            thread.join(30)
    assert errors == []
    assert done.flushed
    assert done.merged
    compact(compacting)
    n = written[0]
    assert counts(reading) == (n, n, n)
    explored.refresh()
    assert explored.read("SELECT count(*) AS n FROM calls", {}).to_pylist() == [{"n": n}]
    assert len(list(team.folder.rglob("*.parquet"))) < n / 60


@pytest.mark.usefixtures("eager")
def test_compaction__one_at_a_time_and_a_file_needs_none(open_lake: Callable[..., Archive], tmp_path: Path) -> None:
    first, second = open_lake(), open_lake()
    first.append(batch_of("some"))
    with first.file.compacting.perhaps() as ours:
        assert ours
        assert compact(second) == Compacted()
    assert compact(second).flushed == 60
    in_file = Archive(tmp_path / "archive.duckdb", "gateway", 1)
    assert compact(in_file) == Compacted()
    in_file.close()


def test_explored__of_a_lake_that_nobody_has_written_to(open_lake: Callable[..., Archive]) -> None:
    explored = Explored(open_lake())
    explored.refresh()
    assert explored.read("SELECT count(*) AS n FROM calls", {})["n"].to_pylist() == [0]


def test_standing__counts_and_bytes(open_lake: Callable[..., Archive]) -> None:
    archive = open_lake()
    empty = standing(archive)
    assert (empty.schema, empty.lookups, empty.newest_s) == (NEWEST, 0, None)
    archive.append(batch_of("many", 300))
    full = standing(archive)
    assert (full.lookups, full.calls, full.newest_at) == (300, 300, NOW)
    assert full.bytes > empty.bytes


def test_names__are_apart(open_lake: Callable[..., Archive], team: Team, tmp_path: Path) -> None:
    open_lake().append(batch_of("real", 50))
    made_up = Archive(Lake(team, "sandbox", tmp_path / "beside"), "gateway", 1)
    assert made_up.size().lookups == 0
    made_up.append(batch_of("made-up", 50))
    made_up.close()
    assert {path.name for path in team.folder.iterdir()} == {"archive", "sandbox"}


def test_open__a_newer_schema_is_told(open_lake: Callable[..., Archive]) -> None:
    with open_lake().writing() as cursor:
        cursor.execute("INSERT INTO archive.schema_version VALUES (999, now())")
    with pytest.raises(ArchiveError, match="schema 999"):
        open_lake()


def test_open__a_wrong_password_is_told_at_once_and_not_shown(team: Team, tmp_path: Path) -> None:
    wrong = Team(team.database_url.replace(team.password, "not-the-word"), team.lake_path)
    with pytest.raises(ArchiveError, match="does not let nxcc in") as failed:
        Archive(Lake(wrong, "archive", tmp_path / "beside"), "gateway", 1)
    assert not isinstance(failed.value, ArchiveAway)
    assert "NXCC_DATABASE_URL" in failed.value.cure
    assert "not-the-word" not in "".join(traceback.format_exception(failed.value))
    assert list((tmp_path / "beside" / "archive-rows-1").iterdir()) == []


def test_open__without_extensions_the_packages_are_named(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nxcc.archive.catalog._EXTENSIONS", ("no_such_extension",))
    monkeypatch.setattr("nxcc.archive.catalog._INSTALL", {"no_such_extension": "'/nowhere/none.duckdb_extension'"})
    with pytest.raises(ArchiveError, match="could not be fetched") as failed:
        Archive(Lake(team, "archive", tmp_path / "beside"), "gateway", 1)
    assert "requirements-team.txt" in failed.value.cure


def test_closed__is_an_error_not_an_empty_answer(open_lake: Callable[..., Archive]) -> None:
    archive = open_lake()
    archive.close()
    for action in (
        archive.size,
        lambda: archive.known(["A"], DAY.at(NOW)),
        lambda: archive.append([(Outcome("A", "no_calls", asked_at=NOW), [])]),
    ):
        with pytest.raises(ArchiveError) as failed:
            action()
        assert not isinstance(failed.value, ArchiveAway)


def _until(true: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 30
    pause = threading.Event()
    while not true():
        assert time.monotonic() < give_up_at, "it does not come to pass"
        pause.wait(0.02)
