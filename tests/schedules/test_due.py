"""When a schedule is due: cron's fields, the zone's clocks, and what cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nxcc.schedules import SchedulesError, When, checked, in_words

from ..conftest import at

NOW = at("2026-11-24T12:00:00")  # a Tuesday

DUE = [
    # expression, zone, after (UTC), the next ones (UTC)
    ("0 2 * * *", "Asia/Shanghai", "2026-11-24T12:00", ["2026-11-24T18:00", "2026-11-25T18:00"]),
    ("0 6 * * 1", "Asia/Shanghai", "2026-11-24T12:00", ["2026-11-29T22:00", "2026-12-06T22:00"]),
    # Shanghai has not changed its clocks since 1991; that Sunday of March is as any other.
    ("30 2 * * *", "Asia/Shanghai", "2026-03-28T12:00", ["2026-03-28T18:30", "2026-03-29T18:30"]),
    # Berlin, 29 March: 02:00 to 03:00 does not come. Once, as long after it as the clocks jump.
    ("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00", ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"]),
    ("0 2 * * *", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:00"]),
    ("0 3 * * *", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T01:00"]),
    ("30 0 * * *", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-28T23:30", "2026-03-29T22:30", "2026-03-30T22:30"]),
    ("30 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-29T01:30", "2026-03-30T00:30"]),
    # Cairo, 24 April: the day begins at 01:00.
    ("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00", ["2026-04-23T22:00", "2026-04-24T21:00"]),
    # Berlin, 25 October: 02:00 to 03:00 comes twice. Once, at the first.
    ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
    ("0 2,4 * * *", "Europe/Berlin", "2026-10-24T12:00", ["2026-10-25T00:00", "2026-10-25T03:00", "2026-10-26T01:00"]),
    ("0 0 * * *", "Europe/Berlin", "2026-10-24T12:00", ["2026-10-24T22:00", "2026-10-25T23:00"]),
    # A star is every hour that passes, on both days.
    ("0 * * * *", "Europe/Berlin", "2026-10-24T23:30", ["2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00"]),
    ("0 * * * *", "Europe/Berlin", "2026-03-29T00:30", ["2026-03-29T01:00", "2026-03-29T02:00"]),
    # Half an hour is all that Lord Howe moves.
    ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", ["2026-10-03T15:45", "2026-10-04T15:15"]),
    # cron's own weekdays: Sunday is 0 and 7.
    ("0 12 * * 0", "UTC", "2026-11-24T12:00", ["2026-11-29T12:00"]),
    ("0 12 * * 7", "UTC", "2026-11-24T12:00", ["2026-11-29T12:00"]),
    ("0 12 * * sun", "UTC", "2026-11-24T12:00", ["2026-11-29T12:00"]),
    ("0 12 * * 5-7", "UTC", "2026-11-26T12:00", ["2026-11-27T12:00", "2026-11-28T12:00", "2026-11-29T12:00"]),
    ("0 12 * * MON-fri", "UTC", "2026-11-27T12:00", ["2026-11-30T12:00"]),
    # A day of the month or a weekday: either will do.
    ("0 12 1 * mon", "UTC", "2026-11-24T12:00", ["2026-11-30T12:00", "2026-12-01T12:00", "2026-12-07T12:00"]),
    ("0 12 29 2 *", "UTC", "2026-11-24T12:00", ["2028-02-29T12:00"]),
    ("*/20 9-10 * jan,feb *", "UTC", "2026-11-24T12:00", ["2027-01-01T09:00", "2027-01-01T09:20"]),
    ("10/25 0 * * *", "UTC", "2026-11-24T12:00", ["2026-11-25T00:10", "2026-11-25T00:35", "2026-11-26T00:10"]),
]  # fmt: skip


@pytest.mark.parametrize(("cron", "zone", "after", "expected"), DUE)
def test_next(cron: str, zone: str, after: str, expected: list[str]) -> None:
    when = checked(cron, zone, NOW)
    assert list(when.several(at(after), len(expected))) == [at(text) for text in expected]


def test_next__is_after_and_never_at_the_moment_itself() -> None:
    when = When("0 2 * * *", "UTC")
    due = at("2026-11-25T02:00:00")
    assert when.next(due - timedelta(microseconds=1)) == due
    assert when.next(due) == due + timedelta(days=1)


@given(
    st.sampled_from(["0 2 * * *", "30 2 * * *", "59 1 * * *", "0 3 * * *", "30 0 * * *", "0 0 * * *"]),
    st.sampled_from(["Europe/Berlin", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2036, 1, 1)),
)
def test_next__once_a_local_day_in_every_zone(cron: str, zone: str, moment: datetime) -> None:
    when = When(cron, zone)
    dues = list(when.several(moment.replace(tzinfo=UTC), 5))
    days = [due.astimezone(ZoneInfo(zone)).date() for due in dues]
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))
    assert all(due.tzinfo is UTC for due in dues)


REFUSED = [
    ("0 2 * *", "UTC", "five fields, this one 4"),
    ("", "UTC", "five fields, this one 0"),
    ("0 0 2 * * *", "UTC", "five fields, this one 6"),
    ("60 2 * * *", "UTC", "minute of this cron expression cannot be read: 60"),
    ("0 24 * * *", "UTC", "hour of this cron expression cannot be read: 24"),
    ("0 2 0 * *", "UTC", "day of this cron expression cannot be read: 0"),
    ("0 2 * 13 *", "UTC", "month of this cron expression cannot be read: 13"),
    ("0 2 * * 8", "UTC", "weekday of this cron expression cannot be read: 8"),
    ("0 2 * * monday", "UTC", "weekday of this cron expression cannot be read: monday"),
    ("*/0 2 * * *", "UTC", "minute of this cron expression cannot be read: */0"),
    ("5-1 2 * * *", "UTC", "minute of this cron expression cannot be read: 5-1"),
    ("*-5 2 * * *", "UTC", "minute of this cron expression cannot be read"),
    ("0 2 * * mon#1", "UTC", "weekday of this cron expression"),
    ("@daily", "UTC", "five fields, this one 1"),
    ("٣ 2 * * *", "UTC", "minute of this cron expression"),
    ("1,,2 2 * * *", "UTC", "minute of this cron expression"),
    ("0 2 30 feb *", "UTC", "never due"),
    ("0 2 * * *", "Mars/Olympus", "no zone named Mars/Olympus"),
    ("0 2 * * *", "Europe", "no zone named Europe"),
    ("0 2 * * *", "", "no zone named"),
    ("0 2 * * *", "../../etc/passwd", "no zone named"),
]


@pytest.mark.parametrize(("cron", "zone", "said"), REFUSED)
def test_checked__what_cannot_be_read_is_a_sentence(cron: str, zone: str, said: str) -> None:
    with pytest.raises(SchedulesError) as refused:
        checked(cron, zone, NOW)
    assert said in refused.value.what
    assert refused.value.cure


WORDS = [
    ("0 2 * * *", "every night at 02:00"),
    ("30 14 * * *", "every day at 14:30"),
    ("0 6 * * 1", "Mondays at 06:00"),
    ("0 6 * * sun", "Sundays at 06:00"),
    ("15 * * * *", "every hour at :15"),
    ("0 7 * * 1-5", "Monday to Friday at 07:00"),
    ("0 5 1 * *", "on day 1 of the month at 05:00"),
    ("0 2,4 * * *", "0 2,4 * * *"),
    ("*/15 * * * *", "*/15 * * * *"),
    ("0 2 * jan *", "0 2 * jan *"),
    ("0 2 1 * mon", "0 2 1 * mon"),
    ("0 * 1 * *", "0 * 1 * *"),
]


@pytest.mark.parametrize(("cron", "words"), WORDS)
def test_in_words(cron: str, words: str) -> None:
    assert in_words(cron) == words
