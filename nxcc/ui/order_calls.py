"""The calls of one order: a table of which one row is chosen, and what looks wrong in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from nxcc import flags, story, wording
from nxcc.hangup import RESULTS as RESULT_WORDS
from nxcc.palette import RESULTS, Palette
from nxcc.story import Call
from nxcc.ui import tables
from nxcc.wording import Money

_MOST_ROWS = 10
_MOST_FLAGS = 12


def table(calls: Sequence[Call], zone: ZoneInfo, money: Money, palette: Palette, *, key: str) -> int:
    """The calls in order of time; returns the place of the chosen one, at first that which reached the customer."""
    now = datetime.now(UTC)
    started = pd.Series([call["started_at"] for call in calls], dtype="datetime64[ms, UTC]")
    talk = [call["talk_s"] if call["answered"] or call["talk_s"] else None for call in calls]
    shown = pd.DataFrame(
        {
            "n": range(1, len(calls) + 1),
            "started_at": started.dt.tz_convert(zone),
            "result": [call["result"] for call in calls],
            "queue_s": pd.Series([call["queue_s"] for call in calls], dtype=float),
            "ring_s": pd.Series([call["ring_s"] for call in calls], dtype=float),
            "talk_s": pd.Series(talk, dtype=float),
            "cost": pd.Series([call["cost"] for call in calls], dtype=float),
            "agent": tables.text_of(pd.Series([call["agent_nick"] or call["agent"] for call in calls], dtype="str")),
        }
    )
    in_zone = wording.zone_of(started, zone, now)
    years = tables.years(shown["started_at"], now.astimezone(zone).year)
    cc = st.column_config
    config = {
        "n": cc.NumberColumn("#", width=32, help="In order of time."),
        "started_at": cc.DatetimeColumn(f"Started ({in_zone})", width=150 if years else 124),
        "result": cc.TextColumn("Result", width=102),
        "queue_s": cc.NumberColumn("Queue", width=58),
        "ring_s": cc.NumberColumn("Ring", width=54),
        "talk_s": cc.NumberColumn("Talk", width=74),
        "cost": cc.NumberColumn(money.header("Cost"), width=82),
        "agent": cc.TextColumn("Agent", width=84),
    }
    formats: dict[str, tables.Format] = {
        "started_at": lambda moment: moment.strftime(f"%d %b{years} %H:%M:%S"),
        "result": lambda word: RESULTS[word].tag,
        "queue_s": wording.duration,
        "ring_s": wording.duration,
        "talk_s": wording.duration,
        "cost": money.number,
    }
    first = story.reach(calls).call
    place = tables.draw(
        shown,
        config,
        formats,
        {"result": {str(word): palette.text[word] for word in RESULT_WORDS}},
        rows=_MOST_ROWS,
        alt="Calls of this order, one row a call",
        key=key,
        chosen=calls.index(first) if first else len(calls) - 1,
    )
    return min(place or 0, len(calls) - 1)


def flagged(calls: Sequence[Call], zone: ZoneInfo) -> None:
    """Each quality flag with what it means in these calls; those that say the same share a line."""
    st.markdown("**Quality flags**", help="What looks wrong in the records. Shown and counted, never silently fixed.")
    found: dict[tuple[str, str], list[int]] = {}
    for n, call in enumerate(calls, start=1):
        for flag in call["flags"] or []:
            found.setdefault((flag, story.in_this_call(flag, call, zone)), []).append(n)
    if not found:
        st.markdown(":gray[None: nothing in these records looks wrong.]")
        return
    known = list(flags.FLAGS)
    lines = [
        f":yellow-badge[:material/flag: {flag}] :gray[{_calls(which, len(calls))}: {wording.in_markdown(said)}]"
        for (flag, said), which in sorted(found.items(), key=lambda one: (known.index(one[0][0]), one[1]))
    ]
    st.markdown("  \n".join(lines[:_MOST_FLAGS]))
    if len(lines) > _MOST_FLAGS:
        st.caption(f"and {len(lines) - _MOST_FLAGS:,} more; the calls file has the flags of every call")


def _calls(which: Sequence[int], of: int) -> str:
    """`call 2`, `calls 1, 3 and 4`, `all 12 calls`."""
    if len(which) == 1:
        return f"call {which[0]}"
    if len(which) == of > 2:
        return f"all {of:,} calls"
    if len(which) > 6:
        return f"{len(which):,} calls, the first one call {which[0]}"
    return f"calls {', '.join(map(str, which[:-1]))} and {which[-1]}"
