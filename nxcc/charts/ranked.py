"""Ranked bars, one below the other, each cut into parts, with the value at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from nxcc import wording
from nxcc.charts.chart import figure_of
from nxcc.charts.picking import AS_DRAWN, Picked, Value, carried, clicks, is_picked, painted
from nxcc.palette import Palette

MOST = 7
NONE_SAID = ""  # the value of a bar of calls where nothing is said; the bar of all others carries None
_LONGEST_LABEL = 22
_LONGEST_HOVER = 200
_ROOM = 4  # fewer bars are no thicker than this many
_DIGIT_PX = 6.6


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of every bar, from the top bar down. `hatched` marks what is in doubt."""

    name: str
    role: str
    amounts: Sequence[float]
    hovers: Sequence[str]
    hatched: bool = False


def best(totals: pd.Series[float], picked: Picked | None, most: int = MOST) -> list[str]:
    """The values (the index) to show, highest first: the highest, what is picked, and never just one left over."""
    ranked = totals.sort_values(ascending=False, kind="stable")
    if len(ranked) <= most + 1:
        return list(ranked.index)
    first = sorted(ranked.index, key=lambda value: not is_picked(value, picked))
    kept = set(first[:most])
    return [value for value in ranked.index if value in kept]


def ranked_bars(
    values: Sequence[Value],
    labels: Sequence[str],
    cuts: Sequence[Cut],
    palette: Palette,
    picked: Picked | None,
    *,
    ends: Sequence[str],
    x_title: str,
) -> go.Figure:
    """Bars from the top down. Labels are foreign text, hovers and ends are not; a cut that is 0 everywhere is left out.

    A hover begins with its bar's label, in full.
    """
    places = np.arange(len(values))
    values, labels, ends = values[::-1], labels[::-1], ends[::-1]  # axes grow upwards
    bars: list[dict[str, Any]] = []
    carry: Sequence[Value] = values if picked is not None else [None] * len(values)
    names = [wording.in_chart(wording.cut(label, _LONGEST_HOVER)) for label in labels]
    for cut in cuts:
        if not any(cut.amounts):
            continue
        colour = painted(palette.mark[cut.role], values, picked)
        marker: dict[str, Any] = {"color": colour}
        if cut.hatched:
            marker["pattern"] = {
                "shape": "/",
                "fgcolor": colour,
                "bgcolor": "rgba(0,0,0,0)",
                "size": 5,
                "solidity": 0.4,
            }
            marker["line"] = {"color": colour, "width": [1 if amount else 0 for amount in cut.amounts[::-1]]}
        bars.append(
            {
                "type": "bar",
                "y": places,
                "x": np.asarray(cut.amounts[::-1]),
                "orientation": "h",
                "name": cut.name,
                "marker": marker,
                "customdata": carried(carry, names, cut.hovers[::-1]),
                "hovertemplate": "%{customdata[1]}<br>%{customdata[2]}<extra></extra>",
                **AS_DRAWN,
            }
        )
    totals = np.sum([cut.amounts[::-1] for cut in cuts], axis=0)
    at_the_end = [
        {
            "x": max(float(total), 0.0), "y": int(place), "text": end, "showarrow": False, "xanchor": "left",
            "xshift": 3, "font": {"size": 11, "color": palette.mark["ink"]},
        }
        for place, total, end in zip(places, totals, ends, strict=True)
    ]  # fmt: skip
    low, high = min(0.0, float(totals.min())), max(0.0, float(totals.max()))
    layout = {
        "barmode": "relative",
        "annotations": at_the_end,
        "margin": {"r": 8 + _DIGIT_PX * max(map(len, ends))},
        "xaxis": {
            "title": {"text": x_title}, "showticklabels": False, "showline": False, "ticks": "",
            "range": [low * 1.05, high * 1.02 or (0 if low else 1)],
        },
        "yaxis": {
            "tickvals": places,
            "ticktext": [wording.in_chart(wording.cut(label, _LONGEST_LABEL)) for label in labels],
            "showgrid": False,
            "range": [min(0, len(values) - _ROOM) - 0.6, len(values) - 0.4],
        },
    }  # fmt: skip
    key = {cut.name: palette.mark[cut.role] for cut in cuts if any(cut.amounts)}
    return figure_of(bars, layout | ({} if picked is None else clicks()), palette, key=list(key.items()))
