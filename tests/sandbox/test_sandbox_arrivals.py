"""Calls that are added while the sandbox is read."""

from __future__ import annotations

import time

import pytest

from nxcc.errors import SandboxError
from nxcc.sandbox import Arrived, Crowd, Sandbox
from nxcc.sandbox.calls import midnight_ms

from .conftest import TODAY, all_pages, ask, page_asked

TO_S = midnight_ms(TODAY) // 1000
FROM_S = TO_S - 86_400


@pytest.mark.parametrize("crowd", [None, Crowd(2000, today=TODAY)], ids=["world", "crowd"])
def test_add_calls__both_kinds_of_requests_find_them(crowd: Crowd | None) -> None:
    with Sandbox(today=TODAY, crowd=crowd) as sandbox:
        before, noted = sandbox.calls_by_time(FROM_S, TO_S), time.monotonic()
        assert [call["callId"] for call in all_pages(sandbox, FROM_S, TO_S - 1)] == before[::-1]
        came = sandbox.add_calls(3, FROM_S, TO_S)

        found = all_pages(sandbox, FROM_S, TO_S - 1)

        assert [call["callId"] for call in found] == sandbox.calls_by_time(FROM_S, TO_S)[::-1]
        assert {call["callId"] for call in found} == {*before, *(call.call_id for call in came)}
        for arrived in came:
            (record,) = ask(sandbox, arrived.order_id).json()["data"]
            assert record in found
            assert (record["callId"], record["startTime"]) == (arrived.call_id, arrived.start_ms)
            assert record["orderId"] == arrived.order_id
            assert record["startTime"] <= record["ringTime"] <= record["answerTime"] <= record["endTime"]
            assert FROM_S <= arrived.start_ms // 1000 < TO_S
            assert noted <= arrived.at <= time.monotonic()
        assert len({arrived.order_id for arrived in came}) == 3
        assert all_pages(sandbox, 0, TO_S, orderId=came[0].order_id) == ask(sandbox, came[0].order_id).json()["data"]


def test_on_page__calls_arrive_between_two_pages_and_shift_them() -> None:
    came: list[Arrived] = []
    asked: list[int] = []

    def arrive(n: int) -> None:
        asked.append(n)
        if n == 2:
            came.extend(sandbox.add_calls(30, TO_S - 60, TO_S))

    with Sandbox(crowd=Crowd(5000, today=TODAY), on_page=arrive) as sandbox:
        before = sandbox.calls_by_time(FROM_S, TO_S)
        first, second = ([call["callId"] for call in page_asked(sandbox, FROM_S, TO_S, page).json()["data"]]
                         for page in (1, 2))  # fmt: skip
        whole = [call["callId"] for call in all_pages(sandbox, FROM_S, TO_S)]

    assert asked[:3] == [1, 2, 3]
    assert first == before[::-1][:100]
    assert second == before[::-1][70:170]  # 30 of page 1 once more
    assert set(whole[:30]) == {arrived.call_id for arrived in came}
    assert all(sandbox.requests[0].at < arrived.at for arrived in came)
    assert all(arrived.at < sandbox.requests[2].at for arrived in came)


def test_on_page__is_not_called_for_what_is_refused() -> None:
    asked: list[int] = []
    with Sandbox(today=TODAY, on_page=asked.append) as sandbox:
        page_asked(sandbox, FROM_S, TO_S, 0)
        ask(sandbox, "A1")
        page_asked(sandbox, FROM_S, TO_S)
    assert asked == [1]


def test_add_calls__to_one_that_does_not_run_is_a_sentence() -> None:
    with pytest.raises(SandboxError, match="does not run"):
        Sandbox(today=TODAY).add_calls(1, FROM_S, TO_S)
