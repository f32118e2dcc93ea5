"""What of a period has been read, and reading what has not."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from nxcc import wording
from nxcc.access import May
from nxcc.audit import Deed
from nxcc.coverage import Coverage
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.filters import Days, Filters
from nxcc.jobs import AT_WORK, Job, Jobs
from nxcc.palette import Palette
from nxcc.stretches import of_days
from nxcc.ui import (
    archived,
    coverage,
    deeds,
    panels,
    period_address,
    period_form,
    resources,
    seen,
    shell,
    sign_in,
    team_notes,
)
from nxcc.ui.jobs_list import STATES, said_of_import

POLL_S = 2.0
MOST_DAYS = 366  # each costs a request at least
_ERROR = "period_error"


def draw(desk: Desk, filters: Filters, zone: ZoneInfo, palette: Palette) -> None:
    """The strip, and the button that reads what is missing, or how far that is."""
    days, jobs = filters.period, desk.jobs
    if days is None or jobs is None:
        return
    today = datetime.now(UTC).astimezone(zone).date()
    days = (days[0], max(days[0], min(days[1], today)))  # a page of tomorrow would cost a request
    asked = period_address.asked(filters)
    found = coverage.of(desk, days, zone, asked)
    job = jobs.importing(of_days(*days, zone), asked, zone)
    with st.container(border=True, gap="xsmall", key="period_coverage"):
        if error := st.session_state.pop(_ERROR, None):
            panels.problem(error, key="period_not_read", title="That did not work", kept="What came before is kept.")
        if not found.cells:
            st.markdown(
                ":material/event_upcoming: **These days are still to come:** calls are told when they have ended."
            )
            return
        coverage.strip(found, palette)
        if job:
            st.fragment(_moving, run_every=POLL_S)(job.id, _drawn(job))
        else:
            _offer(jobs, filters, found, days, zone)


def _offer(jobs: Jobs, filters: Filters, found: Coverage, days: Days, zone: ZoneInfo) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(_said(found, filters, days, zone), width="content")
        if not sign_in.may(May.ASK):
            return
        missing = found.days - found.whole
        if (missing or found.days) > MOST_DAYS:
            st.caption(f"More than {MOST_DAYS} days are not read at once: choose fewer.", width="content")
            return
        label = "Read again" if found.is_whole else f"Read {missing:,} day{'' if missing == 1 else 's'} from the API"
        st.button(
            label,
            key="period_read",
            type="tertiary" if found.is_whole else "primary",
            icon=":material/refresh:" if found.is_whole else ":material/cloud_download:",
            on_click=_read,
            args=(jobs, filters, days, zone),
            kwargs={"again": found.is_whole},
        )
    st.caption(
        "One request for each hundred calls, and at least one a day. It runs on the server: this page can be closed."
    )


def _said(found: Coverage, filters: Filters, days: Days, zone: ZoneInfo) -> str:
    these = "Calls like these" if period_address.asked(filters).text else "Calls"
    if found.is_whole:
        until = coverage.known_until().astimezone(zone)
        so_far = f" until {until:%H:%M} on {until:%d %b}" if days[1] >= until.date() else ""
        return (
            f":green[:material/check_circle:] **All of this time has been read{so_far}.** {these} are in the archive."
        )
    if found.share:
        of = "1 day" if found.days == 1 else f"{found.days:,} days"
        return f":orange[:material/warning:] **{found.whole:,} of {of} read whole.** Below is what the archive has."
    return f":material/info: **Not read yet.** {these} below are those of orders that somebody asked for."


def _read(jobs: Jobs, filters: Filters, days: Days, zone: ZoneInfo, *, again: bool) -> None:
    try:
        viewer = sign_in.must(May.ASK)
        job = jobs.start_import(
            of_days(*days, zone),
            period_address.asked(filters),
            name=f"Calls of {period_form.in_words(filters)}",
            who=viewer.who,
            again=again,
        )
        deeds.must(May.ASK, "started", "calls by time", job=job.id)
    except NxccError as error:
        st.session_state[_ERROR] = error


def _drawn(job: Job) -> object:
    return (job.state, job.found)


def _moving(job_id: str, drawn: object) -> None:
    """How far the import is; the whole page is drawn anew when another part of the time has been read."""
    desk = shell.desk()
    if desk is None or desk.jobs is None:
        return
    try:
        job = desk.jobs.store.get(job_id)
    except NxccError as error:
        panels.problem(error, key="period_unreadable", title="The import cannot be read", kept="Answers are kept.")
        return
    if job is None or _drawn(job) != drawn:
        archived.calls_in_archive.clear()
        st.rerun(scope="app")
    team_notes.of_job(desk, job)
    if job.state == "halted":
        _halted(desk.jobs, job)
        return
    label, icon, colour = STATES[job.state]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(
            f":{colour}[:material/{icon}:] **{label}** &nbsp; :gray[{said_of_import(job)} · {job.requests:,} requests]",
            width="content",
        )
        with st.container(horizontal=True, gap="xsmall", width="content"):
            _buttons(desk.jobs, job)
    if job.note and job.state in AT_WORK:
        live = desk.jobs.live(job)
        again = ""
        if live and live.waits_until:
            at = datetime.fromtimestamp(live.waits_until, UTC)
            again = f" Next try in {wording.duration(max(0.0, (at - datetime.now(UTC)).total_seconds()))}."
        st.markdown(f":orange[:material/cloud_off:] {wording.in_markdown(seen.text(job.note))}{again}")


def _halted(jobs: Jobs, job: Job) -> None:
    kept = f"{said_of_import(job)}: that is kept, and not read again."
    error = NxccError(seen.text(job.note), cure=job.cure)
    again = "Resume" if sign_in.may(May.ASK) else ""
    if panels.problem(error, key="period_halted", title="Reading has stopped", kept=kept, again=again, code=job.code):
        resources.follow_settings()  # what was cured may be one of them
        desk = shell.desk()
        if desk and desk.jobs:
            _act("resumed", job, desk.jobs)
        st.rerun(scope="app")
    if again and st.button("Cancel", key="period_cancel", icon=":material/close:", type="tertiary"):
        _act("cancelled", job, jobs)


def _buttons(jobs: Jobs, job: Job) -> None:
    if not sign_in.may(May.ASK):
        return
    if job.state in AT_WORK and st.button("Pause", key="period_pause", icon=":material/pause:"):
        _act("paused", job, jobs)
    if job.state == "paused" and st.button("Resume", key="period_resume", icon=":material/play_arrow:", type="primary"):
        _act("resumed", job, jobs)
    if st.button("Cancel", key="period_cancel", icon=":material/close:", type="tertiary"):
        _act("cancelled", job, jobs)


def _act(deed: Deed, job: Job, jobs: Jobs) -> None:
    changes = {"paused": jobs.pause, "resumed": jobs.resume, "cancelled": jobs.cancel}
    try:
        deeds.must(May.ASK, deed, "calls by time", job=job.id)
        changes[deed](job)
    except NxccError as error:
        st.session_state[_ERROR] = error
    st.rerun(scope="app")
