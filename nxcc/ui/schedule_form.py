"""The form of a schedule, new or changed: what is done, when, and who hears of it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from nxcc import wording
from nxcc.access import May
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.jobs import Job
from nxcc.schedules import KINDS, Kind, Schedule, Tell, Timekeeper, What, When, checked
from nxcc.schedules.due import EXAMPLE, LONGEST
from nxcc.schedules.schedule import LONGEST_NAME, MOST_DAYS
from nxcc.ui import deeds, schedule_notices, schedule_words, zone

PRESETS = ("0 2 * * *", "0 8 * * *", "0 6 * * 1", "0 7 * * 1-5", "0 * * * *")
OWN = "own"
_FORM = "schedule_form"
_DAYS: dict[Kind, int] = {"import": 1, "ask_again": 7, "repeat": 1}
_LACKS = {"calls": "any call", "cost": "a cost on one of their calls"}
_MOST_JOBS = 200


def open_new() -> None:
    """The form of a new one is shown."""
    st.session_state[_FORM] = ""


def open_for(schedule: Schedule) -> None:
    """The form of this one is shown."""
    st.session_state[_FORM] = schedule.id


def draw(desk: Desk, keeper: Timekeeper) -> None:
    """The form, when it was just opened."""
    wanted = st.session_state.pop(_FORM, None)
    if wanted is None:
        return
    try:
        schedule = keeper.schedules.get(wanted) if wanted else None
    except NxccError:
        return  # the list says that schedules cannot be read
    st.dialog("Edit schedule" if schedule else "New schedule", width="medium")(_form)(desk, keeper, schedule)


def _form(desk: Desk, keeper: Timekeeper, schedule: Schedule | None) -> None:
    key = f"schedule_{schedule.id if schedule else 'new'}"
    with st.container(key="schedule_form", gap="small"):
        name = st.text_input(
            "Name",
            schedule.name if schedule else "",
            max_chars=LONGEST_NAME,
            placeholder="Yesterday's calls",
            key=f"{key}_name",
        )
        what = _what(desk, schedule.what if schedule else None, key)
        cron, in_zone = _when(schedule.when if schedule else None, key)
        when = _due(cron, in_zone, keeper)
        tell = schedule_notices.fields(
            keeper, what.kind if what else "import", schedule.tell if schedule else Tell(), key
        )
        with st.container(horizontal=True, gap="xsmall"):
            save = st.button("Save", type="primary", key="schedule_save", disabled=not (what and when))
            if st.button("Cancel", key="schedule_cancel"):
                st.rerun()
        if save and what and when:
            now = keeper.now()
            made = schedule or Schedule("", "", what, when, tell, who="", on=True, created_at=now)
            _save(keeper, replace(made, name=name, what=what, when=when, tell=tell))


def _save(keeper: Timekeeper, wanted: Schedule) -> None:
    try:
        viewer = deeds.must(May.ADMINISTER, "changed a schedule" if wanted.id else "made a schedule")
        if wanted.id:
            keeper.schedules.change(wanted, keeper.now())
        else:
            keeper.schedules.add(wanted.name, wanted.what, wanted.when, wanted.tell, who=viewer.who, now=keeper.now())
    except NxccError as error:
        st.markdown(f":red[:material/error:] {wording.in_markdown(str(error))}")
        return
    st.rerun()


def _what(desk: Desk, before: What | None, key: str) -> What | None:
    kind = st.segmented_control(
        "What is done",
        KINDS,
        default=before.kind if before else "import",
        format_func=lambda each: f":material/{schedule_words.KINDS[each][1]}: {schedule_words.KINDS[each][0]}",
        required=True,
        key=f"{key}_kind",
    )
    st.caption(schedule_words.KINDS[kind][2])
    days = before.days if before and before.kind == kind else _DAYS[kind]
    if kind == "import":
        label, help = "Whole days before the run", "1 = yesterday, as the zone below counts days."
        return What(kind, days=_number(label, days, f"{key}_import_days", help))
    if kind == "ask_again":
        asked = before or What(kind)
        lacking = [lack for lack, wanted in (("calls", asked.without_calls), ("cost", asked.without_cost)) if wanted]
        chosen = st.pills(
            "Orders without",
            list(_LACKS),
            selection_mode="multi",
            default=lacking,
            format_func=lambda lack: _LACKS[lack],
            key=f"{key}_lacks",
        )
        help = "Orders that were asked first longer ago are not asked any more."
        days = _number("For so many days", days, f"{key}_again_days", help)
        if not chosen:
            return None
        return What(kind, days=days, without_calls="calls" in chosen, without_cost="cost" in chosen)
    return _repeat(desk, before, key)


def _repeat(desk: Desk, before: What | None, key: str) -> What | None:
    try:
        ended = [job for job in desk.jobs.store.all() if job.state == "done" and job.ids] if desk.jobs else []
    except NxccError as error:
        st.text(str(error))
        return None
    jobs = {job.id: job for job in ended[:_MOST_JOBS] if not job.is_import}
    if not jobs:
        st.markdown(":orange[:material/info:] No job of a list has ended yet.")
        return None
    chosen = before.job if before and before.job in jobs else next(iter(jobs))
    job = st.selectbox(
        "Job", list(jobs), index=list(jobs).index(chosen), format_func=lambda each: _named(jobs[each]), key=f"{key}_job"
    )
    return What("repeat", job=job)


def _named(job: Job) -> str:
    made = job.created_at.astimezone(zone.current())
    return f"{wording.cut(wording.plain(job.name), 50)} · {job.ids:,} ids · {made:%d %b %Y}"


def _number(label: str, value: int, key: str, help: str) -> int:
    return int(st.number_input(label, 1, MOST_DAYS, min(value, MOST_DAYS), key=key, help=help, width=220))


def _when(before: When | None, key: str) -> tuple[str, str]:
    left, right = st.columns(2, gap="small")
    choices = [*PRESETS, OWN]
    at_first = before.cron if before else PRESETS[0]
    chosen = left.selectbox(
        "When",
        choices,
        index=choices.index(at_first if at_first in PRESETS else OWN),
        format_func=lambda each: "Own cron expression" if each == OWN else schedule_words.when(When(each, "UTC")),
        key=f"{key}_when",
    )
    in_zone = right.selectbox(
        "Zone", zone.names(before.zone if before else None), key=f"{key}_zone", help="Its clocks count, in summer too."
    )
    if chosen != OWN:
        return chosen, in_zone
    typed = st.text_input(
        "Cron expression",
        before.cron if before else "",
        max_chars=LONGEST,
        placeholder=EXAMPLE,
        help="Minute, hour, day of the month, month, weekday (0 = Sunday).",
        key=f"{key}_cron",
    )
    return typed, in_zone


def _due(cron: str, in_zone: str, keeper: Timekeeper) -> When | None:
    """When it is due next, or why that cannot be said."""
    if not cron.strip():
        return None
    try:
        when = checked(cron, in_zone, keeper.now())
    except NxccError as error:
        st.markdown(f":red[:material/error:] {wording.in_markdown(str(error))}")
        return None
    here, now = zone.current(), keeper.now()
    dues = list(when.several(now, 3))
    said = ", ".join(schedule_words.moment(due, here, now) for due in dues)
    words = schedule_words.when(when)
    meant = f"{words}. " if when.cron not in PRESETS and words != when.cron else ""
    st.caption(f"{meant}Next: {said} ({wording.zone_name(here, dues[0])}).")
    return when
