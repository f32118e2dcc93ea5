"""From one page to another, with what the address of the other says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import streamlit as st
from streamlit import Page

_KEY, _LEFT = "pages", "left_with"


def remember(pages: Mapping[str, Sequence[Page]]) -> None:
    """The pages that there are, for this session."""
    st.session_state[_KEY] = {page.url_path: page for group in pages.values() for page in group}


def go(url_path: str, parameters: Iterable[tuple[str, str]] = ()) -> None:
    """Shows the page of this path ("" = the first)."""
    said = dict(parameters)
    st.session_state[_LEFT] = (said, {name: st.query_params.get_all(name) for name in st.query_params})
    st.switch_page(st.session_state[_KEY][url_path], query_params=said)


def values(name: str) -> list[str]:
    """What the address of this page says of a parameter.

    Streamlit writes another page's parameters into the address before it turns to that page. So one step back from
    there, this page stands with the parameters of the other: then its own are those with which it was left.
    """
    said, own = st.session_state.get(_LEFT, ({}, {}))
    if name not in st.query_params and said and st.query_params.to_dict() == said:
        return list(own.get(name, []))
    return st.query_params.get_all(name)
