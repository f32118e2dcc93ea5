"""How fast answers come."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from nxcc import wording
from nxcc.charts.chart import Chart, dressed
from nxcc.palette import Palette

_MOST_POINTS = 90


def answers_a_second(moments: Sequence[tuple[float, int, float]], palette: Palette, zone: ZoneInfo) -> Chart:
    """Answers a second over a job's last half hour, and the limit in force.

    `moments` are epoch seconds, ids done so far, and the limit (infinite = none), oldest first.
    """
    title = "Answers a second"
    help_ = "Order ids that got an outcome, per second, and the limit in force: it drops by itself when the API asks."
    if len(moments) < 3:
        return Chart("answers_a_second", title, "Just begun", help_, "", None)
    step = max(1, len(moments) // _MOST_POINTS)
    at, done, limit = (np.array(column) for column in zip(*moments[::step], strict=True))
    rate = np.diff(done) / np.maximum(np.diff(at), 0.001)
    times = pd.to_datetime(at[1:], unit="s", utc=True).tz_convert(zone).tz_localize(None).to_numpy()
    figure = go.Figure()
    figure.add_scatter(
        x=times,
        y=rate,
        name="Answers",
        mode="lines",
        line={"color": palette.mark["found"], "width": 2},
        marker_color=palette.mark["found"],
        fill="tozeroy",
        fillcolor="rgba(91,147,245,.10)",
        hovertemplate="%{x|%H:%M:%S}<br><b>%{y:.1f}</b> answers/s<extra></extra>",
    )
    most = float(rate.max())
    known = np.where(np.isfinite(limit[1:]), limit[1:], np.nan)
    if np.isfinite(known).any() and np.nanmax(known) < most * 20:  # a limit that is out of sight says nothing
        figure.add_scatter(
            x=times,
            y=known,
            name="Limit in force",
            mode="lines",
            line={"color": palette.mark["muted"], "width": 1, "dash": "dot", "shape": "hv"},
            marker_color=palette.mark["muted"],
            hovertemplate="Limit %{y:.1f}/s<extra></extra>",
        )
        most = max(most, float(np.nanmax(known)))
    offset = wording.offset(zone, datetime.fromtimestamp(float(at[-1]), UTC))
    dressed(figure, palette, key=True)
    figure.update_layout(
        height=214,
        xaxis={"title": f"Time ({offset})", "tickformat": "%H:%M" if at[-1] - at[0] > 300 else "%H:%M:%S", "nticks": 6},
        yaxis={"title": "Answers/s", "range": [0, most * 1.15 or 1], "nticks": 4},
    )
    minutes = math.ceil((at[-1] - at[0]) / 60)
    note = f"last {minutes} min" if minutes > 1 else "last minute"
    return Chart("answers_a_second", title, note, help_, f"Answers a second, {rate[-1]:.1f} at the end", figure)
