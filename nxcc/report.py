"""The report: what a page shows, as one HTML file that opens anywhere and asks for nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from nxcc import wording
from nxcc.charts import HEIGHT, Chart
from nxcc.charts.page import drawing, script
from nxcc.palette import PALETTES, Mode

_TEMPLATE = "report.html.j2"
_DRAW = """
for (const place of document.querySelectorAll("[data-drawing]")) {
  const drawn = JSON.parse(document.getElementById(place.dataset.drawing).textContent);
  Plotly.newPlot(place, drawn.data, drawn.layout, {displayModeBar: false, responsive: true});
}
const fit = () => document.querySelectorAll("[data-drawing]").forEach((place) => Plotly.Plots.resize(place));
addEventListener("beforeprint", fit);
addEventListener("afterprint", fit);
"""
_SURFACE = {
    "light": {"border": "#E1E5EB", "soft": "#F5F6F8"},
    "dark": {"border": "#29313D", "soft": "#1A202A"},
}


class Tile(Protocol):
    """A figure: what it is called, its value with its unit, how it moved (or ""), what it stands on, its definition."""

    @property
    def label(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def change(self) -> str: ...
    @property
    def basis(self) -> str: ...
    @property
    def formula(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _Card:
    """A chart with what its place needs; `drawing` is None when there is nothing to draw."""

    chart: Chart
    drawing: dict[str, Any] | None

    @property
    def wide(self) -> bool:
        return self.chart.height > HEIGHT


def report_html(  # noqa: PLR0917 - in the order of the page
    title: str,
    filters_in_words: Sequence[tuple[str, str]],
    tiles: Iterable[Tile],
    charts: Iterable[Chart],
    facts: Sequence[tuple[str, str]],
    mode: Mode,
) -> bytes:
    """The whole file, UTF-8. `facts` are pairs such as zone, time of the data and n; `charts` are drawn in `mode`.

    All texts are shown as texts, wherever they come from.
    """
    palette = PALETTES[mode]
    page = _template().render(
        title=title,
        filters=filters_in_words,
        facts=facts,
        tiles=list(tiles),
        cards=[_Card(chart, None if chart.figure is None else drawing(chart.figure)) for chart in charts],
        mode=mode,
        colour={role: palette.mark[role] for role in ("canvas", "ink", "muted")} | _SURFACE[mode],
        plotly=script(),
        draw=_DRAW,
        policy=_policy(),
    )
    return page.encode()


@lru_cache(maxsize=1)
def _policy() -> str:
    """Nothing may be loaded, and only these two scripts may run. plotly writes style attributes, which have no hash."""
    hashes = " ".join(f"'sha256-{_hash(text)}'" for text in (script(), _DRAW))
    return f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=FileSystemLoader(Path(__file__).parent),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = wording.plain
    return environment.get_template(_TEMPLATE)
