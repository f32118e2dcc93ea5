"""What every page has around it: logo, sidebar, title line, and the switch between light and dark."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

import streamlit as st
from streamlit import Page

from nxcc import logs, wording
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.palette import PALETTES, Palette
from nxcc.settings import PROJECT
from nxcc.ui import archived, panels, resources, sign_in, zone

log = logging.getLogger(__name__)

SIDEBAR_PX = 232
CLOCK_NOTED_S = 5.0
_STATIC = PROJECT / "static"


def palette() -> Palette:
    """The colours of the mode that the browser shows."""
    return PALETTES["dark" if _mode() == "dark" else "light"]


def logo() -> None:
    """The product's name above the navigation."""
    name = "logo-dark.svg" if _mode() == "dark" else "logo-light.svg"
    st.logo(_STATIC / name, size="large", icon_image=_STATIC / "mark.svg")


def sidebar(pages: Mapping[str, Sequence[Page]]) -> None:
    """The pages by group, the zone, and the state of the installation."""
    desk = resources.opened()
    with st.sidebar:
        for group, of_group in pages.items():
            with st.container(gap="xsmall"):
                st.caption(group)
                for page in of_group:
                    st.page_link(page, width="stretch")
        st.space("small")
        zone.select(desk.settings.timezone if isinstance(desk, Desk) else None)
        _who()
        with st.container(border=True, gap="xsmall", key="status"):
            if not isinstance(desk, Desk):
                st.markdown(":red[:material/error:] **Cannot start**")
                st.caption("The page says why.")
            elif desk.sandbox:
                st.badge("Sandbox", icon=":material/science:", color="yellow", help=_SANDBOX)
                st.caption("Made-up calls. Nothing leaves this machine.")
            else:
                _live(desk)


def header(title: str) -> Desk | None:
    """The title line: the page's name, and at the right what answers and in which zone times are.

    Returns the desk; None when it cannot open, after saying on the page what to do about it.
    """
    desk = resources.opened()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(title, anchor=False, width="content")
        with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall", width="content"):
            if isinstance(desk, Desk) and desk.sandbox:
                st.badge("Sandbox data", icon=":material/science:", color="yellow", help=_SANDBOX)
            elif isinstance(desk, Desk):
                team = f"{_host(desk)} · team {desk.credentials.tenant_id}"
                st.badge(team, icon=":material/dns:", color="gray")
            shown = wording.zone_name(zone.current(), datetime.now(UTC))
            st.badge(
                shown, icon=":material/schedule:", color="gray", help="Zone of all times. Change it in the sidebar."
            )
    if isinstance(desk, Desk):
        return desk
    panels.problem(
        desk,
        key="opening",
        title="The app cannot start yet",
        kept="Nothing was asked and nothing is lost. Settings in the environment are read when the app starts.",
        again="Try again",
    )
    return None


def desk() -> Desk | None:
    """The process's desk; None when it cannot open. For what is drawn by itself between two looks at the page: whoever
    may see nothing any more comes to the front door."""
    if sign_in.viewer() is None:
        st.rerun(scope="app")
    opened = resources.opened()
    return opened if isinstance(opened, Desk) else None


def run(draw: Callable[[], None]) -> None:
    """Draws a page; what nobody foresaw becomes a card; the log says where."""
    try:
        draw()
    except NxccError as error:
        panels.problem(error, key="not_done", title="That did not work", kept="Nothing was changed.")
    except Exception as error:
        logs.broke(log, "a page", error)
        panels.problem(
            NxccError(
                f"Something happened that the app was not made for ({type(error).__name__}).",
                cure="Reload the page. If it stays, report it with the time and the app's log.",
            ),
            key="unforeseen",
            title="This page could not be drawn",
            kept="Every answer that came is kept in the archive.",
        )


@st.fragment(run_every=10)
def watch_theme() -> None:
    """Reruns the page after a light/dark switch: the switch alone does not, and data colours are chosen here."""
    mode = _mode()
    if st.session_state.setdefault("mode", mode) != mode:
        st.session_state["mode"] = mode
        st.rerun()


def _who() -> None:
    """Who signed in, with the way out."""
    viewer = sign_in.viewer()
    if viewer is None or not viewer.signed_in:
        return
    with st.container(border=True, gap="xsmall", key="who"):
        st.text(wording.cut(wording.plain(viewer.who), 40))  # as markdown it would become a link
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.caption(viewer.role.word, width="content")
            st.button("Sign out", icon=":material/logout:", key="sign_out", type="tertiary", on_click=st.logout)


_SANDBOX = "No credentials are configured: answers come from a local stand-in for the vendor's API, with made-up calls."


def _live(desk: Desk) -> None:
    rate = desk.settings.rate_per_second
    lines = [f"Up to {rate:g} requests/s" if rate else "No request limit", _archived()]
    ahead_s = desk.client.clock_difference_s
    if ahead_s is not None and abs(ahead_s) > CLOCK_NOTED_S:
        st.markdown(
            ":orange[:material/schedule:] **Clock differs**", help="A signature is good for 60 s: set the clock."
        )
        lines.append(f"Ours is {abs(ahead_s):.0f} s {'slow' if ahead_s > 0 else 'fast'}")
    else:
        st.markdown(
            ":material/dns: **Live data**", help="Answers come from the gateway named here and are kept in the archive."
        )
    if jobs := _jobs(desk):
        lines.append(jobs)
    st.caption("  \n".join([_host(desk), *lines]))


def _jobs(desk: Desk) -> str:
    """`1 job running, 2 halted`."""
    try:
        found = desk.jobs.store.count_by_state() if desk.jobs else {}
    except NxccError:
        return ""
    at_work, halted = found.get("running", 0) + found.get("queued", 0), found.get("halted", 0)
    said = [f"{at_work:,} job{'' if at_work == 1 else 's'} running"] if at_work else []
    if halted:
        said.append(f"{halted:,} halted" if at_work else f"{halted:,} job{'' if halted == 1 else 's'} halted")
    return ", ".join(said)


def _archived() -> str:
    calls = archived.calls_in_archive()
    return "Archive cannot be read" if calls is None else f"{calls:,} calls in the archive"


def _host(desk: Desk) -> str:
    return wording.in_markdown(urlsplit(desk.credentials.base_url).netloc)


def _mode() -> str | None:
    return st.context.theme.type
