"""Each quality flag, set and not set; nothing is fixed in silence."""

from __future__ import annotations

from typing import Any

import pytest

from nxcc.flags import FLAGS
from nxcc.reading import is_link
from nxcc.records import call

T = 1690442400000
GOOD = {
    "callId": "c", "orderId": "A", "direction": 1, "answered": True, "agentName": "NX1", "startTime": T,
    "inQueueTime": T + 1000, "outQueueTime": T + 6000, "queueDuration": 5, "ringTime": T + 6000, "ringDuration": 4,
    "answerTime": T + 10_000, "endTime": T + 40_000, "callDuration": 30, "hangupBy": 0, "hangupCode": 1001,
    "hangupReason": "Agent hang-up", "recordUrl": "https://storage.example/1.mp3",
}  # fmt: skip


def flags(**changes: Any) -> list[str]:
    """The flags of a good record with some keys changed; `...` takes a key away."""
    record = {key: value for key, value in (GOOD | changes).items() if value is not ...}
    found: list[str] = call("A", record)["flags"]
    return found


def test_flags__a_good_record_has_none() -> None:
    assert flags() == []


SET = [
    ("queue_unit", {"queueDuration": 5000}),
    ("queue_unit", {"queueDuration": 7}),
    ("hangup_party", {"hangupBy": 1}),
    ("hangup_party", {"hangupCode": 1103, "hangupReason": ...}),
    ("hangup_party", {"hangupCode": ..., "hangupReason": "用户挂机"}),
    ("answered_without_time", {"answerTime": 0}),
    ("answered_without_time", {"answerTime": ...}),
    ("answered_without_time", {"answerTime": None}),
    ("time_order", {"endTime": T + 8000, "callDuration": ...}),
    ("time_order", {"startTime": T + 12_000}),
    ("time_order", {"inQueueTime": T + 8000, "queueDuration": ...}),
    ("time_order", {"ringTime": T + 12_000}),
    ("time_order", {"ringTime": T - 600_000}),
    ("time_order", {"inQueueTime": T + 45_000, "outQueueTime": ..., "queueDuration": ...}),
    ("time_order", {"inQueueTime": T + 12_000, "outQueueTime": T + 13_000, "queueDuration": 1}),
    ("duration_mismatch", {"callDuration": 32}),
    ("duration_mismatch", {"callDuration": 28}),
    ("agent_missing", {"agentName": None}),
    ("agent_missing", {"agentName": ..., "agentNickName": ""}),
    ("order_blank", {"orderId": ""}),
    ("order_blank", {"orderId": ...}),
    ("order_blank", {"orderId": "  "}),
    ("bad_link", {"recordUrl": "javascript:alert(1)"}),
    ("bad_link", {"leaveMsgUrl": "storage.example/1.mp3"}),
    ("unknown_field", {"newKey": None}),
    ("bad_type", {"callDuration": "half a minute"}),
]


@pytest.mark.parametrize(("flag", "changes"), SET, ids=str)
def test_flags__set_alone(flag: str, changes: dict[str, Any]) -> None:
    assert flags(**changes) == [flag]


NOT_SET = [
    {"queueDuration": 5.9},  # rounding
    {"queueDuration": 0},  # nothing said
    {"queueDuration": 5000, "outQueueTime": 0},  # no times to compare with
    {"hangupBy": 2},  # unknown contradicts nothing
    {"hangupBy": 1, "hangupCode": ..., "hangupReason": "Network"},  # neither does a silent reason
    {"hangupBy": None},
    {"endTime": ..., "callDuration": ...},
    {"endTime": 0},
    {"startTime": T + 1900},  # the vendor cuts some times to whole seconds
    {"callDuration": 31},
    {"callDuration": 29},
    {"callDuration": None},
    {"agentName": ..., "agentNickName": "Ann"},
    {"agentName": ..., "direction": 2},  # a callbot
    {"agentName": ..., "answered": False, "answerTime": 0, "callDuration": 0},  # nobody answered
    {"recordUrl": None, "leaveMsgUrl": ""},
    {"recordUrl": "http://storage.example:8080/a b.mp3".replace(" ", "%20")},
    {"callDuration": "30"},
]


@pytest.mark.parametrize("changes", NOT_SET, ids=str)
def test_flags__not_set(changes: dict[str, Any]) -> None:
    assert flags(**changes) == []


def test_flags__several_in_the_order_of_the_table() -> None:
    found = flags(orderId="", hangupBy=1, newKey=1, agentName=[1])
    assert found == ["hangup_party", "agent_missing", "order_blank", "unknown_field", "bad_type"]
    assert found == [flag for flag in FLAGS if flag in found]


def test_flags__each_is_tested_and_explained() -> None:
    assert {flag for flag, _ in SET} == set(FLAGS)
    assert all(meaning.endswith(".") for meaning in FLAGS.values())


LINKS = [
    ("https://storage.example/a.mp3?x=1&y=2", True),
    ("http://127.0.0.1:8765/recordings/1.wav", True),
    ("https://*********.mp3", True),
    ("HTTPS://STORAGE.EXAMPLE/A", True),
    ("javascript:alert(1)", False),
    ("data:text/html,x", False),
    ("file:///etc/passwd", False),
    ("//storage.example/a", False),
    ("/a.mp3", False),
    ("https://", False),
    ("https://user:pw@storage.example/a", False),
    ("https://storage.example/a b", False),
    ("https://storage.example/a\nb", False),
    (" https://storage.example/a", False),
    ("https://good.example\\@bad.example/", False),
    ("https://[::1", False),
    ("https://a/\u202egp3", False),
    ("", False),
    (None, False),
]


@pytest.mark.parametrize(("text", "expected"), LINKS, ids=str)
def test_is_link__http_only_and_in_one_piece(text: str | None, expected: bool) -> None:
    assert is_link(text) is expected
