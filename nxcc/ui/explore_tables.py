"""The tables of Explore: agents and quality flags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from nxcc import wording
from nxcc.ui import tables
from nxcc.wording import Money


def agents(rows: pd.DataFrame, money: Money) -> None:
    """One row an agent (`Overview.agents`), most calls first, with a line of calls over the time."""
    cost = rows["answered_cost"] + rows["unanswered_cost"]
    shown = pd.DataFrame(
        {
            "agent": tables.text_of(rows["agent"]),
            "calls": rows["calls"].astype(int),
            "line": rows["line"],
            "answered": rows["answered"].astype(int),
            "rate": rows["answered"] / rows["calls"],
            "average_talk_s": (rows["talk_s"] / rows["talked"]).where(rows["talked"] > 0),
            "talk_s": rows["talk_s"],
            "cost": cost.where(rows["priced"] > 0),
        }
    )
    cc = st.column_config
    config = {
        "agent": cc.TextColumn("Agent", width=200, help="By nickname, else by account."),
        "calls": cc.NumberColumn("Calls", width=90),
        "line": cc.LineChartColumn("Over the time", width=190, y_min=0, help="Calls over the time that is looked at."),
        "answered": cc.NumberColumn("Answered", width=90),
        "rate": cc.NumberColumn("Answer rate", width=100, help="Answered ÷ calls of this agent."),
        "average_talk_s": cc.NumberColumn("Average talk", width=110, help="Over answered calls with a talk time."),
        "talk_s": cc.NumberColumn("Talk in all", width=110),
        "cost": cc.NumberColumn(money.header("Cost"), width=110, help="Over calls that have a cost."),
    }
    formats: dict[str, tables.Format] = {
        "calls": wording.count,
        "answered": wording.count,
        "rate": wording.share,
        "average_talk_s": wording.duration,
        "talk_s": wording.duration,
        "cost": money.number,
    }
    tables.draw(shown, config, formats, {}, rows=12, alt="Agents, most calls first", key="agents_table")


def quality(flags: pd.DataFrame, figures: Mapping[str, str]) -> None:
    """One row a quality flag: `flag`, `calls`, `share`, `examples`, `meaning`; `figures` are further columns."""
    cc = st.column_config
    shown = flags.reindex(columns=["flag", "calls", "share", "meaning", *figures, "examples"])
    shown["examples"] = tables.text_of(shown["examples"])
    config: dict[str, Any] = {
        "flag": cc.TextColumn("Flag", width=148),
        "calls": cc.NumberColumn("Calls", width=70),
        "share": cc.NumberColumn("Share", width=56),
        "meaning": cc.TextColumn("Meaning", width=220),
        "examples": cc.TextColumn("Orders, for example", width=200),
    }
    for name, label in figures.items():
        config[name] = cc.TextColumn(label, width=150, help="Without the calls of this flag; in brackets with all.")
    formats: dict[str, tables.Format] = {"calls": wording.count, "share": wording.share}
    tables.draw(shown, config, formats, {}, rows=len(flags), alt="Quality flags with their counts", key="quality_table")
