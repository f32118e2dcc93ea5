"""What a job's answers say differently from those before: counted over the whole list, when somebody asks for it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from nxcc import wording
from nxcc.archive import Archive, Listed
from nxcc.archive.compared import Compared, compare
from nxcc.outcome import WORDS
from nxcc.palette import OUTCOMES, Palette
from nxcc.ui import order_trail, tables

MOST = 100
_NONE = "None of the ids that this job asked had an answer before."
_KEY = "bulk_changes_table"


def draw(archive: Archive, listed: Listed, zone: ZoneInfo, palette: Palette, *, answers: str) -> None:
    """The section; `answers` tells one state of the job's answers from another."""
    with st.container(key="bulk_changes", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(
                "Compared with the answers before",
                anchor=False,
                width="content",
                help="Ids that this job asked anew and that had a trusted answer before: what is different now. "
                "Answers that came out of the archive are not compared.",
            )
            wanted = st.toggle("Compare", key="bulk_compare")
        if not wanted:
            return
        with st.spinner("Comparing …"):
            found = _compared(archive, listed, answers)
        if not found.changed:
            n = found.asked_before
            st.caption(f"Nothing changed in {n:,} ids that had an answer before." if n else _NONE)
            return
        _tiles(found)
        _table(found, zone, palette)


@st.cache_data(max_entries=20, show_spinner=False)
def _compared(_archive: Archive, _listed: Listed, answers: str) -> Compared:
    del answers  # it is the key
    return compare(_archive, _listed, MOST)


def _tiles(found: Compared) -> None:
    tiles = (
        ("Changed", found.changed, "Orders of which anything below is different."),
        ("Outcome", found.outcome, "Orders whose outcome is another one, such as calls where there were none."),
        ("New calls", found.new_calls, "Orders with calls that were not there before, by their call ID."),
        ("Cost", found.costs, "Orders with a call of before that has a cost now, or another one."),
        ("Recordings", found.recordings, "Orders with a call of before that has a recording or voicemail by now."),
        ("Anything else", found.others, "Orders with a call of which another field changed."),
    )  # fmt: skip
    with st.grid(6, gap="xsmall", min_column_width=138, key="bulk_changes_tiles"):
        for label, n, meaning in tiles:
            share = f"{wording.share(n / found.asked_before)} of {found.asked_before:,}"
            st.metric(label, f"{n:,}", delta_description=share, help=meaning, border=True, height="stretch")
    if found.gone_calls:
        st.caption(
            f":material/info: Calls are gone from {found.gone_calls:,} order{'' if found.gone_calls == 1 else 's'}."
        )


def _table(found: Compared, zone: ZoneInfo, palette: Palette) -> None:
    rows = found.first.to_pandas()
    before = rows["asked_before"].dt.tz_convert(zone)
    shown = pd.DataFrame(
        {
            order_trail.COLUMN: order_trail.buttons(_KEY, rows["order_id"].tolist()),
            "order_id": tables.text_of(rows["order_id"]),
            "before": rows["outcome_before"],
            "now": rows["outcome"],
            "what": [_what(row) for row in rows.to_dict("records")],
            "asked_before": before,
        }
    )
    in_zone = wording.zone_of(rows["asked_before"], zone, found.first["asked_before"][0].as_py())
    cc = st.column_config
    config = {
        order_trail.COLUMN: order_trail.column(_KEY),
        "order_id": cc.TextColumn("Order ID", width=170),
        "before": cc.TextColumn("Before", width=96),
        "now": cc.TextColumn("Now", width=96),
        "what": cc.TextColumn("What changed", width=460),
        "asked_before": cc.DatetimeColumn(f"Asked before ({in_zone})", width=170),
    }
    tag: tables.Format = lambda word: OUTCOMES[word].tag  # noqa: E731
    colours = {str(word): palette.text[word] for word in WORDS}
    tables.draw(
        shown,
        config,
        {"before": tag, "now": tag, "asked_before": lambda moment: moment.strftime("%d %b %Y %H:%M:%S")},
        {"before": colours, "now": colours},
        rows=8,
        alt="Orders whose answer changed, one row an order",
        key=_KEY,
    )
    n = len(rows)
    st.caption(f"The first {n:,} of {found.changed:,} changed orders" if n < found.changed else f"{n:,} changed orders")


def _what(row: dict[str, Any]) -> str:
    """`2 new calls, cost of 1 call`."""
    parts = [
        (row["new_calls"], "{} new call{}"),
        (row["gone_calls"], "{} call{} gone"),
        (row["costs"], "cost of {} call{}"),
        (row["recordings"], "recording of {} call{}"),
        (row["others"], "other fields of {} call{}"),
    ]
    return ", ".join(words.format(f"{n:,}", "" if n == 1 else "s") for n, words in parts if n)
