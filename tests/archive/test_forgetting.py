"""Out of a ledger in a real file: what is forgotten is in no row and no byte, and everything else is as it was."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nxcc import records, traces
from nxcc.archive import Archive, Explored, Look, Tallied
from nxcc.archive import forgetting as engine
from nxcc.archive.forgetting import Gone, Past, count, take_out
from nxcc.archive.history import lookups_of
from nxcc.archive.left_out import FORGOTTEN
from nxcc.errors import ArchiveError
from nxcc.filters import Filters
from nxcc.outcome import Outcome

from ..conftest import DAY, at

ArchiveAt = Callable[..., Archive]
NOW = at("2026-11-24T12:00:00")
WHO = "+85298765432"
LOOK = Look(ZoneInfo("UTC"), 10, 20)
PROJECT = Path(__file__).parents[2]
in_a_file = pytest.mark.parametrize("archive_at", ["file"], indirect=True)  # the lake: test_lake_forgetting.py


def call(call_id: str, caller: str = "1001", callee: Any = "+85261110000", **more: Any) -> dict[str, Any]:
    return {"callId": call_id, "caller": caller, "callee": callee, "startTime": 1690442400000, **more}


def answer(order_id: str, *sent: dict[str, Any], asked_at: datetime = NOW, **more: Any) -> Any:
    rows = records.calls(order_id, sent)
    word = more.pop("word", "found" if rows else "no_calls")
    return Outcome(order_id, word, calls=len(rows), asked_at=asked_at, attempts=1, **more), rows


def holding(path: Path, *texts: str) -> list[str]:
    """The files in a folder in whose bytes any of the texts stands."""
    files = {file.name: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    return [name for name, content in files.items() if any(text.encode() in content for text in texts)]


def everything(archive: Archive) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    for name in ("lookups", "calls", "schema_version"):
        rows = archive.read(f"SELECT * FROM archive.{name}", {}).to_pylist()
        found[name] = sorted((tuple(row.values()) for row in rows), key=repr)
    return found


def written(archive: Archive) -> object:
    """Changes when the ledger is written anew."""
    return archive.path.stat().st_mtime_ns if archive.path.exists() else archive.read(archive.file.extent, {})


def forget(archive: Archive, what: traces.Trace | Past) -> Gone:
    """Says beforehand what it does, and the second time has nothing to do."""
    would = count(archive, what)
    before = written(archive)
    assert would or everything(archive) == everything(archive)
    gone = take_out(archive, Explored(archive), what)
    assert gone == would
    assert would or written(archive) == before  # nothing is written for nothing
    assert take_out(archive, Explored(archive), what) == Gone()
    return gone


def test_order__its_lookups_and_calls_go_and_the_others_stay(archive_at: ArchiveAt, tmp_path: Path) -> None:
    archive = archive_at()
    archive.append([answer("KEPT-1", call("k1")), answer("GONE-1", call("g1"), call("g2"))])
    others = everything(archive)
    archive.append([answer("GONE-1", call("g1"), asked_at=NOW - timedelta(days=3)), answer("GONE-1", word="failed")])
    assert forget(archive, traces.order("GONE-1")) == Gone(calls=3, lookups=3, orders=1)
    assert lookups_of(archive, "GONE-1") == []
    left = everything(archive)
    for name in ("lookups", "calls"):
        assert left[name] == [row for row in others[name] if "GONE-1" not in row]
    assert holding(tmp_path, "GONE-1") == []


def test_order__a_call_of_it_under_another_id_goes_and_the_count_is_told(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.append([answer("ALIAS", call("a", orderId="GONE-1"), call("b")), answer("GONE-12", call("c"))])
    assert forget(archive, traces.order("GONE-1")) == Gone(calls=1, orders=1, changed=1)
    (alias,) = lookups_of(archive, "ALIAS")
    assert (alias.word, alias.calls, alias.reason) == ("found", 1, FORGOTTEN)
    assert lookups_of(archive, "GONE-12")[0].calls == 1


def test_all_teams_and_gateways_in_the_file(archive_at: ArchiveAt, tmp_path: Path) -> None:
    path = tmp_path / "both.duckdb"
    for owner in ((1, "gateway"), (2, "other")):
        archive = archive_at(path, *owner)
        archive.append([answer("A", call("c", WHO)), answer("B", call("d"))])
        archive.close()
    archive = archive_at(path)
    assert forget(archive, traces.number(WHO)) == Gone(calls=2, orders=2, changed=2)


SAME = [
    "+85298765432", "85298765432", "0085298765432", "+852 9876 5432", "(852) 9876-5432", "８５２９８７６５４３２",
    "sip:+85298765432@10.0.0.1:5060", "85298765432@host", "\u202a+852 9876\u00a05432\u202c", "tel:+852-9876-5432",
]  # fmt: skip
OTHERS = ["98765432", "185298765432", "852987654321", "+853 9876 5432", "9876 5432", "NX85298765432", "1001"]


@in_a_file
@pytest.mark.parametrize("given", SAME)
def test_number__by_its_digits_in_whatever_form(archive_at: ArchiveAt, tmp_path: Path, given: str) -> None:
    archive = archive_at()
    kept = [(f"O{n}", call(f"o{n}", other)) for n, other in enumerate(OTHERS) if other != "NX85298765432"]
    gone = [(f"S{n}", call(f"s{n}", *(("1001", same) if n % 2 else (same,)))) for n, same in enumerate(SAME)]
    archive.append([answer(order_id, sent) for order_id, sent in (*kept, *gone)])
    assert forget(archive, traces.number(given)).calls == len(SAME)
    assert {row[3] for row in everything(archive)["calls"]} == {order_id for order_id, _ in kept}


NATIONAL = [
    ("+85298765432", ["98765432", "098765432", "9876 5432", "+85298765432"], ["+8698765432", "198765432", "765432"]),
    (
        "98765432",
        ["98765432", "+852 9876 5432", "+4598765432", "004598765432"],
        ["12398765432", "198765433", "8765432"],
    ),
    ("020 7946 0958", ["02079460958", "+44 (0)20 7946 0958", "+442079460958", "2079460958"], ["+44 20 7946 0959"]),
]


@in_a_file
@pytest.mark.parametrize(("given", "same", "others"), NATIONAL)
def test_number__without_country_code_only_when_it_is_said(
    archive_at: ArchiveAt, given: str, same: list[str], others: list[str]
) -> None:
    archive = archive_at()
    archive.append([answer(f"S{n}", call(f"s{n}", text)) for n, text in enumerate(same)])
    archive.append([answer(f"O{n}", call(f"o{n}", text)) for n, text in enumerate(others)])
    assert count(archive, traces.number(given)).calls < len(same)
    assert forget(archive, traces.number(given, national=True)).calls == len(same)
    assert {row[3] for row in everything(archive)["calls"]} == {f"O{n}" for n in range(len(others))}


PLACES: list[dict[str, Any]] = [
    {"other": "called back on 852-9876-5432, please"},
    {"intent": "number=85298765432;lang=zh"},
    {"recordUrl": "https://storage.example/rec_20231124_85298765432_1.wav"},
    {"leaveMsgUrl": "https://storage.example/?n=%2B852%209876%205432"},
    {"hangupReason": "转接 85298765432 失败"},
    {"agentName": "85298765432"},
    {"taskId": "t-85298765432"},
    {"callee": 85298765432},
    {"a new field": {"deep": [1, ["x", "0085298765432"]]}},
    {"a new field": "\u001085298765432"},
    {"a new field": 85298765432.0},
]


@in_a_file
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_number__calls_that_hold_it_anywhere_go(archive_at: ArchiveAt, tmp_path: Path, place: dict[str, Any]) -> None:
    archive = archive_at()
    archive.append([answer("A", call("a") | place), answer("B", call("b", other="852987654321 and 185298765432"))])
    assert forget(archive, traces.number(WHO)) == Gone(calls=1, orders=1, changed=1)
    assert [row[4] for row in everything(archive)["calls"]] == ["b"]


def test_number__orders_whose_id_holds_it_go_and_failures_do_not_say_it(archive_at: ArchiveAt, tmp_path: Path) -> None:
    archive = archive_at()
    failed = answer("F", word="failed", reason="The API refused 85298765432.", code=41000)
    archive.append([answer("85298765432-1", call("a")), answer("852987654321"), failed])
    assert forget(archive, traces.number(WHO)) == Gone(calls=1, lookups=1, orders=1, changed=1)
    assert [(row[2], row[6]) for row in everything(archive)["lookups"]] == [("852987654321", None), ("F", traces.MARK)]
    assert holding(tmp_path, "85298765432-1", "refused") == []


@pytest.mark.parametrize("given", ["NX09445G000025@host:5060", "1001"])
def test_number__what_is_no_phone_number_as_a_whole_caller(archive_at: ArchiveAt, given: str) -> None:
    archive = archive_at()
    archive.append([answer("A", call("a", given)), answer("B", call("b", "21001", other="1001 times"))])
    assert forget(archive, traces.number(given)).calls == 1
    assert [row[4] for row in everything(archive)["calls"]] == ["b"]


def test_lookup__that_lost_all_calls_counts_as_long_as_before_and_tells_why(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    asked_at = NOW - timedelta(hours=3)  # long past the five minutes of "no calls"
    archive.append([answer("A", call("a", WHO), call("b", WHO), asked_at=asked_at)])
    archive.append([answer("B", call("c", WHO), call("d"), asked_at=asked_at)])
    forget(archive, traces.number(WHO))
    known = archive.known(["A", "B"], DAY.at(NOW))
    assert (known["A"].word, known["A"].calls, known["A"].reason) == ("no_calls", 0, FORGOTTEN)
    assert (known["B"].word, known["B"].calls) == ("found", 1)
    a, b = archive.orders([known["A"], known["B"]]).to_pylist()
    assert (a["outcome"], a["calls"], a["answered_calls"], a["reason"]) == ("no_calls", 0, 0, FORGOTTEN)
    assert (b["outcome"], b["calls"]) == ("found", 1)
    assert archive.known(["A"], DAY.at(NOW + timedelta(days=1))) == {}  # then it may be asked anew
    assert [outcome.word for outcome in lookups_of(archive, "A")] == ["no_calls"]


@in_a_file
def test_bytes__none_are_left_in_any_file(archive_at: ArchiveAt, tmp_path: Path) -> None:
    archive = archive_at()
    explored = Explored(archive)
    archive.append([answer(f"K{n}", call(f"k{n}", f"+8613{n:09}", answered=True)) for n in range(30)])
    archive.append([answer("A", call("a", WHO, agentName="Rosalind-7731", other="her words"))])
    explored.refresh()
    with archive.writing() as cursor:
        cursor.execute("CHECKPOINT archive")
        cursor.execute("CHECKPOINT explored")
    archive.append([answer("A", call("a", WHO, agentName="Rosalind-7731", other="again"), asked_at=NOW + timedelta(1))])
    traced = (WHO, WHO[1:], "Rosalind-7731", "her words")
    assert set(holding(tmp_path, *traced)) == {"archive.duckdb", "archive.duckdb.wal", "archive-explored.duckdb"}
    take_out(archive, explored, traces.number(WHO))
    assert holding(tmp_path, *traced) == []
    explored.refresh()
    assert holding(tmp_path, *traced) == []
    assert Tallied(explored, Filters(), LOOK).count() == 30
    archive.close()
    assert holding(tmp_path, *traced) == []


def test_explored__who_looks_at_calls_meanwhile_reads_on_and_finds_the_same_words(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    explored = Explored(archive)
    archive.append([answer("A", call("a", WHO, hangupReason="Aaa", answered=True))])
    archive.append([answer(f"K{n}", call(f"k{n}", hangupReason=f"R{n % 3}")) for n in range(30)])
    explored.refresh()
    before = Tallied(explored, Filters(), LOOK)
    take_out(archive, explored, traces.number(WHO))
    archive.append([answer("L", call("l", hangupReason="Late"))])
    reasons = before.reasons()
    assert dict(zip(reasons["reason"], reasons["calls"], strict=True)) == {"R0": 10, "R1": 10, "R2": 10, None: 1}
    assert sorted(Tallied(explored, Filters(), LOOK).options().reason) == ["Late", "R0", "R1", "R2"]


def test_past__by_when_it_was_asked(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.append([answer("OLD", call("o"), asked_at=NOW - timedelta(days=31)), answer("NEW", call("n"))])
    archive.append([answer("NEW", call("n"), asked_at=NOW - timedelta(days=30, seconds=1)), answer("NONE")])
    assert forget(archive, Past(NOW - timedelta(days=30))) == Gone(calls=2, lookups=2, orders=2)
    assert {(row[2], row[3]) for row in everything(archive)["lookups"]} == {("NEW", NOW), ("NONE", NOW)}
    assert len(everything(archive)["calls"]) == 1


@pytest.mark.parametrize("seed", range(8))
def test_anything__what_is_forgotten_is_gone_and_the_rest_is_as_it_was(
    archive_at: ArchiveAt, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    numbers = [f"852{chance.randrange(10**7, 10**8)}" for _ in range(6)]
    forms = ["{0}", "+{0}", "00{0}", "+852 {1}", "sip:{0}@host"]

    def one_call(n: int) -> dict[str, Any]:
        pick = [chance.choice(forms).format(number, number[3:]) for number in chance.sample(numbers, 2)]
        hidden = {"other": f"see {chance.choice(numbers)}"} if chance.random() < 0.1 else {}
        return call(f"c{n}", *pick, **hidden)

    archive = archive_at()
    answers = [
        answer(f"O-{chance.randrange(100, 160)}", *(one_call(10 * n + i) for i in range(chance.randrange(4))),
               asked_at=NOW + timedelta(seconds=n))
        for n in range(200)
    ]  # fmt: skip
    for first in range(0, 200, 50):
        archive.append(answers[first : first + 50])
    target = chance.choice(numbers) if seed % 2 else next(o.order_id for o, rows in answers[seed:] if len(rows) > 1)
    trace = traces.number(f"+{target}") if seed % 2 else traces.order(target)
    before = everything(archive)
    forget(archive, trace)
    after = everything(archive)
    stays = [row for row in before["calls"] if target not in repr(row).replace("+852 ", "852")] if seed % 2 else [
        row for row in before["calls"] if row[3] != target
    ]  # fmt: skip
    assert after["calls"] == stays
    assert 0 < len(stays) < len(before["calls"])
    calls_of = [(row[3], row[2]) for row in stays]
    for row in after["lookups"]:
        assert row[5] == calls_of.count((row[2], row[3]))
    unchanged = [row for row in before["lookups"] if row in after["lookups"]]
    changed = [row for row in after["lookups"] if row not in before["lookups"]]
    assert all(row[6] == FORGOTTEN for row in changed)
    assert len(unchanged) + len(changed) == len(after["lookups"])
    archive.close()
    assert holding(tmp_path, target) == []


KILLED_AT = ["_copy_rest", "_check", "forget_rows", "replace", "sync", "renamed"]
KILLED = """
import os, sys
from pathlib import Path
from nxcc import traces
from nxcc.archive import Archive, Explored, forgetting, ledger_file
where, path = sys.argv[1:]
archive = Archive(Path(path), "gateway", 1)
explored = Explored(archive)
explored.refresh()
def end(*_, **__): os._exit(9)
if where in ("_copy_rest", "_check"): setattr(forgetting, where, end)
elif where == "forget_rows": explored._remove = end
elif where == "replace": ledger_file.LedgerFile.replace = end
elif where == "sync": ledger_file.sync = end
elif where == "renamed": ledger_file.LedgerFile._attach = end
forgetting.take_out(archive, explored, traces.number("+85298765432"))
"""


@in_a_file
@pytest.mark.parametrize("where", KILLED_AT)
def test_killed__the_ledger_is_as_it_was_or_as_it_is_to_be(archive_at: ArchiveAt, tmp_path: Path, where: str) -> None:
    archive = archive_at()
    archive.append([answer("A", call("a", WHO), call("b")), answer("B", call("c"))])
    before = everything(archive)
    archive.close()
    command = [sys.executable, "-c", KILLED, where, str(archive.path)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, check=False, timeout=60)
    assert done.returncode == 9, done.stderr
    again = archive_at()
    assert not again.file.fresh.exists()
    left = everything(again)
    if where == "renamed":
        assert [row[4] for row in left["calls"]] == ["b", "c"]
    else:
        assert left == before
    take_out(again, Explored(again), traces.number(WHO))
    assert [row[4] for row in everything(again)["calls"]] == ["b", "c"]
    again.close()
    assert holding(tmp_path, WHO) == []


@in_a_file
def test_failed__nothing_is_changed(archive_at: ArchiveAt, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = archive_at()
    archive.append([answer("A", call("a", WHO)), answer("B", call("c"))])
    before = everything(archive)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(engine, "_check", full)
        with pytest.raises(ArchiveError, match=r"disk .* is full"):
            take_out(archive, Explored(archive), traces.number(WHO))
    assert everything(archive) == before
    assert not archive.file.fresh.exists()
    assert forget(archive, traces.number(WHO)).calls == 1


def test_others__append_and_read_on_and_nothing_of_theirs_is_lost(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    explored = Explored(archive)
    archive.append([answer(f"S{n}", call(f"s{n}", WHO)) for n in range(500)])
    ending, appended, errors = threading.Event(), [0], []

    def go_on(work: Callable[[], None]) -> Iterator[threading.Thread]:
        def run() -> None:
            try:
                while not ending.is_set():
                    work()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told below
                errors.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        yield thread

    def append() -> None:
        n = appended[0]
        archive.append([answer(f"N{n}", call(f"n{n}"), call(f"m{n}", WHO))], [traces.number(WHO)])
        appended[0] += 1

    def look() -> None:
        assert archive.size().calls >= 0
        explored.refresh()
        explored.words()

    threads = [thread for work in (append, look, look) for thread in go_on(work)]
    try:
        for _ in range(3):
            take_out(archive, explored, traces.number(WHO))
            take_out(archive, explored, traces.order(f"N{max(0, appended[0] - 1)}"))
    finally:
        ending.set()
        for thread in threads:
            thread.join(20)
    assert errors == []
    rows = everything(archive)
    assert not any(WHO in repr(row) for row in rows["calls"])
    assert sum(row[2].startswith("N") for row in rows["lookups"]) >= appended[0] - 3
    assert all(row[5] == 1 and row[6] == FORGOTTEN for row in rows["lookups"] if row[2].startswith("N"))


HOLDER = """
import sys
from pathlib import Path
from nxcc.archive import Archive
archive = Archive(Path(sys.argv[1]), "gateway", 1)
print("held", flush=True)
sys.stdin.readline()
archive.close()
"""


@in_a_file
def test_others__another_process_took_the_file_in_that_moment(
    archive_at: ArchiveAt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = archive_at()
    archive.append([answer("A", call("a", WHO)), answer("B", call("c"))])
    held: list[subprocess.Popen[str]] = []

    def taken(path: Path) -> None:
        if path == tmp_path and not held:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            other = subprocess.Popen([sys.executable, "-c", HOLDER, str(archive.path)], cwd=PROJECT, **pipes)  # type: ignore[call-overload]
            assert other.stdout.readline() == "held\n"
            held.append(other)

    monkeypatch.setattr("nxcc.archive.ledger_file.sync", taken)
    monkeypatch.setattr("nxcc.archive.ledger_file.ATTACHED_WITHIN_S", 0.3)
    with pytest.raises(ArchiveError, match="Another nxcc"):
        take_out(archive, Explored(archive), traces.number(WHO))
    with pytest.raises(ArchiveError, match="Another nxcc"):
        archive.size()
    held[0].communicate("\n", timeout=20)
    assert archive.size().calls == 1  # it heals when the other one lets go
    assert [path.name for path in tmp_path.iterdir()] == ["archive.duckdb"]
