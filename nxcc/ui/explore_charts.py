"""The charts of Explore: what is picked in one filters all the others."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from nxcc.charts import By
from nxcc.filters import Filters
from nxcc.kpis import Terms
from nxcc.overview import COST_BY, Overview
from nxcc.palette import Palette
from nxcc.picks import picked_days, picked_range
from nxcc.ui import explore_filters as state
from nxcc.ui import figures

_COST_BY = "explore_cost_by"
_TEXTS = {"hangup_reasons": "reason", "calls_by_hour": "hour", "answer_rate_heat": "slot", "attempts": "attempt"}


def draw(overview: Overview, terms: Terms, palette: Palette) -> None:
    """All of them, as cards."""
    version = state.drawn()
    pick = partial(_filter, overview.filters, overview.by)

    def card(chart: Any) -> None:
        figures.card(chart, pick, version=version)

    with figures.two():
        card(overview.calls_by_day(palette))
        card(overview.heat(palette))
    with figures.three():
        card(overview.hangups(palette))
        card(overview.talk(palette))
        figures.card(
            overview.cost(palette, terms, st.session_state.get(_COST_BY) or COST_BY[0]),
            pick,
            version=version,
            above=_cost_by,
        )
        card(overview.attempts(palette))
        card(overview.hours(palette))
        card(overview.waits(palette))


def _cost_by() -> None:
    st.segmented_control(
        "Cost by", COST_BY, default=COST_BY[0], key=_COST_BY, label_visibility="collapsed", required=True
    )


def _filter(filters: Filters, by: By, name: str, values: list[Any]) -> None:
    """What was picked becomes a filter; picking just that again takes it away."""
    for filter_name, value in _meant(name, values, by).items() if values else ():
        state.set_filter(filter_name, value) if value != getattr(filters, filter_name) else state.clear(filter_name)


def _meant(name: str, values: list[Any], by: By) -> dict[str, Any]:
    """Filters by name, for the values of a chart's points; bars of time are by day or by month."""
    if name in _TEXTS:
        return {_TEXTS[name]: tuple(str(value) for value in values)}
    if name in ("calls_by_day", "cost_by_day", "cost_by_month"):
        return {"days": picked_days([str(value) for value in values], by)}
    if name == "talk_time":
        return {"talk": picked_range("talk", [float(value) for value in values])}
    if name == "waits":
        kind = str(values[0]).partition(":")[0]
        bins = [float(str(value).partition(":")[2]) for value in values if str(value).startswith(f"{kind}:")]
        return {kind: picked_range(kind, bins)}
    if name in ("cost_by_agent", "cost_by_direction"):
        return {name.removeprefix("cost_by_"): tuple(str(value) for value in values)}
    return {}
