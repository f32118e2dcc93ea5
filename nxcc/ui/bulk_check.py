"""The second step of a bulk lookup: what was found in the file, which column holds the ids, and what it would cost."""

from __future__ import annotations

import csv
import getpass
import io
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

import pandas as pd
import streamlit as st

from nxcc import export, intake, wording
from nxcc.charts import Part
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.intake import Check, IntakeError, Overrides, Reading
from nxcc.jobs import Folder, Jobs, Plan
from nxcc.palette import Palette
from nxcc.ui import bulk_address, figures, panels, tables, zone
from nxcc.ui.bulk_steps import steps

_COLUMN, _INSIST, _FRESH, _PROBLEM = "bulk_column", "bulk_insist", "bulk_fresh", "bulk_problem"
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_FOUND_OUT = "Found out"
_MOST_PROBLEMS = 500
_MOST_SAMPLED = 12  # columns


def draw(desk: Desk, jobs: Jobs, folder: Folder, palette: Palette) -> None:
    """All of the step."""
    try:
        with st.spinner(f"Reading {wording.in_markdown(folder.name)} …"):
            reading = folder.read()
    except IntakeError as error:
        _refused(folder, error)
        return
    steps(1, _found(folder, reading))
    column = _column(folder, reading)
    if column is None:
        st.markdown(
            ":orange[:material/help:] **No column looks like order ids.** Choose the one that holds them; nothing is "
            "asked before you have seen what it costs."
        )
        return
    insist = bool(st.session_state.get(_INSIST, False))
    with st.spinner("Checking every id …"):
        check = folder.check(column, insist=insist)
        plan = _plan(jobs, folder, (folder.id, column, insist), use_fresh=st.session_state.get(_FRESH, True))
    with st.container(key="bulk_check", gap="small"):
        _tiles(desk, check, plan)
        left, right = st.columns([5, 3], gap="small")
        with left, st.container(border=True, gap="xsmall", height="stretch"):
            _parts(check, plan, palette)
        with right, st.container(border=True, gap="small", height="stretch"):
            _start(jobs, folder, check, plan)
        _problems(folder, check)


@st.cache_data(ttl=10, max_entries=20, show_spinner=False)
def _plan(_jobs: Jobs, _folder: Folder, of: tuple[str, int, bool], *, use_fresh: bool) -> Plan:  # noqa: ARG001 - the key
    """What a job would cost; for a million ids the archive takes a second to say so."""
    return _jobs.plan(_folder, use_fresh=use_fresh)


def _refused(folder: Folder, error: IntakeError) -> None:
    steps(0, f":material/description: **{wording.in_markdown(folder.name)}**")
    panels.problem(
        error,
        key="refused",
        title="This file cannot be read as it is",
        kept="The file is kept on the server and nothing was asked. Read it differently, or choose another one.",
    )
    with st.container(horizontal=True, gap="xsmall"):
        _differently(folder, None)
        _another()


def _found(folder: Folder, reading: Reading) -> str:
    name = wording.in_markdown(wording.cut(folder.name, 40))
    said = [f":material/description: **{name}**", f"{reading.rows:,} rows", reading.encoding]
    said.append(_DELIMITERS.get(reading.delimiter, "") if reading.format == "csv" else "")
    said.append(f"sheet {wording.in_markdown(reading.sheet)}" if reading.sheet else "")
    said.append(f"header in row {reading.header}" if reading.header else "no header")
    return " · ".join(part for part in said if part)


def _column(folder: Folder, reading: Reading) -> int | None:
    """The column that holds the ids, with its first five values beside those of the others."""
    about = folder.about()
    chosen = about.get("column")
    sample = intake.sample(folder.cells)
    proposed = chosen if chosen is not None else intake.propose(reading.columns, sample)
    options = list(range(len(reading.columns)))
    st.session_state.setdefault(_COLUMN, proposed)
    if st.session_state[_COLUMN] not in options:
        st.session_state[_COLUMN] = proposed
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
            column = st.selectbox(
                "Column of order IDs",
                options,
                key=_COLUMN,
                placeholder="Choose a column",
                format_func=lambda n: f"{wording.plain(reading.columns[n]) or f'Column {n + 1}'}",
                width=300,
                on_change=_chosen,
                args=(folder,),
            )
            _differently(folder, reading)
            _another()
        for note in reading.notes:
            st.markdown(f":orange[:material/info:] {wording.in_markdown(note)}")
        _sample(reading, sample, column)
    return column


