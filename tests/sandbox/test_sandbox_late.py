"""The order whose price, recording and second call come late."""

from __future__ import annotations

from typing import Any

import orjson

from nxcc.sandbox.faults import LATE, ReservedOrders
from nxcc.sandbox.reply import Reply
from nxcc.sandbox.world import World

from ..conftest import TODAY


def told(orders: ReservedOrders, order_id: str) -> list[dict[str, Any]]:
    reply = orders.outcome(order_id)
    assert isinstance(reply, Reply)
    data: list[dict[str, Any]] = orjson.loads(reply.body)["data"]
    return data


def test_late__changes_with_each_time_it_is_asked() -> None:
    orders = ReservedOrders(World(7, TODAY).found_record)
    first, second, third, fourth = (told(orders, LATE) for _ in range(4))
    assert [(call["totalCustomerPrice"], call["recordUrl"]) for call in first] == [(None, None)]
    assert second[0]["totalCustomerPrice"] > 0
    assert second[0]["recordUrl"].startswith("http")
    assert third == fourth
    assert third[1:] == second
    assert third[0]["startTime"] > second[0]["startTime"]
    assert third[0]["callId"] != second[0]["callId"]


def test_late__each_id_for_itself() -> None:
    orders = ReservedOrders(World(7, TODAY).found_record)
    told(orders, LATE)
    assert told(orders, f"{LATE}~other")[0]["totalCustomerPrice"] is None
