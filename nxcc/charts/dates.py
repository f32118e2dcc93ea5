"""The axis of charts over time, by day or by month."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

By = Literal["day", "month"]

_DAY_MS = 86_400_000
_WEEK = 7
WIDTH_MS = {"day": 0.82 * _DAY_MS, "month": 24 * _DAY_MS}
HOVER = {"day": "%a %d %b %Y", "month": "%B %Y"}
_TICK = {"day": "%d %b", "month": "%b %Y"}
_UNIT = {"day": "D", "month": "M"}
_MONDAY = np.datetime64("1970-01-05", "D")


def in_units(places: NDArray[np.datetime64], by: By) -> NDArray[np.datetime64]:
    """The days or months themselves."""
    return places.astype(f"datetime64[{_UNIT[by]}]")


def date_axis(places: NDArray[np.datetime64], by: By, zone_text: str, most_ticks: int) -> dict[str, Any]:
    """An axis over these days or months (ascending), with at most so many ticks and one more; weeks begin on Monday."""
    units = in_units(places, by)
    span = int((units[-1] - units[0]).astype(int))
    step = max(1, -(-span // most_ticks))
    last = units[-1]
    if by == "day" and step > 3:
        step = -(-step // _WEEK) * _WEEK
        last -= (last - _MONDAY) % np.timedelta64(_WEEK, "D")
    spare = pd.Timedelta(hours=max(12, 60 - 12 * span) * (1 if by == "day" else 30))
    return {
        "title": {"text": f"{by.capitalize()} ({zone_text})" if zone_text else by.capitalize()},
        "type": "date",
        "range": [pd.Timestamp(places[0]) - spare, pd.Timestamp(places[-1]) + spare],
        "tickformat": _TICK[by],
        "tickangle": 0,
        "tickvals": np.arange(last, units[0] - 1, -step).astype("datetime64[ms]"),
    }
