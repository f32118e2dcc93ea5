"""Tiles and chart cards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st

from nxcc.charts import HEIGHT, Chart, Part, parts_bar
from nxcc.kpis import Kpi
from nxcc.palette import Palette

_BARE = {"displayModeBar": False, "displaylogo": False}


def tiles(kpis: Iterable[Kpi]) -> None:
    """A row of figures, each with its definition and what it stands on."""
    with st.grid(6, gap="xsmall", min_column_width=138, key="tiles"):
        for kpi in kpis:
            st.metric(kpi.label, kpi.text, delta_description=kpi.basis, help=kpi.formula, border=True, height="stretch")


def cards(charts: Iterable[Chart]) -> None:
    """Three charts beside each other; one with nothing to draw says why."""
    for column, chart in zip(st.columns(3, gap="small"), charts, strict=True):
        with column:
            card(chart)


def card(chart: Chart) -> None:
    """One chart with its title, and what it stands on."""
    with st.container(border=True, height="stretch", gap="xsmall", key=f"chart_{chart.name}"):
        with st.container(gap=None):
            st.markdown(f"**{chart.title}**", help=chart.help)
            st.caption(chart.note)
        if chart.figure is None:
            with st.container(height=HEIGHT, border=False, horizontal_alignment="center", vertical_alignment="center"):
                st.markdown(":gray[:material/bar_chart_off:]", width="content")
        else:
            st.plotly_chart(chart.figure, theme=None, key=f"figure_{chart.name}", alt=chart.alt, config=_BARE)


def parts(of_whole: Sequence[Part], palette: Palette, *, of: str, key: str, named: bool = False) -> None:
    """A bar cut into the parts of a whole; `named`, with a line above it that says what they are."""
    figure = parts_bar(of_whole, palette, of=of, named=named)
    alt = ", ".join(f"{part.label} {part.n:,}" for part in of_whole)
    st.plotly_chart(figure, theme=None, key=key, alt=alt, config=_BARE)
