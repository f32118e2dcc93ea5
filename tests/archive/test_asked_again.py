"""Which orders are asked again by themselves: while they are new, and while something may still come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from nxcc import records
from nxcc.archive import Archive, orders_to_ask_again, periods
from nxcc.archive.left_out import FORGOTTEN
from nxcc.archive.periods import Page
from nxcc.outcome import Outcome
from nxcc.stretches import CallFilters, Stretch

from .test_ledger import NOW, ArchiveAt, ago, answer

SINCE = NOW - timedelta(days=7)


def again(archive: Archive, *, calls: bool = True, cost: bool = True) -> list[str]:
    return orders_to_ask_again(archive, SINCE, without_calls=calls, without_cost=cost)


def call(call_id: str, cost: float | None = None, order_id: str | None = None) -> dict[str, Any]:
    said = {"callId": call_id, "startTime": 1690442400000, "totalCustomerPrice": cost, "orderId": order_id}
    return {name: value for name, value in said.items() if value is not None}


def test_orders_to_ask_again__by_what_they_lack(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.append(
        [
            answer("EMPTY", asked_at=ago(days=2)),
            answer("UNPRICED", call("u1", 0.5), call("u2"), asked_at=ago(days=1)),
            answer("WHOLE", call("w", 0.0), asked_at=ago(days=1)),
            (Outcome("FAILED", "failed", "No answer.", 0, ago(days=1), attempts=5), []),
        ]
    )
    assert again(archive) == ["EMPTY", "UNPRICED"]
    assert again(archive, cost=False) == ["EMPTY"]
    assert again(archive, calls=False) == ["UNPRICED"]
    assert again(archive, calls=False, cost=False) == []


def test_orders_to_ask_again__what_came_since_counts(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.append([answer("A", asked_at=ago(days=2)), answer("B", call("b"), asked_at=ago(days=2))])
    archive.append([answer("A", call("a", 1.0), asked_at=ago(days=1)), answer("B", call("b", 2.0), asked_at=NOW)])
    assert again(archive) == []


def test_orders_to_ask_again__not_for_ever(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    for days in (8, 1):  # asking again does not make it new
        archive.append([answer("A", asked_at=ago(days=days)), answer("B", call("b"), asked_at=ago(days=days))])
    archive.append([answer("B", call("b"), call("b-later"), asked_at=NOW)])
    assert again(archive) == ["B"]  # for the call that is new


def test_orders_to_ask_again__a_call_that_the_newest_answer_has_no_more(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.append([answer("A", call("old"), asked_at=ago(days=2)), answer("B", call("b"), asked_at=ago(days=2))])
    archive.append([answer("A", call("new", 1.0), asked_at=ago(days=1)), answer("B", call("b"), asked_at=ago(days=1))])
    assert again(archive) == ["B"]


def test_orders_to_ask_again__of_this_team_alone(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.append([answer("A")])
    archive.close()
    assert again(archive_at(tenant_id=2)) == []


def test_orders_to_ask_again__nothing_that_was_forgotten(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.append(
        [
            (Outcome("ALL", "found", FORGOTTEN, 0, ago(days=1), attempts=1), []),
            (Outcome("SOME", "found", FORGOTTEN, 1, ago(days=1), attempts=1), records.calls("SOME", [call("s")])),
        ]
    )
    assert again(archive) == []


def test_orders_to_ask_again__calls_read_by_time(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.append([answer("LATER", asked_at=ago(days=2))])
    sent = [call("p1", order_id="PAGED"), call("p2"), call("p3", 3.0, "PRICED"), call("p4", 1.0, "LATER")]
    page = Page(
        Stretch(1690400000, 1690500000), CallFilters(), ago(days=1), ago(days=1), 1, True, records.calls("", sent)
    )
    periods.keep(archive, [page], ago(days=1))
    assert again(archive) == ["PAGED"]  # without an order nobody can be asked


@pytest.mark.parametrize("order_id", ["A' OR '1'='1", "订单 7", "007"])
def test_orders_to_ask_again__ids_as_they_are(archive_at: ArchiveAt, order_id: str) -> None:
    archive = archive_at()
    archive.append([answer(order_id)])
    assert again(archive) == [order_id]
