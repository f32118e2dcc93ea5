"""A call as the vendor tells it: the documented keys, with every contradiction of the contract at a realistic share.

One dict a call, flat, keys as in the vendor's own example; times epoch ms, durations s (but see `queueDuration`).
"""

from __future__ import annotations

import math
import random
from typing import Any

from nxcc.sandbox.calls import Call
from nxcc.sandbox.cast import BY_AGENT, BY_UNKNOWN, BY_USER, INBOUND

Record = dict[str, Any]

# Share of the records (of those it can happen to) on which the vendor is odd in this way.
SHARES = {
    "order_blank": 0.45,
    "hangup_party": 0.04,
    "answered_without_time": 0.008,
    "time_order": 0.004,
    "agent_missing": 0.006,
    "duration_mismatch": 0.008,
    "bad_link": 0.008,
    "hostile_text": 0.012,
    "unknown_field": 0.015,
    "missing_keys": 0.03,
    "number_as_text": 0.02,
}
HOSTILE = (
    '=HYPERLINK("http://example.invalid/?x="&A1,"open")',
    "+SUM(1+1)*cmd|' /C calc'!A0",
    "@SUM(A1:A9)",
    "-2+3",
    "\t=1+1",
    "<img src=x onerror=alert(1)>",
    "<script>alert('call')</script>",
    "[click](javascript:alert(1)) **bold**",
    "\u202egnp.3pm\u202c call back",
    "عميل مهم - اتصل غدًا",
)
BAD_LINKS = ("javascript:alert(document.cookie)", "file:///etc/passwd", "data:text/html,<b>hello</b>", "//no-scheme")
UNKNOWN = (("satisfaction", "4"), ("trunkId", "hk-03"), ("transferCount", 1), ("tags", ["vip", "回访"]))
OPTIONAL = ("dtmfKeys", "other", "intent", "leaveMsgUrl", "taskId", "queueDuration", "agentNickName", "callStatus")
NUMERIC = ("callDuration", "totalCustomerPrice", "direction", "startTime", "ringDuration", "hangupCode")


def to_wire(call: Call, call_id: str, order_id: str, base_url: str, rng: random.Random) -> Record:
    """The vendor's record of `call`, quirks and all; links to recordings are at `base_url`."""
    record = plain_record(call, call_id, order_id, base_url, rng)
    _distort(record, rng)
    return record


def plain_record(call: Call, call_id: str, order_id: str, base_url: str, rng: random.Random) -> Record:
    """The record with those quirks only that every answer of the vendor has."""
    chinese = rng.random() < call.campaign.chinese
    never = 0 if rng.random() < 0.6 else None  # the vendor says "never happened" in two ways
    blank = None if rng.random() < 0.7 else ""
    answered = call.answered
    queued_ms = call.out_queue_ms - call.in_queue_ms
    audio = f"{base_url}/recordings/{call_id}"
    return {
        "agentName": call.agent.account if call.agent else None,
        "agentNickName": call.agent.nickname if call.agent else None,
        "answered": answered,
        "answerTime": call.answer_ms or never,
        "callDuration": math.ceil((call.end_ms - call.answer_ms) / 1000) if answered else 0,
        "callee": call.callee,
        "caller": call.caller,
        "callId": call_id,
        "direction": call.direction,
        "dtmfKeys": call.dtmf if call.dtmf is not None else blank,
        "endTime": call.end_ms,
        "hangupBy": call.hangup.party,
        "hangupCode": call.hangup.code,
        "callStatus": _status(call, chinese),
        "hangupReason": call.hangup.chinese if chinese else call.hangup.english,
        "inQueueTime": call.in_queue_ms or never,
        "leaveMsgUrl": f"{audio}-message.wav" if call.voicemail else None,
        "orderId": "" if rng.random() < SHARES["order_blank"] else order_id,
        "other": f"{call.campaign.name} / {call.campaign.queue}" if rng.random() < 0.8 else blank,
        "intent": call.intent,
        "outQueueTime": call.out_queue_ms or never,
        # The vendor's own example: milliseconds when nobody answered, whole seconds when somebody did.
        "queueDuration": (queued_ms // 1000 if answered else queued_ms) if call.in_queue_ms else never,
        "recordUrl": f"{audio}.wav" if answered and rng.random() < 0.96 else None,
        "ringDuration": _ring_s(call),
        "ringTime": call.ring_ms or never,
        "startTime": call.start_ms,
        "taskId": _task_id(call),
        "totalCustomerPrice": call.price,
    }


def _distort(record: Record, rng: random.Random) -> None:
    """Make some records odd, in place."""
    answered = record["answered"]

    def happens(oddity: str) -> bool:
        return rng.random() < SHARES[oddity]

    if record["hangupBy"] != BY_UNKNOWN and happens("hangup_party"):
        record["hangupBy"] = BY_USER if record["hangupBy"] == BY_AGENT else BY_AGENT
    if answered and happens("answered_without_time"):
        record["answerTime"] = rng.choice((0, None))
    elif answered and happens("time_order"):
        record["endTime"] = record["answerTime"] - rng.randint(1500, 90000)
    elif answered and happens("duration_mismatch"):
        record["callDuration"] += rng.randint(7, 120)
    if record["agentName"] and happens("agent_missing"):
        record["agentName"] = record["agentNickName"] = None
    if record["recordUrl"] and happens("bad_link"):
        record["recordUrl"] = rng.choice(BAD_LINKS)
    if happens("hostile_text"):
        record[rng.choice(("other", "other", "hangupReason"))] = rng.choice(HOSTILE)
    if happens("unknown_field"):
        key, value = rng.choice(UNKNOWN)
        record[key] = value
    if happens("missing_keys"):
        for key in rng.sample(OPTIONAL, rng.randint(1, 3)):
            record.pop(key, None)
    if happens("number_as_text"):
        for key in rng.sample(NUMERIC, 2):
            if record.get(key) is not None:
                record[key] = str(record[key])


def _status(call: Call, chinese: bool) -> str:
    if call.answered:
        return "正常" if chinese else "Normal"
    if call.voicemail:
        return "语音留言" if chinese else "Voicemail"
    if call.direction == INBOUND:
        return "未接来电" if chinese else "Missed Call"
    if call.hangup.code == 1202:
        return "用户忙" if chinese else "Busy"
    return "无人接听" if chinese else "No Answer"


def _ring_s(call: Call) -> int:
    if not call.ring_ms:
        return 0
    until_ms = call.answer_ms or call.out_queue_ms or call.end_ms
    return max(0, until_ms - call.ring_ms) // 1000


def _task_id(call: Call) -> str:
    """The callbot's task: one a campaign and a week."""
    if call.intent is None and call.direction != 2:
        return ""
    return str(1688363452814331904 + call.start_ms // 604_800_000)
