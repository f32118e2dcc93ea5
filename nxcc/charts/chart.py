"""What all charts share: the figure with what stands around it, and its dress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go

from nxcc.palette import Palette

HEIGHT = 236  # px; three beside each other
TALL = 268  # px; two beside each other
Selects = tuple[Literal["points", "box"], ...]
_LINE_PX = 16  # of a key
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

    @property
    def config(self) -> dict[str, Any]:
        """How plotly shows it: without tools, or with two to switch between clicks and boxes."""
        if "box" not in self.selects:
            return {"displayModeBar": False, "displaylogo": False}
        return {"displayModeBar": "hover", "displaylogo": False, "modeBarButtons": [["pan2d", "select2d"]]}


def dressed(
    figure: go.Figure,
    palette: Palette,
    *,
    key: bool | Sequence[tuple[str, str]] = False,
    height: int = HEIGHT,
    key_lines: int = 1,
) -> go.Figure:
    """Fonts, axes and margins; with `key`, a line of coloured squares as the title (a legend would wrap).

    The key names the traces, or what it is given: names with their colours, on one line or broken over more.
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
        "modebar": {
            "orientation": "v", "bgcolor": "rgba(0,0,0,0)", "color": mark["axis"], "activecolor": mark["muted"],
        },
        "newselection": {"line": {"color": mark["muted"], "width": 1, "dash": "dot"}},
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
            "text": _key(entries, key_lines),
            "x": 0, "xref": "container", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top",
            "pad": {"t": 4 + _LINE_PX * (key_lines - 1) / 2, "l": 0},
            "font": {"size": 11.5, "color": mark["muted"], "weight": 400},
        }  # fmt: skip
        figure.update_layout(margin_t=32 + _LINE_PX * (key_lines - 1), margin_r=28, title=title)
    return figure


def _key(entries: Sequence[tuple[str, str]], lines: int) -> str:
    squares = [f'<span style="color:{colour};font-size:16px">■</span> {name}' for name, colour in entries]
    a_line = -(-len(squares) // lines)
    return "<br>".join("\u2002 \u2002 ".join(squares[n : n + a_line]) for n in range(0, len(squares), a_line))
