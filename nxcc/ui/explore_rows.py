"""Below the charts of Explore: the calls behind the figures, the agents, and the quality of the data."""

from __future__ import annotations

from functools import partial
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from nxcc import export, kpis, records, wording
from nxcc.access import May
from nxcc.facts import PARTS
from nxcc.flags import FLAGS
from nxcc.kpis import DEFINITIONS, Terms
from nxcc.overview import Overview
from nxcc.palette import Palette
from nxcc.ui import deeds, explore_tables, seen, tables
from nxcc.ui import explore_filters as state

A_PAGE = 50
MOST_IN_FILE = 100_000
_SECTION, _BEHIND = "explore_section", "explore_behind"
_SECTIONS = {"Calls": ":material/table_rows:", "Agents": ":material/group:", "Data quality": ":material/flag:"}
_WITHOUT = ("answer_rate", "average_talk", "service_level", "cost_per_call")


def draw(overview: Overview, terms: Terms, zone: ZoneInfo, palette: Palette) -> None:
    """One of the sections; only that is computed."""
    section = st.segmented_control(
        "Section",
        list(_SECTIONS),
        default="Calls",
        key=_SECTION,
        required=True,
        label_visibility="collapsed",
        format_func=lambda name: f"{_SECTIONS[name]} {name}",
    )
    if section == "Agents":
        _agents(overview, terms)
    elif section == "Data quality":
        _quality(overview, terms)
    else:
        calls(overview, terms, zone, palette)


def calls(overview: Overview, terms: Terms, zone: ZoneInfo, palette: Palette) -> None:
    """The calls behind a figure, a page at a time, and as a file."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = st.selectbox(
            "Rows behind",
            list(DEFINITIONS),
            key=_BEHIND,
            format_func=lambda name: DEFINITIONS[name].label,
            width=220,
            help="The calls that a figure counts; for figures of orders, the first call of each.",
        )
        part = DEFINITIONS[name].rows
        of = int(overview.totals.total(part))
        pages = max(1, -(-of // A_PAGE))
        page = st.pagination(pages, key=f"explore_page_{part}_{pages}_{state.drawn()}", width=340) if pages > 1 else 1
        _file(overview, part, of, zone)
    first = (page - 1) * A_PAGE
    shown = records.frame(seen.calls(overview.tallied.calls(part, first, A_PAGE), "a table", links=False))
    with st.container(key="explore_calls", gap="xsmall"):
        if shown.empty:
            st.caption("No call is behind this figure.")
            return
        tables.calls_table(shown, zone, terms.money, palette)
        words = PARTS[part].words.format(short_s=f"{terms.short_s:g}", in_time_s=f"{terms.in_time_s:g}")
        st.caption(f"Rows {first + 1:,} to {first + len(shown):,} of {of:,} {words}, newest first.")


def _file(overview: Overview, part: str, of: int, zone: ZoneInfo) -> None:
    shown = f"newest {MOST_IN_FILE:,} of {of:,}" if of > MOST_IN_FILE else f"{of:,}"
    st.download_button(
        f"CSV ({shown})",
        partial(_csv, overview, part, zone),
        file_name="calls.csv",
        mime="text/csv",
        key="explore_calls_csv",
        icon=":material/download:",
        on_click="ignore",
        disabled=not of,
    )


def _csv(overview: Overview, part: str, zone: ZoneInfo) -> bytes:
    calls = overview.tallied.calls(part, 0, MOST_IN_FILE)
    deeds.must(May.READ, "exported", "calls of Explore, CSV", count=calls.num_rows)
    return export.csv_bytes(seen.calls(calls, "a file"), zone)


def _agents(overview: Overview, terms: Terms) -> None:
    agents = overview.agents
    with st.container(key="explore_agents", gap="xsmall"):
        if agents.empty:
            st.caption("No calls, so no agents.")
            return
        explore_tables.agents(agents, terms.money)
        named = int(agents["agent"].notna().sum())
        st.caption(
            f"{named:,} agent{'' if named == 1 else 's'} · calls that nobody answered name none, and stand in the row "
            "without a name · line: calls over the time"
        )


def _quality(overview: Overview, terms: Terms) -> None:
    """Each flag: how many calls, what it means, and what figures would be without them."""
    counts, without = overview.tallied.by_flag()
    whole = int(overview.totals.total("calls"))
    now = {name: kpis.kpi(name, overview.totals, terms) for name in _WITHOUT}
    rows = []
    for (flag, totals), calls, examples in zip(without, counts["calls"], counts["examples"], strict=True):
        row = {
            "flag": flag,
            "calls": calls,
            "share": calls / whole if whole else None,
            "examples": ", ".join(examples) or None,
            "meaning": FLAGS[flag],
        }
        if calls:
            other = totals()
            row |= {name: kpis.kpi(name, other, terms).text for name in _WITHOUT}
        rows.append(row)
    with st.container(key="explore_quality", gap="xsmall"):
        st.caption(
            f"Calls that carry a flag, of {whole:,}. Figures leave nothing out because of one; the last columns "
            "say what they would be without those calls."
        )
        explore_tables.quality(
            pd.DataFrame(rows), {name: f"{DEFINITIONS[name].label} ({now[name].text})" for name in _WITHOUT}
        )
        present = [flag for flag, calls in zip(counts["flag"], counts["calls"], strict=True) if calls]
        if present:
            with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
                st.caption("Show the calls with", width="content")
                for flag in present:
                    st.button(
                        wording.in_markdown(flag),
                        icon=":material/flag:",
                        key=f"explore_flag_{flag}",
                        on_click=_show_flag,
                        args=(flag,),
                    )


def _show_flag(flag: str) -> None:
    st.session_state[_SECTION] = "Calls"
    state.set_filter("flag", (flag,))
