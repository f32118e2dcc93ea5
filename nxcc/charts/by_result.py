"""How calls went, by the time they began: stacked by result in the colours of the roles."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import NDArray

from nxcc.charts.chart import HEIGHT, TALL, Chart, figure_of
from nxcc.charts.counts import counts
from nxcc.charts.dates import HOVER, WIDTH_MS, By, date_axis
from nxcc.charts.picking import AS_DRAWN, NOBODY, POINTS_AND_BOX, Picked, Value, carried, clicks, painted
from nxcc.charts.shares import many, share_of
from nxcc.hangup import RESULTS, Result
from nxcc.palette import RESULTS as ROLES
from nxcc.palette import Palette

_ON_A_LINE = 3  # results that a narrow card names on one line


def calls_by_day(
    days: pd.DataFrame, palette: Palette, zone_text: str, *, picked: Picked = NOBODY, by: By = "day"
) -> Chart:
    """Calls of each day or month, stacked by result.

    `days` has `at` (datetime64, local midnight without a zone; for months their first day), `result` and `calls`.
    Points carry the ISO date of `at`.
    """
    title = f"Calls by {by}"
    help_ = f"Calls, each call ID once, by the {by} they began, stacked by result. A call without a start is left out."
    table = _table(days, "at")
    if table.empty:
        return Chart("calls_by_day", title, "No call has a start", help_, "", None, TALL)
    places = table.index.to_numpy().astype("datetime64[s]")
    values: list[Value] = [str(place) for place in places.astype("datetime64[D]")]
    bars = _stacked(table, places, values, palette, picked, head=f"%{{x|{HOVER[by]}}}", width=WIDTH_MS[by])
    totals = table.sum(axis=1)
    layout = {
        "barmode": "stack",
        "xaxis": date_axis(places, by, zone_text, 6 if by == "day" else 5),
        "yaxis": counts(int(totals.max()), 1.06),
    }
    figure = figure_of(bars, layout | clicks("h"), palette, key=_key(table, palette), height=TALL)
    whole = int(totals.sum())
    note = f"n {many(whole, 'call')}"
    alt = f"{many(whole, 'call')} in {many(len(values), by)}; most, {totals.max():,}, on {values[int(totals.argmax())]}"
    return Chart("calls_by_day", title, note, help_, alt, figure, TALL, POINTS_AND_BOX)


def calls_by_hour(hours: pd.DataFrame, palette: Palette, zone_text: str, *, picked: Picked = NOBODY) -> Chart:
    """Calls of each hour of the day, stacked by result.

    `hours` has `hour` (0 to 23, local), `result` and `calls`. Points carry the hour.
    """
    title, help_ = "Calls by hour", "Calls, each call ID once, by the hour of the day they began, stacked by result."
    table = _table(hours, "hour")
    if table.empty:
        return Chart("calls_by_hour", title, "No call has a start", help_, "", None)
    values: list[Value] = table.index.to_list()
    bars = _stacked(table, table.index.to_numpy(), values, palette, picked, head="%{x:02d}:00–%{x:02d}:59", width=0.8)
    totals = table.sum(axis=1)
    header = f"Hour of the call's start ({zone_text})" if zone_text else "Hour of the call's start"
    layout = {
        "barmode": "stack",
        "xaxis": {"title": {"text": header}, "dtick": 4, "tickformat": "02d", "range": [-0.7, 23.7]},
        "yaxis": counts(int(totals.max()), 1.06),
    }
    lines = 2 if len(table.columns) > _ON_A_LINE else 1
    figure = figure_of(bars, layout | clicks("h"), palette, key=_key(table, palette), key_lines=lines)
    whole = int(totals.sum())
    alt = f"{many(whole, 'call')} by hour; most, {totals.max():,}, from {values[int(totals.argmax())]:02d}:00 on"
    note = f"n {many(whole, 'call')}"
    return Chart("calls_by_hour", title, note, help_, alt, figure, HEIGHT, POINTS_AND_BOX)


def _table(rows: pd.DataFrame, place: str) -> pd.DataFrame:
    """Places down, results across, in the order of the stack; only what occurs."""
    rows = rows[rows["calls"] > 0]
    table = rows.groupby([place, "result"])["calls"].sum().unstack(fill_value=0)
    return table[_results(table)]


def _stacked(
    table: pd.DataFrame,
    places: NDArray[Any],
    values: list[Value],
    palette: Palette,
    picked: Picked,
    *,
    head: str,
    width: float,
) -> list[dict[str, Any]]:
    """Bars. `head` is how hovers begin, in plotly's words."""
    bars = []
    totals = table.sum(axis=1).to_numpy()
    for result in _results(table):
        n = table[result].to_numpy()
        label = ROLES[result].label
        shares = [share_of(int(part), int(whole), "calls") for part, whole in zip(n, totals, strict=True)]
        bars.append(
            {
                "type": "bar",
                "x": places,
                "y": n,
                "width": width,
                "name": label,
                "marker": {
                    "color": painted(palette.mark[result], values, picked),
                    "line": {"color": palette.mark["canvas"], "width": 0.5},
                },
                "customdata": carried(values, shares),
                "hovertemplate": f"{head}<br>{label} <b>%{{y:,}}</b>, %{{customdata[1]}}<extra></extra>",
                **AS_DRAWN,
            }
        )
    return bars


def _key(table: pd.DataFrame, palette: Palette) -> list[tuple[str, str]]:
    return [(ROLES[result].label, palette.mark[result]) for result in _results(table)]


def _results(table: pd.DataFrame) -> list[Result]:
    return [result for result in RESULTS if result in table]
