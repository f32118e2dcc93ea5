"""The zone in which this analyst sees all times."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

import streamlit as st

from nxcc import wording

_KEY = "zone"


def select(configured: str | None) -> None:
    """The list in the sidebar: the configured zone or the browser's first, then UTC, then all others."""
    first = [name for name in (configured, _browser_zone(), "UTC") if name]
    st.selectbox(
        "Times shown in",
        list(dict.fromkeys([*first, *_all_zones()])),
        format_func=lambda name: _label(name, datetime.now(UTC).date()),
        key=_KEY,
        persist_state="session",
        help="Every time on the screen and in the files is in this zone. Type to search.",
    )


def names(first: str | None = None) -> list[str]:
    """All zones: this one first, then the one selected."""
    return list(dict.fromkeys([*filter(None, [first]), current().key, "UTC", *_all_zones()]))


def current() -> ZoneInfo:
    """The zone selected in the sidebar."""
    return ZoneInfo(st.session_state.get(_KEY) or "UTC")


def _browser_zone() -> str | None:
    name = st.context.timezone
    return name if name in _known() else None


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def _all_zones() -> tuple[str, ...]:
    technical = ("Etc/", "SystemV/", "posix", "right", "localtime", "Factory")
    return tuple(sorted(name for name in _known() if not name.startswith(technical)))


@lru_cache(2_000)
def _label(name: str, day: date) -> str:
    if name == "UTC":
        return name
    city = name.rpartition("/")[2].replace("_", " ")
    return f"{city}, {wording.offset(ZoneInfo(name), datetime.combine(day, time.min, UTC))}"
