"""Which answers count: by what they are, and by when they were given."""

from __future__ import annotations

from datetime import timedelta

import pytest

from nxcc.archive import Freshness, Window

from ..conftest import DAY, at

NOON = at("2026-11-24T12:00:00")
WINDOW = Window(
    found=NOON - timedelta(hours=3),
    no_calls=NOON - timedelta(hours=2),
    failed=NOON - timedelta(hours=1),
    may_pass=NOON,
    until=NOON + timedelta(hours=1),
)
MICRO = timedelta(microseconds=1)
HELD = [
    ("found", False, WINDOW.found, False),  # the moment itself is not after it
    ("found", False, WINDOW.found + MICRO, True),
    ("no_calls", False, WINDOW.found + MICRO, False),
    ("no_calls", False, WINDOW.no_calls + MICRO, True),
    ("failed", False, WINDOW.failed, False),
    ("failed", False, NOON - timedelta(minutes=30), True),
    ("failed", True, NOON - timedelta(minutes=30), False),  # one that may pass has a moment of its own
    ("failed", True, NOON + MICRO, True),
    ("found", False, NOON + timedelta(hours=1), True),  # until, and not after
    ("found", False, NOON + timedelta(hours=1) + MICRO, False),
    ("failed", False, NOON + timedelta(hours=2), False),
]


@pytest.mark.parametrize(("word", "may_pass", "asked_at", "expected"), HELD)
def test_holds__by_word_and_moment(word: str, may_pass: bool, asked_at: object, expected: bool) -> None:
    assert WINDOW.holds(word, asked_at, may_pass=may_pass) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize("may_pass", [True, False])
def test_holds__no_failure_where_no_moment_is_set(may_pass: bool) -> None:
    window = Window(NOON, NOON)
    assert not window.holds("failed", NOON + timedelta(days=1), may_pass=may_pass)
    assert window.holds("found", NOON + timedelta(days=365))  # and without `until` it stays open


def test_values__moments_that_are_not_set_lie_beyond_all_answers() -> None:
    values = Window(NOON, NOON).values()
    assert values["found"] == values["no_calls"] == NOON
    assert min(values["failed"], values["may_pass"], values["until"]) > NOON + timedelta(days=365_000)


def test_at__fresh_by_outcome_a_failure_never_and_nothing_out_of_the_future() -> None:
    fresh = DAY.at(NOON)
    assert fresh.holds("found", NOON - timedelta(hours=23))
    assert not fresh.holds("found", NOON - timedelta(days=1))
    assert fresh.holds("no_calls", NOON - timedelta(minutes=4))
    assert not fresh.holds("no_calls", NOON - timedelta(minutes=5))
    assert not fresh.holds("failed", NOON)
    assert fresh.holds("found", NOON + timedelta(seconds=59))
    assert not fresh.holds("found", NOON + timedelta(minutes=2))


def test_at__zero_is_never() -> None:
    assert not Freshness(timedelta(0), timedelta(0)).at(NOON).holds("found", NOON)
