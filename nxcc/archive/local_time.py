"""Local time in the engine: quarters of an hour since 1970, moved by the zone's offset of that moment.

The engine's own zones cost as much a row as all the rest of a query; a list of a zone's changes costs next to nothing.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


def quarter(moment: datetime) -> int:
    """The quarter of an hour that an aware moment is in."""
    return (moment - _EPOCH) // QUARTER


def first_quarter(day: date, zone: ZoneInfo) -> int:
    """The quarter in which this day begins in the zone."""
    begins = datetime.combine(day, time.min, zone).astimezone(UTC)
    return -(-(begins - _EPOCH) // QUARTER)


@lru_cache(64)
def local_quarter(zone: ZoneInfo, first: int, last: int) -> str:
    """SQL that makes the local quarter of `quarter`, right for UTC quarters from `first` to `last`."""
    changes = _changes(zone, _EPOCH + first * QUARTER, _EPOCH + (last + 1) * QUARTER)
    *until, (_, newest) = changes
    if not until:
        return f"(quarter + {newest})"
    ends = [began for began, _ in changes[1:]]
    cases = " ".join(f"WHEN quarter < {end} THEN {offset}" for end, (_, offset) in zip(ends, until, strict=True))
    return f"(quarter + CASE {cases} ELSE {newest} END)"


def _changes(zone: ZoneInfo, first: datetime, last: datetime) -> list[tuple[int, int]]:
    """Offsets of the zone in quarters, each with the quarter from which it holds."""
    found = [(quarter(first), _offset(zone, first))]
    day = first
    while day < last:
        following = min(day + _DAY, last)
        if _offset(zone, following) != found[-1][1]:
            found += _within(zone, day, following, found[-1][1])
        day = following
    return found


def _within(zone: ZoneInfo, first: datetime, last: datetime, before: int) -> list[tuple[int, int]]:
    """The changes of one day, quarter by quarter."""
    found = []
    moment = _EPOCH + quarter(first) * QUARTER
    while moment <= last:
        if (offset := _offset(zone, moment)) != before:
            found.append((quarter(moment), offset))
            before = offset
        moment += QUARTER
    return found


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    return round((moment.astimezone(zone).utcoffset() or timedelta(0)) / QUARTER)
