"""The rows of an uploaded file that have a problem, by row number."""

from __future__ import annotations

import csv
import io
from functools import partial

import streamlit as st

from nxcc import export, intake, masking, wording
from nxcc.access import May
from nxcc.intake import Check
from nxcc.jobs import Folder
from nxcc.ui import bulk_tables, deeds, seen

PROBLEM = "bulk_problem"
_MOST = 500


def draw(folder: Folder, check: Check) -> None:
    """Counts by code, which filter the table; what cleaning did; all problems as a file."""
    n = {code: rows for code, rows in check.problems.items() if rows}
    if not n:
        st.markdown(":green[:material/task_alt:] No row of the file has a problem.")
        _cleaned(check)
        return
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader(
            "Problems in the file", anchor=False, width="content", help="By row number as a spreadsheet shows it."
        )
        st.download_button(
            f"Download all {sum(n.values()):,} problems",
            partial(_csv, folder, sum(n.values())),
            file_name=export.file_name(folder.name, "problems", "csv"),
            mime="text/csv",
            key="bulk_problems_csv",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )
    code = st.pills(
        "Problem",
        list(n),
        key=PROBLEM,
        label_visibility="collapsed",
        format_func=lambda name: f"{name} **{n[name]:,}**",
    )
    found = intake.problems(folder.ids, code, _MOST)
    with st.container(key="bulk_problems"):
        shown = found if seen.own(folder) else masking.cells(found, ["raw", "order_id"])
        bulk_tables.problems_table(shown.to_pandas())
    if code:
        effect, why = intake.explain(code)
        st.markdown(f"**{effect}**: {wording.in_markdown(why)}")
    of = n[code] if code else sum(n.values())
    st.caption(f"{found.num_rows:,} of {of:,} shown, by row number. Every row comes back in the orders file.")
    _cleaned(check)


def _cleaned(check: Check) -> None:
    cleaned = ", ".join(f"{what.replace('_', ' ')} {cells:,}" for what, cells in check.cleaned.items() if cells)
    if cleaned:
        st.caption(f"Cleaned before they are sent: {cleaned} cells. The files keep every cell as it was.")


def _csv(folder: Folder, rows: int) -> bytes:
    deeds.must(May.ASK, "exported", "problems of an upload, CSV", count=rows)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["row", "cell", "order_id", "problem", "effect", "why"])
    for row in intake.problems(folder.ids).to_pylist():
        raw, order_id = (seen.cells(folder, row[name] or "") for name in ("raw", "order_id"))
        cells = (raw, order_id, row["problem"], *intake.explain(row["problem"]))
        writer.writerow([row["row"], *map(export.safe_text, cells)])
    return (export.BOM + text.getvalue()).encode()
