"""What stands in the place of every page before somebody has signed in, or when they may see nothing."""

from __future__ import annotations

import streamlit as st

from nxcc.ui import sign_in
from nxcc.ui.sign_in import Standing

_TITLES = {
    "signed out": "Sign in to see order calls",
    "ended": "Your sign-in has ended",
    "not listed": "You are signed in, but not on the list",
    "not set up": "Nobody can be let in now",
}
_TEXTS = {
    "signed out": "Call records, jobs and downloads are shown to people on this installation's list only.",
    "ended": "Nothing is lost: what you started goes on, and the same address opens it again.",
    "not listed": "This account may not use this installation. Ask whoever runs it to put you on one of its lists "
    "(`NXCC_VIEWERS` and those beside it), or sign in with another account.",
    "not set up": "A setting of this installation is wrong; its log says which. Ask whoever runs it.",
}


def admitted() -> bool:
    """Whether the page may be drawn. If not, says why and offers what helps."""
    standing = sign_in.standing()
    if standing.viewer is None:
        _draw(standing)
        return False
    return True


def _draw(standing: Standing) -> None:
    title = _TITLES[standing.why]
    st.space("large")
    with st.container(horizontal=True, horizontal_alignment="center"), st.container(width=480, gap="medium"):
        st.markdown("**Order calls**")
        with st.container(border=True, gap="small", key="front_door"):
            st.title(title, anchor=False)
            if standing.who:
                st.text(standing.who)
            st.markdown(f":gray[{_TEXTS[standing.why]}]")
            with st.container(horizontal=True, gap="xsmall"):
                if standing.why in ("signed out", "ended"):
                    st.button("Sign in", icon=":material/login:", key="sign_in", type="primary", on_click=st.login)
                if standing.why != "signed out":
                    other = "Sign in with another account" if standing.why == "not listed" else "Sign out"
                    st.button(other, icon=":material/logout:", key="sign_out", on_click=st.logout)
