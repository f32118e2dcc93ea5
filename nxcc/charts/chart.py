"""What all charts share: the figure with what stands around it, and its dress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from nxcc.palette import Palette

HEIGHT = 236  # px; three beside each other
TALL = 268  # px; two beside each other
Selects = tuple[Literal["points", "box"], ...]
_FACE = "Inter, PingFang SC, Microsoft YaHei, Noto Sans SC, sans-serif"


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure with what stands around it. `figure` is None when there is nothing to draw; `note` then says why.

    `height` is in px, also of the place it leaves when empty; `selects` says how points can be picked (empty: not).
    """

    name: str
    title: str
    note: str
    help: str
    alt: str
    figure: go.Figure | None
    height: int = HEIGHT
    selects: Selects = ()


def dressed(
    figure: go.Figure, palette: Palette, *, key: bool | Sequence[tuple[str, str]] = False, height: int = HEIGHT
) -> go.Figure:
    """Fonts, axes and margins; with `key`, a line of coloured squares as the title (a legend would wrap).

    The key names the traces, or what it is given: names with their colours.
    """
    mark = palette.mark
    small = {"size": 11, "color": mark["muted"]}
    axis = {
        "showgrid": False, "zeroline": False, "linecolor": mark["axis"], "tickcolor": mark["axis"], "ticks": "outside",
        "ticklen": 4, "tickfont": small, "title": {"font": small, "standoff": 8}, "automargin": True,
        "fixedrange": True,
    }  # fmt: skip
    template = {
        "font": {"family": _FACE, "size": 12, "color": mark["ink"]},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 4, "r": 14, "t": 8, "b": 4},
        "hovermode": "closest",
        "xaxis": axis | {"showline": True},
        "yaxis": axis | {"showgrid": True, "gridcolor": mark["grid"], "ticks": "", "ticklabelstandoff": 4},
        "hoverlabel": {
            "bgcolor": mark["hover"], "bordercolor": mark["axis"], "align": "left",
            "font": {"family": _FACE, "size": 12, "color": mark["ink"]},
        },
    }  # fmt: skip
    figure.update_layout(template=go.layout.Template(layout=template), height=height, showlegend=False)
    if key:
        entries = [(trace.name, trace.marker.color) for trace in figure.data] if key is True else key
        title = {
            "text": _key(entries),
            "x": 0, "xref": "container", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top",
            "pad": {"t": 4, "l": 0}, "font": {"size": 11.5, "color": mark["muted"], "weight": 400},
        }  # fmt: skip
        figure.update_layout(margin_t=32, margin_r=28, title=title)
    return figure


def _key(entries: Sequence[tuple[str, str]]) -> str:
    squares = (f'<span style="color:{colour};font-size:16px">■</span> {name}' for name, colour in entries)
    return "\u2002 \u2002 ".join(squares)
