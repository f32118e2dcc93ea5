"""What all charts share: the figure with what stands around it, and its dress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
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


def figure_of(
    traces: Sequence[dict[str, Any]],
    layout: dict[str, Any],
    palette: Palette,
    *,
    key: Sequence[tuple[str, str]] = (),
    key_lines: int = 1,
    height: int = HEIGHT,
) -> go.Figure:
    """A dressed figure, put together in one go.

    `key` are names with their colours, on one line or broken over more. What plotly would check here takes nine tenths
    of the time that a chart takes; tests let it check every chart.
    """
    dress = _dress(palette, key, key_lines, height)
    margin = dress.get("margin", {}) | layout.get("margin", {})
    whole = {"data": list(traces), "layout": dress | layout | {"margin": margin}}
    return go.Figure(whole, _validate=False)


def dressed(figure: go.Figure, palette: Palette, *, key: bool = False) -> go.Figure:
    """Fonts, axes and margins; with `key`, a line of coloured squares as the title (a legend would wrap)."""
    entries = [(trace.name, trace.marker.color) for trace in figure.data] if key else []
    return figure.update_layout(_dress(palette, entries, 1, HEIGHT))


def _dress(palette: Palette, key: Sequence[tuple[str, str]], key_lines: int, height: int) -> dict[str, Any]:
    dress: dict[str, Any] = {
        "template": _template(tuple(palette.mark.items())),
        "height": height,
        "showlegend": False,
    }
    if not key:
        return dress
    title = {
        "text": _key(key, key_lines),
        "x": 0, "xref": "container", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top",
        "pad": {"t": 4 + _LINE_PX * (key_lines - 1) / 2, "l": 0},
        "font": {"size": 11.5, "color": palette.mark["muted"], "weight": 400},
    }  # fmt: skip
    return dress | {"margin": {"t": 32 + _LINE_PX * (key_lines - 1), "r": 28}, "title": title}


def _key(entries: Sequence[tuple[str, str]], lines: int) -> str:
    squares = [f'<span style="color:{colour};font-size:16px">■</span> {name}' for name, colour in entries]
    a_line = -(-len(squares) // lines)
    return "<br>".join("\u2002 \u2002 ".join(squares[n : n + a_line]) for n in range(0, len(squares), a_line))


@lru_cache(maxsize=8)
def _template(marks: tuple[tuple[str, str], ...]) -> go.layout.Template:
    mark = dict(marks)
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
    return go.layout.Template(layout=template)
