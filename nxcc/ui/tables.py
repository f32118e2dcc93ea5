"""The tables of orders and calls: typed columns, units and zone in the headers, text as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from nxcc import wording
from nxcc.hangup import RESULTS as RESULT_WORDS
from nxcc.outcome import WORDS
from nxcc.palette import OUTCOMES, RESULTS, Palette
from nxcc.reading import is_link
from nxcc.records import BY_NAME, Column
from nxcc.ui import order_trail
from nxcc.wording import Money

ROW_PX = 32
# Columns of calls as they are in records.COLUMNS, with their width in pixels.
_CALL_WIDTHS = {
    "order_id": 150,
    "started_at": 128,
    "direction": 76,
    "result": 100,
    "agent_nick": 92,
    "queue_s": 58,
    "ring_s": 54,
    "talk_s": 74,
    "hangup_reason": 176,
    "cost": 78,
    "hangup_party": 82,
    "flags": 180,
    "caller": 120,
    "callee": 120,
    "call_id": 160,
}
DIRECTIONS = {"inbound": "Inbound", "outbound": "Outbound", "aicc": "AI callbot"}
PARTY_WORDS = {"customer": "Customer", "agent": "Agent", "unknown": "Unknown"}
Format = Callable[[Any], str]


def orders_table(
    orders: pd.DataFrame, zone: ZoneInfo, money: Money, palette: Palette, rows: Sequence[int] | None = None
) -> None:
    """One row an order, in the order they were asked for (`Archive.orders`); `rows` are their row numbers in a file."""
    now = pd.Timestamp(datetime.now(UTC))
    key = "orders_table"
    shown = pd.DataFrame(
        {
            order_trail.COLUMN: order_trail.buttons(key, orders["order_id"].tolist()),
            "order_id": text_of(orders["order_id"]),
            "outcome": orders["outcome"],
            "calls": orders["calls"],
            "answered_calls": orders["answered_calls"],
            "first_answered_at": orders["first_answered_at"].dt.tz_convert(zone),
            "time_to_answer_s": orders["time_to_answer_s"],
            "talk_s": orders["talk_s"],
            "cost": orders["cost"],
            "age_s": (now - orders["asked_at"]).dt.total_seconds().clip(lower=0),
            "source": orders["from_archive"]
            .map({True: "archive", False: "API"})
            .where(orders["source"] != "period", "by time"),
            "ended": text_of(orders["reason"].fillna(orders["last_hangup_reason"])),
        }
    )
    if rows is not None:
        shown.insert(0, "row", list(rows))
    in_zone = wording.zone_of(orders["first_answered_at"], zone, now.to_pydatetime())
    year = years(shown["first_answered_at"], now.tz_convert(zone).year)
    cc = st.column_config
    config = {
        order_trail.COLUMN: order_trail.column(key),
        "row": cc.NumberColumn("Row", width=54, help="As a spreadsheet counts the rows of the file."),
        "order_id": cc.TextColumn("Order ID", width=150, pinned=True, help=BY_NAME["order_id"].help),
        "outcome": cc.TextColumn("Outcome", width=86),
        "calls": cc.NumberColumn("Calls", width=46),
        "answered_calls": cc.NumberColumn("Answered", width=70, help="Calls that were answered."),
        "first_answered_at": cc.DatetimeColumn(
            f"Answered at ({in_zone})", width=_wide(in_zone, 132), alignment="right", help="First answer."
        ),
        "time_to_answer_s": cc.NumberColumn("To answer", width=74, help="First answer minus the first call's start."),
        "talk_s": cc.NumberColumn("Talk", width=72, help="Talk time of all answered calls."),
        "cost": cc.NumberColumn(money.header("Cost"), width=78, help="Sum over calls that have a cost."),
        "ended": cc.TextColumn(
            "Last hang-up or failure", width=196, help="Why the last call ended, or why there is no answer."
        ),
        "age_s": cc.NumberColumn("Age", width=50, help="How long ago the API gave this answer."),
        "source": cc.TextColumn(
            "From",
            width=60,
            help="Asked now (API), answered before and still fresh (archive), or out of calls that were read by time.",
        ),
    }
    formats: dict[str, Format] = {
        "outcome": lambda word: OUTCOMES[word].tag,
        "calls": wording.count,
        "answered_calls": wording.count,
        "first_answered_at": lambda moment: moment.strftime(f"%d %b{year} %H:%M"),
        "time_to_answer_s": wording.duration,
        "talk_s": wording.duration,
        "cost": money.number,
        "age_s": wording.age,
    }
    if rows is not None:
        formats["row"] = wording.count
    colours = {"outcome": {str(word): palette.text[word] for word in WORDS}}
    draw(
        shown,
        config,
        formats,
        colours,
        rows=12,
        alt="Orders that were asked for, one row an order id",
        key=key,
    )


def calls_table(calls: pd.DataFrame, zone: ZoneInfo, money: Money, palette: Palette) -> None:
    """One row a call (`records.frame`), in the order of the orders, then of time."""
    now = datetime.now(UTC)
    recording, voicemail = _link(calls["record_url"]), _link(calls["voicemail_url"])
    key = "calls_table"
    shown = pd.DataFrame(
        {
            order_trail.COLUMN: order_trail.buttons(key, calls["order_id"].tolist()),
            "order_id": text_of(calls["order_id"]),
            "started_at": calls["started_at"].dt.tz_convert(zone),
            "direction": text_of(calls["direction"].map(lambda word: DIRECTIONS.get(word, word), na_action="ignore")),
            "result": calls["result"],
            "agent_nick": text_of(calls["agent_nick"].fillna(calls["agent"])),
            "queue_s": calls["queue_s"],
            "ring_s": calls["ring_s"],
            "talk_s": calls["talk_s"].where(calls["answered"].fillna(False).astype(bool) | (calls["talk_s"] > 0)),
            "cost": calls["cost"],
            "hangup_reason": text_of(calls["hangup_reason"]),
            "play": recording,
            "hangup_party": calls["hangup_party"].map(PARTY_WORDS),
            "open": recording,
            "voicemail": voicemail,
            "not_a_link": text_of(_not_link(calls["record_url"]).fillna(_not_link(calls["voicemail_url"]))),
            "flags": calls["flags"].map(", ".join).replace("", None),
            "caller": text_of(calls["caller"]),
            "callee": text_of(calls["callee"]),
            "call_id": text_of(calls["call_id"]),
        }
    )
    for optional in ("voicemail", "not_a_link"):
        if shown[optional].isna().all():
            shown = shown.drop(columns=optional)
    cc = st.column_config
    in_zone = wording.zone_of(calls["started_at"], zone, now)
    year = years(shown["started_at"], now.astimezone(zone).year)
    widths = _CALL_WIDTHS | {"started_at": _wide(in_zone, 158 if year else 128)}
    config = {name: _column(BY_NAME[name], width, in_zone, money) for name, width in widths.items()} | {
        order_trail.COLUMN: order_trail.column(key),
        "play": cc.AudioColumn(
            "Play", width=46, help="Double-click plays the recording, straight from the vendor's storage."
        ),
        "open": cc.LinkColumn(
            "Open", width=50, display_text=":material/open_in_new:", help="The recording, in a new tab."
        ),
        "voicemail": cc.LinkColumn("Voicemail", width=76, display_text=":material/voicemail:", help="In a new tab."),
        "not_a_link": cc.TextColumn(
            "Not a link", width=160, help="What stands where an http(s) link should: only text."
        ),
    }
    formats: dict[str, Format] = {
        "started_at": lambda moment: moment.strftime(f"%d %b{year} %H:%M:%S"),
        "result": lambda word: RESULTS[word].tag,
        "queue_s": wording.duration,
        "ring_s": wording.duration,
        "talk_s": wording.duration,
        "cost": money.number,
        "flags": lambda flags: f"⚑ {flags}",
    }
    colours = {"result": {str(word): palette.text[word] for word in RESULT_WORDS}}
    draw(
        shown,
        config,
        formats,
        colours,
        rows=14,
        alt="Calls of these orders, one row a call",
        key=key,
    )


def _column(column: Column, width: int, in_zone: str, money: Money) -> Any:
    """How a column of calls is shown: label and help are those of `records.COLUMNS`."""
    cc = st.column_config
    if column.kind == "time":
        return cc.DatetimeColumn(f"{column.label} ({in_zone})", width=width, help=column.help)
    if column.kind == "money":
        return cc.NumberColumn(money.header(column.label), width=width, help=column.help)
    if column.kind == "seconds":
        return cc.NumberColumn(column.label, width=width, help=column.help)
    return cc.TextColumn(column.label, width=width, help=column.help, pinned=column.name == "order_id")


def draw(
    shown: pd.DataFrame,
    config: Mapping[str, Any],
    formats: Mapping[str, Format],
    colours: Mapping[str, Mapping[str, str]],
    *,
    rows: int,
    alt: str,
    key: str,
    chosen: int | None = None,
) -> int | None:
    """A table, at most `rows` rows high. Units and words go through the Styler, so sorting stays that of the values.

    With `chosen`, that row is chosen at first and always one is; returns its place.
    """
    styled = shown.style.format({name: _or_nothing(write) for name, write in formats.items()}, na_rep=wording.NOTHING)
    for name, colour in colours.items():
        styled = styled.map(lambda word, of=colour: f"color:{of.get(word, '')};font-weight:500", subset=[name])
    look: dict[str, Any] = {
        "column_config": config,
        "hide_index": True,
        "row_height": ROW_PX,
        "height": ROW_PX * (min(len(shown), rows) + 1) + 2,
        "placeholder": wording.NOTHING,
        "alt": alt,
        "key": key,
    }
    if chosen is None:
        st.dataframe(styled, **look)
        return None
    at_first: Any = {"selection": {"rows": [chosen], "columns": [], "cells": []}}
    state = st.dataframe(
        styled, on_select="rerun", selection_mode="single-row-required", selection_default=at_first, **look
    )
    return next(iter(state["selection"]["rows"]), chosen)


def _or_nothing(write: Format) -> Format:
    return lambda value: wording.NOTHING if pd.isna(value) else write(value)


def _wide(in_zone: str, least: int) -> int:
    """Room for a header that names a zone: `Answered at (America/New_York)`."""
    return max(least, 100 + 7 * len(in_zone))


def years(local: pd.Series[pd.Timestamp], this_year: int) -> str:
    """The year's place in a time's format; empty when all times are of this year."""
    return "" if (local.dropna().dt.year == this_year).all() else " %Y"


def text_of(values: pd.Series[str]) -> pd.Series[str]:
    """Foreign text as it can be shown."""
    return values.map(wording.plain, na_action="ignore")


def _link(values: pd.Series[str]) -> pd.Series[str]:
    return values.where(values.map(_is_link).astype(bool), None)


def _not_link(values: pd.Series[str]) -> pd.Series[str]:
    return values.where(~values.map(_is_link).astype(bool), None)


def _is_link(value: object) -> bool:
    return isinstance(value, str) and is_link(value)
