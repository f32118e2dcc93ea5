"""Saved views of Explore, its link, and the report to take away."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

import streamlit as st

from nxcc import wording
from nxcc.access import May
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.filters import LABELS, Filters, days_in_words, in_words
from nxcc.kpis import Terms
from nxcc.overview import Overview
from nxcc.palette import LIGHT
from nxcc.report import report_html
from nxcc.tiles import MAIN, MORE
from nxcc.ui import coverage, deeds, explore_address, sign_in, zone
from nxcc.ui import explore_filters as state
from nxcc.views import LONGEST_NAME, SavedView, Views, ViewsError

_NAME, _SAID = "explore_view_name", "explore_view_said"
PAGE = "explore"


def draw(desk: Desk, overview: Overview, terms: Terms) -> None:
    """Views, link and report."""
    if desk.views:
        _views(desk.views, overview.filters)
    link = urlencode(explore_address.of(overview.filters))
    with st.popover("Link", icon=":material/link:"):
        st.code(f"{_app_address()}/{PAGE}?{link}", language=None, wrap_lines=True, width=420)
        st.caption("Opens the same filters, on this installation.")
    st.download_button(
        "Report",
        partial(_report, desk, overview, terms, zone.current()),
        file_name="calls-report.html",
        mime="text/html",
        key="explore_report",
        icon=":material/download:",
        on_click="ignore",
        help=None,
    )


def _views(views: Views, filters: Filters) -> None:
    with st.popover("Views", icon=":material/bookmark:", key="explore_views"):
        try:
            saved = views.all()
        except ViewsError as error:
            st.text(f"{error.what} {error.cure}")
            return
        for view in saved:
            _row(views, view)
        if not saved:
            st.caption("No view is saved yet. Set filters, then give them a name.")
        if sign_in.may(May.ASK):
            st.text_input("Name for the filters set now", key=_NAME, max_chars=LONGEST_NAME, width=320)
            st.button(
                "Save", icon=":material/bookmark_add:", key="explore_view_save", on_click=_save, args=(views, filters)
            )
        if said := st.session_state.pop(_SAID, ""):
            st.text(said)


def _row(views: Views, view: SavedView) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.button(
            wording.in_markdown(view.name),
            type="tertiary",
            key=f"explore_view_{view.id}",
            on_click=state.change,
            args=(view.filters,),
        )
        if sign_in.may(May.DELETE):
            st.button(
                "",
                icon=":material/delete:",
                type="tertiary",
                key=f"explore_view_remove_{view.id}",
                on_click=_remove,
                args=(views, view.id),
            )


def _save(views: Views, filters: Filters) -> None:
    name = st.session_state[_NAME] or ""
    try:
        deeds.must(May.ASK, "saved a view")
        views.save(name, filters)
        st.session_state[_SAID] = f"Saved as {name.strip()}."
        st.session_state[_NAME] = ""
    except NxccError as error:
        st.session_state[_SAID] = f"{error.what} {error.cure}"


def _remove(views: Views, view_id: str) -> None:
    try:
        deeds.must(May.DELETE, "removed a view")
        views.remove(view_id)
    except NxccError as error:
        st.session_state[_SAID] = f"{error.what} {error.cure}"


def _report(desk: Desk, overview: Overview, terms: Terms, in_zone: ZoneInfo) -> bytes:
    deeds.must(May.READ, "exported", "report of Explore", count=int(overview.totals.total("calls")))
    filters = overview.filters
    now = datetime.now(UTC)
    said = [("Period", days_in_words(filters.period) if filters.period else "All time")]
    said += [(LABELS[name], in_words(filters, name)) for name in filters.chosen()]
    compared = overview.compared
    facts = [
        ("Calls", wording.count(overview.totals.total("calls"))),
        ("Orders with calls", wording.count(overview.totals.total("orders"))),
        ("Compared with", days_in_words(compared) if compared else wording.NOTHING),
        ("Times in", wording.zone_name(in_zone, now)),
        ("Drawn", f"{now.astimezone(in_zone):%d %b %Y %H:%M} ({wording.offset(in_zone, now)})"),
        ("Source", "Sandbox: made-up calls" if desk.sandbox else f"Archive of team {desk.credentials.tenant_id}"),
    ]
    names = [*MAIN, *(name for group in MORE.values() for name in group)]
    drawn = [chart for row in overview.charts(LIGHT, terms) for chart in row]
    if overview.filters.span:
        found = coverage.of(desk, overview.filters.span, in_zone)
        facts.append(("Read by time", f"{found.whole:,} of {found.days:,} days whole"))
    return report_html("Calls", said, overview.tiles(terms, names, lines=False), drawn, facts, "light")


def _app_address() -> str:
    """The address of the app, wherever it is mounted."""
    url = urlsplit(st.context.url or "")
    path = url.path.rstrip("/")
    return f"{url.scheme}://{url.netloc}{path.removesuffix(f'/{PAGE}')}"
