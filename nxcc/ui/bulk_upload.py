"""The first step of a bulk lookup: a file, or pasted ids, kept on the disk at once."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from nxcc import intake
from nxcc.access import May
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.jobs import Folder, Jobs
from nxcc.ui import bulk_address, deeds, jobs_list, navigation, panels, resources
from nxcc.ui.bulk_steps import steps

_FILE, _PASTED, _ERROR = "bulk_file", "bulk_pasted", "bulk_upload_error"
PASTED_NAME = "pasted ids.csv"
_STEPS = (
    (
        "fact_check",
        "Checked first",
        "Blanks, duplicates and damaged ids by row number; what it costs, how long it takes.",
    ),
    ("dns", "Runs on the server", "Close the tab, come back, send the link: the job goes on, after a restart as well."),
    (
        "all_inclusive",
        "Nothing lost",
        "Each id is asked once. What fails in passing is asked again before the job ends.",
    ),
    ("download", "Row for row", "Your file comes back with its answers, as CSV, XLSX or Parquet; and all calls."),
)
MOST_MB = 200


def draw(jobs: Jobs) -> None:
    """Uploader and text area beside each other; the newest jobs below."""
    steps(0)
    if error := st.session_state.pop(_ERROR, None):
        panels.problem(error, key="upload_failed", title="The file was not kept", kept="No request was made.")
    left, right = st.columns(2, gap="small")
    with _card(left, "Upload a file", ":material/upload_file:"):
        st.file_uploader(
            "CSV, TSV, TXT or XLSX, also as .gz",
            key=_FILE,
            on_change=_uploaded,
            args=(jobs,),
            max_upload_size=MOST_MB,
            help="Everything is read as text: `007`, `1E5` and 19-digit ids survive. Delimiter, encoding and header "
            "are found out and shown; all of it can be changed before anything is asked.",
        )
        st.caption(
            f"Up to 1,000,000 rows and {MOST_MB} MB. Nothing is asked before you have seen what it costs. The job then "
            "runs on the server: you may close the browser."
        )
    with _card(right, "Or paste order IDs", ":material/content_paste:"), st.form("paste", border=False):
        st.text_area(
            "Order IDs",
            key=_PASTED,
            height=118,
            placeholder="One a line, or separated by commas, semicolons, tabs or spaces",
            label_visibility="collapsed",
        )
        st.form_submit_button(
            "Check them", icon=":material/fact_check:", key="bulk_paste", on_click=_paste, args=(jobs,)
        )
    if jobs.store.all():
        st.subheader("Latest jobs", anchor=False)
        jobs_list.draw(jobs, most=5)
    else:
        _what_happens()


def _what_happens() -> None:
    st.subheader("What happens then", anchor=False)
    with st.grid(4, gap="xsmall", min_column_width=200):
        for icon, title, meaning in _STEPS:
            with st.container(border=True, gap="xsmall", height="stretch"):
                st.markdown(f":material/{icon}: **{title}**")
                st.markdown(f":gray[{meaning}]")


def _card(column: DeltaGenerator, title: str, icon: str) -> DeltaGenerator:
    card = column.container(border=True, height="stretch", gap="small")
    card.markdown(f"{icon} **{title}**")
    return card


def _uploaded(jobs: Jobs) -> None:
    file = st.session_state.get(_FILE)
    if file is not None:
        _open(lambda who: jobs.upload(file.name, file, who))


def paste(order_ids: list[str]) -> None:
    """Takes ids that were pasted on another page to their check."""
    desk = resources.opened()
    if isinstance(desk, Desk) and desk.jobs and order_ids:
        try:
            viewer = deeds.must(May.ASK, "uploaded", "pasted ids", count=len(order_ids))
            folder = desk.jobs.upload_ids(PASTED_NAME, order_ids, viewer.who)
        except NxccError as error:
            st.session_state[_ERROR] = error
            navigation.go("bulk")
        navigation.go("bulk", [(bulk_address.UPLOAD, folder.id)])


def _paste(jobs: Jobs) -> None:
    order_ids = intake.split(st.session_state.get(_PASTED) or "")
    if order_ids:
        _open(lambda who: jobs.upload_ids(PASTED_NAME, order_ids, who), len(order_ids))


def _open(keep: Callable[[str], Folder], ids: int | None = None) -> None:
    try:
        viewer = deeds.must(May.ASK, "uploaded", "a file" if ids is None else "pasted ids", count=ids)
        folder = keep(viewer.who)
    except NxccError as error:
        st.session_state[_ERROR] = error
    else:
        bulk_address.open_upload(folder.id)
