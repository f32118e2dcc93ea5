"""What a quality flag means in this very call. The sentences are plain text and hold the vendor's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from nxcc import wording
from nxcc.flags import FLAGS, IN_ORDER, ROUNDING_S
from nxcc.hangup import stated_party
from nxcc.reading import is_link
from nxcc.records import BY_NAME, COLUMNS
from nxcc.story.calls import Call

_KNOWN = {column.api: column.name for column in COLUMNS if column.api}
_MOST = 3  # fields that are named
_LONGEST = 40


def in_this_call(flag: str, call: Call, zone: ZoneInfo) -> str:
    """A sentence or two: what the record says, and what is taken; the flag's meaning where the call adds nothing."""
    explain = _EXPLAIN.get(flag)
    return (explain(call, zone) if explain else "") or FLAGS.get(flag, "")


def _queue_unit(call: Call, _: ZoneInfo) -> str:
    if call["queue_said"] is None or call["queue_s"] is None:
        return ""
    return f"queueDuration says {call['queue_said']:,.0f}, its times say {call['queue_s']:,.1f} s. We use the times."


def _hangup_party(call: Call, _: ZoneInfo) -> str:
    stated = stated_party(call)
    if stated is None:
        return ""
    return f"hangupBy says {call['hangup_by']}, code and reason say {stated}. We show both, trust code and reason."


def _answered_without_time(call: Call, _: ZoneInfo) -> str:
    del call
    return "The record says answered, but not when: its talk has no place on the timeline."


def _time_order(call: Call, zone: ZoneInfo) -> str:
    for first, then in IN_ORDER:
        a, b = call[first], call[then]
        if a and b and (a - b).total_seconds() > ROUNDING_S:
            early, late = f"{b.astimezone(zone):%H:%M:%S}", f"{a.astimezone(zone):%H:%M:%S}"
            if a.astimezone(zone).date() != b.astimezone(zone).date():
                early, late = f"{b.astimezone(zone):%d %b %Y} {early}", f"{a.astimezone(zone):%d %b %Y} {late}"
            return f"{BY_NAME[then].api} is {early}, before {BY_NAME[first].api} at {late}. We show both as they came."
    return ""


def _duration_mismatch(call: Call, _: ZoneInfo) -> str:
    if None in (call["talk_s"], call["answered_at"], call["ended_at"]):
        return ""
    between = (call["ended_at"] - call["answered_at"]).total_seconds()
    return f"callDuration says {call['talk_s']:,.0f} s, answer to end is {between:,.1f} s. We use callDuration."


def _bad_link(call: Call, _: ZoneInfo) -> str:
    wrong = [BY_NAME[name].api for name in ("record_url", "voicemail_url") if call[name] and not is_link(call[name])]
    return f"{' and '.join(wrong)}: no plain http or https address, so it is shown as text." if wrong else ""


def _unknown_field(call: Call, _: ZoneInfo) -> str:
    names = [wording.cut(wording.plain(key), _LONGEST) for key in _record(call) if key not in _KNOWN]
    return f"Not documented: {_listed(names)}. Kept in the raw record." if names else ""


def _bad_type(call: Call, _: ZoneInfo) -> str:
    record = _record(call)
    wrong = [
        f"{api} says {wording.cut(wording.plain(orjson.dumps(record[api]).decode()), _LONGEST)}"
        for api, name in _KNOWN.items()
        if record.get(api) not in (None, "", 0) and call[name] is None
    ]
    return f"{_listed(wrong)}. Left empty here, kept in the raw record." if wrong else ""


def _listed(words: list[str]) -> str:
    rest = len(words) - _MOST
    return ", ".join(words[:_MOST]) + (f" and {rest:,} more" if rest > 0 else "")


def _record(call: Call) -> dict[str, Any]:
    """The record as it came."""
    record = orjson.loads(call["raw"] or "{}")
    return record if isinstance(record, dict) else {}


_EXPLAIN: dict[str, Callable[[Call, ZoneInfo], str]] = {
    "queue_unit": _queue_unit,
    "hangup_party": _hangup_party,
    "answered_without_time": _answered_without_time,
    "time_order": _time_order,
    "duration_mismatch": _duration_mismatch,
    "bad_link": _bad_link,
    "unknown_field": _unknown_field,
    "bad_type": _bad_type,
}
