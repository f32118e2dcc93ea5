"""The audit on the Status page: who did what, the newest first, and all of it as a file."""

from __future__ import annotations

from functools import partial
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import streamlit as st

from nxcc import export, wording
from nxcc.access import May
from nxcc.audit import MOST_SHOWN, Audit, Entry, as_row
from nxcc.errors import NxccError
from nxcc.ui import deeds, panels, tables

_SCHEMA = pa.schema(
    [
        ("n", pa.int64()),
        ("at", pa.timestamp("ms", tz="UTC")),
        ("who", pa.string()),
        ("role", pa.string()),
        ("deed", pa.string()),
        ("what", pa.string()),
        ("count", pa.int64()),
        ("job", pa.string()),
    ]
)
_ROWS = 12


def draw(audit: Audit, zone: ZoneInfo) -> None:
    """Table and file."""
    with st.container(key="status_audit", gap="xsmall"):
        try:
            entries, of = audit.newest(), audit.count()
        except NxccError as error:
            panels.problem(error, key="audit_failed", title="The audit cannot be read", kept="It is kept as it is.")
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(
                "Audit",
                anchor=False,
                width="content",
                help="Who did what and when. It is only ever added to, and holds no phone number, order id or secret.",
            )
            st.download_button(
                f"CSV ({of:,})",
                partial(_file, audit, zone),
                file_name="audit.csv",
                mime="text/csv",
                key="status_audit_csv",
                icon=":material/download:",
                on_click="ignore",
                disabled=not of,
            )
        if not entries:
            st.caption("Nothing was done yet.")
            return
        _table(entries, zone)
        shown = f"The newest {MOST_SHOWN:,} of {of:,} entries" if of > len(entries) else f"{of:,} entries"
        st.caption(f"{shown}; the file has all of them, oldest first.")


def _table(entries: list[Entry], zone: ZoneInfo) -> None:
    at = pd.Series([entry.at for entry in entries], dtype="datetime64[us, UTC]")
    shown = pd.DataFrame(
        {
            "at": at.dt.tz_convert(zone),
            "who": [wording.plain(entry.who) for entry in entries],
            "role": [entry.role or None for entry in entries],
            "deed": [entry.deed for entry in entries],
            "what": [entry.what or None for entry in entries],
            "count": pd.array([entry.count for entry in entries], "Int64"),
            "job": [entry.job or None for entry in entries],
        }
    )
    cc = st.column_config
    config = {
        "at": cc.DatetimeColumn(f"When ({wording.zone_of(at, zone, entries[0].at)})", width=160),
        "who": cc.TextColumn("Who", width=200),
        "role": cc.TextColumn("Role", width=80, help="Empty: at the machine itself, without sign-in."),
        "deed": cc.TextColumn("Did", width=130),
        "what": cc.TextColumn("What", width=240),
        "count": cc.NumberColumn("How many", width=90, help="Ids, rows or calls, as the deed says."),
        "job": cc.TextColumn("Job", width=150),
    }
    formats: dict[str, tables.Format] = {
        "at": lambda moment: moment.strftime("%d %b %Y %H:%M:%S"),
        "count": wording.count,
    }
    tables.draw(shown, config, formats, {}, rows=_ROWS, alt="Audit, the newest first", key="status_audit_table")


def _file(audit: Audit, zone: ZoneInfo) -> bytes:
    deeds.must(May.ADMINISTER, "exported", "audit, CSV", count=audit.count())
    rows = [as_row(entry) for entry in audit.all()]
    return export.csv_bytes(pa.Table.from_pylist(rows, schema=_SCHEMA), zone, _SCHEMA.names)
