"""The list of jobs: what they are, how they stand, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import streamlit as st

from nxcc import wording
from nxcc.access import May
from nxcc.audit import Deed
from nxcc.errors import NxccError
from nxcc.jobs import Job, Jobs, Kind, State, download_name
from nxcc.palette import OUTCOMES, Colour
from nxcc.stretches import days_of
from nxcc.ui import bulk_address, bulk_results, deeds, navigation, panels, period_address, sign_in, zone

A_PAGE = 20
STATES: dict[State, tuple[str, str, Colour]] = {
    "queued": ("Queued", "hourglass_empty", "gray"),
    "running": ("Running", "autorenew", "blue"),
    "paused": ("Paused", "pause_circle", "gray"),
    "halted": ("Halted", "error", "red"),
    "done": ("Done", "task_alt", "green"),
    "cancelled": ("Cancelled", "cancel", "gray"),
}
_WIDTHS = (3.2, 1.2, 3.2, 2.3, 1.0, 0.6)
_ERROR = "jobs_error"
_KINDS: tuple[Kind, ...] = ("orders", "calls")


def draw(jobs: Jobs, *, most: int | None = None) -> None:
    """A row a job, the newest first; `most` for a short list."""
    with st.container(key="jobs_list", gap="xsmall"):
        try:
            found = jobs.store.all()
        except NxccError as error:
            panels.problem(error, key="jobs_unreadable", title="Jobs cannot be listed", kept="Nothing was changed.")
            return
        if failed := st.session_state.pop(_ERROR, None):
            panels.problem(failed, key="jobs_failed", title="That did not work", kept="Nothing else was changed.")
        if not found:
            st.caption("No jobs yet. Upload a file of order ids: what became of each is kept here.")
            return
        pages = 1 if most else -(-len(found) // A_PAGE)
        page = st.pagination(pages, key="jobs_page") if pages > 1 else 1
        for job in found[(page - 1) * A_PAGE : page * A_PAGE][:most]:
            _row(jobs, job)
        if most and len(found) > most:
            st.caption(f"{most} of {len(found):,} jobs; **Jobs** in the navigation has them all.")


def counted(job: Job) -> str:
    """The ids by outcome, in markdown."""
    said = (
        f":{role.colour}[:material/{role.icon}:] {job.words[word]:,}"
        for word, role in OUTCOMES.items()
        if job.words[word]
    )
    return " &nbsp; ".join(said)


def _row(jobs: Jobs, job: Job) -> None:
    label, icon, colour = STATES[job.state]
    with st.container(border=True, key=f"job_{job.id}"):
        name, state, counts, when, opening, more = st.columns(_WIDTHS, vertical_alignment="center", gap="small")
        with name, st.container(gap=None):
            st.markdown(f"**{wording.in_markdown(wording.cut(job.name, 44))}**")
            st.caption(_of_what(job))
        state.badge(label, icon=f":material/{icon}:", color=colour)
        counts.markdown(f":material/date_range: {said_of_import(job)}" if job.is_import else counted(job))
        when.caption(_when(job))
        with more, st.popover("", icon=":material/more_vert:", key=f"job_more_{job.id}", type="tertiary"):
            _more(jobs, job)
        if opening.button("Open", key=f"job_open_{job.id}", icon=":material/open_in_full:", type="tertiary"):
            open_job(job)


def open_job(job: Job) -> None:
    """Shows a job where it is at home: an import on the page of its calls."""
    if job.period and job.is_import:
        first, last = days_of(job.period.stretch, zone.current())
        period = ("period", f"{first.isoformat()}_{last.isoformat()}")
        navigation.go(period_address.PAGE, period_address.looked_for(job.period.filters, period))
    navigation.go("bulk", [(bulk_address.JOB, job.id)])


def said_of_import(job: Job) -> str:
    """`3 of 7 parts read, 12,345 calls`."""
    calls = f"{job.calls:,} call{'' if job.calls == 1 else 's'}"
    return f"{job.found:,} of {job.ids:,} part{'' if job.ids == 1 else 's'} read, {calls}"


def _of_what(job: Job) -> str:
    if job.period and job.is_import:
        return "calls by time"
    return f"{job.rows:,} rows · {wording.in_markdown(wording.cut(job.file_name, 36))}"


def _more(jobs: Jobs, job: Job) -> None:
    """Rename, repeat, delete, as far as the role goes; deleting asks first."""
    asks = sign_in.may(May.ASK)
    name = st.text_input("Name", job.name, max_chars=120, key=f"job_name_{job.id}") if asks else ""
    with st.container(horizontal=True, gap="xsmall"):
        if asks and st.button("Rename", key=f"job_rename_{job.id}", icon=":material/edit:") and name.strip():
            _do("renamed", job, lambda: jobs.rename(job, name.strip()))
        if asks and not job.is_import and st.button("Repeat", key=f"job_repeat_{job.id}", icon=":material/replay:"):
            _repeat(jobs, job)
        for kind in () if job.is_import else _KINDS:
            st.download_button(
                f"{kind.capitalize()} CSV",
                partial(bulk_results.content, jobs, job, kind, "csv", zone.current().key),
                file_name=download_name(job, kind, "csv"),
                mime="text/csv",
                key=f"job_{kind}_{job.id}",
                icon=":material/download:",
                on_click="ignore",
            )
        sure = f"job_sure_{job.id}"
        if sign_in.may(May.DELETE) and st.button(
            "Delete …", key=f"job_delete_{job.id}", icon=":material/delete:", type="tertiary"
        ):
            st.session_state[sure] = True
    if st.session_state.get(sure):
        what = "The job goes" if job.is_import else "The uploaded file and the results go"
        st.markdown(f"{what} for good; the calls stay in the archive.")
        with st.container(horizontal=True, gap="xsmall"):
            if st.button("Delete it", key=f"job_delete_yes_{job.id}", type="primary"):
                del st.session_state[sure]
                _do("deleted", job, lambda: jobs.delete(job))
            if st.button("Keep it", key=f"job_delete_no_{job.id}"):
                del st.session_state[sure]
                st.rerun()


def _repeat(jobs: Jobs, job: Job) -> None:
    try:
        deeds.must(May.ASK, "repeated", count=job.rows, job=job.id)
        upload = jobs.repeat(job)
    except NxccError as error:
        st.session_state[_ERROR] = error
        st.rerun()
    navigation.go("bulk", [(bulk_address.UPLOAD, upload.id)])


def _do(deed: Deed, job: Job, change: Callable[[], None]) -> None:
    try:
        deeds.must(May.DELETE if deed == "deleted" else May.ASK, deed, count=job.rows, job=job.id)
        change()
    except NxccError as error:
        st.session_state[_ERROR] = error
    st.rerun()


def _when(job: Job) -> str:
    at = (job.finished_at or job.started_at or job.created_at).astimezone(zone.current())
    today = datetime.now(UTC).astimezone(zone.current()).date()
    day = "" if at.date() == today else f"{at:%d %b} "
    word = "ended" if job.finished_at else "began" if job.started_at else "made"
    by = f" · {wording.in_markdown(wording.cut(job.who, 24))}" if job.who else ""
    return f"{word} {day}{at:%H:%M} ({wording.offset(zone.current(), at)}){by}"
