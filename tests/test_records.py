"""Records as typed rows, whatever the vendor sends: what can be read is typed, and nothing is lost."""

from __future__ import annotations

import threading
from typing import Any

import orjson
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nxcc import records
from nxcc.api.protocol import decode
from nxcc.errors import ApiError
from nxcc.records import BY_NAME, COLUMNS, SCHEMA, as_frame, call, calls, frame, table
from nxcc.sandbox import Sandbox

from .conftest import at, client_of, sample

MISSED, TALK = sample("queryByOrderId-success")["data"]
WEBHOOK = sample("webhook")
API_KEYS = [column.api for column in COLUMNS if column.api]
T = 1690442492841


def value(name: str, sent: Any, **others: Any) -> Any:
    """What one key becomes."""
    return call("A", {BY_NAME[name].api: sent, **others})[name]


def test_call__the_vendors_missed_call() -> None:
    row = call("ASKED", MISSED)
    assert (row["order_id"], row["said_order_id"], row["call_id"]) == ("ASKED", None, "63b09b9a163616c6c009cb326")
    assert (row["direction"], row["answered"], row["result"], row["answered_at"]) == (
        "inbound",
        False,
        "abandoned",
        None,
    )
    assert (row["agent"], row["caller"], row["callee"]) == (None, "85215236100", "85235757580")
    assert (row["queue_s"], row["queue_said"], row["ring_s"], row["talk_s"]) == (5.139, 5139, 6, 0)
    assert (row["hangup_party"], row["hangup_by"], row["hangup_code"]) == ("customer", "agent", 1103)
    assert (row["started_at"], row["ended_at"], row["cost"]) == (1690442492841, 1690442498901, 0.035)
    assert row["flags"] == ["queue_unit", "hangup_party", "order_blank"]
    assert orjson.loads(row["raw"]) == MISSED


def test_call__the_vendors_answered_call() -> None:
    row = call("ASKED", TALK)
    assert (row["answered"], row["result"], row["agent"], row["agent_nick"]) == (
        True, "answered", "NX094450006938", "Example Agent",
    )  # fmt: skip
    assert (row["queue_s"], row["queue_said"], row["talk_s"], row["answered_at"]) == (6.256, 6, 5, 1690423244000)
    assert (row["hangup_party"], row["hangup_by"]) == ("agent", "customer")
    assert row["record_url"] == "https://*********.mp3"
    assert "hangup_party" in row["flags"]
    assert orjson.loads(row["raw"]) == TALK


def test_call__the_webhooks_record_with_keys_missing() -> None:
    row = call("ASKED", WEBHOOK)
    assert (row["direction"], row["answered"], row["result"]) == ("aicc", True, "answered")
    assert (row["callee"], row["intent"], row["talk_s"]) == ("NX09445G000025@203.0.113.10:5060", "转人工-成功", 7)
    assert (row["cost"], row["ring_s"], row["queue_s"], row["hangup_code"]) == (None, None, None, None)
    assert (row["hangup_party"], row["said_order_id"], row["task_id"]) == ("unknown", "ORDER_ID", "1688363452814331904")
    assert row["flags"] == ["duration_mismatch"]  # 7 s said, 21 s between answer and end


READ = [
    ("call_id", "007", "007"),
    ("call_id", 12345678901234567, "12345678901234567"),
    ("call_id", " ", None),
    ("caller", 85235757580, "85235757580"),
    ("started_at", T, T),
    ("started_at", str(T), T),
    ("started_at", float(T), T),
    ("started_at", 0, None),
    ("started_at", "0", None),
    ("started_at", "", None),
    ("talk_s", "5", 5),
    ("talk_s", " 5.5 ", 5.5),
    ("talk_s", 0, 0),
    ("cost", "0.035", 0.035),
    ("cost", -1.5, -1.5),
    ("cost", 0, 0),
    ("hangup_code", "1103", 1103),
    ("hangup_code", "1103.0", 1103),
    ("hangup_code", 1103.0, 1103),
    ("hangup_code", 9999, 9999),
    ("direction", 0, "inbound"),
    ("direction", "1", "outbound"),
    ("direction", 2, "aicc"),
    ("direction", 7, "7"),
    ("hangup_by", 0, "agent"),
    ("hangup_by", "1", "customer"),
    ("hangup_by", 2, "unknown"),
    ("answered", True, True),
    ("answered", "TRUE", True),
    ("answered", 1, True),
    ("answered", "0", False),
]


@pytest.mark.parametrize(("name", "sent", "expected"), READ, ids=str)
def test_call__values_are_read_whatever_type_they_come_in(name: str, sent: Any, expected: Any) -> None:
    row = call("A", {BY_NAME[name].api: sent})
    assert row[name] == expected
    assert type(row[name]) in (type(expected), float, int)
    assert "bad_type" not in row["flags"]


