"""What changed between two answers about one order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nxcc import changes, records, story
from nxcc.changes import Change
from nxcc.story import Call

LINK = "https://records.invalid/1.mp3"


def calls(*sent: dict[str, Any]) -> list[Call]:
    return story.in_order(records.table(records.calls("A", sent)))


def a(**more: Any) -> dict[str, Any]:
    return {"callId": "a", "startTime": 1_790_000_000_000, "orderId": "A"} | more


def b(**more: Any) -> dict[str, Any]:
    return {"callId": "b", "startTime": 1_790_000_500_000, "orderId": "A"} | more


CASES: list[tuple[list[dict[str, Any]], list[dict[str, Any]], list[Change]]] = [
    ([a()], [a()], []),
    ([], [a()], [Change("new", 0, "a")]),
    ([a(), b()], [b()], [Change("gone", 0, "a")]),
    ([b()], [b(), a()], [Change("new", 0, "a")]),  # an earlier call that comes late stands first
    ([a()], [a(totalCustomerPrice=0.035)], [Change("arrived", 0, "a", "cost", None, 0.035)]),
    ([a(totalCustomerPrice=1)], [a(totalCustomerPrice=2)], [Change("changed", 0, "a", "cost", 1.0, 2.0)]),
    ([a(totalCustomerPrice=0)], [a(totalCustomerPrice=2)], [Change("changed", 0, "a", "cost", 0.0, 2.0)]),
    ([a(totalCustomerPrice=1)], [a()], [Change("withdrawn", 0, "a", "cost", 1.0, None)]),
    ([a()], [a(recordUrl=LINK)], [Change("arrived", 0, "a", "record_url", None, LINK)]),
    ([a()], [a(leaveMsgUrl=LINK)], [Change("arrived", 0, "a", "voicemail_url", None, LINK)]),
    (
        [a(other="x")],
        [a(other="y", totalCustomerPrice=1)],  # what comes late is told first
        [Change("arrived", 0, "a", "cost", None, 1.0), Change("changed", 0, "a", "other", "x", "y")],
    ),
    ([a(totalCustomerPrice="1.0")], [a(totalCustomerPrice=1)], []),  # the same, written another way
    ([a(callStatus="")], [a(callStatus=None)], []),
    ([a(vip=1)], [a(vip=2)], [Change("changed", 0, "a", "vip", 1, 2)]),
    (
        [a()],
        [a(vip=1)],
        [
            Change("arrived", 0, "a", "flags", [], ["unknown_field"]),
            Change("arrived", 0, "a", "vip", None, 1),
        ],
    ),
    ([a(callId=None)], [a(callId=None), b(callId=None)], [Change("new", 1, None)]),
    ([a(callId=None)], [a(callId=None, totalCustomerPrice=1)], [Change("arrived", 0, None, "cost", None, 1.0)]),
]


@pytest.mark.parametrize(("before", "after", "found"), CASES)
def test_between(before: list[dict[str, Any]], after: list[dict[str, Any]], found: list[Change]) -> None:
    assert changes.between(calls(*before), calls(*after)) == found


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (Change("new", 0, "a"), "New call"),
        (Change("gone", 0, "a"), "Call is gone"),
        (Change("arrived", 0, "a", "cost"), "Cost arrived"),
        (Change("changed", 0, "a", "vip"), "vip changed"),
    ],
)
def test_what__in_words(change: Change, what: str) -> None:
    assert change.what == what


def test_names__every_column_that_can_differ() -> None:
    left_out = {column.name for column in records.COLUMNS} - set(changes.NAMES)
    assert left_out == {"order_id", "call_id", "raw"}


SENT = st.lists(
    st.fixed_dictionaries(
        {"callId": st.sampled_from(["a", "b", "c", None])},
        optional={
            "startTime": st.sampled_from([0, 1_790_000_000_000, 1_790_000_500_000]),
            "totalCustomerPrice": st.sampled_from([None, 0, 1.5]),
            "recordUrl": st.sampled_from([None, LINK]),
            "answered": st.booleans(),
            "other": st.text(max_size=2),
        },
    ),
    max_size=5,
)


@given(SENT, SENT)
def test_between__there_and_back(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    """What is new one way is gone the other way, and nothing differs from itself."""
    earlier, later = calls(*before), calls(*after)
    there, back = changes.between(earlier, later), changes.between(later, earlier)
    assert changes.between(earlier, earlier) == []
    assert sum(change.kind == "new" for change in there) == sum(change.kind == "gone" for change in back)
    assert len(there) == len(back)
