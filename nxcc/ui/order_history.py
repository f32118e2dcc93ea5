"""Every time one order was asked, and which orders were asked last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from nxcc import wording
from nxcc.outcome import WORDS, Outcome
from nxcc.palette import OUTCOMES, Palette
from nxcc.ui import order_trail, seen, tables

_MOST_ROWS = 6
MOST_LAST = 10


def draw(lookups: Sequence[Outcome], zone: ZoneInfo, palette: Palette) -> None:
    """The lookups of one order, the newest first."""
    with st.container(border=True, key="order_history", gap="xsmall"):
        st.markdown(
            "**Every time it was asked**",
            help="The archive forgets nothing: each answer and each failure is kept beside those of before.",
        )
        _table(lookups, zone, palette, key="order_lookups")


def asked_last(lookups: Sequence[Outcome], zone: ZoneInfo, palette: Palette) -> None:
    """Orders that were asked last, each with its story behind it."""
    with st.container(key="order_last", gap="xsmall"):
        st.subheader("Asked last", anchor=False, help="The newest answers in the archive, by whoever asked.")
        _table(lookups, zone, palette, key="order_last_table", stories=True)


def _table(lookups: Sequence[Outcome], zone: ZoneInfo, palette: Palette, *, key: str, stories: bool = False) -> None:
    now = datetime.now(UTC)
    asked = pd.Series([lookup.asked_at for lookup in lookups], dtype="datetime64[us, UTC]")
    columns: dict[str, object] = {}
    if stories:
        order_ids = [lookup.order_id for lookup in lookups]
        columns = {order_trail.COLUMN: order_trail.buttons(key, order_ids), "order_id": map(wording.plain, order_ids)}
    columns |= {
        "asked_at": asked.dt.tz_convert(zone),
        "outcome": [lookup.word for lookup in lookups],
        "calls": [None if lookup.word == "failed" else lookup.calls for lookup in lookups],
        "reason": [wording.plain(seen.text(lookup.reason)) or None for lookup in lookups],
        "code": [None if lookup.code is None else str(lookup.code) for lookup in lookups],
        "req_id": [wording.plain(lookup.req_id) or None for lookup in lookups],
    }
    in_zone = wording.zone_of(asked, zone, now)
    cc = st.column_config
    config = {
        order_trail.COLUMN: order_trail.column(key),
        "order_id": cc.TextColumn("Order ID", width=190),
        "asked_at": cc.DatetimeColumn(f"Asked ({in_zone})", width=150),
        "outcome": cc.TextColumn("Outcome", width=86),
        "calls": cc.NumberColumn("Calls", width=60),
        "reason": cc.TextColumn("Why it failed", width=200),
        "code": cc.TextColumn("Code", width=70, help="The API's own code of a failure."),
        "req_id": cc.TextColumn("Request id", width=260, help="What the vendor asks for when one reports a problem."),
    }
    shown = pd.DataFrame({name: list(values) for name, values in columns.items()})  # type: ignore[call-overload]
    for name in ("reason", "code"):
        if shown[name].isna().all():
            shown = shown.drop(columns=name)
    if stories:
        shown = shown.drop(columns="req_id")
    tables.draw(
        shown,
        config,
        {
            "asked_at": lambda moment: moment.strftime("%d %b %Y %H:%M:%S"),
            "outcome": lambda word: OUTCOMES[word].tag,
            "calls": wording.count,
        },
        {"outcome": {str(word): palette.text[word] for word in WORDS}},
        rows=MOST_LAST if stories else _MOST_ROWS,
        alt="Lookups, the newest first",
        key=key,
    )
