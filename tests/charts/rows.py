"""Small aggregated rows, as the archive hands them to the charts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import pandas as pd

from nxcc import charts
from nxcc.charts import Chart
from nxcc.palette import LIGHT
from nxcc.wording import Money

HKD = Money("HKD", 3)


def days(*rows: tuple[str, str, int]) -> pd.DataFrame:
    """Day, result, calls."""
    frame = pd.DataFrame(rows, columns=["at", "result", "calls"])
    return frame.assign(at=frame["at"].to_numpy(dtype="datetime64[s]"))


def hours(*rows: tuple[int, str, int]) -> pd.DataFrame:
    """Hour, result, calls."""
    return pd.DataFrame(rows, columns=["hour", "result", "calls"])


def cells(*rows: tuple[int, int, int, int]) -> pd.DataFrame:
    """Weekday, hour, calls, answered."""
    return pd.DataFrame(rows, columns=["weekday", "hour", "calls", "answered"])


def bins(*calls: int, edges: tuple[float, ...] = (0, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)) -> pd.DataFrame:
    """Calls in bins, the last without an end."""
    padded = [*calls, *[0] * (len(edges) - len(calls))]
    return pd.DataFrame({"from_s": edges, "to_s": [*edges[1:], np.inf], "calls": padded})


def waiting(queue: tuple[int, ...], ring: tuple[int, ...]) -> pd.DataFrame:
    """The same for queue and ring."""
    return pd.concat([bins(*queue).assign(kind="queue"), bins(*ring).assign(kind="ring")], ignore_index=True)


def reasons(*rows: tuple[str | None, int | None, str, int, int]) -> pd.DataFrame:
    """Reason, code, party, calls, contradictory."""
    names = ["reason", "code", "party", "calls", "contradictory"]
    return pd.DataFrame(rows, columns=names).astype({"code": "Int64"})


def costs(*rows: tuple[str | None, float, float, int, int]) -> pd.DataFrame:
    """Value, cost of answered calls, cost of others, calls, unanswered."""
    return pd.DataFrame(rows, columns=["value", "answered_cost", "unanswered_cost", "calls", "unanswered"])


def steps(*rows: tuple[int, int, int]) -> pd.DataFrame:
    """Attempt, reached, tried."""
    return pd.DataFrame(rows, columns=["attempt", "reached", "tried"])


Draw = Callable[[Collection[Any]], Chart]

# Each chart with one row, and the value that its point carries.
ONE_ROW: dict[str, tuple[Draw, object]] = {
    "calls_by_day": (
        lambda picked: charts.calls_by_day(days(("2026-11-01", "busy", 3)), LIGHT, "UTC+8", picked=picked),
        "2026-11-01",
    ),
    "calls_by_hour": (lambda picked: charts.calls_by_hour(hours((9, "busy", 3)), LIGHT, "UTC+8", picked=picked), 9),
    "answer_rate_heat": (
        lambda picked: charts.answer_rate_heat(cells((0, 18, 30, 12)), LIGHT, "UTC+8", picked=picked),
        "0-18",
    ),
    "talk_distribution": (lambda picked: charts.talk_distribution(bins(4), 0.5, LIGHT, picked=picked), 0),
    "waits": (lambda picked: charts.waits(waiting((), (4,)), LIGHT, picked=picked), "ring:0"),
    "hangups": (
        lambda picked: charts.hangups(reasons(("Busy", 7, "unknown", 3, 0)), LIGHT, picked=picked),
        "Busy",
    ),
    "cost_by_day": (
        lambda picked: charts.cost_by("day", costs(("2026-11-01", 1, 0, 3, 1)), LIGHT, HKD, picked=picked),
        "2026-11-01",
    ),
    "cost_by_month": (
        lambda picked: charts.cost_by("month", costs(("2026-11-01", 1, 0, 3, 1)), LIGHT, HKD, picked=picked),
        "2026-11-01",
    ),
    "cost_by_agent": (
        lambda picked: charts.cost_by("agent", costs(("Mei", 1, 0, 3, 1)), LIGHT, HKD, picked=picked),
        "Mei",
    ),
    "cost_by_direction": (
        lambda picked: charts.cost_by("direction", costs(("inbound", 1, 0, 3, 1)), LIGHT, HKD, picked=picked),
        "inbound",
    ),
    "attempts_until_answered": (
        lambda picked: charts.attempts_until_answered(steps((1, 2, 4)), 4, LIGHT, picked=picked),
        1,
    ),
}
EMPTY: dict[str, Callable[[], Chart]] = {
    "calls_by_day": lambda: charts.calls_by_day(days(), LIGHT, "UTC+8"),
    "calls_by_hour": lambda: charts.calls_by_hour(hours(), LIGHT, "UTC+8"),
    "answer_rate_heat": lambda: charts.answer_rate_heat(cells(), LIGHT, "UTC+8"),
    "talk_distribution": lambda: charts.talk_distribution(bins(), None, LIGHT),
    "waits": lambda: charts.waits(waiting((), ()), LIGHT),
    "hangups": lambda: charts.hangups(reasons(), LIGHT),
    "cost_by_day": lambda: charts.cost_by("day", costs(), LIGHT, HKD),
    "cost_by_agent": lambda: charts.cost_by("agent", costs(), LIGHT, HKD),
    "attempts_until_answered": lambda: charts.attempts_until_answered(steps(), 0, LIGHT),
}
