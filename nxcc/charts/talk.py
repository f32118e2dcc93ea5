"""How long calls lasted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from nxcc import wording
from nxcc.charts.chart import Chart, dressed
from nxcc.charts.counts import counts
from nxcc.charts.durations import median_line
from nxcc.palette import Palette

_BIN_WIDTHS_S = (5, 10, 15, 30, 60, 120, 300, 600, 1800)
_MOST_BINS = 12


def talk_time(calls: pd.DataFrame, palette: Palette) -> Chart:
    """How long answered calls lasted: a histogram with the median. The last bar holds the long tail."""
    title, help_ = "Talk time", "Distribution of callDuration over answered calls. The dotted line is the median."
    talk = calls.loc[calls["answered"].fillna(False).astype(bool), "talk_s"].dropna().to_numpy(dtype=float)
    if not len(talk):
        return Chart("talk_time", title, "No answered call with a talk time", help_, "", None)
    width = next((w for w in _BIN_WIDTHS_S if np.quantile(talk, 0.75) < w * 6), _BIN_WIDTHS_S[-1])
    most = min(int(talk.max() // width) + 1, _MOST_BINS)
    bins = np.minimum(talk // width, most - 1).astype(int)
    n = np.bincount(bins, minlength=most)
    tail = bool(talk.max() >= most * width)
    spans = [f"{wording.duration(b * width)} – {wording.duration((b + 1) * width)}" for b in range(most)]
    if tail:
        spans[-1] = f"{wording.duration((most - 1) * width)} and longer"
    median = float(np.median(talk))
    figure = go.Figure(
        go.Bar(
            x=np.arange(most) + 0.5,
            y=n,
            width=0.92,
            marker_color=palette.mark["answered"],
            customdata=np.array(spans, dtype=object),
            hovertemplate="%{customdata}<br><b>%{y:,}</b> answered calls<extra></extra>",
        )
    )
    where = min(median / width, most - 0.5)
    figure.update_layout(median_line(where, most, median, palette))
    step = max(1, -(-most // 6))
    edges = np.arange(0, most + 1, step)
    ticks = [_edge(int(e) * width, width) for e in edges]
    unit = "min" if width >= 60 else "s"
    x_axis = {"title": f"Talk time ({unit})", "range": [0, max(most, 3)]}
    figure.update_layout(
        margin_t=32, xaxis=x_axis | {"tickvals": edges, "ticktext": ticks}, yaxis=counts(int(n.max()), 1.1)
    )
    note = f"n {len(talk):,} answered call{'' if len(talk) == 1 else 's'} · bins of {_edge(width, width)} {unit}"
    if tail:
        note += f" · last {_edge((most - 1) * width, width)}+"
    alt = f"Histogram of talk time of {len(talk)} answered calls, median {wording.duration(median)}"
    return Chart("talk_time", title, note, help_, alt, dressed(figure, palette))


def _edge(seconds: int, width_s: int) -> str:
    return f"{seconds / 60:g}" if width_s >= 60 else str(seconds)
