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
    st.session_state[_LEFT] = (url_path, said, _address())
    st.switch_page(st.session_state[_KEY][url_path], query_params=said)


def address(url_path: str) -> list[tuple[str, str]]:
    """What the address says to the page of this path: names and values.

    Streamlit writes another page's parameters into the address before it turns to that page. So one step back from
    there, a page stands with the parameters of the other: then its own are those with which it was left.
    """
    went_to, said, own = st.session_state.get(_LEFT, (url_path, {}, []))
    if went_to != url_path and said and st.query_params.to_dict() == said:
        return list(own)
    return _address()


def values(url_path: str, name: str) -> list[str]:
    """As `address`, of one parameter."""
    return [text for found, text in address(url_path) if found == name]


def _address() -> list[tuple[str, str]]:
    return [(name, text) for name in st.query_params for text in st.query_params.get_all(name)]
