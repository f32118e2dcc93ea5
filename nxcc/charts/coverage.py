"""Which days have been read whole, as a strip along the time."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from nxcc import wording
from nxcc.charts.chart import Chart, figure_of
from nxcc.coverage import Cell, Coverage
from nxcc.filters import days_in_words
from nxcc.palette import Palette

HIGH = 78  # px
STATES = {"covered": "Read whole", "partly": "Partly", "not": "Not read"}
MOST_NAMES = 9
_HATCHED = "/"


def coverage_strip(coverage: Coverage, palette: Palette) -> Chart:
    """A cell for a day, or for some days where there are many; hovering tells how much of it has been read."""
    colours = {"covered": palette.mark["customer"], "partly": palette.mark["agent"], "not": palette.mark["grid"]}
    cells = coverage.cells
    named = cells[:: -(-len(cells) // MOST_NAMES)]
    trace: dict[str, Any] = {
        "type": "bar",
        "x": [cell.first.isoformat() for cell in cells],
        "y": [1] * len(cells),
        "width": [86_400_000 * ((cell.last - cell.first).days + 1) for cell in cells],
        "offset": 0,
        "marker": {
            "color": [colours[cell.state] for cell in cells],
            "line": {"color": palette.mark["canvas"], "width": 1.5},
            "pattern": {
                "shape": [_HATCHED if cell.state == "partly" else "" for cell in cells],
                "fgcolor": palette.mark["canvas"],
                "fillmode": "overlay",
                "size": 6,
                "solidity": 0.25,
            },
        },
        "customdata": [[_said(cell)] for cell in cells],
        "hovertemplate": "%{customdata[0]}<extra></extra>",
    }
    layout = {
        "xaxis": {
            "type": "date",
            "range": [_start(cells[0]).isoformat(), _start(cells[-1], last=True).isoformat()],
            "showline": False,
            "ticks": "",
            "tickvals": [(_start(cell) + (_start(cell, last=True) - _start(cell)) / 2).isoformat() for cell in named],
            "ticktext": [f"{cell.first:%-d %b}" for cell in named],
            "automargin": False,
        },
        "yaxis": {"visible": False, "range": [0, 1], "showgrid": False},
        "bargap": 0,
        "margin": {"l": 0, "r": 0, "t": 28, "b": 20},
    }
    key = [(STATES[state], colours[state]) for state in STATES]
    figure = figure_of([trace], layout, palette, key=key, height=HIGH)
    alt = f"{coverage.whole} of {coverage.days} days have been read whole"
    return Chart("coverage", "Read by time", "", COVERAGE_HELP, alt, figure, HIGH)


COVERAGE_HELP = (
    "Days whose calls were all read from the API. On other days the archive holds only calls of orders that somebody "
    "asked for: no call there does not mean that nobody called."
)


def _start(cell: Cell, *, last: bool = False) -> datetime:
    """When a cell begins, or the one behind it."""
    return datetime.combine(cell.last + timedelta(days=1) if last else cell.first, time())


def _said(cell: Cell) -> str:
    words = STATES[cell.state].lower() if cell.state != "partly" else f"{wording.share(cell.share)} read"
    return f"{days_in_words((cell.first, cell.last))}<br><b>{words}</b>"
