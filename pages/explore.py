"""Explore: everything fetched so far, as figures and charts that filter each other."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from nxcc.archive import Look
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.filters import LABELS, days_in_words
from nxcc.kpis import Terms
from nxcc.overview import Overview
from nxcc.tiles import MORE
from nxcc.ui import (
    coverage,
    explore_charts,
    explore_empty,
    explore_filters,
    explore_rows,
    explore_toolbar,
    explore_views,
    figures,
    panels,
    seen,
    shell,
    zone,
)
from nxcc.wording import Money


def render() -> None:
    """The page."""
    desk = shell.header("Explore")
    if desk is None:
        return
    try:
        _bring_up(desk)
        _draw(desk)
    except NxccError as error:
        panels.problem(
            error, key="reading", title="The archive cannot be read", kept="Answers are kept.", again="Try again"
        )


def _bring_up(desk: Desk) -> None:
    """Brings the figures up with the archive; says how far it is where that takes long."""
    place = st.empty()

    def told(done: int, of: int) -> None:
        place.progress(done / of if of else 1.0, f"Reading the archive once: {done:,} of {of:,} calls")

    desk.explored.refresh(told)
    place.empty()


def _draw(desk: Desk) -> None:
    settings, filters = desk.settings, explore_filters.current()
    look = Look(zone.current(), settings.short_talk_s, settings.service_level_s, seen.numbers())
    overview = Overview(desk.explored, filters, look, datetime.now(UTC))
    terms = Terms(
        Money.of(overview.tallied.costs(), settings.currency), settings.short_talk_s, settings.service_level_s
    )
    if explore_empty.nothing_kept(overview):
        return
    explore_toolbar.draw(filters, overview.tallied.options())
    explore_toolbar.chips(filters)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(_said(overview), width="content")
        with st.container(horizontal=True, gap="xsmall", width="content"):
            explore_views.draw(desk, overview, terms)
    if unread := explore_filters.unread():
        names = ", ".join(LABELS[name].lower() for name in dict.fromkeys(unread))
        st.caption(f":orange[:material/warning:] Left out, because the address cannot be read there: {names}.")
    if explore_empty.nothing_passes(overview):
        return
    coverage.of_explore(desk, filters.span, overview.first_day, zone.current(), shell.palette())
    figures.moving_tiles(overview.tiles(terms), key="explore_tiles")
    explore_charts.draw(overview, terms, shell.palette())
    for title, figures_of in MORE.items():
        st.subheader(title, anchor=False)
        tiles = overview.tiles(terms, figures_of, lines=False)
        figures.moving_tiles(tiles, key=f"explore_tiles_{figures_of[0]}")
    explore_rows.draw(overview, terms, zone.current(), shell.palette())


def _said(overview: Overview) -> str:
    calls, orders = (int(overview.totals.total(name)) for name in ("calls", "orders"))
    said = [
        f"**{calls:,} call{'' if calls == 1 else 's'}** · {orders:,} order{'' if orders == 1 else 's'} first called"
    ]
    if n := len(overview.filters.chosen()):
        said.append(f"{n} filter{'' if n == 1 else 's'} set, kept in the address")
    if compared := overview.compared:
        said.append(f"compared with {days_in_words(compared)}")
    elif overview.filters.span:
        said.append("no calls in the time before to compare with")
    return " · ".join(said)


if __name__ == "__main__":
    import app

    app.main()
