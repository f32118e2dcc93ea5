"""The zone in which this analyst sees all times."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
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
        format_func=lambda name: _labels(datetime.now(UTC).date().toordinal())[name],
        key=_KEY,
        persist_state="session",
        help="Every time on the screen and in the files is in this zone. Type to search.",
    )


def current() -> ZoneInfo:
    """The zone selected in the sidebar."""
    name = st.session_state.get(_KEY)
    return ZoneInfo(name if name in _all_zones() else "UTC")


def _browser_zone() -> str | None:
    name = st.context.timezone
    return name if name in _all_zones() else None


@cache
def _all_zones() -> tuple[str, ...]:
    technical = ("Etc/", "SystemV/", "posix", "right", "localtime", "Factory")
    return tuple(sorted(name for name in available_timezones() if not name.startswith(technical)))


@cache
def _labels(day: int) -> dict[str, str]:
    noon = datetime.combine(datetime.fromordinal(day), datetime.min.time(), UTC)
    zones = (ZoneInfo(name) for name in _all_zones())
    return {zone.key: f"{wording.offset(zone, noon)} {zone.key}" if zone.key != "UTC" else "UTC" for zone in zones}
