"""What stands in the place of every page before somebody has signed in, or when they may see nothing."""

from __future__ import annotations

import streamlit as st

from nxcc import wording
from nxcc.ui import deeds, sign_in
from nxcc.ui.sign_in import Standing

_TITLES = {
    "signed out": ("Sign in to see order calls", "login"),
    "ended": ("Your sign-in has ended", "timer_off"),
    "not listed": ("You are signed in, but not on the list", "block"),
    "not set up": ("Nobody can be let in now", "error"),
}
_TEXTS = {
    "signed out": "Call records, jobs and downloads are shown to people on this installation's list only.",
    "ended": "Nothing is lost: what you started goes on, and the same address opens it again.",
    "not set up": "A setting of this installation is wrong; its log says which. Ask whoever runs it.",
}
_NOTED = "noted_at_the_door"


def admitted() -> bool:
    """Whether the page may be drawn. If not, says why and offers what helps; the first time is noted in the audit."""
    standing = sign_in.standing()
    _note(standing)
    if standing.viewer is None:
        _draw(standing)
        return False
    return True


def _draw(standing: Standing) -> None:
    title, icon = _TITLES[standing.why]
    with st.container(border=True, width=520, gap="small", key="front_door"):
        st.title(f":material/{icon}: {title}", anchor=False)
        if standing.why == "not listed":
            st.markdown(
                f"**{wording.in_markdown(standing.who) or 'This account'}** may not use this installation. Ask whoever "
                "runs it to add you (`NXCC_VIEWERS` and the lists beside it), or sign in with another account."
            )
        else:
            st.markdown(_TEXTS[standing.why])
        with st.container(horizontal=True, gap="xsmall"):
            if standing.why in ("signed out", "ended"):
                st.button("Sign in", icon=":material/login:", key="sign_in", type="primary", on_click=st.login)
            if standing.why != "signed out":
                st.button(
                    "Sign in with another account" if standing.why == "not listed" else "Sign out",
                    icon=":material/logout:",
                    key="sign_out",
                    on_click=st.logout,
                )


def _note(standing: Standing) -> None:
    """One line a session, not one a click."""
    if not sign_in.configured() or standing.why in ("signed out", "ended", "not set up"):
        return
    said = (standing.who or (standing.viewer.who if standing.viewer else ""), standing.why)
    if st.session_state.get(_NOTED) != said:
        st.session_state[_NOTED] = said
        deeds.note_entry(standing)
