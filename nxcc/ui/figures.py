"""Tiles and chart cards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from nxcc.charts import Chart, Part, parts_bar
from nxcc.kpis import Kpi
from nxcc.palette import Palette
from nxcc.tiles import Tile

Pick = Callable[[str, list[Any]], None]
_COLOURS: dict[str, Literal["normal", "inverse", "off"]] = {"up": "normal", "down": "inverse", "": "off"}
_CARD_PX = 270
_WIDE_CARD_PX = 420
_BARE = {"displayModeBar": False, "displaylogo": False}


def tiles(kpis: Iterable[Kpi], *, key: str = "tiles") -> None:
    """A row of figures, each with its definition and what it stands on."""
    moving_tiles((Tile(kpi) for kpi in kpis), key=key)


def moving_tiles(tiles: Iterable[Tile], *, key: str) -> None:
    """The same, with how figures moved and their lines over the time."""
    with st.grid(6, gap="xsmall", min_column_width=138, key=key):
        for tile in tiles:
            st.metric(
                tile.label,
                tile.text,
                tile.change or None,
                delta_color=_COLOURS[tile.kpi.better] if tile.moved else "off",
                delta_arrow="auto" if tile.moved else "off",
                delta_description=tile.basis,
                help=tile.formula,
                border=True,
                height="stretch",
                chart_data=tile.line or None,
            )


def cards(charts: Iterable[Chart]) -> None:
    """Three charts beside each other, fewer where there is no room; one with nothing to draw says why."""
    with three():
        for chart in charts:
            card(chart)


def three() -> DeltaGenerator:
    """Room for cards, three beside each other."""
    return st.grid(3, gap="small", min_column_width=_CARD_PX)


def two() -> DeltaGenerator:
    """Room for two wide cards beside each other."""
    return st.grid(2, gap="small", min_column_width=_WIDE_CARD_PX)


def card(
    chart: Chart, pick: Pick | None = None, *, version: int = 0, above: Callable[[], object] | None = None
) -> None:
    """One chart with its title, and what it stands on; `pick` hears which values were clicked or boxed.

    `above` draws a control beside the title.
    A change of `version` makes the browser forget what was selected.
    """
    with st.container(border=True, height="stretch", gap="xsmall", key=f"chart_{chart.name}"):
        with st.container(gap=None):
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="top"):
                st.markdown(f"**{chart.title}**", help=chart.help, width="content")
                if above:
                    above()
            st.caption(chart.note)
        if chart.figure is None:
            with st.container(
                height=chart.height, border=False, horizontal_alignment="center", vertical_alignment="center"
            ):
                st.markdown(":gray[:material/bar_chart_off:]", width="content")
        else:
            _plot(chart, pick if chart.selects else None, version)


def _plot(chart: Chart, pick: Pick | None, version: int) -> None:
    key = f"figure_{chart.name}"
    if pick is None:
        st.plotly_chart(chart.figure, theme=None, key=key, alt=chart.alt, config=_BARE)
        return
    key = f"{key}_{version}"
    st.plotly_chart(
        chart.figure,
        theme=None,
        key=key,
        alt=chart.alt,
        config=chart.config,
        on_select=partial(_selected, key, chart.name, pick),
        selection_mode=chart.selects,
    )


def _selected(key: str, name: str, pick: Pick) -> None:
    """Streamlit keeps what hears of a selection for as long as the session lasts, so it does not hold the figure."""
    points = st.session_state[key]["selection"]["points"]
    values = [point["customdata"][0] for point in points if point.get("customdata")]
    pick(name, list(dict.fromkeys(value for value in values if value is not None)))


def parts(of_whole: Sequence[Part], palette: Palette, *, of: str, key: str, named: bool = False) -> None:
    """A bar cut into the parts of a whole; `named`, with a line above it that says what they are."""
    figure = parts_bar(of_whole, palette, of=of, named=named)
    alt = ", ".join(f"{part.label} {part.n:,}" for part in of_whole)
    st.plotly_chart(figure, theme=None, key=key, alt=alt, config=_BARE)
