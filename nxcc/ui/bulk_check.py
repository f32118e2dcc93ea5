"""The second step of a bulk lookup: what was found in the file, which column holds the ids, and what it would cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

import streamlit as st

from nxcc import wording
from nxcc.access import May
from nxcc.charts import Part
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.intake import Check, IntakeError
from nxcc.jobs import Checked, Folder, Jobs, Plan
from nxcc.palette import Palette
from nxcc.ui import bulk_address, bulk_period, bulk_problems, bulk_reading, deeds, figures, panels, sign_in, zone
from nxcc.ui.bulk_steps import steps

_INSIST, _FRESH, _ERROR = "bulk_insist", "bulk_fresh", "bulk_not_started"


def draw(desk: Desk, jobs: Jobs, folder: Folder, palette: Palette) -> None:
    """All of the step."""
    try:
        with st.spinner(f"Reading {wording.in_markdown(folder.name)} …"):
            reading = folder.read()
    except IntakeError as error:
        steps(0)
        bulk_reading.refused(folder, error)
        return
    steps(1, bulk_reading.found(folder, reading))
    if failed := st.session_state.pop(_ERROR, None):
        panels.problem(failed, key="not_started", title="The job was not started", kept="The file is kept.")
    column = bulk_reading.column(folder, reading)
    if column is None:
        st.markdown(
            ":orange[:material/help:] **No column looks like order ids.** Choose the one that holds them; nothing is "
            "asked before you have seen what it costs."
        )
        return
    insist = bool(st.session_state.get(f"{_INSIST}_{folder.id}", False))
    with st.spinner("Checking every id …"):
        check = folder.check(column, insist=insist)
        plan = _plan(jobs, folder, (folder.id, column, insist), use_fresh=_use_fresh())
    with st.container(key="bulk_check", gap="small"):
        above = st.container()
        way = bulk_period.draw(desk, jobs, folder, plan, (column, insist, _use_fresh()))
        with above:
            _tiles(desk, check, plan, way)
        left, right = st.columns([5, 3], gap="small")
        with left, st.container(border=True, gap="xsmall", height="stretch"):
            _parts(check, plan, palette)
        with right, st.container(border=True, gap="small", height="stretch"):
            _start(jobs, folder, check, plan, _Chosen(column, insist, way))
        bulk_problems.draw(folder, check)


@st.cache_data(ttl=10, max_entries=20, show_spinner=False)
def _plan(_jobs: Jobs, _folder: Folder, of: tuple[str, int, bool], *, use_fresh: bool) -> Plan:  # noqa: ARG001 - the key
    """What a job would cost; for a million ids the archive takes a second to say so."""
    return _jobs.plan(_folder, use_fresh=use_fresh)


def _tiles(desk: Desk, check: Check, plan: Plan, way: bulk_period.Way | None) -> None:
    rate = desk.client.likely_rate()
    requests, about = (way.requests, "" if way.exact else "≈ ") if way else (plan.requests, "")
    if not requests:
        time_text, time_basis = "none", "nothing to ask"
    elif rate is None:
        time_text, time_basis = wording.NOTHING, "no limit is set"
    else:
        done = datetime.now(UTC) + timedelta(seconds=requests / rate)
        time_text = wording.duration(requests / rate)
        time_basis = f"at {rate:,.3g}/s, done ≈ {done.astimezone(zone.current()):%H:%M}"
    share = wording.share(check.ids / check.rows) if check.rows else wording.NOTHING
    fresh = "no request needed" if plan.fresh else "none asked lately"
    tiles = (
        ("Rows in the file", f"{check.rows:,}", "read as text", "Rows below the header, blank ones included."),
        (
            "Distinct valid ids",
            f"{check.ids:,}",
            f"{share} of the rows",
            "What is left when blanks, duplicates and ids that cannot be sent are taken out.",
        ),
        (
            "Fresh in the archive",
            f"{plan.fresh:,}",
            fresh,
            "Asked before, and the answer is younger than the freshness settings.",
        ),
        (
            "Requests to make",
            f"{about}{requests:,}",
            "most of them read by time" if way else "one a distinct id",
            "Distinct valid ids minus those fresh in the archive, each one signed call of the API; fewer when their "
            "calls are read by time. What fails in passing is asked again.",
        ),
        (
            "Expected time",
            time_text,
            time_basis,
            "Requests ÷ today's rate: the limit, or what the API lately managed if that is less.",
        ),
    )
    with st.grid(5, gap="xsmall", min_column_width=150, key="check_tiles"):
        for label, value, basis, definition in tiles:
            st.metric(label, value, delta_description=basis, help=definition, border=True, height="stretch")


def _parts(check: Check, plan: Plan, palette: Palette) -> None:
    parts = [
        Part("To ask", plan.requests, "customer"),
        Part("Fresh in the archive", plan.fresh, "agent"),
        Part("Duplicate", check.duplicate, "unknown"),
        Part("Blank", check.blank, "axis"),
        Part("Not sent", check.invalid, "invalid"),
    ]
    st.markdown("**From rows to requests**", help="What becomes of each row of the file. The parts add up to its rows.")
    figures.parts(parts, palette, of="rows", key="from_rows", named=True)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """How the job is to be made: of which column, whether shortened ids are sent, and by which way."""

    column: int
    insist: bool
    way: bulk_period.Way | None


def _use_fresh() -> bool:
    return bool(st.session_state.get(_FRESH, True))


def _start(jobs: Jobs, folder: Folder, check: Check, plan: Plan, chosen: _Chosen) -> None:
    st.toggle(
        "Use fresh answers from the archive",
        True,
        key=_FRESH,
        persist_state="session",
        help="Off: asks the API again for ids that were answered lately.",
    )
    shortened = check.problems.get("excel_scientific", 0)
    if shortened:
        st.toggle(
            f"Send ids that Excel shortened ({shortened:,})",
            False,
            key=f"{_INSIST}_{folder.id}",
            persist_state="session",
            help="1.23457E+17 has lost digits; the answer would be that of another order, or of none.",
        )
    st.space("stretch")
    with st.container(horizontal=True, horizontal_alignment="right"):
        way = chosen.way
        requests = way.requests if way else plan.requests
        about, plural = "about " if way and not way.exact else "", "" if requests == 1 else "s"
        st.button(
            f"Start {about}{requests:,} request{plural}" if plan.requests else "Show the answers",
            key="bulk_start",
            type="primary",
            icon=":material/play_arrow:",
            shortcut="Ctrl+Enter",
            disabled=not check.ids,
            on_click=_begin,
            args=(jobs, folder, chosen),
        )


def _begin(jobs: Jobs, folder: Folder, chosen: _Chosen) -> None:
    try:
        stem = PurePath(folder.name).stem or folder.name
        checked = Checked(chosen.column, chosen.insist)  # as this analyst saw it, whatever another one chose since
        period = chosen.way.stretch if chosen.way else None
        viewer = sign_in.must(May.ASK)
        job = jobs.start(folder, checked, name=stem, who=viewer.who, use_fresh=_use_fresh(), period=period)
        deeds.must(May.ASK, "started", count=job.ids, job=job.id)
    except NxccError as error:
        st.session_state[_ERROR] = error
    else:
        bulk_address.open_job(job.id)
