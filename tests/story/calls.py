"""Calls of one order, made short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from nxcc import records, story
from nxcc.story import Call

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
FIRST = datetime(2026, 11, 18, 12, 12, 31, tzinfo=UTC)  # 20:12:31 in Shanghai


def ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def after(**time: float) -> int:
    """Epoch ms so long after the first call's start."""
    return ms(FIRST + timedelta(**time))


def missed(start: int | None = None, reason: str = "No answer", **more: Any) -> dict[str, Any]:
    """A record of a call that nobody answered; it rang for 31 s."""
    at = after() if start is None else start
    return {
        "startTime": at, "ringTime": at, "ringDuration": 31, "endTime": at + 31_000, "answered": False,
        "callDuration": 0, "direction": 1, "hangupReason": reason, "totalCustomerPrice": 0.0042,
    } | more  # fmt: skip


def talked(start: int | None = None, talk_s: int = 212, **more: Any) -> dict[str, Any]:
    """A record of a call that Mei Lin answered after 24 s of ringing; the customer hung up."""
    at = after() if start is None else start
    return {
        "startTime": at, "ringTime": at, "ringDuration": 24, "answerTime": at + 24_000, "answered": True,
        "callDuration": talk_s, "endTime": at + 24_000 + talk_s * 1000, "direction": 0, "agentNickName": "Mei Lin",
        "hangupReason": "Customer hang-up", "hangupCode": 1002, "totalCustomerPrice": 0.0799,
    } | more  # fmt: skip


def calls(*sent: dict[str, Any]) -> list[Call]:
    """The typed calls of these records, in order."""
    return story.in_order(records.table(records.calls("A", [{"callId": f"c{n}"} | one for n, one in enumerate(sent)])))
