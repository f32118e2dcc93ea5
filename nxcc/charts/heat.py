"""When calls are answered: a cell for each hour of the week."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from nxcc.charts.chart import TALL, Chart, dressed
from nxcc.charts.picking import AS_DRAWN, FADED, NOBODY, POINTS_AND_BOX, Picked, Value, carried, is_picked, pickable
from nxcc.charts.shares import many, share_of
from nxcc.palette import Palette

LEAST = 10  # calls that a cell is drawn for
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WIDE, _HIGH = 0.94, 0.92  # of a cell's place
_LEAST_HOURS = 6


def answer_rate_heat(cells: pd.DataFrame, palette: Palette, zone_text: str, *, picked: Picked = NOBODY) -> Chart:
    """Share of calls answered for each hour of the local week; cells of fewer than `LEAST` calls stay blank.

    `cells` has `weekday` (0 = Monday), `hour` (0 to 23), `calls`, `answered`. Points carry `weekday-hour`, as `0-18`.
    """
    title = "Answer rate by weekday and hour"
    help_ = (
        "Answered calls ÷ calls that began in that hour of that weekday, each call ID once. "
        f"Cells of fewer than {LEAST} calls stay blank."
    )
    rows = cells[cells["calls"] > 0].groupby(["weekday", "hour"])[["calls", "answered"]].sum().reset_index()
    n = int(rows["calls"].sum())
    if not n:
        return Chart("answer_rate_heat", title, "No call has a start", help_, "", None, TALL)
    rows["value"] = [f"{day}-{hour}" for day, hour in zip(rows["weekday"], rows["hour"], strict=True)]
    rows["rate"] = rows["answered"] / rows["calls"]
    drawn = rows["calls"] >= LEAST
    inside = np.array([not picked or is_picked(value, picked) for value in rows["value"]])
    figure = go.Figure()
    for which, opacity in ((drawn & inside, 1.0), (drawn & ~inside, FADED)):
        if which.any():
            _cells(figure, rows[which], {"color": 100 * rows.loc[which, "rate"], "coloraxis": "coloraxis"}, opacity)
    if not drawn.all():
        _cells(figure, rows[~drawn], {"color": "rgba(0,0,0,0)"}, 1.0)
    figure.update_layout(
        barmode="overlay",
        coloraxis=_colours(rows.loc[drawn, "rate"], palette),
        xaxis=_hours(rows["hour"], zone_text),
        yaxis={"tickvals": list(range(7)), "ticktext": WEEKDAYS, "range": [6.5, -0.5], "showgrid": False},
    )
    dressed(figure, palette, height=TALL)
    note = f"n {many(n, 'call')} · blank: fewer than {LEAST} calls"
    shown = rows[drawn]
    if shown.empty:
        alt = f"No hour of the week has {LEAST} calls"
    else:
        top = shown.sort_values("rate").iloc[-1]
        when = f"{_LONG[int(top['weekday'])]} {int(top['hour']):02d}:00"
        alt = f"Answer rate by weekday and hour of {many(n, 'call')}, highest on {when}: {top['rate']:.0%}"
    return Chart("answer_rate_heat", title, note, help_, alt, pickable(figure, "any"), TALL, POINTS_AND_BOX)


def _cells(figure: go.Figure, rows: pd.DataFrame, marker: dict[str, Any], opacity: float) -> None:
    """As bars: plotly selects these, the cells of its own heat map it does not."""
    values: list[Value] = rows["value"].tolist()
    heads = [f"{_LONG[d]} {h:02d}:00–{h:02d}:59" for d, h in zip(rows["weekday"], rows["hour"], strict=True)]
    shares = [
        share_of(int(part), int(of), "calls answered") for part, of in zip(rows["answered"], rows["calls"], strict=True)
    ]
    figure.add_bar(
        x=rows["hour"],
        y=np.full(len(rows), _HIGH),
        base=rows["weekday"] - _HIGH / 2,
        width=_WIDE,
        marker=marker | {"line": {"width": 0}},
        opacity=opacity,
        customdata=carried(values, heads, shares),
        hovertemplate="%{customdata[1]}<br>%{customdata[2]}<extra></extra>",
        **AS_DRAWN,
    )


def _colours(rates: pd.Series[float], palette: Palette) -> dict[str, Any]:
    """The scale over the tens of per cent that occur, at least two of them."""
    low = math.floor(10 * float(rates.min())) if len(rates) else 0
    high = math.ceil(10 * float(rates.max())) if len(rates) else 10
    low = max(0, min(low, 8))
    high = min(10, max(high, low + 2))
    low -= (high - low) % 2 if low else 0
    high += (high - low) % 2
    ticks = [10 * low, 5 * (low + high), 10 * high]
    scale = palette.scale
    return {
        "colorscale": [[n / (len(scale) - 1), colour] for n, colour in enumerate(scale)],
        "cmin": ticks[0],
        "cmax": ticks[-1],
        "colorbar": {
            "thickness": 8, "outlinewidth": 0, "len": 1, "tickvals": ticks, "ticktext": [f"{tick} %" for tick in ticks],
            "tickfont": {"size": 11, "color": palette.mark["muted"]}, "ticks": "", "xpad": 6, "ypad": 0,
        },
    }  # fmt: skip


def _hours(hours: pd.Series[int], zone_text: str) -> dict[str, Any]:
    first, last = int(hours.min()), int(hours.max())
    if last - first + 1 < _LEAST_HOURS:
        first = max(0, min(first - 2, 24 - _LEAST_HOURS))
        last = max(last, first + _LEAST_HOURS - 1)
    step = 2 if last - first < 16 else 3
    ticks = [hour for hour in range(first, last + 1) if hour % step == 0]
    header = "Hour of the call's start"
    return {
        "title": f"{header} ({zone_text})" if zone_text else header,
        "tickvals": ticks,
        "ticktext": [f"{tick:02d}" for tick in ticks],
        "range": [first - 0.5, last + 0.5],
        "showline": False,
        "ticks": "",
    }
