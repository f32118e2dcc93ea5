"""Which days of a time have been read whole: drawn as a strip, and said in a line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from nxcc import charts, coverage
from nxcc.archive import periods
from nxcc.coverage import Coverage
from nxcc.desk import Desk
from nxcc.filters import Days
from nxcc.palette import Palette
from nxcc.stretches import CallFilters

_BARE = {"displayModeBar": False, "displaylogo": False}


def of(desk: Desk, days: Days, zone: ZoneInfo, filters: CallFilters | None = None) -> Coverage:
    """What the archive has of these days, or of the calls in them that fit, up to `known_until`.

    Raises `ArchiveError`.
    """
    read = [each.stretch for each in periods.read_whole(desk.archive, filters)]
    return coverage.of(read, *days, zone, known_until())


def known_until() -> datetime:
    """Calls are told when they have ended, so the last hour says little; and what was read is good for another one."""
    return datetime.now(UTC) - timedelta(seconds=2 * periods.SETTLED_S)


def strip(found: Coverage, palette: Palette) -> None:
    """A cell for each day."""
    chart = charts.coverage_strip(found, palette)
    st.plotly_chart(chart.figure, theme=None, key="coverage_strip", alt=chart.alt, config=_BARE)


def of_explore(desk: Desk, span: Days | None, first: date | None, zone: ZoneInfo, palette: Palette) -> None:
    """The strip above Explore's figures, with what it means for them; `first` is the day of the first call there is,
    for a look at all time."""
    today = datetime.now(UTC).astimezone(zone).date()
    days = span or (first or today, today)
    found = of(desk, days, zone)
    if not found.cells:
        return
    with st.container(key="explore_coverage", gap=None):
        strip(found, palette)
        st.caption(said(found), help=charts.COVERAGE_HELP)


def said(found: Coverage) -> str:
    """What the strip means for figures."""
    if found.is_whole:
        return "All calls of this time were read: figures stand on every one of them."
    if not found.share:
        return (
            ":material/info: No day of this time was read by time: figures count the calls of orders that somebody "
            "asked for, not all calls."
        )
    days = "1 day" if found.days == 1 else f"{found.days:,} days"
    return (
        f":orange[:material/warning:] {found.whole:,} of {days} have been read whole. On the others figures count only "
        "the calls of orders that somebody asked for."
    )
