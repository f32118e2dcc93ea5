"""What changed between two answers about one order: late prices, new recordings, new calls. Pure.

Calls are rows of `records.COLUMNS`. A call is known by its `call_id`; those without one are matched in order of time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from nxcc.records import BY_NAME, COLUMNS

Call = Mapping[str, Any]
Kind = Literal["new", "gone", "arrived", "changed", "withdrawn"]

NAMES = tuple(c.name for c in COLUMNS if c.name not in ("order_id", "call_id", "raw"))
_ARRIVE_LATE = ("cost", "record_url", "voicemail_url")  # what the vendor fills in after a call: told first
_FIRST = {name: place for place, name in enumerate((*_ARRIVE_LATE, *(n for n in NAMES if n not in _ARRIVE_LATE)))}
_API_KEYS = frozenset(column.api for column in COLUMNS if column.api)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different. `column` is a name of `records.COLUMNS`, a key that is in none of them (an
    undocumented field), or empty for a call that is new or gone; `place` is the call's row in the later answer, in
    the earlier one when it is gone."""

    kind: Kind
    place: int
    call_id: str | None
    column: str = ""
    before: Any = None
    after: Any = None

    @property
    def what(self) -> str:
        """In two or three words: `Cost arrived`, `New call`."""
        if not self.column:
            return "New call" if self.kind == "new" else "Call is gone"
        named = BY_NAME[self.column].label if self.column in BY_NAME else self.column
        return f"{named} {self.kind}"


def between(before: Sequence[Call], after: Sequence[Call]) -> list[Change]:
    """Everything that differs, call by call in the order of the later answer; calls that are gone come last."""
    earlier = {key: (place, call) for place, (key, call) in enumerate(zip(_keys(before), before, strict=True))}
    found: list[Change] = []
    for place, (key, call) in enumerate(zip(_keys(after), after, strict=True)):
        known = earlier.pop(key, None)
        if known is None:
            found.append(Change("new", place, call["call_id"]))
        else:
            found.extend(_of_call(place, known[1], call))
    found.extend(Change("gone", place, call["call_id"]) for place, call in earlier.values())
    return found


def _keys(calls: Sequence[Call]) -> list[tuple[str | None, int]]:
    """What tells a call from the others of its answer."""
    seen: Counter[str | None] = Counter()
    keys = []
    for call in calls:
        keys.append((call["call_id"], seen[call["call_id"]]))
        seen[call["call_id"]] += 1
    return keys


def _of_call(place: int, before: Call, after: Call) -> list[Change]:
    pairs = [(name, before[name], after[name]) for name in sorted(NAMES, key=_FIRST.__getitem__)]
    pairs += _undocumented(before["raw"], after["raw"])
    return [Change(_kind(a, b), place, after["call_id"], name, a, b) for name, a, b in pairs if a != b]


def _kind(before: Any, after: Any) -> Kind:
    if _is_nothing(before):
        return "arrived"
    return "withdrawn" if _is_nothing(after) else "changed"


def _is_nothing(value: Any) -> bool:
    return value is None or value in ("", [])


def _undocumented(before: str | None, after: str | None) -> list[tuple[str, Any, Any]]:
    """Fields that no column holds, as they are in the two records."""
    if before == after:
        return []
    a, b = _record(before), _record(after)
    return [(key, a.get(key), b.get(key)) for key in {**a, **b} if key not in _API_KEYS]


def _record(raw: str | None) -> dict[str, Any]:
    record = orjson.loads(raw or "{}")
    return record if isinstance(record, dict) else {}
