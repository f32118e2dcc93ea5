"""Figures for a page that is on its own: plotly's script, and what it draws."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs


@lru_cache(maxsize=1)
def script() -> str:
    """plotly.js, some 5 MB, as it comes with the package."""
    source: str = get_plotlyjs()
    return source


def drawing(figure: go.Figure) -> dict[str, Any]:
    """The figure in plain values, as wide as its place. Nothing in it can be picked, so no raw value stays in it."""
    drawn: dict[str, Any] = json.loads(figure.to_json())
    if drawn["layout"].get("clickmode") == "event+select":
        for trace in drawn["data"]:
            for point in trace.get("customdata", []):
                point[0] = None
    drawn["layout"] |= {"clickmode": "event", "dragmode": False, "autosize": True}
    drawn["layout"].pop("width", None)
    return drawn
