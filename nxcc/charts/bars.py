"""One bar, cut into the parts of a whole: how far a job is, what becomes of a file's rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from nxcc.charts.chart import dressed
from nxcc.palette import Palette

HIGH = 26  # px
_LEAST_SHARE = 0.004  # a part that is there is seen, however small


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the whole: what it is called, how many, and its role of colour."""

    label: str
    n: int
    role: str


def parts_bar(parts: Sequence[Part], palette: Palette, *, of: str, named: bool = False) -> go.Figure:
    """A bar without axes. `of` names what is counted; hovering tells each part with its share.

    `named`: a line above the bar says what the parts are, and how many.
    """
    whole = sum(part.n for part in parts) or 1
    figure = go.Figure()
    for part in parts:
        if not part.n:
            continue
        figure.add_bar(
            y=[""],
            x=[max(part.n, whole * _LEAST_SHARE)],
            orientation="h",
            name=f"{part.label} {part.n:,}",
            marker={"color": palette.mark[part.role], "line": {"color": palette.mark["canvas"], "width": 1.5}},
            hovertemplate=f"{part.label}<br><b>{part.n:,}</b> {of}, {part.n / whole:.1%}<extra></extra>",
        )
    dressed(figure, palette, key=named)
    above = 34 if named else 0
    figure.update_layout(
        barmode="stack",
        bargap=0,
        height=HIGH + above,
        margin={"l": 0, "r": 0, "t": above, "b": 0},
        xaxis={"visible": False, "range": [0, sum(max(p.n, whole * _LEAST_SHARE) for p in parts if p.n) or 1]},
        yaxis={"visible": False},
    )
    return figure
