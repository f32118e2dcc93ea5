"""The figures at the top of the Status page: what the archive holds and saves, what is asked now."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from nxcc import status, wording
from nxcc.access import May
from nxcc.archive import Standing, standing
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.status import Facts
from nxcc.ui import panels, resources, sign_in, zone

EVERY_S = 5


@st.fragment(run_every=EVERY_S)
def draw() -> None:
    """A row of tiles, drawn anew every few seconds."""
    desk = resources.opened()
    if not isinstance(desk, Desk):
        return
    if not sign_in.may(May.ADMINISTER):  # the sign-in has ended meanwhile
        st.rerun()
    try:
        facts = status.facts(desk, _standing())
    except NxccError as error:
        panels.problem(error, key="status_figures_failed", title="The figures cannot be had", kept="Nothing is lost.")
        return
    with st.container(key="status_figures", gap="xsmall"):
        _tiles(facts)
        since = facts.since.astimezone(zone.current())
        today = datetime.now(UTC).astimezone(zone.current()).date()
        day = "" if since.date() == today else f"{since:%d %b} "
        st.caption(
            f"Requests, and how many ids the archive answered, since {day}{since:%H:%M} "
            f"({wording.offset(zone.current(), since)}), when the app began to work. The figures follow by themselves."
        )


def _tiles(facts: Facts) -> None:
    stands, hits = facts.archive, facts.hit_share
    halted, waiting = facts.jobs.get("halted", 0), sum(facts.jobs.values()) - facts.at_work
    with st.grid(6, gap="xsmall", min_column_width=138):
        _tile("Calls kept", wording.count(stands.calls), f"{wording.compact(stands.lookups)} lookups", _KEPT)
        _tile("Archive", _size(stands.bytes), f"schema {stands.schema}", _SIZE)
        _tile("Newest answer", _ago(facts.answer_s), "in the archive", _NEWEST)
        _tile("Archive hits", wording.share(hits), f"n {wording.compact(facts.looked_up)} ids", _HITS)
        _tile("Requests now", f"{facts.per_second:,}/s", _limit(facts), _NOW)
        _tile("Jobs running", f"{facts.at_work:,}", f"{halted:,} halted" if halted else _others(waiting), _JOBS)


def _others(jobs: int) -> str:
    return f"{jobs:,} other{'' if jobs == 1 else 's'}"


def _tile(label: str, value: str, basis: str, definition: str) -> None:
    st.metric(label, value, delta_description=basis, help=definition, border=True, height="stretch")


def _limit(facts: Facts) -> str:
    if facts.limit is None:
        return f"no limit · {wording.compact(facts.requests)} sent"
    slowed = facts.set_limit is not None and facts.limit < facts.set_limit
    return f"{'slowed to' if slowed else 'up to'} {facts.limit:.3g}/s"


def _size(size: int) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size / 1e3:.0f} kB"


def _ago(seconds: float | None) -> str:
    said = wording.age(seconds)
    return said if said in ("now", wording.NOTHING) else f"{said} ago"


@st.cache_data(ttl=15, show_spinner=False)
def _standing() -> Standing | None:
    desk = resources.opened()
    return standing(desk.archive) if isinstance(desk, Desk) else None


_KEPT = "Distinct calls of this team, each call ID once; below it how often an order was asked for."
_SIZE = "Size of the archive's file, with what is not in it itself yet."
_NEWEST = "How long ago the newest answer came that is in the archive."
_HITS = (
    "Of the ids looked up since the start, those that the archive answered, so that nothing was asked. An id that is "
    "looked up twice counts twice."
)
_NOW = (
    "Requests in the last whole second, over all sessions and jobs; below it the limit in force now. It falls when the "
    "API says that requests come too fast, and recovers step by step."
)
_JOBS = "Jobs that run or wait to run."
