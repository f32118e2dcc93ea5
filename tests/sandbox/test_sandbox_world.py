"""The world: stable, alive like a call centre, and as contradictory as the vendor."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from nxcc.sandbox import Sandbox, World
from nxcc.sandbox.calls import ZONE

from .conftest import TODAY, ask

Record = dict[str, Any]


@cache
def _records() -> list[Record]:
    world = World(7, TODAY)
    return [record for order_id in world.orders() for record in world.records(order_id)]


def _start(record: Record) -> datetime:
    return datetime.fromtimestamp(int(record["startTime"]) / 1000, ZONE)


def test_orders__thousands_and_all_distinct(world: World) -> None:
    orders = world.orders()
    assert 3000 < len(orders) < 10_000
    assert len(set(orders)) == len(orders)
    assert len({record["callId"] for record in _records()}) == len(_records())
    assert not [order_id for order_id in orders if order_id.startswith(("FAIL", "SHAPE", "SAMPLE"))]


def test_world__same_for_the_same_seed_only(world: World) -> None:
    again, other = World(7, TODAY), World(8, TODAY)
    assert again.orders() == world.orders()
    assert again.records(world.orders()[99]) == world.records(world.orders()[99])
    assert other.orders() != world.orders()


@pytest.mark.parametrize("days", [1, 2, 3, 7, 40, 200])
def test_records__stay_the_same_as_days_go_by(world: World, days: int) -> None:
    later = World(7, TODAY + timedelta(days=days))
    asked = world.orders()[::41] + world.orders()[-250:]
    assert all(later.records(order_id) == world.records(order_id) for order_id in asked)
    newest = set(later.orders())
    gone = [order_id for order_id in world.orders() if order_id not in newest]
    assert bool(gone) and (days >= 60) == (len(gone) == len(world.orders()))


def test_records__all_lie_in_the_window(world: World) -> None:
    first = datetime.combine(TODAY - timedelta(days=60), datetime.min.time(), ZONE)
    end = datetime.combine(TODAY, datetime.min.time(), ZONE)
    assert all(first <= _start(record) < end for record in _records())
    assert max(int(record["endTime"]) for record in _records()) < end.timestamp() * 1000


def test_records__of_unknown_orders_are_none(world: World) -> None:
    known = next(order_id for order_id in world.orders() if order_id.startswith("SO"))
    for stranger in ("NOBODY", "", "SO991399-0001", "SO2613320001", known + "0", known.lower(), known[:-4] + "9999"):
        assert world.records(stranger) == []
    assert world.records(f"SO{TODAY:%y%m%d}0001") == []  # today has not happened


def test_records__newest_first_and_a_copy(world: World) -> None:
    order_id = world.examples[0].order_ids[0]
    records = world.records(order_id)
    assert [_start(record) for record in records] == sorted(map(_start, records), reverse=True)
    records[0]["callId"] = "changed"
    assert world.records(order_id)[0]["callId"] != "changed"


def test_answer__is_the_worlds_records(sandbox: Sandbox) -> None:
    for order_id in sandbox.world.examples[-1].order_ids[:-1]:
        for _ in range(2):
            assert ask(sandbox, order_id).json()["data"] == sandbox.world.records(order_id)


def test_rhythm__weekdays_hours_and_lunch() -> None:
    by_hour = Counter(_start(record).hour for record in _records())
    by_weekday = Counter(_start(record).weekday() for record in _records())
    assert sum(by_hour[hour] for hour in range(9, 19)) > 0.85 * len(_records())
    assert set(by_hour) <= set(range(8, 22))
    assert by_hour[12] < 0.7 * min(by_hour[11], by_hour[14])
    assert max(by_weekday[5], by_weekday[6]) < 0.4 * min(by_weekday[day] for day in range(5))
    assert by_weekday[6] > 0


def test_cast__agents_directions_and_languages() -> None:
    agents = Counter(record["agentName"] for record in _records() if record["agentName"])
    assert 8 <= len(agents) <= 12
    assert all(re.fullmatch(r"NX\d{12}", name) for name in agents)
    directions = Counter(int(record["direction"]) for record in _records())
    assert {0, 1, 2} == set(directions)
    assert min(directions.values()) > 0.08 * len(_records())
    chinese = [record for record in _records() if re.search("[一-龥]", record["hangupReason"])]
    assert 0.1 < len(chinese) / len(_records()) < 0.5
    assert any(record.get("intent") == "转人工-成功" for record in _records())
    assert any(re.fullmatch(r"\d(,\d)+", record.get("dtmfKeys") or "") for record in _records())
    assert len({record.get("other") for record in _records()}) > 6


def test_talk__long_tail() -> None:
    talks = sorted(int(record["callDuration"]) for record in _records() if record["answered"])
    assert 60 < talks[len(talks) // 2] < 180
    assert talks[-1] < 3 * 3600
    assert 0.002 < sum(talk > 1800 for talk in talks) / len(talks) < 0.03
    assert 0.01 < sum(talk < 10 for talk in talks) / len(talks) < 0.08


def test_retries__go_on_until_answered(world: World) -> None:
    tries = [[record["answered"] for record in world.records(order_id)][::-1] for order_id in world.orders()]
    reached_on = Counter(answers.index(True) + 1 for answers in tries if True in answers)
    assert all(reached_on[attempt] > 20 for attempt in (1, 2, 3, 4))
    assert sum(len(answers) > 1 and not any(answers) for answers in tries) > 100
    assert 0.03 < sum(not answers for answers in tries) / len(tries) < 0.1


def test_cost__by_duration_and_sometimes_not_there() -> None:
    talk: dict[bool, list[float]] = {True: [], False: []}
    for record in _records():
        if record["answered"] and record["totalCustomerPrice"] is not None and int(record["direction"]) == 1:
            talk[int(record["callDuration"]) > 300].append(float(record["totalCustomerPrice"]))
    assert min(talk[True]) > max(0.0, min(talk[False]))
    assert sum(talk[True]) / len(talk[True]) > 3 * sum(talk[False]) / len(talk[False])
    unanswered = [record["totalCustomerPrice"] for record in _records() if not record["answered"]]
    assert 0.05 < sum(float(price or 0) > 0 for price in unanswered) / len(unanswered) < 0.4
    assert 0.01 < sum(record["totalCustomerPrice"] is None for record in _records()) / len(_records()) < 0.05


def _int(value: object) -> int:
    return int(value) if isinstance(value, (int, str)) else 0


def _queue_ms(record: Record) -> int:
    return _int(record["outQueueTime"]) - _int(record["inQueueTime"])


ANY: Callable[[Record], bool] = lambda record: True
ANSWERED: Callable[[Record], bool] = lambda record: record["answered"]
QUEUED: Callable[[Record], bool] = lambda r: _int(r["inQueueTime"]) > 0 and r.get("queueDuration") is not None
KNOWN_KEYS = {
    "agentName", "agentNickName", "answered", "answerTime", "callDuration", "callee", "caller", "callId", "direction",
    "dtmfKeys", "endTime", "hangupBy", "hangupCode", "callStatus", "hangupReason", "inQueueTime", "leaveMsgUrl",
    "orderId", "other", "intent", "outQueueTime", "queueDuration", "recordUrl", "ringDuration", "ringTime", "startTime",
    "taskId", "totalCustomerPrice",
}  # fmt: skip
CONTRADICTIONS: list[tuple[str, Callable[[Record], bool], Callable[[Record], bool], float, float]] = [
    ("order_blank", ANY, lambda r: r["orderId"] == "", 0.3, 0.6),
    ("queue_in_ms_when_missed", lambda r: QUEUED(r) and not r["answered"],
     lambda r: _int(r["queueDuration"]) == _queue_ms(r) > 900, 1, 1),
    ("queue_in_s_when_answered", lambda r: QUEUED(r) and r["answered"],
     lambda r: _int(r["queueDuration"]) == _queue_ms(r) // 1000, 1, 1),
    ("hangup_party", lambda r: _int(r["hangupCode"]) in (1001, 1002, 1103),
     lambda r: r["hangupBy"] != (0 if _int(r["hangupCode"]) == 1001 else 1), 0.02, 0.07),
    ("never_is_0", lambda r: not r["answered"], lambda r: r["answerTime"] == 0, 0.4, 0.8),
    ("never_is_null", lambda r: not r["answered"], lambda r: r["answerTime"] is None, 0.2, 0.6),
    ("number_as_text", ANY, lambda r: "str" in (type(r["startTime"]).__name__, type(r["callDuration"]).__name__),
     0.003, 0.03),
    ("missing_keys", ANY, lambda r: bool(KNOWN_KEYS - set(r)), 0.015, 0.05),
    ("unknown_key", ANY, lambda r: bool(set(r) - KNOWN_KEYS), 0.007, 0.03),
    ("answered_without_time", ANSWERED, lambda r: not r["answerTime"], 0.002, 0.02),
    ("end_before_answer", ANSWERED, lambda r: _int(r["endTime"]) < _int(r["answerTime"]), 0.0005, 0.01),
    ("agent_missing", lambda r: r["answered"] and _int(r["direction"]) != 2, lambda r: not r["agentName"], 0.001, 0.02),
    ("duration_mismatch", lambda r: r["answered"] and r["answerTime"] and _int(r["endTime"]) > _int(r["answerTime"]),
     lambda r: abs(_int(r["callDuration"]) * 1000 - _int(r["endTime"]) + _int(r["answerTime"])) > 2000, 0.002, 0.02),
    ("bad_link", lambda r: bool(r["recordUrl"]), lambda r: not r["recordUrl"].startswith("http"), 0.002, 0.02),
    ("hostile_text", ANY, lambda r: any((r.get(key) or "")[:1] in tuple("=+-@\t<\u202e") and r.get(key)
                                       for key in ("other", "hangupReason")), 0.003, 0.02),
    ("voicemail", lambda r: not r["answered"] and _int(r["direction"]) == 0, lambda r: bool(r.get("leaveMsgUrl")),
     0.02, 0.3),
]  # fmt: skip


@pytest.mark.parametrize(
    ("among", "odd", "least", "most"), [case[1:] for case in CONTRADICTIONS], ids=[case[0] for case in CONTRADICTIONS]
)
def test_contradictions__share(
    among: Callable[[Record], bool], odd: Callable[[Record], bool], least: float, most: float
) -> None:
    base = [record for record in _records() if among(record)]
    assert len(base) > 100
    assert least <= sum(map(odd, base)) / len(base) <= most


def test_duration__is_rounded_up() -> None:
    exact = [
        (_int(r["callDuration"]), _int(r["endTime"]) - _int(r["answerTime"]))
        for r in _records()
        if r["answered"] and r["answerTime"]
    ]
    assert sum((talk_s - 1) * 1000 < talk_ms <= talk_s * 1000 for talk_s, talk_ms in exact) > 0.98 * len(exact)


@pytest.mark.parametrize(
    ("seed", "today"), list(itertools.product((1, 7), (TODAY, date(2024, 3, 3), date(2031, 1, 1))))
)
def test_examples__have_the_property_that_they_promise(seed: int, today: date) -> None:
    world = World(seed, today)
    by_label = {example.label: example for example in world.examples}
    assert [(example.label, example.icon) for example in world.examples] == [
        ("Reached on call 3", "call"),
        ("Never reached", "phone_missed"),
        ("No calls", "phone_disabled"),
        ("API refuses it", "error"),
        ("All 12 examples", "select_all"),
    ]
    answers = {label: [r["answered"] for r in world.records(by_label[label].order_ids[0])][::-1] for label in by_label}
    assert answers["Reached on call 3"] == [False, False, True]
    assert answers["Never reached"] and not any(answers["Never reached"])
    assert answers["No calls"] == []

    twelve = by_label["All 12 examples"].order_ids
    assert len(set(twelve)) == 12
    assert {example.order_ids[0] for example in world.examples} <= set(twelve)
    assert any(re.fullmatch(r"\d{17,19}", order_id) for order_id in twelve)
    assert any(re.fullmatch(r"0\d{4}", order_id) for order_id in twelve)
    records = [record for order_id in twelve for record in world.records(order_id)]
    assert any(record["direction"] == 0 and not record["answered"] for record in records)
    assert any(record.get("intent") == "转人工-成功" for record in records)
    assert any(record["hangupReason"] in ("坐席挂机", "用户挂机") for record in records)


def test_examples__refused_id_is_refused(sandbox: Sandbox) -> None:
    (refused,) = next(example.order_ids for example in sandbox.world.examples if example.label == "API refuses it")
    assert ask(sandbox, refused).json()["code"] == 41000
