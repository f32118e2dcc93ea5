"""What came of a job: the same tiles, tables and charts as on Look up, whatever its size, and its files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from nxcc import charts, kpis, records, wording
from nxcc.charts import Chart
from nxcc.desk import Desk
from nxcc.export import FORMATS, MIME, Format
from nxcc.jobs import Job, Jobs, Kind, download_name
from nxcc.jobs.files import REASONS
from nxcc.kpis import Kpi
from nxcc.outcome import Word
from nxcc.palette import OUTCOMES, PALETTES, Palette
from nxcc.ui import figures, tables
from nxcc.wording import Money

A_PAGE = 200  # rows
_FILTER, _FIND, _PAGE = "bulk_filter", "bulk_find", "bulk_page"
_LABELS: dict[Format, str] = {"csv": "CSV", "xlsx": "XLSX", "parquet": "Parquet"}
_MOST_REASONS = 4


def draw(desk: Desk, jobs: Jobs, job: Job, zone: ZoneInfo, palette: Palette) -> None:
    """Files, tiles, orders, charts, calls."""
    with st.container(key="bulk_results"):
        _files(jobs, job, zone)
        version = repr((job.state, job.finished_at, job.window, job.words))
        with st.spinner("Adding up the answers …"):
            rows, all_kpis, all_charts, money = _figures(
                jobs, job, job.id, version, zone, "dark" if palette is PALETTES["dark"] else "light",
                desk.settings.currency,
            )  # fmt: skip
        words = _strip(job, rows)
        figures.tiles(all_kpis)
        _failures(jobs, job)
        outcomes = _orders(desk, jobs, job, rows, words, zone, money, palette)
        if all_charts:
            figures.cards(all_charts)
        _calls(desk, outcomes, zone, money, palette)


@st.cache_data(max_entries=24, show_spinner=False)
def _figures(
    _jobs: Jobs, _job: Job, job_id: str, version: str, zone: ZoneInfo, mode: Any, currency: str
) -> tuple[dict[Word, int], list[Kpi], list[Chart], Money]:
    """Rows by outcome, tiles and charts over the whole list. `job_id` and `version` say which answers are meant."""
    listed = _jobs.listed(_job)
    orders, calls = listed.figures()
    distinct = records.frame(calls)
    money = Money.of(distinct["cost"].drop_duplicates(), currency)
    palette = PALETTES[mode]
    drawn = []
    if len(distinct):
        drawn = [
            charts.talk_time(distinct, palette),
            charts.hangup_reasons(distinct, palette),
            charts.cost_by_day(distinct, palette, zone, datetime.now(UTC), money),
        ]
    return listed.rows_by_outcome(), kpis.lookup_kpis(orders.to_pandas(), distinct, money), drawn, money


def _files(jobs: Jobs, job: Job, zone: ZoneInfo) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        _downloads(jobs, job, "orders", "Orders file", zone)
        st.space("small")
        _downloads(jobs, job, "calls", "Calls file", zone)
        if job.state in ("done", "cancelled", "paused", "halted"):
            _ask_again(jobs, job)


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
            lambda format=format: jobs.file(job, kind=kind, format=format, zone=zone.key).read_bytes(),
            file_name=download_name(job, kind, format),
            mime=MIME[format],
            key=f"bulk_{kind}_{format}",
            icon=":material/download:",
            on_click="ignore",
        )


def _ask_again(jobs: Jobs, job: Job) -> None:
    if job.failed:
        st.button(
            f"Retry {job.failed:,} failed",
            key="bulk_retry_failed",
            icon=":material/replay:",
            on_click=jobs.retry_failed,
            args=(job,),
        )
    if job.no_calls:
        st.button(
            f"Ask again for {job.no_calls:,} without calls",
            key="bulk_again_no_calls",
            icon=":material/replay:",
            on_click=jobs.ask_again_without_calls,
            args=(job,),
        )


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
        st.caption(f"{job.rows:,} rows of the file · {job.ids:,} distinct ids", width="content")
    return words


def _failures(jobs: Jobs, job: Job) -> None:
    """Why ids have no answer, in full."""
    if not job.failed:
        return
    role = OUTCOMES["failed"]
    reasons = jobs.listed(job).failures()
    for reason in reasons[:_MOST_REASONS]:
        said = wording.in_markdown(reason.reason)
        st.markdown(f":{role.colour}[:material/{role.icon}: {role.label} {reason.ids:,}] &nbsp; {said}")
    if len(reasons) > _MOST_REASONS:
        st.caption(f"and {len(reasons) - _MOST_REASONS:,} other reasons; the orders file has them all")


def _orders(
    desk: Desk, jobs: Jobs, job: Job, rows: dict[Word, int], words: Sequence[Word], zone: ZoneInfo, money: Money,
    palette: Palette,
) -> list[Any]:  # fmt: skip
    """A page of the orders table; returns its outcomes."""
    listed = jobs.listed(job)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Orders", anchor=False, help="One row a row of the file, in its order.", width="content")
        find = st.text_input(
            "Find an order id",
            key=_FIND,
            placeholder="Find an order id",
            label_visibility="collapsed",
            icon=":material/search:",
            width=240,
        )
        of = sum(rows[word] for word in words or rows)
        pages = max(1, -(-of // A_PAGE))
        page = 1
        if pages > 1 and not find:
            page = st.pagination(pages, key=f"{_PAGE}_{pages}", max_visible_pages=5)
    places = listed.places(words, (page - 1) * A_PAGE, A_PAGE, find.strip())
    outcomes = listed.outcomes(places, REASONS)
    with st.container(key="bulk_orders", gap="xsmall"):
        if not outcomes:
            st.caption("No row matches.")
            return []
        numbers = listed.rows["row"].take(pd.array(list(places), dtype="int64").to_numpy()).to_pylist()
        tables.orders_table(desk.archive.orders(outcomes).to_pandas(), zone, money, palette, rows=numbers)
        first = (page - 1) * A_PAGE
        what = f"{len(outcomes):,} rows found" if find else f"Rows {first + 1:,} to {first + len(outcomes):,} of {of:,}"
        st.caption(f"{what}; the orders file has all of them.")
    return outcomes


def _calls(desk: Desk, outcomes: Sequence[Any], zone: ZoneInfo, money: Money, palette: Palette) -> None:
    """The calls of the orders on this page."""
    distinct = {outcome.order_id: outcome for outcome in outcomes if outcome.word == "found"}
    calls = records.frame(desk.archive.calls(list(distinct.values())))
    st.subheader("Calls", anchor=False, help="One row a call of the orders above.")
    with st.container(key="bulk_calls", gap="xsmall"):
        if len(calls):
            tables.calls_table(calls, zone, money, palette)
            st.caption(f"{len(calls):,} calls of the orders above; the calls file has those of all orders.")
        else:
            st.caption("The orders above have no calls.")
