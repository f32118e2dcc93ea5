"""Schedules on the Status page: what is done by itself, when it is due next, and what came of it last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from nxcc import wording
from nxcc.access import May
from nxcc.audit import Deed
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.jobs import Job
from nxcc.schedules import Run, Schedule, Timekeeper
from nxcc.ui import bulk_address, deeds, navigation, panels, resources, schedule_form, schedule_words, sign_in, zone
from nxcc.ui.schedule_words import KINDS, STATES

EVERY_S = 5
RUNS = 10
_WIDTHS = (3.3, 2.1, 2.1, 3.1, 0.8, 0.5, 0.6)
_ERROR, _OPEN = "schedules_error", "schedules_open"


def draw(desk: Desk) -> None:
    """The section; the form stands above the page when it is open."""
    if desk.timekeeper is None:
        return
    with st.container(key="schedules", gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader(
                "Schedules", anchor=False, width="content", help="What is done by itself, once each time it is due."
            )
            if st.button("New schedule", icon=":material/add:", key="schedule_new"):
                schedule_form.open_new()
        _list()
    schedule_form.draw(desk, desk.timekeeper)


@st.fragment(run_every=EVERY_S)
def _list() -> None:
    desk = resources.opened()
    if not isinstance(desk, Desk) or desk.timekeeper is None or desk.jobs is None:
        return
    if not sign_in.may(May.ADMINISTER):  # the sign-in has ended meanwhile
        st.rerun()
    if failed := st.session_state.pop(_ERROR, None):
        panels.problem(failed, key="schedules_failed", title="That did not work", kept="Nothing else was changed.")
    try:
        schedules, newest = desk.timekeeper.schedules.all(), desk.timekeeper.schedules.newest()
        named = {one.what.job for one in schedules} | {run.job_id for run in newest.values()}
        jobs = {job.id: job for job in desk.jobs.store.all() if job.id in named} if named - {""} else {}
    except NxccError as error:
        panels.problem(error, key="schedules_unreadable", title="Schedules cannot be listed", kept="They are kept.")
        return
    if not schedules:
        _empty()
    for schedule in schedules:
        _row(desk.timekeeper, schedule, newest.get(schedule.id), jobs)


def _empty() -> None:
    with st.container(border=True, gap="xsmall", key="schedules_empty"):
        st.markdown("**Nothing is done by itself yet.** A schedule does one of these, at the times that it is given:")
        for label, icon, meaning in KINDS.values():
            st.markdown(f":material/{icon}: **{label}.** :gray[{meaning}]")


def _row(keeper: Timekeeper, schedule: Schedule, last: Run | None, jobs: dict[str, Job]) -> None:
    here, now = zone.current(), keeper.now()
    with st.container(border=True, key=f"schedule_{schedule.id}", gap="xsmall"):
        name, when, due, came, past, edit, more = st.columns(_WIDTHS, vertical_alignment="center", gap="small")
        with name, st.container(gap=None):
            st.markdown(f"**{wording.in_markdown(wording.cut(schedule.name, 34))}**")
            st.caption(wording.in_markdown(schedule_words.what(schedule, jobs.get(schedule.what.job))))
        with when, st.container(gap=None):
            st.markdown(wording.in_markdown(schedule_words.when(schedule.when)))
            st.caption(wording.in_markdown(schedule.when.zone))
        with due, st.container(gap=None):
            if schedule.next_at:
                st.markdown(f"Next {schedule_words.moment(schedule.next_at, here, now)}")
                st.caption(wording.offset(here, schedule.next_at))
            else:
                st.badge("Off", icon=":material/pause_circle:", color="gray")
        with came, st.container(gap=None):
            if last:
                _state(last, here.key)
                st.caption(wording.in_markdown(schedule_words.began(last, here, now)))
                if last.said and last.state != "failed":
                    st.caption(wording.in_markdown(wording.cut(last.said, 80)))
            else:
                st.caption("It has not run yet.")
        shown = st.session_state.get(_OPEN) == schedule.id
        if past.button(
            "Hide" if shown else "Runs", key=f"schedule_runs_{schedule.id}", type="tertiary", disabled=not last
        ):
            st.session_state[_OPEN] = None if shown else schedule.id
            st.rerun(scope="fragment")
        if edit.button("", key=f"schedule_edit_{schedule.id}", icon=":material/edit:", type="tertiary", help="Edit"):
            schedule_form.open_for(schedule)
            st.rerun()
        with more, st.popover("", icon=":material/more_vert:", key=f"schedule_more_{schedule.id}", type="tertiary"):
            _more(keeper, schedule, running=last is not None and last.finished_at is None)
        if schedule.note:
            off = "It is off until somebody switches it on."
            st.markdown(f":orange[:material/info:] {wording.in_markdown(schedule.note)} {off}")
        if shown:
            _history(keeper, schedule)
        elif last and last.state == "failed":
            _why(last)


def _state(run: Run, key: str) -> None:
    label, icon, colour = STATES[run.state]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.badge(label, icon=f":material/{icon}:", color=colour)
        if run.job_id and st.button(
            "Job", key=f"schedule_job_{run.id}_{key}", type="tertiary", icon=":material/open_in_full:"
        ):
            navigation.go("bulk", [(bulk_address.JOB, run.job_id)])


def _why(run: Run) -> None:
    """What a run says of itself."""
    sign = ":red[:material/error:] " if run.state == "failed" else ""
    st.markdown(f"{sign}{wording.in_markdown(run.said)}")
    if run.cure:
        st.markdown(f":gray[**What to do:** {wording.in_markdown(run.cure)}]")


def _history(keeper: Timekeeper, schedule: Schedule) -> None:
    try:
        runs = keeper.schedules.history(schedule.id, RUNS)
    except NxccError as error:
        panels.problem(error, key="schedule_history_failed", title="Its runs cannot be listed", kept="They are kept.")
        return
    here, now = zone.current(), keeper.now()
    with st.container(key=f"schedule_history_{schedule.id}", gap="xsmall"):
        for run in runs:
            state, when, said = st.columns((2.2, 2.6, 7.5), vertical_alignment="center", gap="small")
            with state:
                _state(run, "history")
            when.markdown(f":gray[{wording.in_markdown(schedule_words.began(run, here, now))}]")
            with said, st.container(gap=None):
                if run.said:
                    _why(run)
                for event, became in run.told.items():
                    st.caption(wording.in_markdown(f"{schedule_words.EVENTS.get(event, event)}: {became}"))
        st.caption(f"Its newest runs, {RUNS} at the most; times in {wording.zone_name(here, now)}.")


def _more(keeper: Timekeeper, schedule: Schedule, *, running: bool) -> None:
    """Run, switch, delete; deleting asks first."""
    sure, one = f"schedule_sure_{schedule.id}", schedule.id
    with st.container(gap="xsmall"):
        if st.button(
            "Run now", key=f"schedule_run_{one}", icon=":material/play_arrow:", disabled=running, width="stretch"
        ):
            _do("ran a schedule", lambda who: keeper.run_now(one, who))
        label, icon = ("Switch off", "pause") if schedule.on else ("Switch on", "play_circle")
        if st.button(label, key=f"schedule_switch_{one}", icon=f":material/{icon}:", width="stretch"):
            deed: Deed = "switched a schedule off" if schedule.on else "switched a schedule on"
            _do(deed, lambda _: keeper.schedules.change(replace(schedule, on=not schedule.on), keeper.now()))
        if st.button("Delete …", key=f"schedule_delete_{one}", icon=":material/delete:", width="stretch"):
            st.session_state[sure] = True
        if st.session_state.get(sure):
            st.markdown("It goes with the list of its runs; jobs that it made stay.")
            if st.button("Delete it", key=f"schedule_delete_yes_{one}", type="primary", width="stretch"):
                del st.session_state[sure]
                _do("removed a schedule", lambda _: keeper.schedules.remove(one))
            if st.button("Keep it", key=f"schedule_delete_no_{one}", width="stretch"):
                del st.session_state[sure]
                st.rerun(scope="fragment")


def _do(deed: Deed, change: Callable[[str], object]) -> None:
    try:
        change(deeds.must(May.ADMINISTER, deed).who)
    except NxccError as error:
        st.session_state[_ERROR] = error
    st.rerun(scope="fragment")