UNREADABLE = [
    ("call_id", ["x"]), ("agent", {"a": 1}), ("caller", 1.5), ("intent", True),
    ("started_at", "yesterday"), ("started_at", 1690442492), ("started_at", -1), ("started_at", 10**18),
    ("started_at", True), ("started_at", 1.5e12 + 0.5), ("talk_s", -5), ("talk_s", "five"), ("talk_s", "1_0"),
    ("talk_s", "٣"), ("cost", "free"), ("cost", "nan"), ("cost", "inf"), ("cost", [1]), ("cost", False),
    ("hangup_code", 2**63), ("hangup_code", "9" * 5000), ("hangup_code", 1.5), ("answered", "yes"), ("answered", 2),
    ("record_url", 5.5),
]  # fmt: skip


@pytest.mark.parametrize(("name", "sent"), UNREADABLE, ids=lambda value: str(value)[:20])
def test_call__what_cannot_be_read_is_empty_flagged_and_kept(name: str, sent: Any) -> None:
    record = {BY_NAME[name].api: sent}
    row = call("A", record)
    assert row[name] == (False if name == "answered" else None)
    assert "bad_type" in row["flags"]
    assert orjson.loads(row["raw"]) == record


@pytest.mark.parametrize(("sent", "expected"), [({}, False), ({"answerTime": T}, True), ({"answerTime": 0}, False)])
def test_call__an_answer_time_says_it_where_the_record_does_not(sent: dict[str, Any], expected: bool) -> None:
    assert call("A", sent)["answered"] is expected
    assert call("A", sent | {"answered": None})["answered"] is expected
    assert call("A", sent | {"answered": False})["answered"] is False


QUEUE = [
    ({"inQueueTime": T, "outQueueTime": T + 5139, "queueDuration": 5139}, 5.139),  # the times win
    ({"inQueueTime": T, "outQueueTime": T + 5139, "queueDuration": 99, "answered": True}, 5.139),
    ({"inQueueTime": T, "outQueueTime": T}, 0),
    ({"inQueueTime": T, "queueDuration": 6, "answered": True}, 6),  # seconds when it was answered
    ({"inQueueTime": T, "outQueueTime": 0, "queueDuration": 5139}, 5.139),  # milliseconds when it was not
    ({"queueDuration": "5139"}, 5.139),
    ({"queueDuration": 20, "startTime": T, "endTime": T + 30_000}, 20),  # it fits into the call: seconds
    ({"queueDuration": 5139, "startTime": T, "endTime": T + 30_000}, 5.139),
    ({"queueDuration": 0}, 0),
    ({"inQueueTime": T}, None),
    ({}, None),
]


@pytest.mark.parametrize(("sent", "expected"), QUEUE, ids=str)
def test_call__the_wait_by_its_times_first(sent: dict[str, Any], expected: float | None) -> None:
    assert call("A", sent)["queue_s"] == expected


PARTY = [
    ({"hangupCode": 1001, "hangupBy": 1}, "agent"),
    ({"hangupCode": 1103, "hangupBy": 0}, "customer"),
    ({"hangupReason": "Agent hang-up", "hangupBy": 1}, "agent"),
    ({"hangupReason": "User abandoned while in queue", "hangupBy": 0}, "customer"),
    ({"hangupReason": "坐席挂机"}, "agent"),
    ({"hangupReason": "用户挂机", "hangupBy": 0}, "customer"),
    ({"hangupCode": 4242, "hangupReason": "客户拒接"}, "customer"),
    ({"hangupReason": "Agent and customer disagree", "hangupBy": 1}, "customer"),  # no help: as sent
    ({"hangupReason": "Network", "hangupBy": 0}, "agent"),
    ({"hangupReason": "Network", "hangupBy": 2}, "unknown"),
    ({"hangupBy": 7}, "unknown"),
    ({"hangupReason": "Customer service hang-up", "hangupBy": 1}, "agent"),
    ({"hangupReason": "客户服务挂机", "hangupBy": 1}, "agent"),
    # A party that is named, but not as the one who ended the call, says nothing about it.
    ({"hangupReason": "No agent online", "hangupBy": 2}, "unknown"),
    ({"hangupReason": "无在线坐席", "hangupBy": 1}, "customer"),
    ({"hangupReason": "User busy", "hangupBy": 2}, "unknown"),
    ({"hangupReason": "User did not answer"}, "unknown"),
    ({}, "unknown"),
]


