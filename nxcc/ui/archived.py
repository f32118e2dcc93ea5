"""How much the archive holds, for the sidebar."""

from __future__ import annotations

import streamlit as st

from nxcc.desk import Desk
from nxcc.errors import ArchiveError
from nxcc.ui import resources


@st.cache_data(ttl=15, show_spinner=False)
def calls_in_archive() -> int | None:
    """Distinct calls kept so far, counted every 15 s at most; None when the archive cannot be read."""
    desk = resources.opened()
    try:
        return desk.archive.size().calls if isinstance(desk, Desk) else None
    except ArchiveError:
        return None
