"""Figures over orders and calls: DataFrames in, `Kpi`s out. Missing values are left out, never counted as zero.

Orders are rows of `Archive.orders`, calls rows of `records.frame`. Nothing here is an average of averages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pandas as pd

from nxcc import wording
from nxcc.wording import Money

Unit = Literal["share", "s", "calls", "money"]
_WIDEST_TILE = 10  # characters of a value that fit on a tile at 1280 px


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure. `value` is None when there is nothing to compute it from; `text` is it with its unit.

    `n` is how many orders or calls it stands on, `basis` says so in words, `formula` how it is computed.
    """

    name: str
    label: str
    value: float | None
    unit: Unit
    text: str
    n: int
    basis: str
    formula: str


def distinct(calls: pd.DataFrame, asked_at: Mapping[str, datetime | None]) -> pd.DataFrame:
    """The calls, each `call_id` once, with `contradictory` (bool) added; those without an id are all kept.

    One call can answer to two order ids; the record that was fetched last, by `asked_at` of its order id, counts.
    """
    oldest_first = calls["order_id"].map(asked_at).sort_values(kind="stable").index
    superseded = calls.loc[oldest_first, "call_id"].duplicated(keep="last").reindex(calls.index)
    kept: pd.DataFrame = calls[calls["call_id"].isna() | ~superseded]
    return kept.assign(contradictory=kept["flags"].map(lambda flags: "hangup_party" in flags).astype(bool))


def answered(calls: pd.DataFrame) -> pd.DataFrame:
    """The answered ones."""
    return calls[_is_answered(calls)]


def unanswered(calls: pd.DataFrame) -> pd.DataFrame:
    """The others."""
    return calls[~_is_answered(calls)]


def lookup_kpis(orders: pd.DataFrame, calls: pd.DataFrame, money: Money) -> list[Kpi]:
    """The figures of a lookup, in the order of the tiles; `calls` are distinct."""
    return [
        orders_reached(orders),
        answer_rate(calls),
        median_talk(calls),
        attempts_to_first_answer(orders),
        total_cost(calls, money),
        unanswered_cost(calls, money),
    ]


def orders_reached(orders: pd.DataFrame) -> Kpi:
    """Share of the orders with a trusted answer that have an answered call."""
    known = orders[orders["outcome"].isin(("found", "no_calls"))]
    n, reached = len(known), int((known["answered_calls"].fillna(0) > 0).sum())
    value = _ratio(reached, n)
    text, basis = f"{reached:,} of {n:,}", f"{wording.share(value)} · n {_many(n, 'order')}"
    if len(text) > _WIDEST_TILE:
        text, basis = wording.share(value), f"{text} orders"
    return Kpi(
        "orders_reached",
        "Orders reached",
        value,
        "share",
        text if n else wording.NOTHING,
        n,
        basis if n else _none("order"),
        "Orders with at least one answered call ÷ orders with a trusted answer (found or no calls). "
        "Failed, invalid and pending orders are left out.",
    )


def answer_rate(calls: pd.DataFrame) -> Kpi:
    """Share of the calls that were answered."""
    n = len(calls)
    value = _ratio(len(answered(calls)), n)
    formula = "Answered calls ÷ all calls, each call ID once."
    return Kpi("answer_rate", "Answer rate", value, "share", wording.share(value), n, f"n {_many(n, 'call')}", formula)


def median_talk(calls: pd.DataFrame) -> Kpi:
    """Median talk time of the answered calls, in seconds."""
    talk = answered(calls)["talk_s"].dropna()
    value = float(talk.median()) if len(talk) else None
    return Kpi(
        "median_talk",
        "Median talk",
        value,
        "s",
        wording.duration(value),
        len(talk),
        f"n {len(talk):,} answered",
        "Median of callDuration over answered calls that have one: half of them lasted longer.",
    )


def attempts_to_first_answer(orders: pd.DataFrame) -> Kpi:
    """Mean number of calls up to and including the first answered one, over orders that were reached."""
    attempts = orders["attempts_to_answer"].dropna()
    value = float(attempts.mean()) if len(attempts) else None
    text = wording.NOTHING if value is None else f"{value:.1f} call{'' if round(value, 1) == 1 else 's'}"
    return Kpi(
        "attempts_to_first_answer",
        "Attempts",
        value,
        "calls",
        text,
        len(attempts),
        f"mean · n {_many(len(attempts), 'order')}",
        "Mean number of calls up to and including the first answered one, over orders that were reached.",
    )


def total_cost(calls: pd.DataFrame, money: Money) -> Kpi:
    """Sum of the costs that are known."""
    value, n = _sum(calls["cost"])
    known = "" if n == len(calls) else f" of {len(calls):,}"
    return Kpi(
        "cost",
        "Cost",
        value,
        "money",
        money.short(value),
        n,
        f"n {n:,}{known} calls" if known else f"n {_many(n, 'call')}",
        f"Sum of totalCustomerPrice over calls that have one{_exactly(value, money)}. It can still arrive or change "
        "after a call has ended.",
    )


def unanswered_cost(calls: pd.DataFrame, money: Money) -> Kpi:
    """Cost of the calls that nobody answered."""
    value, n = _sum(unanswered(calls)["cost"])
    if not n and len(calls["cost"].dropna()):
        value = 0.0  # every call with a cost was answered
    part = _ratio(value, _sum(calls["cost"])[0]) if value is not None else None
    return Kpi(
        "unanswered_cost",
        "Unanswered",
        value,
        "money",
        money.short(value),
        n,
        f"n {_many(n, 'call')}" if part is None else f"{wording.share(part)} of cost · n {n:,}",
        f"Cost of calls that were not answered{_exactly(value, money)}; below it its share of the whole cost.",
    )


def _is_answered(calls: pd.DataFrame) -> pd.Series[bool]:
    return calls["answered"].fillna(False).astype(bool)


def _sum(amounts: pd.Series[float]) -> tuple[float | None, int]:
    known = amounts.dropna()
    return (round(float(known.sum()), 8) if len(known) else None), len(known)


def _ratio(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def _many(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


def _none(thing: str) -> str:
    return f"n 0 {thing}s"


def _exactly(value: float | None, money: Money) -> str:
    return f", {money.text(value)}" if value is not None and money.short(value) != money.text(value) else ""
