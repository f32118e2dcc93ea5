"""Bars that can be picked: what a click hands back, and how those that are not picked step back.

A point's `customdata[0]` is the value of its category, raw. The page turns it into a filter and draws again.
`picked` are values that are filtered by; None where nothing can be picked: points then carry no raw value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nxcc.charts.chart import Selects

Value = str | int | float | None
Picked = Collection[Value]
NOBODY: frozenset[Value] = frozenset()

FADED = 0.35  # opacity of what is not picked
# The colours already say what is picked; plotly's own dimming would single out one part of a stacked bar.
AS_DRAWN = {"selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}}}
POINTS: Selects = ("points",)
POINTS_AND_BOX: Selects = ("points", "box")


def carried(values: Sequence[Value], *more: Iterable[object]) -> NDArray[Any]:
    """Two-dimensional customdata: the raw values first, then what the hover needs."""
    columns: list[list[object]] = [list(values), *(list(column) for column in more)]
    rows = np.empty((len(columns[0]), len(columns)), dtype=object)
    for n, column in enumerate(columns):
        rows[:, n] = column
    return rows


def painted(colour: str, values: Sequence[Value], picked: Picked | None) -> str | list[str]:
    """The colour, or one for each value where some are picked."""
    if not picked:
        return colour
    pale = faded(colour)
    return [colour if is_picked(value, picked) else pale for value in values]


def is_picked(value: Value, picked: Picked | None) -> bool:
    """Whether the value is, as it is or as text: filters out of an address hold texts."""
    return value is not None and picked is not None and (value in picked or str(value) in picked)


def faded(colour: str) -> str:
    """`#rrggbb`, nearly gone."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{FADED})"


def clicks(drag: Literal["h", "any"] | None = None) -> dict[str, Any]:
    """A layout in which clicks select. With `drag`, a box does as well once the reader asks for it, along the x axis or
    freely: Streamlit takes no clicks while a drag draws a box."""
    if drag is None:
        return {"clickmode": "event+select", "dragmode": False}
    return {"clickmode": "event+select", "dragmode": "pan", "selectdirection": drag}
