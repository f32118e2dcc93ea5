"""Asking the API for one order from its story. A link never does: only a click."""

from __future__ import annotations

from contextlib import closing
from typing import NoReturn

import streamlit as st

from nxcc.access import May
from nxcc.desk import Desk
from nxcc.errors import ArchiveError, ConfigurationError
from nxcc.ui import archived, deeds, panels, resources

_STOPPED = "order_stopped"


def ask(desk: Desk, order_id: str, *, again: bool) -> NoReturn:
    """Asks, then the page is drawn anew with what the archive holds; `again` passes over what is still fresh."""
    st.session_state.pop(_STOPPED, None)
    deeds.must(May.ASK, "looked up", "from an order's story", count=1)
    with st.spinner("Asking the API …", show_time=True):
        slot = st.empty()
        try:
            with closing(desk.lookup.run([order_id], ask_again=again)) as batches:
                for _ in batches:
                    slot.empty()  # here Streamlit can end the run; what is under way is kept when it comes
        except (ConfigurationError, ArchiveError) as error:
            st.session_state[_STOPPED] = (order_id, error)
    archived.calls_in_archive.clear()
    st.rerun()


def stopped(order_id: str) -> bool:
    """Says why the last asking for this order brought nothing; True when the analyst wants to try again."""
    asked, error = st.session_state.get(_STOPPED, ("", None))
    if error is None or asked != order_id:
        return False
    title = "The archive failed" if isinstance(error, ArchiveError) else "The API refuses us"
    kept = "Nothing was kept of this asking; what was known before stands below."
    if panels.problem(error, key="order_stopped", title=title, kept=kept, again="Try again"):
        resources.follow_settings()
        return True
    return False
