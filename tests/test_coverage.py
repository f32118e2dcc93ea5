"""Days that have been read whole, in part or not at all, in a zone's days and up to now."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nxcc import coverage
from nxcc.coverage import MOST_CELLS, Coverage
from nxcc.stretches import Stretch

FIRST = date(2026, 11, 20)
ZONE = ZoneInfo("Asia/Shanghai")
HOUR = 3600
MIDNIGHT = int(datetime(2026, 11, 20, tzinfo=ZONE).timestamp())
DAY = 24 * HOUR
LATER = datetime(2027, 1, 1, tzinfo=UTC)


def read(*hours: tuple[float, float]) -> list[Stretch]:
    """From one hour after the first day's midnight to another."""
    return [Stretch(MIDNIGHT + int(first * HOUR), MIDNIGHT + int(last * HOUR)) for first, last in hours]


def of(*hours: tuple[float, float], days: int = 3, until: datetime = LATER, zone: ZoneInfo = ZONE) -> Coverage:
    return coverage.of(read(*hours), FIRST, FIRST + timedelta(days=days - 1), zone, until)


@pytest.mark.parametrize(
    ("hours", "states", "share", "whole"),
    [
        ([], "not not not", 0, 0),
        ([(0, 72)], "covered covered covered", 1, 3),
        ([(-100, 500)], "covered covered covered", 1, 3),
        ([(0, 24)], "covered not not", 1 / 3, 1),
        ([(0, 12), (12, 24), (6, 20)], "covered not not", 1 / 3, 1),  # what was read twice is read once
        ([(0, 24 - 1 / HOUR)], "partly not not", (DAY - 1) / (3 * DAY), 0),  # a second is missing
        ([(24, 24 + 1 / HOUR)], "not partly not", 1 / (3 * DAY), 0),
        ([(12, 36)], "partly partly not", 1 / 3, 0),
        ([(-24, 0), (72, 96)], "not not not", 0, 0),
        ([(0, 24), (48, 72)], "covered not covered", 2 / 3, 2),
    ],
)
def test_of__days_one_by_one(hours: list[tuple[float, float]], states: str, share: float, whole: int) -> None:
    found = of(*hours)
    assert " ".join(cell.state for cell in found.cells) == states
    assert [(cell.first, cell.last) for cell in found.cells] == [(FIRST + timedelta(n),) * 2 for n in range(3)]
    assert (found.share, found.days, found.whole) == (pytest.approx(share), 3, whole)
    assert found.is_whole == (share == 1)


def test_of__today_is_as_long_as_it_has_been() -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=ZONE)
    found = of((0, 36), until=noon)
    assert [cell.state for cell in found.cells] == ["covered", "covered"]  # tomorrow is no day yet
    assert (found.is_whole, found.days, found.whole) == (True, 2, 2)
    half = of((24, 30), until=noon)
    assert [cell.share for cell in half.cells] == [0, 0.5]
    assert half.share == pytest.approx(6 / 36)


def test_of__nothing_of_the_time_has_come_yet() -> None:
    found = of((0, 72), until=datetime(2026, 11, 20, tzinfo=ZONE))
    assert (list(found.cells), found.days, found.is_whole) == ([], 0, True)


def test_of__other_zones_have_other_days() -> None:
    here, there = of((0, 24)), of((0, 24), zone=ZoneInfo("America/New_York"))
    assert [cell.state for cell in here.cells] == ["covered", "not", "not"]
    assert [cell.share for cell in there.cells] == [pytest.approx(11 / 24), 0, 0]  # 13 h lie in the day before
    assert there.whole == 0


def test_of__days_of_23_and_25_hours() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        from_s = int(datetime(day.year, day.month, day.day, tzinfo=berlin).timestamp())
        whole = coverage.of([Stretch(from_s, from_s + hours * HOUR)], day, day, berlin, LATER)
        less = coverage.of([Stretch(from_s, from_s + (hours - 1) * HOUR)], day, day, berlin, LATER)
        assert (whole.is_whole, less.is_whole) == (True, False)
        assert less.share == pytest.approx((hours - 1) / hours)


@pytest.mark.parametrize(("days", "cells"), [(100, 100), (101, 51), (200, 100), (365, 92), (1000, 100)])
def test_of__many_days_in_few_cells(days: int, cells: int) -> None:
    found = of((0, 24 * days - 24), days=days, until=LATER + timedelta(days=2000))
    assert len(found.cells) == cells <= MOST_CELLS
    assert (found.cells[0].first, found.cells[-1].last) == (FIRST, FIRST + timedelta(days=days - 1))
    for one, next_ in zip(found.cells, found.cells[1:], strict=False):
        assert next_.first == one.last + timedelta(days=1)
    states = [cell.state for cell in found.cells]
    assert set(states[:-1]) == {"covered"}
    last = found.cells[-1]
    assert states[-1] == ("not" if last.first == last.last else "partly")
    assert (found.days, found.whole) == (days, days - 1)


@given(
    st.lists(st.tuples(st.integers(-30, 300), st.integers(1, 90)), max_size=6),
    st.integers(1, 9),
    st.integers(0, 250),
)
def test_of__shares_are_those_of_the_time(stretches: list[tuple[int, int]], days: int, now: int) -> None:
    until_s = MIDNIGHT + now * HOUR
    found = of(*((at, at + long) for at, long in stretches), days=days, until=datetime.fromtimestamp(until_s, UTC))
    hours = range(min(24 * days, now))
    covered = [hour for hour in hours if any(at <= hour < at + long for at, long in stretches)]
    assert found.share == pytest.approx(len(covered) / len(hours) if hours else 1)
    assert found.is_whole == (len(covered) == len(hours))
    for n, cell in enumerate(found.cells):
        of_day = [hour for hour in hours if hour // 24 == n]
        assert cell.share == pytest.approx(sum(hour // 24 == n for hour in covered) / len(of_day))


def test_of__days_far_ahead_cost_nothing() -> None:
    until = datetime.fromtimestamp(MIDNIGHT + DAY + 6 * HOUR, UTC)
    found = coverage.of(read((0, 24)), FIRST, date(2999, 12, 30), ZONE, until)
    assert [(cell.first, cell.share) for cell in found.cells] == [(FIRST, 1), (FIRST + timedelta(days=1), 0)]
    assert coverage.of([], date(2999, 1, 1), date(2999, 12, 30), ZONE, until).cells == []
