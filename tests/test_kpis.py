"""The tiles: what each figure counts, what it leaves out, and that nothing is shown where there is nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from nxcc import kpis, records, totals
from nxcc.kpis import Kpi, Terms
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


def figure(name: str, found: pd.DataFrame, of: pd.DataFrame | None = None, currency: str = "") -> Kpi:
    both = totals.distinct(found, {})
    added = totals.of_frames(orders() if of is None else of, both, short_s=10, in_time_s=20)
    return kpis.kpi(name, added, Terms(Money.of(both["cost"], currency)))


def test_orders_reached__failed_invalid_and_pending_are_left_out() -> None:
    of = orders(
        ("found", 2, 1), ("found", 0, None), ("no_calls", 0, None),
        ("failed", None, None), ("invalid", None, None), ("pending", None, None),
    )  # fmt: skip
    kpi = figure("orders_reached", calls(), of)
    assert (kpi.value, kpi.n, kpi.text, kpi.basis, kpi.thin) == (1 / 3, 3, "1 of 3", "33 % · n 3 orders", True)


def test_reach__orders_without_calls_are_left_out() -> None:
    kpi = figure("reach", calls(), orders(("found", 2, 1), ("found", 0, None), ("no_calls", 0, None)))
    assert (kpi.value, kpi.n) == (0.5, 2)


def test_answer_rate__a_call_under_two_orders_counts_once() -> None:
    both = pd.concat([calls(answered(60)), calls(answered(60), {})], ignore_index=True)  # c0 twice
    kpi = figure("answer_rate", both, orders(("found", 1, 1)))
    assert (kpi.value, kpi.n) == (0.5, 2)


def test_distinct__calls_without_an_id_are_all_kept() -> None:
    found = calls({"callId": None}, {"callId": None}, {"callId": "x"}, {"callId": "x"})
    assert len(totals.distinct(found, {})) == 3


def test_distinct__the_record_that_was_fetched_last_counts() -> None:
    early, late = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    found = calls({"callId": "x", "totalCustomerPrice": 0.5}, {"callId": "x", "totalCustomerPrice": None})
    found["order_id"] = ["B", "A"]
    assert totals.distinct(found, {"B": late, "A": early})["cost"].tolist() == [0.5]
    assert totals.distinct(found, {"B": early, "A": late})["cost"].isna().tolist() == [True]


def test_median_talk__only_answered_calls_that_have_one() -> None:
    kpi = figure("median_talk", calls(answered(10), answered(200), answered(30), answered(None), {"callDuration": 999}))
    assert (kpi.value, kpi.n, kpi.text, kpi.excluded) == (30, 3, "30 s", "1 of 4 answered calls")


def test_median_talk__of_an_even_number_lies_between() -> None:
    assert figure("median_talk", calls(answered(10), answered(20), answered(30), answered(31))).value == 25


def test_attempts__mean_over_reached_orders() -> None:
    kpi = figure("attempts_to_first_answer", calls(), orders(("found", 1, 1), ("found", 1, 4), ("found", 0, None)))
    assert (kpi.value, kpi.n, kpi.text) == (2.5, 2, "2.5 calls")


def test_cost__a_missing_cost_is_not_zero() -> None:
    found = calls(answered(60, 0.5), {"totalCustomerPrice": "0.125"}, {"totalCustomerPrice": None})
    cost, lost = (figure(name, found, currency="HKD") for name in ("cost", "unanswered_cost"))
    assert (cost.value, cost.n, cost.text, cost.basis) == (0.625, 2, "0.625 HKD", "n 2 of 3 calls")
    assert (lost.value, lost.n, lost.text, lost.basis) == (0.125, 1, "0.125 HKD", "20 % of cost · n 1")
    assert cost.excluded == "1 of 3 calls, each call ID once"


def test_unanswered_cost__zero_when_every_call_with_a_cost_was_answered() -> None:
    assert figure("unanswered_cost", calls(answered(60, 0.5))).value == 0


def test_share__says_its_interval_and_when_it_is_thin() -> None:
    thin = figure("answer_rate", calls(answered(60), {}))
    assert thin.thin
    assert thin.basis == "n 2 calls · thin"
    assert thin.interval == pytest.approx((0.0945, 0.9055), abs=1e-4)
    assert thin.definition == (
        "Answered calls ÷ calls, each call ID once. 95 % interval (Wilson): 9.5 to 90.5 %. Thin: fewer than 20."
    )
    assert not figure("answer_rate", calls(*[{}] * 20)).thin


@pytest.mark.parametrize("of", [orders(), orders(("failed", None, None))])
def test_kpis__empty_input_shows_nothing_and_breaks_nothing(of: pd.DataFrame) -> None:
    for name, definition in kpis.DEFINITIONS.items():
        kpi = figure(name, calls(), of)
        nothing = (0, "0") if definition.how == "count" else (None, "–")
        assert (kpi.value, kpi.text, kpi.n) == (*nothing, 0)


def test_lookup_kpis__sub_lines_fit_under_six_tiles() -> None:
    found = totals.distinct(calls(*[answered(60, 0.1234)] * 200, {"totalCustomerPrice": 0.1}), {})
    added = totals.of_frames(orders(*[("found", 1, 1)] * 200), found, short_s=10, in_time_s=20)
    for kpi in kpis.lookup_kpis(added, Terms(Money.of(found["cost"], "HKD"))):
        assert len(kpi.text) <= 12
        assert len(kpi.basis) <= 22


@pytest.mark.parametrize(
    ("name", "before", "said"),
    [("answer_rate", 0.25, "+25.0 pp"), ("median_talk", 39, "-9 s"), ("cost", 0.5, "+25.0 %"), ("cost", 0, "")],
)
def test_change__is_said_in_the_figures_own_unit(name: str, before: float, said: str) -> None:
    now = figure(name, calls(answered(30, 0.625), {}))
    assert kpis.change(now, replace(now, value=before)) == said
    assert kpis.change(now, replace(now, value=None)) == ""


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
