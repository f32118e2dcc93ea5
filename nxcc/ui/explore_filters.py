"""The filters of Explore: in the session while one looks, and in the address, so that a link opens the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import streamlit as st

from nxcc.filters import Filters, days_before, from_address
from nxcc.ui import explore_address, navigation, zone

DEFAULT_DAYS = 28
_FILTERS, _SHOWN, _UNREAD = "explore_filters", "explore_address", "explore_unread"
_DRAWN = "explore_drawn"  # how often the charts were drawn anew: a new figure forgets its selection


def current() -> Filters:
    """What the address says where it says something new, else what this session looked at last."""
    address = navigation.address("explore")
    shown = st.session_state.get(_SHOWN)
    if shown is None or (address and address != shown):
        meant, unknown = explore_address.meant(address)
        filters, unread = from_address(meant)
        unread += unknown
        if not any(name == "period" for name, _ in address) or "period" in unread:
            filters = replace(filters, period=None if filters.find else default_period())
        st.session_state[_UNREAD] = unread
        change(filters)
    elif not address:
        change(st.session_state[_FILTERS])
    found: Filters = st.session_state[_FILTERS]
    return found


def default_period() -> tuple[date, date]:
    """The last four weeks, today included."""
    return days_before(datetime.now(UTC), zone.current(), DEFAULT_DAYS)


def unread() -> list[str]:
    """Names of filters in the address that could not be read."""
    names: list[str] = st.session_state.get(_UNREAD, [])
    return names


def change(filters: Filters) -> None:
    """Looks through these filters from now on."""
    st.session_state[_FILTERS] = filters
    st.session_state[_SHOWN] = address = explore_address.of(filters)
    st.query_params.from_dict(_by_name(address))
    st.session_state[_DRAWN] = drawn() + 1


def set_filter(name: str, value: Any) -> None:
    """Sets one filter."""
    change(replace(st.session_state[_FILTERS], **{name: value}))


def clear(*names: str) -> None:
    """Takes filters away."""
    filters: Filters = st.session_state[_FILTERS]
    change(filters.without(*names))
    st.session_state[_UNREAD] = []


def clear_all() -> None:
    """Back to the period alone."""
    filters: Filters = st.session_state[_FILTERS]
    clear(*filters.chosen())


def drawn() -> int:
    """Grows with every change: part of the keys of what must be drawn anew."""
    return int(st.session_state.get(_DRAWN, 0))


def bound(name: str, widget: Callable[..., Any], *args: Any, **options: Any) -> None:
    """A widget that shows a filter of texts and changes it; texts that it does not offer stay chosen."""
    key = f"explore_{name}"
    st.session_state[key] = list(getattr(st.session_state[_FILTERS], name))
    widget(*args, key=key, on_change=lambda: set_filter(name, tuple(st.session_state[key] or ())), **options)


def _by_name(address: list[tuple[str, str]]) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {}
    for name, text in address:
        before = found.get(name)
        found[name] = text if before is None else [*(before if isinstance(before, list) else [before]), text]
    return found
