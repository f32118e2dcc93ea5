"""Filters as a condition over narrow rows (`call_rows`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from nxcc.archive.call_rows import FLAG_BITS
from nxcc.archive.local_time import first_quarter, local_quarter
from nxcc.facts import Is, Part
from nxcc.filters import Days, Filters
from nxcc.hangup import PARTIES, RESULTS

_RANGES = {"cost": "cost", "talk": "talk_s", "queue": "queue_s", "ring": "ring_s"}
_WHOLE = {"order": "order_id", "caller": "caller", "callee": "callee"}
_LONGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Local:
    """An analyst's zone over the time that the calls span (quarters since 1970)."""

    zone: ZoneInfo
    first: int
    last: int

    @property
    def quarter(self) -> str:
        """SQL of a call's local quarter."""
        return local_quarter(self.zone, self.first, self.last)

    def within(self, days: Days | None) -> tuple[int, int] | None:
        """The quarters of these days: from, up to but not including."""
        if days is None:
            return None
        after = days[1].toordinal() + 1
        last = _LONGEST if after > days[1].max.toordinal() else first_quarter(days[1].fromordinal(after), self.zone)
        return first_quarter(days[0], self.zone), last


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL, with the values that its `$names` stand for."""

    sql: str
    values: dict[str, Any]


def condition(filters: Filters, local: Local, ids: dict[tuple[str, str], int], *, by_number: bool = True) -> Condition:
    """What the filters say, but for the time; `ids` are the numbers of texts by (column, text).

    Only `by_number` finds calls by their numbers: else one could guess those that are masked, digit by digit.
    """
    values: dict[str, Any] = {}
    tests = [_among(column, numbers) for column, numbers in _numbers(filters, local, ids) if numbers]
    if filters.answered is not None:
        tests.append(f"bits & {Is.ANSWERED:d} {'>' if filters.answered else '='} 0")
    if filters.flag:
        tests.append(f"flags & {sum(FLAG_BITS.get(flag, 0) for flag in set(filters.flag))} > 0")
    for name, column in _RANGES.items():
        first, last = getattr(filters, name)
        if first is not None:
            tests.append(f"{column} >= ${name}_from")
            values[f"{name}_from"] = first
        if last is not None:
            tests.append(f"{column} < ${name}_to")
            values[f"{name}_to"] = last
    if filters.find:
        columns = ("order_id", "caller", "callee") if by_number else ("order_id",)
        tests.append(f"({' OR '.join(f'contains(lower({column}), $find)' for column in columns)})")
        values["find"] = filters.find.lower()
    for name, column in _WHOLE.items():
        if text := getattr(filters, name):
            tests.append(f"{column} = ${name}_is" if by_number or name == "order" else "false")
            values |= {f"{name}_is": text} if by_number or name == "order" else {}
    return Condition(" AND ".join(tests) or "true", values)


def _numbers(filters: Filters, local: Local, ids: dict[tuple[str, str], int]) -> Iterator[tuple[str, list[int]]]:
    """Columns with the numbers that filters of texts let pass, empty where one is not set."""
    for column in ("direction", "agent", "account", "status", "reason"):
        yield column, [0 if not text else ids.get((column, text), -1) for text in getattr(filters, column)]
    yield "result", [_number(text, RESULTS) for text in filters.result]
    yield "party", [_number(text, PARTIES) for text in filters.party]
    yield f"{local.quarter} // 4 % 24", [_whole(text) for text in filters.hour]
    yield SLOT.format(quarter=local.quarter), [_slot(text) for text in filters.slot]
    yield "attempt", [_whole(text) for text in filters.attempt]


SLOT = "({quarter} // 4 + 72) % 168"  # hours since a Monday's midnight: 1970 began on a Thursday


def part_test(part: Part, ids: dict[tuple[str, str], int]) -> str:
    """The calls of a part, by the bits that `settled` makes."""
    test = f"settled & {part.mask} = {int(part.all_of)}"
    return f"{test} AND direction = {ids.get(('direction', part.direction), -1)}" if part.direction else test


SETTLED = f"""bits + CASE WHEN talk_s < $short_s THEN {Is.SHORT:d} ELSE 0 END
    + CASE WHEN wait_s <= $in_time_s THEN {Is.IN_TIME:d} ELSE 0 END"""


def _among(column: str, numbers: list[int]) -> str:
    return f"{column} IN ({', '.join(f'{number:d}' for number in numbers)})"


def _number(text: str, of: tuple[str, ...]) -> int:
    return of.index(text) + 1 if text in of else -1


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else -1


def _slot(text: str) -> int:
    weekday, _, hour = text.partition("-")
    return _whole(weekday) * 24 + _whole(hour) if _whole(weekday) >= 0 and _whole(hour) >= 0 else -1
