"""When calls are answered: a cell for each hour of the week."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from nxcc import wording
from nxcc.charts.chart import TALL, Chart, figure_of
from nxcc.charts.picking import AS_DRAWN, NOBODY, POINTS_AND_BOX, Picked, Value, carried, clicks, faded, is_picked
from nxcc.charts.shares import many, share_of
from nxcc.palette import Palette

LEAST = 10  # calls that a cell is drawn for
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WIDE, _HIGH = 0.94, 0.92  # of a cell's place
_LEAST_HOURS = 6
_BLANK = "rgba(0,0,0,0)"  # hovers and clicks find it all the same


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
    low, high = _span(rows.loc[drawn, "rate"])
    colours = [
        (colour if not picked or is_picked(value, picked) else faded(colour)) if enough else _BLANK
        for value, colour, enough in zip(rows["value"], _tints(rows["rate"], low, high, palette), drawn, strict=True)
    ]
    scale = {  # the cells' own colours are ready
        "type": "scatter", "x": [None], "y": [None], "mode": "markers", "hoverinfo": "skip",
        "marker": {"color": [low], "coloraxis": "coloraxis"},
    }  # fmt: skip
    layout = {
        "barmode": "overlay",
        "coloraxis": _scale(low, high, palette),
        "xaxis": _hours(rows["hour"], zone_text),
        "yaxis": {"tickvals": list(range(7)), "ticktext": WEEKDAYS, "range": [6.5, -0.5], "showgrid": False},
    }
    figure = figure_of([_cells(rows, colours), scale], layout | clicks("any"), palette, height=TALL)
    note = f"n {many(n, 'call')} · blank: fewer than {LEAST} calls"
    shown = rows[drawn]
    if shown.empty:
        alt = f"No hour of the week has {LEAST} calls"
    else:
        top = shown.sort_values("rate").iloc[-1]
        when = f"{_LONG[int(top['weekday'])]} {int(top['hour']):02d}:00"
        alt = f"Answer rate by weekday and hour of {many(n, 'call')}, highest on {when}: {wording.share(top['rate'])}"
    return Chart("answer_rate_heat", title, note, help_, alt, figure, TALL, POINTS_AND_BOX)


def _cells(rows: pd.DataFrame, colours: Sequence[str]) -> dict[str, Any]:
    """As bars: plotly selects these, the cells of its own heat map it does not."""
    values: list[Value] = rows["value"].tolist()
    heads = [f"{_LONG[d]} {h:02d}:00–{h:02d}:59" for d, h in zip(rows["weekday"], rows["hour"], strict=True)]
    shares = [
        share_of(int(part), int(n), "calls answered") for part, n in zip(rows["answered"], rows["calls"], strict=True)
    ]
    return {
        "type": "bar",
        "x": rows["hour"].to_numpy(),
        "y": np.full(len(rows), _HIGH),
        "base": rows["weekday"].to_numpy() - _HIGH / 2,
        "width": _WIDE,
        "marker": {"color": colours, "line": {"width": 0}},
        "customdata": carried(values, heads, shares),
        "hovertemplate": "%{customdata[1]}<br>%{customdata[2]}<extra></extra>",
        **AS_DRAWN,
    }


def _span(rates: pd.Series[float]) -> tuple[int, int]:
    """Per cent that the scale goes from and to: the tens around what occurs, at least two of them."""
    if rates.empty:
        return 0, 100
    low = min(math.floor(10 * float(rates.min())), 8)
    high = max(math.ceil(10 * float(rates.max())), low + 2)
    if (high - low) % 2:  # the middle is a tick
        low, high = (low - 1, high) if low else (low, high + 1)
    return 10 * low, 10 * high


def _tints(rates: pd.Series[float], low: int, high: int, palette: Palette) -> list[str]:
    """Each share's colour, between its two neighbours in the scale."""
    steps = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in palette.scale])
    places = ((100 * rates - low) / (high - low)).clip(0, 1) * (len(steps) - 1)
    below = np.minimum(places.to_numpy().astype(int), len(steps) - 2)
    part = (places.to_numpy() - below)[:, None]
    mixed = np.rint(steps[below] * (1 - part) + steps[below + 1] * part).astype(int)
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in mixed.tolist()]


def _scale(low: int, high: int, palette: Palette) -> dict[str, Any]:
    ticks = [low, (low + high) // 2, high]
    return {
        "colorscale": [[n / (len(palette.scale) - 1), colour] for n, colour in enumerate(palette.scale)],
        "cmin": low,
        "cmax": high,
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
        "title": {"text": f"{header} ({zone_text})" if zone_text else header},
        "tickvals": ticks,
        "ticktext": [f"{tick:02d}" for tick in ticks],
        "range": [first - 0.5, last + 0.5],
        "showline": False,
        "ticks": "",
    }
