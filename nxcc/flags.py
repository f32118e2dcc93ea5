"""Quality flags: what looks wrong in a call. They are shown and counted; nothing is fixed in silence."""

from __future__ import annotations

from typing import Any

from nxcc.hangup import stated_party
from nxcc.reading import is_link

FLAGS: dict[str, str] = {
    "queue_unit": "queueDuration disagrees with the queue's own times (the vendor mixes seconds and milliseconds).",
    "hangup_party": "hangupBy contradicts the hang-up code or reason.",
    "answered_without_time": "Answered, but no answer time.",
    "time_order": "Times that cannot follow each other, such as an end before the answer.",
    "duration_mismatch": "Talk time differs from end minus answer by more than rounding.",
    "agent_missing": "Answered by a person, but no agent is named.",
    "order_blank": "The record itself names no order id.",
    "bad_link": "A recording or voicemail link that is not a plain http or https address; it is shown as text.",
    "unknown_field": "A field that the vendor does not document; it is kept in the raw record.",
    "bad_type": "A value that could not be read; it is kept in the raw record.",
}

ROUNDING_S = 1.0  # the vendor cuts some times to whole seconds and rounds durations up
_ROUNDING_MS = 1000
IN_ORDER = (
    ("started_at", "queued_at"),
    ("started_at", "dequeued_at"),
    ("started_at", "rang_at"),
    ("started_at", "answered_at"),
    ("started_at", "ended_at"),
    ("queued_at", "dequeued_at"),
    ("queued_at", "answered_at"),
    ("queued_at", "ended_at"),
    ("dequeued_at", "ended_at"),
    ("rang_at", "answered_at"),
    ("rang_at", "ended_at"),
    ("answered_at", "ended_at"),
)


def flags_of(row: dict[str, Any], *, bad_type: bool, unknown_field: bool) -> list[str]:
    """The flags of one typed call (`nxcc.records.call`), in the order of `FLAGS`."""
    answered, answered_at, ended_at = row["answered"], row["answered_at"], row["ended_at"]
    found = {
        "queue_unit": _queue_unit(row),
        "hangup_party": row["hangup_by"] in ("agent", "customer") and stated_party(row) not in (None, row["hangup_by"]),
        "answered_without_time": bool(answered) and answered_at is None,
        "time_order": any(
            row[a] is not None and row[b] is not None and row[b] < row[a] - _ROUNDING_MS for a, b in IN_ORDER
        ),
        "duration_mismatch": bool(answered)
        and None not in (row["talk_s"], answered_at, ended_at)
        and abs(row["talk_s"] - (ended_at - answered_at) / 1000) > ROUNDING_S,
        "agent_missing": bool(answered) and row["direction"] != "aicc" and not (row["agent"] or row["agent_nick"]),
        "order_blank": row["said_order_id"] is None,
        "bad_link": any(row[link] and not is_link(row[link]) for link in ("record_url", "voicemail_url")),
        "unknown_field": unknown_field,
        "bad_type": bad_type,
    }
    return [flag for flag, is_set in found.items() if is_set]


def _queue_unit(row: dict[str, Any]) -> bool:
    said, queued_at, dequeued_at = row["queue_said"], row["queued_at"], row["dequeued_at"]
    if not said or queued_at is None or dequeued_at is None:
        return False
    return bool(abs(said - (dequeued_at - queued_at) / 1000) > ROUNDING_S)
