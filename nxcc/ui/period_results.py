"""The calls of a period that the archive has: figures, charts and rows, as Explore has them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from nxcc.archive import Look
from nxcc.desk import Desk
from nxcc.filters import Filters
from nxcc.kpis import Terms
from nxcc.overview import Overview
from nxcc.palette import Palette
from nxcc.ui import explore_rows, figures, navigation, period_address, seen
from nxcc.wording import Money


def draw(desk: Desk, filters: Filters, zone: ZoneInfo, palette: Palette) -> None:
    """All of it. Raises `ArchiveError`."""
    with st.spinner("Reading the archive …"):
        desk.explored.refresh()
    settings = desk.settings
    look = Look(zone, settings.short_talk_s, settings.service_level_s, seen.numbers())
    overview = Overview(desk.explored, filters, look, datetime.now(UTC))
    terms = Terms(
        Money.of(overview.tallied.costs(), settings.currency), settings.short_talk_s, settings.service_level_s
    )
    calls = int(overview.totals.total("calls"))
    with st.container(key="period_results", gap="small"):
        if not calls:
            st.markdown(":material/phone_disabled: **The archive has no call like this.**")
            st.caption("On days that were not read whole, that says nothing.")
            return
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            orders = int(overview.totals.total("orders"))
            st.caption(
                f"**{calls:,} call{'' if calls == 1 else 's'}** · {orders:,} order{'' if orders == 1 else 's'} first "
                "called",
                width="content",
            )
            if st.button("Open in Explore", key="period_explore", icon=":material/monitoring:", type="tertiary"):
                navigation.go("explore", period_address.of(filters))
        figures.moving_tiles(overview.tiles(terms), key="period_tiles")
        with figures.two():
            figures.card(overview.calls_by_day(palette))
            figures.card(overview.heat(palette))
        with figures.three():
            figures.card(overview.hangups(palette))
            figures.card(overview.talk(palette))
            figures.card(overview.cost(palette, terms, "Day"))
        explore_rows.calls(overview, terms, zone, palette)
