"""Phone numbers masked: the country code and the last three digits stay, wherever in a call the number stands."""

from __future__ import annotations

from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nxcc import masking, records

WHOLE = "85298765432"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+85298765432", "+852•••••432"),
        ("85298765432", "852•••••432"),
        ("0085298765432", "00852•••••432"),
        ("+86 138-0013-8000", "+86 •••-••••-•000"),
        ("+1 (212) 555-0100", "+1 (•••) •••-•100"),
        ("98765432", "•••••432"),
        ("1001", "••01"),
        ("7", "•"),
        ("sip:+85298765432@pbx.example.com", "sip:+852•••••432@pbx.example.com"),
        ("anonymous", "anonymous"),
        ("", ""),
    ],
)
def test_number(number: str, shown: str) -> None:
    assert masking.number(number) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call +852 9876 5432 back", "call +852 •••• •432 back"),
        ("两次 13800138000", "两次 1•••••••000"),
        ("User busy (486)", "User busy (486)"),
        ("2026-11-04 10:00:00", "2026-11-04 10:00:00"),
        ("order A12345678901B", "order A12345678901B"),
        ("1,2,3,4", "1,2,3,4"),
    ],
)
def test_text(text: str, shown: str) -> None:
    assert masking.text(text) == shown


@given(st.from_regex(r"\+?[0-9]{7,15}", fullmatch=True))
def test_number__never_more_than_code_and_three_digits(number: str) -> None:
    shown = masking.number(number)
    assert len(shown) == len(number)
    hidden = shown.count(masking.STAR)
    digits = len(number.strip("+"))
    assert hidden >= digits - masking.KEPT - 5
    assert hidden >= 1
    assert shown[-3:] == number[-3:]


def record(**more: Any) -> dict[str, Any]:
    return {
        "callId": f"call-{WHOLE}-1", "orderId": "A1", "caller": f"+{WHOLE}", "callee": "1001",
        "startTime": 1762246800000, "hangupReason": f"rang {WHOLE}", "other": "ask 9876 5432 again", "recordUrl": f"https://x.example/{WHOLE}.mp3",
        "leaveMsgUrl": "https://x.example/v.mp3", "intent": "98765432",
    } | more  # fmt: skip


def masked(found: dict[str, Any], *, numbers: bool = False, recordings: bool = False) -> dict[str, Any]:
    table = records.table(records.calls("A1", [found]))
    seen = masking.calls(table, numbers=numbers, recordings=recordings)
    assert seen.schema == table.schema
    row: dict[str, Any] = seen.to_pylist()[0]
    return row


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"caller": int(WHOLE)},
        {"extra": {"deep": [{"to": f"tel:{WHOLE}"}, int(WHOLE), [WHOLE]]}},
        {f"said {WHOLE}": 1},
        {"unknown": f"x{WHOLE}x"},
        {"taskId": WHOLE, "agentName": WHOLE, "dtmfKeys": WHOLE, "callStatus": WHOLE},
        {"orderId": WHOLE},
        {"other": "national 98765432 only"},
    ],
)
def test_calls__no_whole_number_is_left_anywhere(more: dict[str, Any]) -> None:
    row = masked(record(**more))
    said = orjson.dumps(row, default=str).decode()
    assert WHOLE not in said
    assert "98765432" not in said
    assert "9876 5432" not in said
    assert row["caller"].endswith("432")


def test_calls__times_and_amounts_stay() -> None:
    row = masked(record(totalCustomerPrice=0.125, callDuration=61))
    raw = orjson.loads(row["raw"])
    assert (raw["startTime"], raw["totalCustomerPrice"], raw["callDuration"]) == (1762246800000, 0.125, 61)
    assert row["started_at"] is not None


def test_calls__recordings_are_withheld_where_the_role_does_not_play_them() -> None:
    row = masked(record(), numbers=True)
    assert (row["record_url"], row["voicemail_url"]) == (None, None)
    assert row["caller"] == f"+{WHOLE}"
    assert "x.example" not in row["raw"]
    assert orjson.loads(row["raw"])["recordUrl"] == masking.WITHHELD


def test_calls__who_may_see_all_sees_the_rows_as_they_are() -> None:
    table = records.table(records.calls("A1", [record()]))
    assert masking.calls(table, numbers=True, recordings=True) is table


def test_calls__some_columns_and_no_rows() -> None:
    table = records.table([]).select(["caller", "callee", "record_url"])
    assert masking.calls(table, numbers=False, recordings=False).equals(table)


def test_cells() -> None:
    table = pa.table({"a": [WHOLE, None, "x"], "b": [WHOLE, WHOLE, WHOLE]})
    assert masking.cells(table, ["a"]).to_pydict() == {"a": ["852•••••432", None, "x"], "b": [WHOLE] * 3}


@pytest.mark.parametrize(
    ("text", "holds"), [("+852 9876", True), ("98765", True), ("SO-26-1", False), ("A1234", False), ("", False)]
)
def test_holds_number(text: str, holds: bool) -> None:
    assert masking.holds_number(text) is holds