def _sample(reading: Reading, sample: list[list[str | None]], column: int | None) -> None:
    first = 0 if column is None or column < _MOST_SAMPLED else column - _MOST_SAMPLED + 1
    shown = range(first, min(first + _MOST_SAMPLED, len(reading.columns)))
    cells = {
        f"c{n}": [None if row[n] is None else wording.plain(str(row[n])) for row in sample] for n in shown
    }  # two columns may have one name
    names = {
        f"c{n}": st.column_config.TextColumn(
            f"{'▸ ' if n == column else ''}{wording.plain(reading.columns[n])}", width=190 if n == column else None
        )
        for n in shown
    }
    st.dataframe(
        pd.DataFrame(cells),
        column_config=names,
        hide_index=True,
        row_height=tables.ROW_PX,
        placeholder=wording.NOTHING,
        alt="The first five rows of the file",
        key="bulk_sample",
    )
    left_out = len(reading.columns) - len(shown)
    if left_out > 0:
        st.caption(f"{len(shown)} of {len(reading.columns):,} columns shown; all are kept and come back in the files.")


def _differently(folder: Folder, reading: Reading | None) -> None:
    """A popover in which everything that was found out can be overridden."""
    now = folder.overrides()
    with st.popover("Read it differently", icon=":material/tune:", key="bulk_overrides"):
        encodings = [None, *intake.ENCODINGS]
        encoding = st.selectbox("Encoding", encodings, encodings.index(now.encoding), format_func=_or_found_out)
        delimiters = [None, *_DELIMITERS]
        delimiter = st.selectbox(
            "Delimiter",
            delimiters,
            delimiters.index(now.delimiter),
            format_func=lambda sign: _FOUND_OUT if sign is None else _DELIMITERS[sign],
        )
        header = st.number_input(
            "Row of the header",
            0,
            None,
            now.header,
            placeholder=_FOUND_OUT,
            help="As a spreadsheet counts rows; 0 = the file has none; empty = found out.",
        )
        sheet = now.sheet
        if reading is not None and len(reading.sheets) > 1:
            sheet = st.selectbox("Sheet", reading.sheets, reading.sheets.index(reading.sheet))
        wanted = Overrides(encoding=encoding, delimiter=delimiter, header=header, sheet=sheet)
        if st.button("Read again", key="bulk_read_again", type="primary", disabled=wanted == now):
            folder.note(overrides=asdict(wanted), reading=None, column=None)
            st.session_state.pop(_COLUMN, None)
            st.rerun()


def _or_found_out(value: str | None) -> str:
    return value or _FOUND_OUT


def _another() -> None:
    st.button(
        "Another file", icon=":material/close:", key="bulk_another", on_click=bulk_address.start_over, type="tertiary"
    )


def _chosen(folder: Folder) -> None:
    folder.note(column=st.session_state[_COLUMN])


def _tiles(desk: Desk, check: Check, plan: Plan) -> None:
    rate = desk.client.likely_rate()
    if not plan.requests:
        time_text, time_basis = "none", "nothing to ask"
    elif plan.seconds is None:
        time_text, time_basis = wording.NOTHING, "no limit is set"
    else:
        done = datetime.now(UTC) + timedelta(seconds=plan.seconds)
        time_text = wording.duration(plan.seconds)
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
            f"{plan.requests:,}",
            "one a distinct id",
            "Distinct valid ids minus those fresh in the archive. Each is one signed call of the API; an id that "
            "fails in passing is asked again.",
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


def _start(jobs: Jobs, folder: Folder, check: Check, plan: Plan) -> None:
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
            key=_INSIST,
            persist_state="session",
            help="1.23457E+17 has lost digits; the answer would be that of another order, or of none.",
        )
    st.space("stretch")
    with st.container(horizontal=True, horizontal_alignment="right"):
        plural = "" if plan.requests == 1 else "s"
        st.button(
            f"Start {plan.requests:,} request{plural}" if plan.requests else "Show the answers",
            key="bulk_start",
            type="primary",
            icon=":material/play_arrow:",
            shortcut="Ctrl+Enter",
            disabled=not check.ids,
            on_click=_begin,
            args=(jobs, folder),
        )


def _begin(jobs: Jobs, folder: Folder) -> None:
    try:
        stem = PurePath(folder.name).stem or folder.name
        job = jobs.start(folder, name=stem, who=who(), use_fresh=st.session_state.get(_FRESH, True))
    except NxccError as error:
        st.session_state["bulk_not_started"] = error
    else:
        st.session_state.pop(_INSIST, None)
        st.session_state.pop(_COLUMN, None)
        bulk_address.open_job(job.id)


def who() -> str:
    """Who works here: the one who signed in, or whoever started the app."""
    if mail := st.user.get("email"):
        return str(mail)
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _problems(folder: Folder, check: Check) -> None:
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
            lambda: _problems_csv(folder),
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
        key=_PROBLEM,
        label_visibility="collapsed",
        format_func=lambda name: f"{name} **{n[name]:,}**",
    )
    found = intake.problems(folder.ids, code, _MOST_PROBLEMS)
    tables.problems_table(found.to_pandas())
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


def _problems_csv(folder: Folder) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["row", "cell", "order_id", "problem", "effect", "why"])
    for row in intake.problems(folder.ids).to_pylist():
        cells = (row["raw"] or "", row["order_id"] or "", row["problem"], *intake.explain(row["problem"]))
        writer.writerow([row["row"], *map(export.safe_text, cells)])
    return (export.BOM + text.getvalue()).encode()