@pytest.mark.parametrize(("sent", "expected"), PARTY, ids=str)
def test_call__who_hung_up_by_code_then_reason_then_hangup_by(sent: dict[str, Any], expected: str) -> None:
    assert call("A", sent)["hangup_party"] == expected


RESULTS = [
    ({"answered": True, "hangupCode": 1103}, "answered"),
    ({"direction": 0, "inQueueTime": T}, "abandoned"),
    ({"direction": 0, "inQueueTime": T, "callStatus": "Busy"}, "abandoned"),
    ({"hangupCode": 1103}, "abandoned"),
    ({"hangupReason": "Caller abandoned"}, "abandoned"),
    ({"direction": 1, "inQueueTime": T, "callStatus": "Busy"}, "busy"),
    ({"callStatus": "用户忙"}, "busy"),
    ({"callStatus": "Missed Call"}, "no_answer"),
    ({"callStatus": "无人接听"}, "no_answer"),
    ({"callStatus": "Something new"}, "other"),
    ({}, "other"),
]


@pytest.mark.parametrize(("sent", "expected"), RESULTS, ids=str)
def test_call__how_it_went(sent: dict[str, Any], expected: str) -> None:
    assert call("A", sent)["result"] == expected


def test_calls__each_call_once_the_last_record_of_it_counts() -> None:
    sent = [
        {"callId": "a", "other": "1"},
        {"other": "x"},
        {"callId": "b"},
        {"callId": "a", "other": "2"},
        {"other": "y"},
    ]
    kept = calls("A", sent)
    assert [(row["call_id"], row["other"]) for row in kept] == [(None, "x"), ("b", None), ("a", "2"), (None, "y")]


def test_as_frame__types_are_the_same_for_empty_full_and_odd(sandbox: Sandbox) -> None:
    odd = client_of(sandbox).query_by_order("SHAPE-ODD", threading.Event()).records
    full, empty, nothing = (as_frame("A", sent) for sent in ([MISSED, TALK, WEBHOOK], [], [{}]))
    assert [len(rows) for rows in (full, empty, nothing)] == [3, 0, 1]
    for other in (empty, nothing, as_frame("A", odd)):
        assert other.dtypes.equals(full.dtypes)
    assert list(full.columns) == list(SCHEMA.names)


def test_as_frame__types_are_what_they_say() -> None:
    rows = as_frame("A", [MISSED, TALK])
    kinds = {
        "text": pd.api.types.is_string_dtype, "link": pd.api.types.is_string_dtype,
        "int": lambda kind: kind == pd.Int64Dtype(), "bool": lambda kind: kind == pd.BooleanDtype(),
        "time": lambda kind: kind == pd.DatetimeTZDtype("ms", "UTC"),
        "seconds": pd.api.types.is_float_dtype, "money": pd.api.types.is_float_dtype,
        "flags": pd.api.types.is_object_dtype, "json": pd.api.types.is_string_dtype,
    }  # fmt: skip
    for column in COLUMNS:
        assert kinds[column.kind](rows.dtypes[column.name]), column.name
    assert rows.loc[0, "started_at"] == pd.Timestamp(at("2023-07-27T07:21:32.841"))
    assert rows.loc[0, "answered_at"] is pd.NaT


def test_columns__each_has_its_own_name_label_and_help() -> None:
    assert len({column.name for column in COLUMNS}) == len({column.label for column in COLUMNS}) == len(COLUMNS)
    assert len(set(API_KEYS)) == len(API_KEYS)
    assert all(column.help.endswith(".") for column in COLUMNS)
    assert set(MISSED) | set(WEBHOOK) <= set(API_KEYS)


def test_call__nested_deeper_than_json_is_written_is_an_error_of_ours() -> None:
    deep = decode(200, b'{"code":0,"data":[{"callId":"c","x":' + b"[" * 400 + b"]" * 400 + b"}]}").records
    with pytest.raises(ApiError, match="too deep"):
        calls("A", deep)


_numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
_texts = st.text(st.characters(exclude_categories=["Cs"]))
_scalars = st.none() | st.booleans() | _numbers | _texts | _numbers.map(str)
_json = st.recursive(_scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3))
_records = st.dictionaries(st.sampled_from(API_KEYS) | _texts, _scalars | _json, max_size=35)


@settings(deadline=None)
@given(sent=st.lists(_records, max_size=4))
def test_calls__any_record_is_typed_and_kept_whole(sent: list[dict[str, Any]]) -> None:
    rows = [call("A", record) for record in sent]
    assert [orjson.loads(row["raw"]) for row in rows] == sent
    typed = frame(table(rows))
    assert typed.dtypes.equals(frame(SCHEMA.empty_table()).dtypes)
    assert len(typed) == len(sent) >= len(records.calls("A", sent))
