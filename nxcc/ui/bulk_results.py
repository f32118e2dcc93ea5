"""What came of a job: the same tiles, tables and charts as on Look up, whatever its size, and its files."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from nxcc import charts, kpis, masking, records, totals, wording
from nxcc.access import May
from nxcc.charts import Chart
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.export import FORMATS, MIME, Format
from nxcc.jobs import AT_WORK, FileRequest, Job, Jobs, Kind, download_name
from nxcc.jobs.files import REASONS
from nxcc.kpis import Kpi
from nxcc.outcome import Outcome, Word
from nxcc.palette import OUTCOMES, PALETTES, Mode, Palette
from nxcc.ui import bulk_changes, deeds, figures, flag_filter, seen, tables
from nxcc.wording import Money

A_PAGE = 200  # rows
SO_FAR_S = 15  # for so long the results so far of a running job stand as they are: a million take seconds to add up
_FILTER, _FIND, _PAGE = "bulk_filter", "bulk_find", "bulk_page"
_LABELS: dict[Format, str] = {"csv": "CSV", "xlsx": "XLSX", "parquet": "Parquet"}
_MOST_REASONS = 4


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at a job: whose answers, and how they are written."""

    desk: Desk
    jobs: Jobs
    job: Job
    zone: ZoneInfo
    palette: Palette
    money: Money


def draw(desk: Desk, jobs: Jobs, job: Job, zone: ZoneInfo, palette: Palette) -> None:
    """Files, tiles, orders, charts, calls."""
    mode: Mode = "dark" if palette is PALETTES["dark"] else "light"
    currency = desk.settings.currency
    with st.container(key="bulk_results"):
        _files(jobs, job, zone)
        with st.spinner("Adding up the answers …"):
            rows, all_kpis, money = _tiles(jobs, job, currency)
        look = _Look(desk, jobs, job, zone, palette, money)
        words = _strip(job, rows)
        figures.tiles(all_kpis)
        _failures(look)
        outcomes = _orders(look, rows, words)
        with st.spinner("Drawing …"):
            drawn = _charts(jobs, job, zone, mode, money, numbers=seen.numbers())
        if drawn:
            figures.cards(drawn)
        _calls(look, outcomes)
        bulk_changes.draw(desk.archive, jobs.listed(job), zone, palette, answers=_answers_of(job))


