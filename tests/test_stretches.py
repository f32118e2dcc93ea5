"""Stretches of time as sets of seconds: no second is lost or doubled, and days are what the zone's clock says."""

from __future__ import annotations

import itertools
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nxcc.stretches import CallFilters, Stretch, cut, days_of, joined, of_days, without

ZONES = [
    ZoneInfo(name) for name in ("UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
]
DAYS = st.dates(date(2023, 1, 1), date(2027, 12, 31))
STRETCHES = st.builds(lambda at, s: Stretch(at, at + s), st.integers(0, 60), st.integers(1, 25))
MANY = st.lists(STRETCHES, max_size=8)


def seconds(*stretches: Stretch) -> list[int]:
    """Each second as often as it is in one of them."""
    return sorted(second for one in stretches for second in range(one.from_s, one.to_s))


def test_stretch__ends_after_it_began() -> None:
    for to_s in (5, 4):
        with pytest.raises(ValueError, match="ends after"):
            Stretch(5, to_s)
    one = Stretch(1_770_000_000, 1_770_000_060)
    assert (one.seconds, one.ended - one.began) == (60, timedelta(minutes=1))
    assert one.began == datetime(2026, 2, 2, 2, 40, tzinfo=UTC)


@given(STRETCHES, STRETCHES)
def test_shared__is_what_lies_in_both(one: Stretch, other: Stretch) -> None:
    both = one.shared(other)
    assert both == other.shared(one)
    assert seconds(*([both] if both else [])) == sorted(set(seconds(one)) & set(seconds(other)))


@given(MANY)
def test_joined__the_same_seconds_once_in_as_few_as_can_be(stretches: list[Stretch]) -> None:
    whole = joined(stretches)
    assert seconds(*whole) == sorted(set(seconds(*stretches)))
    assert all(one.to_s < next_.from_s for one, next_ in itertools.pairwise(whole))


@given(STRETCHES, MANY)
def test_without__what_is_left_and_what_was_read_are_the_whole(wanted: Stretch, read: list[Stretch]) -> None:
    left = without(wanted, read)
    assert seconds(*left) == sorted(set(seconds(wanted)) - set(seconds(*read)))
    assert left == joined(left)


@given(MANY, st.integers(1, 30))
def test_cut__the_same_seconds_in_parts_that_are_short_enough(stretches: list[Stretch], longest_s: int) -> None:
    parts = cut(stretches, longest_s)
    assert seconds(*parts) == seconds(*stretches)
    assert all(part.seconds <= longest_s for part in parts)
    for one in stretches:
        of_one = cut([one], longest_s)
        assert len(of_one) == -(-one.seconds // longest_s)
        assert max(part.seconds for part in of_one) - min(part.seconds for part in of_one) <= 1


@given(DAYS, st.integers(0, 40), st.sampled_from(ZONES))
def test_days__there_and_back(first: date, more: int, zone: ZoneInfo) -> None:
    last = first + timedelta(days=more)
    stretch = of_days(first, last, zone)
    assert days_of(stretch, zone) == (first, last)
    each = [of_days(first + timedelta(days=n), first + timedelta(days=n), zone) for n in range(more + 1)]
    assert joined(each) == [stretch]  # day follows day without a gap
    assert sum(day.seconds for day in each) == stretch.seconds


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Asia/Shanghai", date(2026, 3, 29), 24),
    ],
)
def test_of_days__a_day_is_as_long_as_the_clock_says(zone: str, day: date, hours: float) -> None:
    stretch = of_days(day, day, ZoneInfo(zone))
    assert stretch.seconds == hours * 3600
    assert stretch.began.astimezone(ZoneInfo(zone)).date() == day


def test_days_of__a_second_of_a_day_touches_it() -> None:
    midnight = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp())
    assert days_of(Stretch(midnight - 1, midnight), ZONES[0]) == (date(2026, 11, 23), date(2026, 11, 23))
    assert days_of(Stretch(midnight - 1, midnight + 1), ZONES[0]) == (date(2026, 11, 23), date(2026, 11, 24))
    shanghai = days_of(Stretch(midnight, midnight + 16 * 3600 + 1), ZONES[1])
    assert shanghai == (date(2026, 11, 24), date(2026, 11, 25))


TEXTS = st.text(st.sampled_from("0123456789ab订\"\\ '%,{}\u202e"), max_size=6)
SOME = st.builds(
    CallFilters,
    direction=st.sampled_from(["", "inbound", "outbound", "aicc"]),
    answered=st.sampled_from([None, True, False]),
    **dict.fromkeys(("agent", "caller", "callee", "call_id", "order_id"), TEXTS),
)


@given(SOME, SOME)
def test_filters__are_the_same_when_their_texts_are(one: CallFilters, other: CallFilters) -> None:
    assert CallFilters.read(one.text) == one
    assert (one.text == other.text) == (one == other)
    assert (one.text == "") == (one == CallFilters())


@given(SOME)
def test_filters__wider_ones_let_the_same_calls_pass(filters: CallFilters) -> None:
    said = {name: value for name, value in asdict(filters).items() if value not in ("", None)}
    wider = list(filters.wider())
    assert (wider[0], wider[-1]) == (filters, CallFilters())
    assert len({each.text for each in wider}) == len(wider) == 2 ** len(said)
    for each in wider:
        assert all(value in ("", None, said.get(name)) for name, value in asdict(each).items())


def test_filters__not_answered_is_said() -> None:
    assert CallFilters(answered=False).text == '{"answered": false}'
