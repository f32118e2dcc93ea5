"""From what is picked in a chart to filters, and back to the bars that filters stand for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

from nxcc.archive.tallied import TALK_EDGES_S, WAIT_EDGES_S
from nxcc.charts import By
from nxcc.filters import Days, Filters, Range

_EDGES = {"talk": TALK_EDGES_S, "queue": WAIT_EDGES_S, "ring": WAIT_EDGES_S}


def picked_days(values: Sequence[str], by: By) -> Days:
    """The days that picked bars (ISO dates) cover."""
    first, last = date.fromisoformat(min(values)), date.fromisoformat(max(values))
    return first, _end_of_month(last) if by == "month" else last


def bars_of(days: Days | None, at: pd.Series[pd.Timestamp], by: By) -> list[str]:
    """The bars (ISO dates) among those drawn that picked days reach."""
    if days is None:
        return []
    return [
        start.isoformat()
        for start in sorted(set(at.dt.date))
        if start <= days[1] and (_end_of_month(start) if by == "month" else start) >= days[0]
    ]


def picked_range(name: str, values: Sequence[float]) -> Range:
    """The seconds that picked bins (by where they begin) cover; the last bin is open."""
    return min(values), next((edge for edge in _EDGES[name] if edge > max(values)), None)


def bins_of(name: str, filters: Filters) -> list[float]:
    """The bins that a range of seconds reaches, by where they begin."""
    if not filters.is_set(name):
        return []
    first, last = getattr(filters, name)
    return [edge for edge in _EDGES[name] if (first is None or edge >= first) and (last is None or edge < last)]


def _end_of_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
