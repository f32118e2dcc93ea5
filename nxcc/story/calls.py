"""The calls of one order as they followed each other, and which of them reached the customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

Call = dict[str, Any]  # a value for each of `records.COLUMNS`; times are aware datetimes
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reach:
    """The first answered call (None = nobody was reached), how many calls it took, and the seconds from the first
    call's start to the answer. What missing or contradictory times leave open is None."""

    call: Call | None
    attempts: int | None
    seconds: float | None


def in_order(table: pa.Table) -> list[Call]:
    """Calls (`records.SCHEMA`) by their start, answered ones first where two began at once; undated ones are last."""
    rows: list[Call] = table.to_pylist()
    return sorted(rows, key=lambda call: (call["started_at"] or _LAST, not call["answered"], call["call_id"] or ""))


def answered(calls: Sequence[Call]) -> list[Call]:
    """The answered ones."""
    return [call for call in calls if call["answered"]]


def reach(calls: Sequence[Call]) -> Reach:
    """Which of these calls (in order) first reached the customer."""
    first = next(iter(answered(calls)), None)
    return Reach(first, _attempts(calls), _seconds(calls, first))


def _attempts(calls: Sequence[Call]) -> int | None:
    """The place of the first answered call; None when undated calls make it any of several."""
    if not answered(calls):
        return None
    dated = [call for call in calls if call["started_at"]]
    undated = [call for call in calls if not call["started_at"]]
    before = next((place for place, call in enumerate(dated) if call["answered"]), None)
    if before is None:
        least, most = 1, 1 + len([call for call in calls if not call["answered"]])
    else:
        least = 1 if answered(undated) else 1 + before
        most = 1 + before + len(undated) - len(answered(undated))
    return least if least == most else None


def _seconds(calls: Sequence[Call], first: Call | None) -> float | None:
    if first is None or first["answered_at"] is None or any(call["started_at"] is None for call in calls):
        return None
    seconds: float = (first["answered_at"] - calls[0]["started_at"]).total_seconds()
    return seconds if seconds >= 0 else None