def _answers_of(job: Job) -> str:
    """Tells one state of a job's answers from another; while it runs, every quarter of a minute is one."""
    if job.state in AT_WORK:
        return repr((job.id, job.window, time.time() // SO_FAR_S))
    return repr((job.id, job.state, job.window, job.words, job.calls))


@st.cache_resource(max_entries=2, show_spinner=False, hash_funcs={Job: _answers_of})
def _added_up(_jobs: Jobs, job: Job) -> tuple[dict[Word, int], pd.DataFrame, pd.DataFrame]:
    """Rows by outcome, orders and distinct calls: what tiles and charts of the whole list stand on."""
    found = _jobs.listed(job).figures()
    return found.rows, found.orders.to_pandas(), records.frame(found.calls)


def forget() -> None:
    """Adds up anew what is looked at next: something was taken out of the archive."""
    _added_up.clear()


@st.cache_data(max_entries=50, show_spinner=False, hash_funcs={Job: _answers_of})
def _tiles(_jobs: Jobs, job: Job, currency: str) -> tuple[dict[Word, int], list[Kpi], Money]:
    rows, orders, calls = _added_up(_jobs, job)
    money = Money.of(calls["cost"].drop_duplicates(), currency)
    terms = kpis.Terms(money)  # none of a lookup's figures depends on the settings
    added = totals.of_frames(orders, calls, short_s=terms.short_s, in_time_s=terms.in_time_s)
    return rows, kpis.lookup_kpis(added, terms), money


@st.cache_data(max_entries=50, show_spinner=False, hash_funcs={Job: _answers_of})
def _charts(_jobs: Jobs, job: Job, zone: ZoneInfo, mode: Mode, money: Money, *, numbers: bool) -> list[Chart]:
    _, _, calls = _added_up(_jobs, job)
    if not numbers:
        reasons = {reason: masking.text(reason) for reason in calls["hangup_reason"].dropna().unique()}
        calls = calls.assign(hangup_reason=calls["hangup_reason"].map(reasons, na_action="ignore"))
    if calls.empty:
        return []
    palette = PALETTES[mode]
    return [
        charts.talk_time(calls, palette),
        charts.hangup_reasons(calls, palette),
        charts.cost_by_day(calls, palette, zone, datetime.now(UTC), money),
    ]


def _files(jobs: Jobs, job: Job, zone: ZoneInfo) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        _downloads(jobs, job, "orders", "Orders file", zone)
        st.space("small")
        _downloads(jobs, job, "calls", "Calls file", zone)


def _downloads(jobs: Jobs, job: Job, kind: Kind, label: str, zone: ZoneInfo) -> None:
    meaning = (
        "The uploaded rows, untouched and in their order, with what became of each."
        if kind == "orders"
        else "One row a call."
    )
    st.markdown(f"**{label}**", width="content", help=meaning)
    for format in FORMATS:
        st.download_button(
            _LABELS[format],
            partial(content, jobs, job, kind, format, zone.key),
            file_name=download_name(job, kind, format),
            mime=MIME[format],
            key=f"bulk_{kind}_{format}",
            icon=":material/download:",
            on_click="ignore",
        )


def content(jobs: Jobs, job: Job, kind: Kind, format: Format, zone: str) -> bytes:
    """A file of the job's; why there is none, the job's page says (Streamlit itself only that it failed)."""
    try:
        deeds.must(May.READ, "exported", f"{kind} of a job, {_LABELS[format]}", count=_rows(job, kind), job=job.id)
        folder = jobs.folder(job.id)
        return jobs.content(job, FileRequest(kind, format, zone, seen.of_job(folder) if folder else "masked"))
    except NxccError as error:
        raise NxccError(error.what, cure=error.cure) from None  # Streamlit logs it: a sentence, not what lies behind


def _rows(job: Job, kind: Kind) -> int:
    return job.rows if kind == "orders" else job.calls


def _strip(job: Job, rows: dict[Word, int]) -> list[Word]:
    """Rows by outcome, which filter the orders table. Returns the chosen ones."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(key="bulk_row_outcomes", width="content"):
            words: list[Word] = st.pills(
                "Outcomes of the rows: filter of the table",
                list(OUTCOMES),
                selection_mode="multi",
                key=_FILTER,
                label_visibility="collapsed",
                format_func=lambda word: (
                    f":{OUTCOMES[word].colour}[:material/{OUTCOMES[word].icon}:] {OUTCOMES[word].label} "
                    f"**{rows[word]:,}**"
                ),
            )
        so_far = " · counted anew every 15 s" if job.state in AT_WORK else ""
        st.caption(f"{job.rows:,} rows of the file · {job.ids:,} distinct ids{so_far}", width="content")
    return words


def _failures(look: _Look) -> None:
    """Why ids have no answer, in full."""
    if not look.job.failed:
        return
    role = OUTCOMES["failed"]
    reasons = look.jobs.listed(look.job).failures()
    for reason in reasons[:_MOST_REASONS]:
        said = wording.in_markdown(seen.text(reason.reason))
        st.markdown(f":{role.colour}[:material/{role.icon}: {role.label} {reason.ids:,}] &nbsp; {said}")
    if len(reasons) > _MOST_REASONS:
        st.caption(f"and {len(reasons) - _MOST_REASONS:,} other reasons; the orders file has them all")


def _orders(look: _Look, rows: dict[Word, int], words: Sequence[Word]) -> list[Outcome]:
    """A page of the orders table; returns its outcomes."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Orders", anchor=False, help="One row a row of the file, in its order.", width="content")
        find = st.text_input(
            "Find an order id",
            key=_FIND,
            placeholder="Find an order id",
            label_visibility="collapsed",
            icon=":material/search:",
            width=240,
        ).strip()
        of = sum(rows[word] for word in words or rows)
        pages = max(1, -(-of // A_PAGE))
        page = st.pagination(pages, key=f"{_PAGE}_{pages}", width=340) if pages > 1 and not find else 1
    first = (page - 1) * A_PAGE
    listed = look.jobs.listed(look.job)
    places = listed.places(words, first, A_PAGE, find)
    outcomes = listed.outcomes(places, REASONS)
    with st.container(key="bulk_orders", gap="xsmall"):
        if not outcomes:
            st.caption("No row matches.")
            return []
        orders = seen.orders(look.desk.archive.orders(outcomes)).to_pandas()
        tables.orders_table(orders, look.zone, look.money, look.palette, rows=listed.row_numbers(places))
        n = len(outcomes)
        if find:
            said = f"{'The first ' if n == A_PAGE else ''}{n:,} row{'' if n == 1 else 's'} found"
        else:
            said = f"Rows {first + 1:,} to {first + n:,} of {of:,}"
        st.caption(f"{said}; the orders file has all of them.")
    return outcomes


def _calls(look: _Look, outcomes: Sequence[Outcome]) -> None:
    """The calls of the orders on this page."""
    found = {outcome.order_id: outcome for outcome in outcomes if outcome.word == "found"}
    calls = records.frame(seen.calls(look.desk.archive.calls(list(found.values())), "a table", links=False))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Calls", anchor=False, help="One row a call of the orders above.", width="content")
        shown = calls[flag_filter.draw(calls, key="bulk_flags")]
    with st.container(key="bulk_calls", gap="xsmall"):
        if len(shown):
            tables.calls_table(shown, look.zone, look.money, look.palette)
            flagged = int((calls["flags"].map(len) > 0).sum())
            st.caption(
                f"{len(shown):,} of {len(calls):,} calls of the orders above · :material/flag: {flagged:,} "
                f"carr{'ies' if flagged == 1 else 'y'} a quality flag; the calls file has those of all orders."
            )
        else:
            st.caption("No calls to show." if len(calls) else "The orders above have no calls.")
