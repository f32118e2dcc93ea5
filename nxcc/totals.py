"""Calls and orders added up: what every figure is computed from, whether the engine or a DataFrame was counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nxcc.facts import PARTS, VALUES, Is, Value


@dataclass(frozen=True)
class Totals:
    """Calls added up.

    `rows` has a line for each direction and number of bits (`facts.Is`): how many (`n`) and the sums of `facts.VALUES`.
    `talk_s` are the answered calls by talk time (columns `talk_s`, `n`, ascending); `time_to_answer_s` is the median
    over the orders that have one.
    """

    rows: pd.DataFrame
    talk_s: pd.DataFrame
    time_to_answer_s: float | None = None

    def total(self, name: str) -> float:
        """The value of a part (`facts.PARTS`): how many, or the sum (0.0 where there is nothing to add)."""
        part = PARTS[name]
        bits, directions, values = self._columns
        fits = (bits & part.mask) == int(part.all_of)
        if part.direction:
            fits &= directions == part.direction
        return round(float(values[part.value][fits].sum()), 8)

    @cached_property
    def _columns(self) -> tuple[NDArray[Any], NDArray[Any], dict[Value, NDArray[Any]]]:
        """Bits, directions and values; what is missing adds nothing."""
        values = {value: np.nan_to_num(self.rows[value].to_numpy(dtype=float)) for value in VALUES}
        return self.rows["bits"].to_numpy(dtype=np.int64), self.rows["direction"].to_numpy(dtype=object), values

    @cached_property
    def median_talk_s(self) -> float | None:
        """Half of the answered calls lasted longer."""
        values, n = self.talk_s["talk_s"].to_numpy(dtype=float), self.talk_s["n"].to_numpy(dtype=np.int64)
        if not len(values):
            return None
        upto = n.cumsum()
        middle = [(int(upto[-1]) - 1) // 2, int(upto[-1]) // 2]
        return float(values[np.searchsorted(upto, middle, side="right")].mean())


def distinct(calls: pd.DataFrame, asked_at: Mapping[str, datetime | None]) -> pd.DataFrame:
    """The calls (`records.frame`), each `call_id` once; those without an id are all kept.

    One call can answer to two order ids; the record that was fetched last, by `asked_at` of its order id, counts. Added
    are `contradictory` (bool), and `after_answer` (bool): another call of its order had been answered before.
    """
    in_order = calls.assign(first=calls["answered"].fillna(False).astype(bool))
    in_order = in_order.sort_values(
        ["order_id", "started_at", "first", "call_id"], ascending=[True, True, False, True], kind="stable"
    )
    before = in_order.groupby("order_id", sort=False)["first"].cumsum() - in_order["first"]
    oldest_first = calls["order_id"].map(asked_at).sort_values(kind="stable").index
    superseded = calls.loc[oldest_first, "call_id"].duplicated(keep="last").reindex(calls.index)
    kept: pd.DataFrame = calls[calls["call_id"].isna() | ~superseded]
    return kept.assign(
        contradictory=kept["flags"].map(lambda flags: "hangup_party" in flags).astype(bool),
        after_answer=(before > 0).reindex(kept.index).astype(bool),
    )


def of_frames(orders: pd.DataFrame, calls: pd.DataFrame, *, short_s: float, in_time_s: float) -> Totals:
    """The same out of DataFrames: `orders` as `Archive.orders` has them, `calls` distinct.

    Columns that only some figures need may be missing: those of queues, of direction, of time to an answer.
    """
    rows = pd.concat([_of_calls(calls, short_s, in_time_s), _of_orders(orders)], ignore_index=True)
    added = rows.groupby(["direction", "bits"], dropna=False, as_index=False)[list(VALUES)].sum(min_count=1)
    answered = calls[calls["answered"].fillna(False).astype(bool)]
    talk_s = answered["talk_s"].dropna().value_counts().sort_index()
    known = orders["time_to_answer_s"].dropna() if "time_to_answer_s" in orders else pd.Series(dtype=float)
    return Totals(
        added,
        pd.DataFrame({"talk_s": talk_s.index.to_numpy(dtype=float), "n": talk_s.to_numpy(dtype=np.int64)}),
        float(known.median()) if len(known) else None,
    )


def _of_calls(calls: pd.DataFrame, short_s: float, in_time_s: float) -> pd.DataFrame:
    """A line a call: its direction, bits and values."""
    nothing = pd.Series(np.nan, index=calls.index)
    direction = calls["direction"] if "direction" in calls else nothing.astype(object)
    queued_at, answered_at = (
        calls[n] if n in calls else pd.Series(pd.NaT, calls.index) for n in ("queued_at", "answered_at")
    )
    wait_s = (answered_at - queued_at).dt.total_seconds()
    answered, talk_s = calls["answered"].fillna(False).astype(bool), calls["talk_s"]
    bits = _bits(
        {
            Is.COUNTED: pd.Series(True, index=calls.index),
            Is.ANSWERED: answered,
            Is.OFFERED: (direction == "inbound") & queued_at.notna(),
            Is.TALKED: talk_s.notna(),
            Is.PRICED: calls["cost"].notna(),
            Is.WAITED: wait_s.notna(),
            Is.CONTRADICTED: calls["contradictory"],
            Is.AFTER_ANSWER: calls.get("after_answer", pd.Series(False, index=calls.index)),
            Is.SHORT: talk_s < short_s,
            Is.IN_TIME: wait_s <= in_time_s,
        }
    )
    values = {"n": 1, "talk_s": talk_s, "cost": calls["cost"], "wait_s": wait_s}
    return pd.DataFrame({"direction": direction, "bits": bits} | values).reindex(columns=["direction", "bits", *VALUES])


def _of_orders(orders: pd.DataFrame) -> pd.DataFrame:
    """A line an order: bits and values; no direction, an order has calls of several."""
    nothing = pd.Series(np.nan, index=orders.index)
    to_answer = orders["attempts_to_answer"].astype(float)
    until_s = orders["time_to_answer_s"].astype(float) if "time_to_answer_s" in orders else nothing
    bits = _bits(
        {
            Is.ORDER: orders["outcome"].isin(("found", "no_calls")),
            Is.CALLED: orders["outcome"] == "found",
            Is.REACHED: orders["answered_calls"].fillna(0) > 0,
            Is.AT_ONCE: to_answer == 1,
            Is.TIMED: until_s.notna(),
        }
    )
    calls = orders["calls"].astype(float) if "calls" in orders else nothing
    values = {"n": 1, "order_calls": calls, "to_answer": to_answer, "time_to_answer_s": until_s}
    lines = pd.DataFrame({"direction": None, "bits": bits} | values, index=orders.index)
    return lines[bits > 0].reindex(columns=["direction", "bits", *VALUES])


def _bits(tests: Mapping[Is, pd.Series[bool]]) -> pd.Series[int]:
    columns = [int(bit) * test.fillna(False).to_numpy(dtype=np.int64) for bit, test in tests.items()]
    first = next(iter(tests.values()))
    return pd.Series(np.sum(columns, axis=0) if len(first) else np.zeros(0, np.int64), index=first.index)
