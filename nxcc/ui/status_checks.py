"""The checks on the Status page: each thing in its state, with what to do; the API is asked only when told to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from nxcc import status, wording
from nxcc.access import May
from nxcc.checks import Check, Name, State
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.palette import Colour
from nxcc.ui import deeds, panels, zone

STATES: dict[State, tuple[str, str, Colour]] = {
    "ok": ("Well", "check_circle", "green"),
    "warn": ("Warning", "warning", "yellow"),
    "fail": ("Failed", "error", "red"),
}
_UNKNOWN: tuple[str, str, Colour] = ("Not asked", "radio_button_unchecked", "gray")
_NAMES: dict[Name, tuple[str, str]] = {
    "settings": ("Settings", "tune"),
    "api": ("API", "dns"),
    "clock": ("Clock", "schedule"),
    "disk": ("Disk", "hard_drive"),
    "lake": ("Lake", "folder_shared"),
    "team": ("Team", "groups"),
    "archive": ("Archive", "inventory_2"),
    "jobs": ("Jobs", "work_history"),
}
_ASKED: tuple[Name, ...] = ("api", "clock")  # known when somebody has asked
_WIDTHS = (1.25, 1.25, 6.2, 1.3)
_ANSWER = "status_answer"
_NOT_ASKED = "One signed request, for an order id that nobody has, tells whether the gateway is there and lets us in."


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the API said when it was last asked in this session."""

    checks: list[Check]
    at: datetime


def draw(desk: Desk) -> None:
    """The table, and the button that asks the API."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader(
            "Checks",
            anchor=False,
            width="content",
            help="As `python -m nxcc check`, which a monitor can poll.",
        )
        ask = st.button("Check the API", icon=":material/network_check:", key="status_api_check")
    if ask:
        _ask(desk)
    answer: _Answer | None = st.session_state.get(_ANSWER)
    known = {check.name: check for check in [*status.looked_over(desk), *(answer.checks if answer else [])]}
    with st.container(key="status_checks", border=True, gap="small"):
        for name in _NAMES:
            if name in known or name in _ASKED:
                _row(name, known.get(name))
    if answer:
        at = answer.at.astimezone(zone.current())
        st.caption(f"The API was asked at {at:%H:%M:%S} ({wording.offset(zone.current(), at)}).")


def _ask(desk: Desk) -> None:
    try:
        deeds.must(May.ADMINISTER, "checked", "API")
    except NxccError as error:
        panels.problem(error, key="status_refused", title="The API was not asked", kept="Nothing was changed.")
        return
    with st.spinner("Asking the API …"):
        st.session_state[_ANSWER] = _Answer(status.asked(desk), datetime.now(UTC))


def _row(name: Name, check: Check | None) -> None:
    state, called, said, figure = st.columns(_WIDTHS, vertical_alignment="top", gap="small")
    word, icon, colour = STATES[check.state] if check else _UNKNOWN
    state.badge(word, icon=f":material/{icon}:", color=colour)
    title, symbol = _NAMES[name]
    called.markdown(f":material/{symbol}: **{title}**")
    with said, st.container(gap=None):
        if check is None:
            st.markdown(f":gray[{_NOT_ASKED if name == 'api' else 'The answer tells the time at the gateway.'}]")
            return
        st.markdown(wording.in_markdown(check.what))  # may hold the vendor's words
        if check.cure:
            st.markdown(f":gray[**What to do:** {wording.in_markdown(check.cure)}]")
    figure.markdown(f":gray[{_figure(check)}]")


def _figure(check: Check) -> str:
    value = check.value
    if check.name == "api" and "latency_ms" in value:
        return f"{value['latency_ms']:,} ms"
    if check.name == "clock" and "difference_s" in value:
        return f"{value['difference_s']:+.1f} s"
    if check.name in ("disk", "lake"):
        return f"{value['free_bytes'] / 1e9:,.1f} GB free"
    if check.name == "archive" and "bytes" in value:
        return f"{value['bytes'] / 1e6:,.1f} MB"
    return ""
