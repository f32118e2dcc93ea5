"""A job on the screen: how far it is, what it needs, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from nxcc import wording
from nxcc.access import May
from nxcc.audit import Deed
from nxcc.charts import Part
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.jobs import AT_WORK, Job, Jobs, Live
from nxcc.palette import OUTCOMES, Palette
from nxcc.ui import (
    archived,
    bulk_period,
    bulk_results,
    bulk_speed,
    deeds,
    figures,
    panels,
    resources,
    seen,
    shell,
    sign_in,
    team_notes,
    zone,
)
from nxcc.ui.bulk_steps import steps
from nxcc.ui.jobs_list import STATES

POLL_S = 2.0
CALM_POLL_S = 5.0  # of a job that nothing moves: another browser may resume it
_SO_FAR, _ERROR = "bulk_so_far", "bulk_error"


def draw(desk: Desk, jobs: Jobs, job: Job) -> None:
    """The whole job; what moves is drawn anew by itself while it runs."""
    ended = job.state in ("done", "cancelled")
    steps(3 if ended else 2, _about(job))
    if error := st.session_state.pop(_ERROR, None):
        panels.problem(error, key="not_changed", title="That did not work", kept="The job stays as it was.")
    st.fragment(_moving, run_every=POLL_S if job.state in AT_WORK else CALM_POLL_S)(job.id, _drawn(job))
    if ended or st.session_state.get(_SO_FAR) == job.id:
        bulk_results.draw(desk, jobs, job, zone.current(), shell.palette())


def _about(job: Job) -> str:
    at = job.created_at.astimezone(zone.current())
    by = f" by {wording.in_markdown(job.who)}" if job.who else ""
    name = wording.in_markdown(wording.cut(job.name, 40))
    return f":material/description: **{name}** · {at:%d %b %H:%M} ({wording.offset(zone.current(), at)}){by}"


def _drawn(job: Job) -> object:
    """What the whole page stands on: when that changes, all is drawn anew; while it runs, the moving part will do."""
    return "at work" if job.state in AT_WORK else (job.state, job.counted_at, job.words)


def _moving(job_id: str, drawn: object) -> None:
    desk = shell.desk()
    if desk is None or desk.jobs is None:
        return
    jobs = desk.jobs
    try:
        job = jobs.store.get(job_id)
    except NxccError as error:
        panels.problem(error, key="job_unreadable", title="The job cannot be read", kept="Answers are kept.")
        return
    if job is None or _drawn(job) != drawn:
        archived.calls_in_archive.clear()
        st.rerun(scope="app")
    if failed := jobs.failed_files.get(job.id):
        panels.problem(
            failed, key="file_failed", title="The file was not made", kept="The job and its answers are kept."
        )
    live = jobs.live(job)
    if job.state == "halted":
        _halted(job)
    elif job.state in AT_WORK and live and not live.running and live.error:
        panels.problem(live.error, key="stuck", title="The job cannot go on yet", kept="It tries again by itself.")
    team_notes.of_job(desk, job)
    _progress(desk, jobs, job, live, shell.palette())


def _halted(job: Job) -> None:
    """Why it stopped, and the button that goes on after the cure."""
    error = NxccError(seen.text(job.note), cure=job.cure)
    kept = f"{_ids(job.done)} with an outcome, which is kept; {_ids(job.pending)} still to ask. Nothing is asked twice."
    at = f" at {job.halted_at.astimezone(zone.current()):%H:%M:%S}" if job.halted_at else ""
    title = f"Halted{at}: the API refuses us" if job.code else f"Halted{at}"
    again = "Resume" if sign_in.may(May.ASK) else ""
    if panels.problem(error, key="halted", title=title, kept=kept, again=again, code=job.code):
        resources.follow_settings()
        desk = shell.desk()
        if desk and (jobs := desk.jobs):
            _act("resumed", job, lambda: jobs.resume(job))
        st.rerun(scope="app")


def _progress(desk: Desk, jobs: Jobs, job: Job, live: Live | None, palette: Palette) -> None:
    words = dict(live.words) if live and live.words and job.state in AT_WORK else job.words
    done = job.ids - words["pending"]
    with st.container(key="bulk_progress", gap="xsmall"):
        with st.container(border=True, gap="small"):
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                label, icon, colour = STATES[job.state]
                share = wording.share(done / job.ids) if job.ids else "nothing to ask"
                st.markdown(
                    f":{colour}[:material/{icon}:] **{label}** &nbsp; :gray[{done:,} of {job.ids:,} ids · {share}]",
                    width="content",
                )
                with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall", width="content"):
                    _buttons(jobs, job)
            parts = [Part(role.label, words[word], word) for word, role in OUTCOMES.items()]
            figures.parts(parts, palette, of="ids", key="outcome_bar")
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                with st.container(horizontal=True, gap="xsmall", width="content", key="bulk_outcomes"):
                    for word, role in OUTCOMES.items():
                        st.badge(f"{role.label} {words[word]:,}", icon=f":material/{role.icon}:", color=role.colour)
                if job.state == "done":
                    bulk_period.came_of_it(jobs, job)
                if job.state in AT_WORK:
                    st.caption("Runs on the server: closing this tab does not stop it.", width="content")
        if job.note and job.state in AT_WORK:
            _waits(job, live)
        reads_first = job.period is not None and not done  # then there is no pace of answers yet
        if (job.state in AT_WORK and not reads_first) or (job.state in ("paused", "halted") and live and job.done):
            bulk_speed.draw(desk, job, live, words, palette)


def _buttons(jobs: Jobs, job: Job) -> None:
    if job.state not in ("done", "cancelled"):
        shown = st.session_state.get(_SO_FAR) == job.id
        label = "Hide results" if shown else "Results so far"
        if st.button(label, key="bulk_results_so_far", icon=":material/table_view:"):
            st.session_state[_SO_FAR] = None if shown else job.id
            st.rerun(scope="app")
    if not sign_in.may(May.ASK):
        return
    if job.state in AT_WORK and st.button("Pause", key="bulk_pause", icon=":material/pause:"):
        _act("paused", job, lambda: jobs.pause(job))
    if job.state == "done":
        _ask_again(jobs, job)
    if job.state == "paused" and st.button("Resume", key="bulk_resume", icon=":material/play_arrow:", type="primary"):
        _act("resumed", job, lambda: jobs.resume(job))
    if job.state not in ("done", "cancelled") and st.button(
        "Cancel", key="bulk_cancel", icon=":material/close:", type="tertiary"
    ):
        _act("cancelled", job, lambda: jobs.cancel(job))


def _ask_again(jobs: Jobs, job: Job) -> None:
    if job.failed and st.button(f"Retry {job.failed:,} failed", key="bulk_retry_failed", icon=":material/replay:"):
        _act("retried", job, lambda: jobs.retry_failed(job))
    if job.no_calls and st.button(
        f"Ask again for {job.no_calls:,} without calls", key="bulk_again_no_calls", icon=":material/replay:"
    ):
        _act("retried", job, lambda: jobs.ask_again_without_calls(job))


def _act(deed: Deed, job: Job, change: Callable[[], None]) -> None:
    try:
        deeds.must(May.ASK, deed, count=job.ids, job=job.id)
        change()
    except NxccError as error:
        st.session_state[_ERROR] = error
    st.rerun(scope="app")


def _waits(job: Job, live: Live | None) -> None:
    """What a running job waits for, or reads first."""
    if job.period and not (live and live.waits_until):
        st.markdown(f":material/date_range: {wording.in_markdown(job.note)}")
        return
    again = ""
    if live and live.waits_until:
        at = datetime.fromtimestamp(live.waits_until, UTC).astimezone(zone.current())
        again = f" Next try at {at:%H:%M:%S}."
    st.markdown(f":orange[:material/cloud_off:] {wording.in_markdown(seen.text(job.note))}{again}")


def _ids(n: int) -> str:
    return f"{n:,} id{'' if n == 1 else 's'}"
