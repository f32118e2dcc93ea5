"""From one page to another, with what the address of the other says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import streamlit as st
from streamlit import Page

_KEY = "pages"


def remember(pages: Mapping[str, Sequence[Page]]) -> None:
    """The pages that there are, for this session."""
    st.session_state[_KEY] = {page.url_path: page for group in pages.values() for page in group}


def go(url_path: str, parameters: Iterable[tuple[str, str]] = ()) -> None:
    """Shows the page of this path ("" = the first)."""
    st.switch_page(st.session_state[_KEY][url_path], query_params=dict(parameters))
