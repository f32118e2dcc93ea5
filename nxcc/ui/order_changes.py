"""What changed in one order since it was asked before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from nxcc import changes, story, wording
from nxcc.archive import Archive, history
from nxcc.outcome import Outcome
from nxcc.palette import OUTCOMES
from nxcc.story import Call
from nxcc.ui import order_values, seen, tables
from nxcc.wording import Money

_MOST_ROWS = 8


def draw(
    archive: Archive, answers: Sequence[Outcome], calls: Sequence[Call], zone: ZoneInfo, money: Money, *, key: str
) -> None:
    """The newest of these trusted answers (newest first), whose calls these are, against an earlier one."""
    now, *earlier = answers
    if not earlier:
        return
    with st.container(key="order_changes", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            heading = st.container(width="content")
            before = earlier[0]
            if len(earlier) > 1:
                place = st.selectbox(
                    "Compared with the answer of",
                    range(len(earlier)),
                    format_func=lambda n: f"{_at(earlier[n], zone)} · {_said(earlier[n])}",
                    key=f"order_compared_{key}",
                    label_visibility="collapsed",
                    width=300,
                )
                before = earlier[place]
            heading.subheader(
                f"Since it was asked before ({_at(before, zone)})",
                anchor=False,
                help="What the newest answer says differently: calls by their id, fields by their values.",
            )
        then = story.in_order(seen.calls(history.calls_of(archive, before), "an order's story"))
        rows = [("order", "Outcome changed", _said(before), _said(now))] if before.word != now.word else []
        rows += _rows(then, calls, zone, money)
        if rows:
            _table(rows)
        else:
            n = len(calls)
            st.caption(f"Nothing changed in {n:,} call{'' if n == 1 else 's'}." if n else "Still no calls.")


def _rows(then: Sequence[Call], calls: Sequence[Call], zone: ZoneInfo, money: Money) -> list[tuple[str, str, str, str]]:
    """Call, what, before, after."""
    rows = []
    for change in changes.between(then, calls):
        if not change.column:
            of = then if change.kind == "gone" else calls
            told = _call(of[change.place], zone, money)
            pair = (told, wording.NOTHING) if change.kind == "gone" else (wording.NOTHING, told)
        else:
            pair = order_values.both(change.column, change.before, change.after, zone, money)
        number = wording.NOTHING if change.kind == "gone" else f"{change.place + 1:,}"
        rows.append((number, wording.cut(wording.plain(change.what), 60), *pair))
    return rows


def _table(rows: Sequence[tuple[str, str, str, str]]) -> None:
    shown = pd.DataFrame(rows, columns=["call", "what", "before", "after"], dtype="str")
    cc = st.column_config
    config = {
        "call": cc.TextColumn("Call", width=60, help="Its number in the table of calls."),
        "what": cc.TextColumn("What", width=200),
        "before": cc.TextColumn("Before", width=380),
        "after": cc.TextColumn("Now", width=380),
    }
    tables.draw(shown, config, {}, {}, rows=_MOST_ROWS, alt="What changed since the answer before", key="order_changed")


def _call(call: Call, zone: ZoneInfo, money: Money) -> str:
    """A call in a line."""
    names = [name for name in ("started_at", "result", "talk_s", "cost") if call[name] is not None]
    return ", ".join(order_values.shown(name, call[name], zone, money) for name in names)


def _said(answer: Outcome) -> str:
    label = OUTCOMES[answer.word].label
    return f"{label}, {answer.calls:,} call{'' if answer.calls == 1 else 's'}" if answer.calls else label


def _at(answer: Outcome, zone: ZoneInfo) -> str:
    at: datetime | None = answer.asked_at
    return f"{at.astimezone(zone):%d %b %Y %H:%M:%S}" if at else wording.NOTHING
