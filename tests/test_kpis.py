"""The tiles: what each figure counts, what it leaves out, and that nothing is shown where there is nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from nxcc import kpis, records
from nxcc.kpis import Kpi
from nxcc.wording import Money, duration, share

NOON = 1_774_000_800_000


def calls(*found: dict[str, Any]) -> pd.DataFrame:
    rows = []
    for n, call in enumerate(found):
        record = {"callId": f"c{n}", "answered": False, "startTime": NOON + n * 60_000} | call
        rows.append(records.call("A1", record))
    return records.frame(records.table(rows))


def orders(*found: tuple[str, float | None, float | None]) -> pd.DataFrame:
    frame = pd.DataFrame(found, columns=["outcome", "answered_calls", "attempts_to_answer"])
    return frame.astype({"outcome": object, "answered_calls": float, "attempts_to_answer": float})


def answered(talk_s: float | None, cost: float | None = None, **more: Any) -> dict[str, Any]:
    return {"answered": True, "answerTime": NOON + 9_000, "callDuration": talk_s, "totalCustomerPrice": cost} | more


def by_name(found: list[Kpi]) -> dict[str, Kpi]:
    return {kpi.name: kpi for kpi in found}


def test_orders_reached__failed_invalid_and_pending_are_left_out() -> None:
    kpi = kpis.orders_reached(
        orders(
            ("found", 2, 1), ("found", 0, None), ("no_calls", 0, None),
            ("failed", None, None), ("invalid", None, None), ("pending", None, None),
        )
    )  # fmt: skip
    assert (kpi.value, kpi.n, kpi.text, kpi.basis) == (1 / 3, 3, "1 of 3", "33 % · n 3 orders")


def test_answer_rate__a_call_under_two_orders_counts_once() -> None:
    both = kpis.distinct(pd.concat([calls(answered(60)), calls(answered(60), {})], ignore_index=True), {})  # c0 twice
    found = by_name(kpis.lookup_kpis(orders(("found", 1, 1)), both, Money()))
    assert (found["answer_rate"].value, found["answer_rate"].n) == (0.5, 2)


def test_distinct__calls_without_an_id_are_all_kept() -> None:
    found = calls({"callId": None}, {"callId": None}, {"callId": "x"}, {"callId": "x"})
    assert len(kpis.distinct(found, {})) == 3


def test_distinct__the_record_that_was_fetched_last_counts() -> None:
    early, late = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    found = calls({"callId": "x", "totalCustomerPrice": 0.5}, {"callId": "x", "totalCustomerPrice": None})
    found["order_id"] = ["B", "A"]
    assert kpis.distinct(found, {"B": late, "A": early})["cost"].tolist() == [0.5]
    assert kpis.distinct(found, {"B": early, "A": late})["cost"].isna().tolist() == [True]


def test_median_talk__only_answered_calls_that_have_one() -> None:
    kpi = kpis.median_talk(calls(answered(10), answered(200), answered(30), answered(None), {"callDuration": 999}))
    assert (kpi.value, kpi.n, kpi.text) == (30, 3, "30 s")


def test_attempts__mean_over_reached_orders() -> None:
    kpi = kpis.attempts_to_first_answer(orders(("found", 1, 1), ("found", 1, 4), ("found", 0, None)))
    assert (kpi.value, kpi.n, kpi.text) == (2.5, 2, "2.5 calls")


def test_cost__a_missing_cost_is_not_zero() -> None:
    found = calls(answered(60, 0.5), {"totalCustomerPrice": "0.125"}, {"totalCustomerPrice": None})
    money = Money.of(found["cost"], "HKD")
    cost, lost = kpis.total_cost(found, money), kpis.unanswered_cost(found, money)
    assert (cost.value, cost.n, cost.text, cost.basis) == (0.625, 2, "0.625 HKD", "n 2 of 3 calls")
    assert (lost.value, lost.n, lost.text, lost.basis) == (0.125, 1, "0.125 HKD", "20 % of cost · n 1")


def test_unanswered_cost__zero_when_every_call_with_a_cost_was_answered() -> None:
    assert kpis.unanswered_cost(calls(answered(60, 0.5)), Money()).value == 0


def test_lookup_kpis__empty_input_shows_nothing_and_breaks_nothing() -> None:
    for found in (
        kpis.lookup_kpis(orders(), calls(), Money.of([])),
        kpis.lookup_kpis(orders(("failed", None, None)), calls(), Money()),
    ):
        assert [(kpi.value, kpi.text, kpi.n) for kpi in found] == [(None, "–", 0)] * 6


def test_lookup_kpis__sub_lines_fit_under_six_tiles() -> None:
    found = calls(*[answered(60, 0.1234)] * 200, {"totalCustomerPrice": 0.1})
    for kpi in kpis.lookup_kpis(orders(*[("found", 1, 1)] * 200), found, Money.of(found["cost"], "HKD")):
        assert len(kpi.text) <= 12
        assert len(kpi.basis) <= 22


@pytest.mark.parametrize(
    ("amounts", "amount", "text", "short"),
    [
        ([1, 2, 12], 15.0, "15", "15"),
        ([0.5], 12.5, "12.50", "12.50"),
        ([0.0042, 0.1], 0.1 + 0.2, "0.3000", "0.3000"),
        ([1e-7, 0.123456789], 1234.123456789, "1,234.123457", "1,234"),
        ([None, float("nan")], None, "–", "–"),
    ],
)
def test_money__as_many_digits_as_the_data_has(amounts: Any, amount: Any, text: str, short: str) -> None:
    money = Money.of(amounts)
    assert (money.text(amount), money.short(amount)) == (text, short)


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "–"), (0, "0 s"), (59.6, "1 m 00 s"), (200, "3 m 20 s"), (93_900, "26 h 05 m")]
)
def test_duration__says_its_units(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("part", "text"), [(None, "–"), (0, "0 %"), (0.001, "<1 %"), (0.5, "50 %"), (0.999, ">99 %"), (1, "100 %")]
)
def test_share__nearly_all_is_not_all(part: float | None, text: str) -> None:
    assert share(part) == text
