"""How a call went and who ended it, out of codes and words that the vendor does not fully document."""

from __future__ import annotations

import re
from typing import Any, Literal

Result = Literal["answered", "abandoned", "no_answer", "busy", "other"]
Party = Literal["customer", "agent", "unknown"]

RESULTS: tuple[Result, ...] = ("answered", "no_answer", "busy", "abandoned", "other")
PARTIES: tuple[Party, ...] = ("customer", "agent", "unknown")

AGENT_HANGUP = 1001
ABANDONED_IN_QUEUE = 1103
_PARTY_BY_CODE: dict[int, Party] = {AGENT_HANGUP: "agent", ABANDONED_IN_QUEUE: "customer"}

# A party counts only beside a verb of ending: "User busy" and "No agent online" say nothing about who hung up.
_ENDED = re.compile(r"hang|hung|abandon|reject|declin|cancel|disconnect|挂|放弃|拒|取消", re.IGNORECASE)
_AGENT = re.compile(r"\bagents?\b|customer service|坐席|座席|客服|客户服务", re.IGNORECASE)
_CUSTOMER = re.compile(r"\b(users?|customers?(?! service)|clients?)\b|客户(?!服务)|用户|顾客", re.IGNORECASE)
_ABANDONED = re.compile(r"abandon|放弃", re.IGNORECASE)
_BUSY = re.compile(r"\bbusy\b|忙|占线", re.IGNORECASE)
_NO_ANSWER = re.compile(
    r"no[ -]?answer|not answer|missed|no response|ring(ing)? time ?out|未接|无人|无应答|未应答", re.IGNORECASE
)


def result_of(row: dict[str, Any]) -> Result:
    """How the call went. An inbound call that was queued and not answered is abandoned, whatever its words."""
    if row["answered"]:
        return "answered"
    words = f"{row['hangup_reason'] or ''} {row['call_status'] or ''}"
    offered = row["direction"] == "inbound" and row["queued_at"] is not None
    if offered or row["hangup_code"] == ABANDONED_IN_QUEUE or _ABANDONED.search(words):
        return "abandoned"
    if _BUSY.search(words):
        return "busy"
    return "no_answer" if _NO_ANSWER.search(words) else "other"


def stated_party(row: dict[str, Any]) -> Party | None:
    """Who ended the call by its code, then by its reason; None when neither says."""
    if by_code := _PARTY_BY_CODE.get(row["hangup_code"]):
        return by_code
    reason = row["hangup_reason"] or ""
    if not _ENDED.search(reason):
        return None
    agent, customer = _AGENT.search(reason), _CUSTOMER.search(reason)
    if bool(agent) == bool(customer):
        return None
    return "agent" if agent else "customer"


def party_of(row: dict[str, Any]) -> Party:
    """Who ended the call: code and reason first, `hangupBy` only where they are silent."""
    if stated := stated_party(row):
        return stated
    by = row["hangup_by"]
    return by if by in ("agent", "customer") else "unknown"
