"""A whole list against the ledger: counted, paged and added up in the engine, as one window sees it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nxcc import intake, records, totals
from nxcc.archive import Archive, Listed, Window
from nxcc.errors import ArchiveError
from nxcc.outcome import Outcome

from ..conftest import at
from .test_ledger import answer

ArchiveAt = Callable[..., Archive]
NOON = at("2026-11-24T12:00:00.123456")
REASONS = {code: intake.reason(code) for code in intake.PROBLEMS}


def before(**age: float) -> datetime:
    return NOON - timedelta(**age)


def after(**time: float) -> datetime:
    return NOON + timedelta(**time)


WINDOW = Window(before(days=1), before(minutes=5), failed=NOON, may_pass=NOON, own=NOON)  # of a job begun at noon


@pytest.fixture
def ids_of(tmp_path: Path) -> Callable[..., Path]:
    """Writes a column of cells as the list that `intake.check` makes of it."""

    def write(*cells: str | None) -> Path:
        rows = pa.table({"row": pa.array(range(2, len(cells) + 2), pa.int64()), "c0": pa.array(cells, pa.string())})
        pq.write_table(rows, tmp_path / "cells.parquet")
        intake.check(tmp_path / "cells.parquet", 0, tmp_path / "ids.parquet")
        return tmp_path / "ids.parquet"

    return write


def failure(order_id: str, asked_at: datetime, reason: str = "HTTP 500", *, may_pass: bool = False) -> Any:
    return Outcome(order_id, "failed", reason, asked_at=asked_at, attempts=5, may_pass=may_pass), []


def found(order_id: str, asked_at: datetime, calls: int = 1) -> Any:
    return answer(order_id, *({"callId": f"{order_id}/{n}"} for n in range(calls)), asked_at=asked_at)


def words(listed: Listed) -> dict[str, int]:
    return {word: n for word, n in listed.tally().words.items() if n}


COUNTS = [
    ([found("A", before(hours=23))], WINDOW, "found"),  # fresh when the job began
    ([found("A", before(hours=25))], WINDOW, "pending"),
    ([answer("A", asked_at=before(minutes=4))], WINDOW, "no_calls"),
    ([answer("A", asked_at=before(minutes=6))], WINDOW, "pending"),
    ([found("A", before(seconds=1))], Window(NOON, NOON, NOON, NOON), "pending"),  # all are to be asked again
    ([found("A", after(seconds=1))], Window(NOON, NOON, NOON, NOON), "found"),
    ([failure("A", before(seconds=1))], WINDOW, "pending"),  # it failed for somebody else
    ([failure("A", after(seconds=1))], WINDOW, "failed"),
    ([failure("A", after(seconds=1), may_pass=True)], WINDOW, "failed"),
    (  # the next round: only what may pass is asked again
        [failure("A", after(seconds=1), may_pass=True)],
        Window(before(days=1), before(minutes=5), NOON, after(seconds=2)),
        "pending",
    ),
    (
        [failure("A", after(seconds=1))],
        Window(before(days=1), before(minutes=5), NOON, after(seconds=2)),
        "failed",
    ),
    ([found("A", after(seconds=1)), failure("A", after(seconds=2))], WINDOW, "found"),  # says nothing of the calls
    ([failure("A", after(seconds=1)), found("A", after(seconds=2))], WINDOW, "found"),
    ([answer("A", asked_at=after(seconds=1)), found("A", after(seconds=2))], WINDOW, "found"),
    ([found("A", after(seconds=1)), answer("A", asked_at=after(seconds=2))], WINDOW, "no_calls"),
    (  # asked again without calls: what was found before still counts, the empty answer does not
        [answer("A", asked_at=after(seconds=1))],
        Window(before(days=1), after(seconds=2), NOON, NOON),
        "pending",
    ),
    ([found("A", after(seconds=1))], Window(before(days=1), after(seconds=2), NOON, NOON), "found"),
    (  # nor does an older one of calls come back in its place, and a failure stands for it
        [found("A", before(hours=1)), answer("A", asked_at=before(minutes=6)), failure("A", after(seconds=1))],
        WINDOW,
        "failed",
    ),
    ([found("A", after(minutes=2))], Window(before(days=1), NOON, NOON, NOON, until=after(minutes=1)), "pending"),
    (
        [answer("A", asked_at=after(seconds=30)), found("A", after(minutes=2))],
        Window(before(days=1), NOON, NOON, NOON, until=after(minutes=1)),
        "no_calls",  # the job ended before the call came
    ),
]


@pytest.mark.parametrize(("ledger", "window", "word"), COUNTS)
def test_tally__what_counts_in_a_window(
    archive_at: ArchiveAt, ids_of: Callable[..., Path], ledger: list[Any], window: Window, word: str
) -> None:
    archive = archive_at()
    archive.append(ledger)
    archive.append([found("B", after(seconds=1))])  # of no list
    listed = Listed(archive, ids_of("A"), window)
    assert words(listed) == {word: 1}
    assert listed.figures().rows[word] == 1  # type: ignore[index]
    assert [outcome.word for outcome in listed.outcomes([0], REASONS)] == [word]
    assert listed.pending() == (["A"] if word == "pending" else [])
    assert list(listed.places([word], 0, 10)) == [0]  # type: ignore[list-item]
    assert [outcome.word for outcome in listed.latest(5)] == ([] if word == "pending" else [word])


def test_tally__counts_calls_and_what_was_there_before(archive_at: ArchiveAt, ids_of: Callable[..., Path]) -> None:
    archive = archive_at()
    archive.append([found("A", before(hours=1), calls=2), found("B", after(seconds=1), calls=3)])
    archive.append([answer("C", asked_at=before(minutes=1)), failure("D", after(seconds=1))])
    tally = Listed(archive, ids_of("A", "B", "C", "D", "E"), WINDOW).tally()
    assert tally.words == {"found": 2, "no_calls": 1, "failed": 1, "invalid": 0, "pending": 1}
    assert (tally.calls, tally.from_archive) == (5, 2)


def test_outcomes__from_archive_is_what_was_there_when_the_job_began(
    archive_at: ArchiveAt, ids_of: Callable[..., Path]
) -> None:
    archive = archive_at()
    archive.append([found("A", before(hours=1)), found("B", after(seconds=1))])
    outcomes = Listed(archive, ids_of("A", "B"), WINDOW).outcomes([0, 1], REASONS)
    assert [(o.from_archive, o.attempts, o.calls) for o in outcomes] == [(True, 0, 1), (False, 1, 1)]


CELLS = ["A", " A ", "", None, "1.5E+17", "B", "B", "x" * 129, "C", "1.5E+17", "123.0"]
ROWS = [
    "found",
    "found",
    "invalid",
    "invalid",
    "invalid",
    "failed",
    "failed",
    "invalid",
    "pending",
    "invalid",
    "no_calls",
]


def test_rows__duplicates_have_the_answer_of_their_id_and_the_others_are_invalid(
    archive_at: ArchiveAt, ids_of: Callable[..., Path]
) -> None:
    archive = archive_at()
    archive.append([found("A", NOON), failure("B", after(seconds=1)), answer("123.0", asked_at=NOON)])
    listed = Listed(archive, ids_of(*CELLS), WINDOW)
    assert words(listed) == {"found": 1, "no_calls": 1, "failed": 1, "pending": 1}  # distinct ids
    assert listed.figures().rows == {"found": 2, "no_calls": 1, "failed": 2, "invalid": 5, "pending": 1}
    assert listed.pending() == ["C"]
    outcomes = listed.outcomes(range(len(CELLS)), REASONS)
    assert [outcome.word for outcome in outcomes] == ROWS
    assert [outcome.order_id for outcome in outcomes] == [
        "A", "A", "", "", "1.5E+17", "B", "B", "x" * 129, "C", "1.5E+17", "123.0",
    ]  # fmt: skip
    assert [outcomes[n].reason.partition(":")[0] for n in (2, 4, 5, 7, 10)] == [
        "blank", "excel_scientific", "HTTP 500", "too_long", "",
    ]  # fmt: skip
    for word in dict.fromkeys(ROWS):
        assert list(listed.places([word], 0, 100)) == [n for n, row in enumerate(ROWS) if row == word]  # type: ignore[list-item]
    assert listed.row_numbers(listed.places(["failed"], 0, 100)) == [7, 8]  # as a spreadsheet counts


def test_rows__a_list_without_anything_to_ask(archive_at: ArchiveAt, ids_of: Callable[..., Path]) -> None:
    listed = Listed(archive_at(), ids_of("", "1.5E+17"), WINDOW)
    assert words(listed) == {}
    assert listed.figures().rows["invalid"] == 2
    assert (listed.pending(), listed.failures(), listed.latest(3)) == ([], [], [])
    figures = listed.figures()
    orders, calls = figures.orders, figures.calls
    assert (orders.num_rows, calls.num_rows) == (0, 0)


STRANGE = [
    "O'Brien",
    'say "hi"',
    "回访-007",
    "100%",
    "a_b",
    "007",
    "6912345678901234567",
    "); DROP TABLE x; --'",
    "ÄÖ\\",
]


def test_ids__are_text_to_the_end(archive_at: ArchiveAt, ids_of: Callable[..., Path]) -> None:
    archive = archive_at()
    archive.append([found(order_id, NOON) for order_id in STRANGE])
    listed = Listed(archive, ids_of(*STRANGE), WINDOW)
    assert words(listed) == {"found": len(STRANGE)}
    assert [outcome.order_id for outcome in listed.outcomes(range(len(STRANGE)), REASONS)] == STRANGE
    assert {outcome.order_id for outcome in listed.latest(100)} == set(STRANGE)


FINDS = [
    ("'", ["O'Brien", "); DROP TABLE x; --'"]),
    ('"', ['say "hi"']),
    ("%", ["100%"]),
    ("_", ["a_b"]),  # no wildcards
    ("回访", ["回访-007"]),
    ("007", ["回访-007", "007"]),
    ("o'b", ["O'Brien"]),  # whatever the case
    ("äö", ["ÄÖ\\"]),
    ("\\", ["ÄÖ\\"]),
    ("nowhere", []),
]


@pytest.mark.parametrize(("find", "expected"), FINDS)
def test_places__find_is_plain_text(
    archive_at: ArchiveAt, ids_of: Callable[..., Path], find: str, expected: list[str]
) -> None:
    listed = Listed(archive_at(), ids_of(*STRANGE), WINDOW)
    assert [STRANGE[place] for place in listed.places([], 0, 100, find)] == expected
    assert list(listed.places(["found"], 0, 100, find)) == []


def test_places__page_by_page(archive_at: ArchiveAt, ids_of: Callable[..., Path]) -> None:
    archive = archive_at()
    cells = [f"A{n}" for n in range(100)]
    archive.append([found(cell, NOON) for cell in cells[::3]])
    listed = Listed(archive, ids_of(*cells), WINDOW)
    assert list(listed.places([], 90, 25)) == list(range(90, 100))
    assert list(listed.places([], 100, 25)) == []
    assert list(listed.places(["found"], 0, 10)) == list(range(0, 30, 3))
    assert list(listed.places(["found"], 30, 10)) == [90, 93, 96, 99]
    assert list(listed.places(["found", "pending"], 50, 10)) == list(range(50, 60))
    assert list(listed.places(["found"], 1, 2, "a9")) == [90, 93]  # A9 itself comes first


def test_pending__in_the_order_of_the_file(archive_at: ArchiveAt, ids_of: Callable[..., Path]) -> None:
    cells = [f"A{n}" for n in range(5000)]
    random.Random(1).shuffle(cells)
    archive = archive_at()
    archive.append([answer(cell, asked_at=NOON) for cell in cells[::2]])
    assert Listed(archive, ids_of(*cells), WINDOW).pending() == cells[1::2]


def test_failures__the_most_frequent_reason_first(archive_at: ArchiveAt, ids_of: Callable[..., Path]) -> None:
    archive = archive_at()
    later = after(seconds=1)
    archive.append([failure(f"A{n}", later, "HTTP 500", may_pass=True) for n in range(3)])
    archive.append([failure(f"B{n}", later, "41000: wrong") for n in range(2)])
    archive.append([failure("C", later, "41000: wrong"), found("C", after(seconds=2)), failure("D", later, "")])
    listed = Listed(archive, ids_of("A0", "A1", "A1", "A2", "B0", "B1", "C", "D"), WINDOW)
    assert [(r.reason, r.ids, r.may_pass) for r in listed.failures()] == [
        ("HTTP 500", 3, True), ("41000: wrong", 2, False), ("", 1, False),
    ]  # fmt: skip


def test_latest__the_newest_first(archive_at: ArchiveAt, ids_of: Callable[..., Path]) -> None:
    archive = archive_at()
    archive.append([found(f"A{n}", after(seconds=n)) for n in range(6)])
    archive.append([failure("A0", after(seconds=90)), answer("A1", asked_at=after(seconds=80))])
    latest = Listed(archive, ids_of(*(f"A{n}" for n in range(6))), WINDOW).latest(3)
    assert [(outcome.order_id, outcome.word) for outcome in latest] == [
        ("A1", "no_calls"), ("A5", "found"), ("A4", "found"),
    ]  # fmt: skip


def test_listed__of_another_team_has_no_answers(
    archive_at: ArchiveAt, ids_of: Callable[..., Path], tmp_path: Path
) -> None:
    mine = archive_at(tmp_path / "both.duckdb", 1)
    mine.append([found("A", NOON)])
    mine.close()
    listed = Listed(archive_at(tmp_path / "both.duckdb", 2), ids_of("A"), WINDOW)
    assert words(listed) == {"pending": 1}
    assert [table.num_rows for table in (listed.figures().orders, listed.figures().calls)] == [0, 0]


def test_listed__a_path_is_no_pattern(archive_at: ArchiveAt, ids_of: Callable[..., Path], tmp_path: Path) -> None:
    folder = tmp_path / "it's [new] * data"
    archive = archive_at(folder / "archive[1].duckdb")
    archive.append([found("A", NOON)])
    ids = ids_of("A", "B").rename(folder / "ids[1].parquet")
    assert words(Listed(archive, ids, WINDOW)) == {"found": 1, "pending": 1}


@pytest.mark.parametrize("content", [None, b"", b"PAR1 and then nothing"], ids=["gone", "empty", "damaged"])
def test_listed__a_list_that_cannot_be_read_is_told(
    archive_at: ArchiveAt, tmp_path: Path, content: bytes | None
) -> None:
    ids = tmp_path / "ids.parquet"
    if content is not None:
        ids.write_bytes(content)
    listed = Listed(archive_at(), ids, WINDOW)
    for action in (listed.tally, listed.pending, lambda: listed.outcomes([0], REASONS), listed.figures):
        with pytest.raises(ArchiveError, match="list of order ids"):
            action()


def _random_ledger(seed: int) -> tuple[list[Any], list[str]]:
    """Answers for some ids, several for some of them, whose calls repeat within an order and across orders."""
    draw = random.Random(seed)
    ids = [f"O{n}" for n in range(40)]
    ledger: list[Any] = []
    for n in range(90):
        order_id, asked_at = draw.choice(ids), NOON + timedelta(seconds=n)
        if draw.random() < 0.2:
            ledger.append(failure(order_id, asked_at, may_pass=draw.random() < 0.5))
            continue
        sent = [_random_call(draw) for _ in range(draw.choice([0, 0, 1, 1, 2, 5]))]
        ledger.append(answer(order_id, *sent, asked_at=asked_at))
    return ledger, ids


def _random_call(draw: random.Random) -> dict[str, Any]:
    start = draw.choice([None, 1690442400000, 1690442460000, 1690442460000 + draw.randrange(10**6)])
    answered = draw.random() < 0.5
    return {
        "callId": draw.choice([None, "", *(f"call{n}" for n in range(25))]),
        "startTime": start,
        "answered": answered,
        "answerTime": start + 5000 if start and answered else None,
        "callDuration": draw.choice([None, 0, 7, 61]),
        "totalCustomerPrice": draw.choice([None, 0, 0.1, 0.25]),
        "hangupReason": draw.choice([None, "Agent hang-up", "用户挂机", "No answer"]),
        "hangupBy": draw.choice([None, 0, 1]),
        "hangupCode": draw.choice([None, 1001, 1002]),
    }


def _texts(frame: pd.DataFrame, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """The rows as sorted texts, nothing as `-`."""
    values = [["-" if pd.isna(value) else str(value) for value in frame[name]] for name in columns]
    return sorted(zip(*values, strict=True))


@pytest.mark.parametrize("seed", range(6))
def test_figures__agree_with_the_orders_and_the_distinct_calls(
    archive_at: ArchiveAt, ids_of: Callable[..., Path], seed: int
) -> None:
    ledger, ids = _random_ledger(seed)
    archive = archive_at()
    archive.append(ledger)
    listed = Listed(archive, ids_of(*ids, *ids[:9], "", "1.5E+17"), WINDOW)
    outcomes = listed.outcomes(range(len(ids)), REASONS)
    assert Counter(outcome.word for outcome in outcomes) == words(listed)

    figures = listed.figures()
    orders, calls = figures.orders, figures.calls
    known = [outcome for outcome in outcomes if outcome.word != "pending"]
    per_order = archive.orders(known).to_pandas()
    per_order["answered_calls"] = per_order["answered_calls"].fillna(0).astype(int)
    figures = orders.to_pandas()
    assert orders.schema.names == ["outcome", "answered_calls", "attempts_to_answer"]
    numbers = {"answered_calls": "Int64", "attempts_to_answer": "Int64"}
    assert _texts(figures.astype(numbers), orders.schema.names) == _texts(
        per_order.astype(numbers), orders.schema.names
    )

    frame = records.frame(archive.calls(known))
    distinct = totals.distinct(frame, {outcome.order_id: outcome.asked_at for outcome in known})
    names = [
        "answered",
        "talk_s",
        "cost",
        "started_at",
        "hangup_reason",
        "hangup_code",
        "hangup_party",
        "contradictory",
    ]
    assert calls.schema.names == names
    assert pa.types.is_dictionary(calls.schema.field("hangup_reason").type)
    assert _texts(records.frame(calls), names) == _texts(distinct, names)
    assert listed.tally().calls == len(frame)
