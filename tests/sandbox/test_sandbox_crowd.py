"""The large world: made in a moment, and the same by order and by time."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import orjson
import pytest
import requests

from nxcc.errors import SandboxError
from nxcc.sandbox import Crowd, Sandbox
from nxcc.sandbox.calls import ZONE, day_of, midnight_ms

from .conftest import TODAY, all_pages, ask

TO_S = midnight_ms(TODAY) // 1000
WEEK = (TO_S - 7 * 86_400, TO_S)


def _calls(crowd: Crowd) -> list[dict[str, Any]]:
    return [orjson.loads(crowd.bytes_of(call_id)) for call_id in crowd.calls_by_time(*WEEK)]


def test_crowd__is_there_within_seconds() -> None:
    started = time.process_time()
    crowd = Crowd(200_000, today=TODAY)
    assert time.process_time() - started < 10  # a quiet machine takes 1
    ids = crowd.calls_by_time(*WEEK)
    assert len(ids) == len(set(ids)) == 200_000
    assert ids == sorted(ids)
    assert len(crowd.orders()) > 60_000


@pytest.mark.parametrize("n", [1, 99, 3000])
def test_crowd__the_same_calls_by_order_and_by_time(n: int) -> None:
    crowd = Crowd(n, blank=0.3, without_calls=0.2, today=TODAY)
    by_time = _calls(crowd)
    of = {call["callId"]: call for call in by_time}
    assert len(by_time) == len(of) == n
    assert [call["startTime"] for call in by_time] == sorted(call["startTime"] for call in by_time)
    by_order = {order_id: crowd.records(order_id) for order_id in crowd.orders()}
    assert sum(map(len, by_order.values())) == n
    for order_id, calls in by_order.items():
        assert orjson.loads(crowd.data(order_id)) == calls == [of[call["callId"]] for call in calls]
        assert all(crowd.order_of(call["callId"]) == order_id for call in calls)
        assert all(call | crowd.fields_of(call["callId"]) == call for call in calls)
        assert {call["orderId"] for call in calls} <= {"", order_id}
        starts = [call["startTime"] for call in calls]
        assert starts == sorted(starts, reverse=True)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_blank__share_of_the_records(share: float) -> None:
    calls = _calls(Crowd(4000, blank=share, today=TODAY))
    assert sum(call["orderId"] == "" for call in calls) / 4000 == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.8])
def test_without_calls__share_of_the_orders(share: float) -> None:
    crowd = Crowd(4000, without_calls=share, today=TODAY)
    orders = crowd.orders()
    silent = sum(crowd.records(order_id) == [] for order_id in orders)
    assert silent / len(orders) == pytest.approx(share, abs=0.04)


def test_crowd__is_like_a_call_centre() -> None:
    calls = _calls(Crowd(6000, today=TODAY))
    days = Counter(day_of(call["startTime"]) for call in calls)
    assert len(days) == 7
    assert min(days.values()) > 600
    hours = Counter((call["startTime"] // 3_600_000 + 8) % 24 for call in calls)
    assert sum(hours[hour] for hour in range(8, 22)) > 0.85 * len(calls)
    assert ZONE.key == "Asia/Shanghai"  # 8 h ahead
    assert {call["direction"] for call in calls} == {0, 1, 2}
    assert 0.3 < sum(call["answered"] for call in calls) / len(calls) < 0.8
    for call in calls:
        times = [call[name] for name in ("startTime", "inQueueTime", "outQueueTime", "answerTime", "endTime")]
        told = [at for at in times if at]
        assert told == sorted(told)
        assert call["ringTime"] is None or call["ringTime"] % 1000 == 0


def test_crowd__same_for_the_same_arguments_only() -> None:
    one, same, other = (Crowd(500, seed=seed, blank=0.5, today=TODAY) for seed in (1, 1, 2))
    assert _calls(one) == _calls(same)
    assert _calls(one) != _calls(other)


def test_crowd__unknown_orders_have_no_calls() -> None:
    crowd = Crowd(50, today=TODAY)
    for stranger in ("", "C", "NOBODY", "C0000099", "C000000", "X0000001", "C-000001", "C٠٠٠٠٠٠١"):
        assert crowd.records(stranger) == []


@pytest.mark.parametrize("wrong", [{"calls": 0}, {"days": 0}, {"blank": 1.1}, {"without_calls": 1.0}, {"blank": -0.1}])
def test_crowd__wrong_argument_is_a_sentence(wrong: dict[str, Any]) -> None:
    with pytest.raises(SandboxError, match=r"crowd"):
        Crowd(**wrong)


def test_sandbox__answers_for_a_crowd() -> None:
    crowd = Crowd(350, blank=0.2, without_calls=0.1, today=TODAY)
    with Sandbox(crowd=crowd) as sandbox:
        by_time = all_pages(sandbox, WEEK[0], WEEK[1] - 1)
        by_order = [call for order_id in crowd.orders()[:40] for call in ask(sandbox, order_id).json()["data"]]
        (url, *_) = [call["recordUrl"] for call in by_time if call["recordUrl"]]
        assert requests.get(url, timeout=5).headers["Content-Type"] == "audio/wav"
        assert sandbox.calls_by_time(*WEEK) == crowd.calls_by_time(*WEEK)
        assert ask(sandbox, "SAMPLE-VENDOR").json()["code"] == 0
    assert by_time == _calls(crowd)[::-1]
    assert by_order
    assert all(call in by_time for call in by_order)


def test_sandbox__filters_a_crowd() -> None:
    with Sandbox(crowd=Crowd(2000, today=TODAY)) as sandbox:
        calls = all_pages(sandbox, WEEK[0], WEEK[1])
        one = calls[700]
        for name, key in (("name", "agentName"), ("caller", "caller"), ("callee", "callee")):
            value = next(call[key] for call in calls[700:] if call[key])
            expected = [call for call in calls if call[key] == value]
            assert all_pages(sandbox, WEEK[0], WEEK[1], **{name: value}) == expected
        assert one in all_pages(sandbox, WEEK[0], WEEK[1], orderId=one["orderId"])
        assert all_pages(sandbox, WEEK[0], WEEK[1], callId=one["callId"]) == [one]
