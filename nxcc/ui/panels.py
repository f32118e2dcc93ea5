"""Cards that say what happened, what was kept and what to do next. Never a stack trace."""

from __future__ import annotations

import streamlit as st

from nxcc import wording
from nxcc.access import May
from nxcc.errors import ApiError, ConfigurationError, NxccError
from nxcc.ui import sign_in


def problem(error: NxccError, *, key: str, title: str, kept: str, again: str = "", code: str = "") -> bool:
    """Draws the card; with `again`, a button of that name: True when it was clicked. `code` if the error has none."""
    with st.container(border=True, gap="xsmall", key=key):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f":red[:material/error:] **{title}**", width="content")
            if said := _code(error) or _named(code):
                st.badge(said, color="red", help="The code that the vendor's API or its gateway answered with.")
        st.text(error.what)  # may hold the vendor's words: text, not markdown
        if error.cure:
            with st.container(horizontal=True, vertical_alignment="top", gap="xsmall", wrap=False):
                st.markdown("**What to do**", width="content")
                st.text(error.cure, width="stretch")
        if asked := _asked(error):
            st.text(asked)
        st.caption(kept)
        return bool(again) and st.button(again, icon=":material/replay:", key=f"{key}_again")


def not_for(what: May, instead: str, *, key: str) -> None:
    """Says that the role does not reach that far, and what can be done instead."""
    with st.container(border=True, gap="xsmall", key=key):
        st.markdown(f":material/lock: **Your role may not {what}**")
        st.markdown(f":gray[{sign_in.cure(what)} {instead}]")


def _asked(error: NxccError) -> str:
    parts = []
    if isinstance(error, ConfigurationError) and error.order_id:
        parts.append(f"It came when {wording.plain(error.order_id)} was asked.")
    if isinstance(error, ApiError) and error.evidence.req_id:
        parts.append(f"The vendor's request id: {error.evidence.req_id}")
    return " ".join(parts)


def _named(code: str) -> str:
    return f"code {code}" if code.isdecimal() else code


def _code(error: NxccError) -> str:
    if not isinstance(error, ApiError):
        return ""
    said = error.evidence
    if said.code is not None:
        return f"code {said.code}"
    return f"HTTP {said.http_status}" if said.http_status and said.http_status != 200 else ""
