"""The ledger in a real file: appended, read in sets, fresh by outcome."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from nxcc import records
from nxcc.archive import Archive, Freshness
from nxcc.outcome import Outcome

from ..conftest import DAY, at, sample

ArchiveAt = Callable[..., Archive]
NOW = at("2026-11-24T12:00:00.123456")


def answer(order_id: str, *sent: dict[str, Any], asked_at: datetime = NOW, **more: Any) -> Any:
    """An answer as the lookup keeps it; without records it is no_calls."""
    rows = records.calls(order_id, sent)
    word = more.pop("word", "found" if rows else "no_calls")
    return Outcome(order_id, word, calls=len(rows), asked_at=asked_at, attempts=1, **more), rows


def ago(**age: float) -> datetime:
    return NOW - timedelta(**age)


def test_append__nothing_is_kept_of_nothing(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.append([])
    assert (archive.size().lookups, archive.size().calls) == (0, 0)


def test_calls__come_back_as_they_went_in(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    sent = sample("queryByOrderId-success")["data"] + [sample("webhook")]
    outcome, rows = answer("A", *sent)
    archive.append([(outcome, rows)])
    table = archive.calls([outcome])
    assert table.schema == records.SCHEMA
    assert table.equals(records.table(sorted(rows, key=lambda row: row["started_at"])))


def test_calls__strange_texts_survive(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    other = "'; DROP TABLE calls; -- \u0000 \u202e 牛 😀 " + "x" * 100_000
    outcome, rows = answer("A", {"callId": "c", "other": other, "new": {"deep": [1, None]}})
    archive.append([(outcome, rows)])
    (row,) = archive.calls([outcome]).to_pylist()
    assert (row["other"], row["raw"]) == (other, rows[0]["raw"])


def test_calls__in_the_order_of_the_outcomes_then_of_time(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    b = answer("B", {"callId": "b2", "startTime": 1690442492841}, {"callId": "b1", "startTime": 1690442400000})
    a = answer("A", {"callId": "a1", "startTime": 1690442492999})
    archive.append([a, b])
    assert archive.calls([b[0], a[0]])["call_id"].to_pylist() == ["b1", "b2", "a1"]


def test_calls__only_those_of_the_answer_that_is_meant(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    early = answer("A", {"callId": "c", "totalCustomerPrice": 1}, asked_at=ago(hours=1))
    late = answer("A", {"callId": "c", "totalCustomerPrice": 2})
    archive.append([early])
    archive.append([late])
    assert archive.calls([early[0]])["cost"].to_pylist() == [1]
    assert archive.calls([late[0]])["cost"].to_pylist() == [2]
    assert (archive.size().lookups, archive.size().calls) == (2, 1)  # nothing is lost, a call counts once


@pytest.mark.parametrize("word", ["failed", "invalid", "pending"])
def test_calls__none_without_a_trusted_answer(archive_at: ArchiveAt, word: str) -> None:
    archive = archive_at()
    archive.append([answer("A", {"callId": "c"})])
    assert archive.calls([Outcome("A", word, asked_at=NOW)]).num_rows == 0  # type: ignore[arg-type]
    assert archive.calls([]).schema == records.SCHEMA


FRESH = [
    ("found", timedelta(0), True),
    ("found", timedelta(hours=23, minutes=59), True),
    ("found", timedelta(days=1), False),
    ("no_calls", timedelta(minutes=4, seconds=59), True),
    ("no_calls", timedelta(minutes=5), False),
    ("failed", timedelta(0), False),
    ("found", timedelta(seconds=-59), True),  # the clock was set back a little
    ("found", timedelta(minutes=-2), False),  # and a lot: nothing is fresh for ever
    ("no_calls", timedelta(minutes=-2), False),
]


@pytest.mark.parametrize(("word", "age", "expected"), FRESH, ids=str)
def test_fresh__by_outcome_and_age(archive_at: ArchiveAt, word: str, age: timedelta, expected: bool) -> None:
    archive = archive_at()
    sent = [{"callId": "c"}] if word == "found" else []
    archive.append([answer("A", *sent, asked_at=NOW - age, word=word, req_id="R")])
    fresh = archive.known(["A", "B"], DAY.at(NOW))
    assert bool(fresh) == expected
    if expected:
        assert fresh == {
            "A": Outcome("A", word, calls=len(sent), asked_at=NOW - age, from_archive=True, req_id="R")  # type: ignore[arg-type]
        }


NEWEST = [
    (["found", "no_calls"], "no_calls"),
    (["no_calls", "found"], "found"),
    (["found", "failed"], "found"),  # a failure says nothing about the calls
    (["no_calls", "failed"], "no_calls"),
]


@pytest.mark.parametrize(("words", "expected"), NEWEST, ids=str)
def test_fresh__the_newest_trusted_answer_counts(archive_at: ArchiveAt, words: list[str], expected: str) -> None:
    archive = archive_at()
    for minutes, word in zip((2, 1), words, strict=True):
        archive.append([answer("A", *[{"callId": "c"}] * (word == "found"), asked_at=ago(minutes=minutes), word=word)])
    assert archive.known(["A"], DAY.at(NOW))["A"].word == expected


def test_fresh__an_old_answer_does_not_come_back_when_a_newer_one_is_stale(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.append([answer("A", {"callId": "c"}, asked_at=ago(hours=1)), answer("A", asked_at=ago(minutes=6))])
    assert archive.known(["A"], DAY.at(NOW)) == {}


def test_fresh__zero_seconds_is_never(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.append([answer("A", {"callId": "c"})])
    assert archive.known(["A"], Freshness(timedelta(0), timedelta(0)).at(NOW)) == {}


def test_fresh__many_ids_and_none(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.append([answer(f"O{n}", asked_at=NOW) for n in range(2000)])
    assert len(archive.known([f"O{n}" for n in range(5000)], DAY.at(NOW))) == 2000
    assert archive.known([], DAY.at(NOW)) == {}


def test_fresh__time_of_another_zone_is_the_same_moment(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    hong_kong = timezone(timedelta(hours=8))
    archive.append([answer("A", {"callId": "c"}, asked_at=NOW.astimezone(hong_kong))])
    assert archive.known(["A"], DAY.at(NOW))["A"].asked_at == NOW


@pytest.mark.parametrize("other_owner", [(2, "gateway"), (1, "another")], ids=["team", "gateway"])
def test_archive__teams_and_gateways_are_apart(
    archive_at: ArchiveAt, tmp_path: Path, other_owner: tuple[int, str]
) -> None:
    path = tmp_path / "both.duckdb"
    with_one = archive_at(path, 1, "gateway")
    outcome, rows = answer("A", {"callId": "c"})
    with_one.append([(outcome, rows)])
    with_one.close()
    other = archive_at(path, *other_owner)
    assert other.known(["A"], DAY.at(NOW)) == {}
    assert other.calls([outcome]).num_rows == 0
    assert other.size().lookups == 0
    assert other.orders([outcome])["calls"].to_pylist() == [None]


def test_orders__what_the_calls_add_up_to(archive_at: ArchiveAt) -> None:
    start = 1690442400000
    missed = {"callId": "1", "answered": False, "startTime": start, "hangupReason": "No answer", "callDuration": 0}
    talk = {
        "callId": "2", "answered": True, "startTime": start + 60_000, "answerTime": start + 65_000, "callDuration": 7,
        "totalCustomerPrice": 0.1, "hangupReason": "Agent hang-up",
    }  # fmt: skip
    later = {
        **talk,
        "callId": "3",
        "startTime": start + 90_000,
        "answerTime": start + 95_000,
        "hangupReason": "用户挂机",
    }
    archive = archive_at()
    kept = [answer("A", later, missed, talk | {"totalCustomerPrice": 0.2}), answer("N")]
    archive.append(kept)
    asked = [
        Outcome("X", "invalid", "too long"), kept[1][0], Outcome("F", "failed", "500", asked_at=NOW), kept[0][0],
        Outcome("P", "pending"),
    ]  # fmt: skip
    rows = archive.orders(asked).to_pylist()
    assert [row["order_id"] for row in rows] == ["X", "N", "F", "A", "P"]
    assert [row["reason"] for row in rows] == ["too long", None, "500", None, None]
    assert [(row["calls"], row["answered_calls"]) for row in rows] == [
        (None, None), (0, 0), (None, None), (3, 2), (None, None),
    ]  # fmt: skip
    found = rows[3]
    assert found["first_answered_at"] == at("2023-07-27T07:21:05")
    assert (found["talk_s"], found["cost"], found["last_hangup_reason"]) == (14, 0.3, "用户挂机")
    assert (found["attempts_to_answer"], found["time_to_answer_s"]) == (2, 65)
    assert [row["from_archive"] for row in rows] == [None, False, False, False, None]
    assert found["asked_at"] == NOW


def test_orders__no_cost_is_not_zero(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    kept = [answer("A", {"callId": "1"}), answer("B", {"callId": "2", "totalCustomerPrice": 0})]
    archive.append(kept)
    assert archive.orders([outcome for outcome, _ in kept])["cost"].to_pylist() == [None, 0]


def test_orders__of_nothing(archive_at: ArchiveAt) -> None:
    assert archive_at().orders([]).num_rows == 0


def test_orders__schema_is_the_same_for_none_and_many(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    kept = answer("A", {"callId": "1"})
    archive.append([kept])
    none, many = archive.orders([]), archive.orders([kept[0]])
    assert isinstance(none, pa.Table)
    assert none.schema == many.schema
