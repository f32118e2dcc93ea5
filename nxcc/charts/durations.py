"""How long calls talked, queued and rang: bins of equal width on a scale that begins in seconds and ends in hours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from nxcc import wording
from nxcc.charts.chart import Chart, figure_of
from nxcc.charts.counts import counts
from nxcc.charts.picking import AS_DRAWN, NOBODY, POINTS_AND_BOX, Picked, Value, carried, clicks, painted
from nxcc.charts.shares import many, share_of
from nxcc.palette import Palette

_MOST_TICKS = 8
_LEAST_BINS = 4


def talk_distribution(
    bins: pd.DataFrame, median_s: float | None, palette: Palette, *, picked: Picked = NOBODY
) -> Chart:
    """How long answered calls lasted, with the median.

    `bins` has `from_s`, `to_s` (not included; the last may be infinite) and `calls`, ascending and without gaps.
    Points carry `from_s`.
    """
    title = "Talk time"
    help_ = (
        "Distribution of callDuration over answered calls. Bins grow with the time, bars are of equal width. "
        "The dotted line is the median."
    )
    shown = _without_empty_ends(bins)
    n = int(shown["calls"].sum())
    if not n:
        return Chart("talk_time", title, "No answered call with a talk time", help_, "", None)
    values: list[Value] = shown["from_s"].tolist()
    shares = [share_of(int(part), n, "answered calls") for part in shown["calls"]]
    bars = {
        "type": "bar",
        "x": np.arange(len(shown)) + 0.5,
        "y": shown["calls"].to_numpy(),
        "width": 0.9,
        "marker": {"color": painted(palette.mark["answered"], values, picked)},
        "customdata": carried(values, _spans(shown), shares),
        "hovertemplate": "%{customdata[1]}<br><b>%{y:,}</b>, %{customdata[2]}<extra></extra>",
        **AS_DRAWN,
    }
    layout = {
        "margin": {"t": 32},
        "xaxis": _edges(shown, "Talk time"),
        "yaxis": counts(int(shown["calls"].max()), 1.1),
    }
    if median_s is not None:
        layout |= median_line(_place(shown, median_s), len(shown), median_s, palette)
    figure = figure_of([bars], layout | clicks("h"), palette)
    note = f"n {many(n, 'answered call')}"
    alt = f"Talk time of {many(n, 'answered call')}, median {wording.duration(median_s)}"
    return Chart("talk_time", title, note, help_, alt, figure, selects=POINTS_AND_BOX)


def waits(bins: pd.DataFrame, palette: Palette, *, picked: Picked = NOBODY) -> Chart:
    """How long calls were in the queue, and how long they rang.

    `bins` has `kind` (queue, ring), `from_s`, `to_s` (not included; the last may be infinite) and `calls`, for both
    kinds the same bins. Points carry `kind:from_s`.
    """
    title = "Queue and ring time"
    help_ = (
        "How long calls were in the queue and how long they rang, each over calls that have such a time. Bins grow "
        "with the time, bars are of equal width."
    )
    edges = _without_empty_ends(bins.groupby(["from_s", "to_s"])["calls"].sum().reset_index())
    if edges.empty:
        return Chart("waits", title, "No call with a queue or ring time", help_, "", None)
    bars: list[dict[str, Any]] = []
    key, told, most = [], [], 0
    for kind, name in (("queue", "Queue"), ("ring", "Ring")):
        calls = bins[bins["kind"] == kind].groupby("from_s")["calls"].sum()
        calls = calls.reindex(edges["from_s"], fill_value=0).astype(int)
        n = int(calls.sum())
        if not n:
            continue
        values: list[Value] = [f"{kind}:{from_s:g}" for from_s in edges["from_s"]]
        shares = [share_of(part, n, f"calls with a {kind} time") for part in calls]
        outline = {"color": painted(palette.mark["muted"], values, picked), "width": 1 if kind == "queue" else 0}
        bars.append(
            {
                "type": "bar",
                "x": np.arange(len(edges)) + 0.5,
                "y": calls.to_numpy(),
                "name": name,
                "marker": {"color": painted(palette.mark[kind], values, picked), "line": outline},
                "customdata": carried(values, _spans(edges), shares),
                "hovertemplate": f"%{{customdata[1]}}<br>{name} <b>%{{y:,}}</b>, %{{customdata[2]}}<extra></extra>",
                **AS_DRAWN,
            }
        )
        key.append((name, palette.mark[kind]))
        told.append(f"{kind} n {n:,}")
        most = max(most, int(calls.max()))
    layout = {
        "barmode": "group",
        "bargap": 0.18,
        "bargroupgap": 0,
        "xaxis": _edges(edges, "Time"),
        "yaxis": counts(most, 1.1),
    }
    figure = figure_of(bars, layout | clicks("h"), palette, key=key)
    alt = f"Queue and ring time, {' and '.join(told)} calls"
    return Chart("waits", title, " · ".join(told), help_, alt, figure, selects=POINTS_AND_BOX)


def _without_empty_ends(bins: pd.DataFrame) -> pd.DataFrame:
    """From the first bin to the last that has calls, but at least a few."""
    bins = bins.sort_values("from_s")
    filled = np.flatnonzero(bins["calls"].to_numpy() > 0)
    if not len(filled):
        return bins.iloc[:0]
    last = min(max(int(filled[-1]) + 1, _LEAST_BINS), len(bins))
    return bins.iloc[:last].reset_index(drop=True)


def _spans(bins: pd.DataFrame) -> list[str]:
    return [
        f"{wording.duration(low)} – {wording.duration(high)}"
        if math.isfinite(high)
        else f"{wording.duration(low)} and longer"
        for low, high in zip(bins["from_s"], bins["to_s"], strict=True)
    ]


def _edges(bins: pd.DataFrame, title: str) -> dict[str, object]:
    """An axis with the bins' edges as ticks; where not all fit, every second or third."""
    edges = [*bins["from_s"], bins["to_s"].iloc[-1]]
    step = -(-len(edges) // _MOST_TICKS)
    places = [n for n in range(0, len(edges), step) if math.isfinite(edges[n])]
    return {
        "title": {"text": title},
        "range": [0, len(bins)],
        "tickvals": places,
        "ticktext": [_edge(edges[n]) for n in places],
        "tickangle": 0,
    }


def _edge(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:g}s" if seconds else "0"
    return f"{seconds / 60:g}m" if seconds < 3600 else f"{seconds / 3600:g}h"


def median_line(place: float, bins: int, median_s: float, palette: Palette) -> dict[str, Any]:
    """A layout's dotted line across the plot at a place among so many bins, with its label above."""
    line = {
        "type": "line", "x0": place, "x1": place, "y0": 0, "y1": 1, "yref": "paper",
        "line": {"color": palette.mark["ink"], "width": 1, "dash": "dot"},
    }  # fmt: skip
    left = place < bins * 0.6
    label = {
        "x": place, "y": 1, "yref": "paper", "yanchor": "bottom", "yshift": 2, "xanchor": "left" if left else "right",
        "xshift": -2 if left else 2, "showarrow": False, "text": f"median {wording.duration(median_s)}",
        "font": {"size": 11, "color": palette.mark["muted"]},
    }  # fmt: skip
    return {"shapes": [line], "annotations": [label]}


def _place(bins: pd.DataFrame, seconds: float) -> float:
    """Where a time is among the bins: within its own in proportion, in the middle of one without an end."""
    at = max(int((bins["from_s"] <= seconds).sum()) - 1, 0)
    low, high = float(bins["from_s"].iloc[at]), float(bins["to_s"].iloc[at])
    return at + (min((seconds - low) / (high - low), 1.0) if math.isfinite(high) else 0.5)
