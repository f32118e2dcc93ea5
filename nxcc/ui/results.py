"""What stands below the order ids once they were looked up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pyarrow as pa
import streamlit as st
from pyarrow import compute
from streamlit.delta_generator import DeltaGenerator

from nxcc import charts, export, kpis, records, totals, wording
from nxcc.access import May
from nxcc.desk import Desk
from nxcc.outcome import Outcome, Word, counts, reasons
from nxcc.palette import OUTCOMES, Palette
from nxcc.ui import deeds, figures, flag_filter, seen, sign_in, tables
from nxcc.ui.order_ids import FILTER
from nxcc.ui.view import View
from nxcc.wording import Money

_MOST_REASONS = 4


def strip(view: View, zone: ZoneInfo) -> list[Outcome]:
    """Counts by outcome, which filter the tables, and how old the answers are. Returns the outcomes that pass."""
    outcomes = view.outcomes()
    n = counts(outcomes)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(key="lookup_outcomes", width="content"):
            words: list[Word] = st.pills(
                "Outcomes: filter of the tables and files",
                list(OUTCOMES),
                selection_mode="multi",
                key=FILTER,
                label_visibility="collapsed",
                format_func=lambda word: (
                    f":{OUTCOMES[word].colour}[:material/{OUTCOMES[word].icon}:] {OUTCOMES[word].label} **{n[word]:,}**"
                ),
            )
        st.caption(_asked(outcomes, zone), width="content")
    if words:
        st.caption(
            ":material/filter_alt: Tables and files show only "
            f"{' and '.join(OUTCOMES[word].label.lower() for word in words)}; tiles and charts stand on all."
        )
    return [outcome for outcome in outcomes if not words or outcome.word in words]


def draw(desk: Desk, view: View, shown: Sequence[Outcome], zone: ZoneInfo, palette: Palette) -> None:
    """Tiles, orders, charts and calls. Tiles and charts stand on all outcomes, tables and files on those shown."""
    outcomes = view.outcomes()
    orders, calls = seen.orders(desk.archive.orders(outcomes)), desk.archive.calls(outcomes)
    distinct = totals.distinct(records.frame(calls), {outcome.order_id: outcome.asked_at for outcome in outcomes})
    money = Money.of(distinct["cost"], desk.settings.currency)
    settings = desk.settings
    terms = kpis.Terms(money, settings.short_talk_s, settings.service_level_s)
    added = totals.of_frames(orders.to_pandas(), distinct, short_s=terms.short_s, in_time_s=terms.in_time_s)
    figures.tiles(kpis.lookup_kpis(added, terms))
    _orders(view, _of(shown, orders), zone, money, palette)
    _reasons(shown)
    distinct["hangup_reason"] = distinct["hangup_reason"].map(seen.text, na_action="ignore")
    if len(distinct):
        figures.cards(
            [
                charts.talk_time(distinct, palette),
                charts.hangup_reasons(distinct, palette),
                charts.cost_by_day(distinct, palette, zone, datetime.now(UTC), money),
            ]
        )
    _calls(_of(shown, calls), zone, money, palette, of=calls.num_rows)


def _of(shown: Sequence[Outcome], table: pa.Table) -> pa.Table:
    """The rows of these outcomes."""
    order_ids = pa.array([outcome.order_id for outcome in shown], pa.string())
    return table.filter(compute.is_in(table["order_id"], order_ids))


def _orders(view: View, table: pa.Table, zone: ZoneInfo, money: Money, palette: Palette) -> None:
    of = len(view.asked.order_ids)
    with _heading("Orders", "One row an order id, in the order you gave them."):
        _csv("orders", table, zone, export.ORDER_COLUMNS, of=of)
        _retry(view)
    with st.container(key="lookup_orders", gap="xsmall"):
        if table.num_rows:
            tables.orders_table(table.to_pandas(), zone, money, palette)
        else:
            st.caption("No order has this outcome.")
            return
        repeated = view.asked.repeated
        st.caption(
            f"{table.num_rows:,} of {of:,} orders shown"
            + (
                f" · {repeated:,} repeated id{'' if repeated == 1 else 's'} left out: each is asked once"
                * bool(repeated)
            )
        )


def _reasons(shown: Sequence[Outcome]) -> None:
    """Why ids have no answer, in full: the table's column is cut on narrow screens."""
    for word, reason, n in reasons(shown)[:_MOST_REASONS]:
        role = OUTCOMES[word]
        request = next((o.req_id for o in shown if o.reason == reason and o.req_id), "") if n == 1 else ""
        reason = seen.text(reason)  # noqa: PLW2901
        said = wording.in_markdown(f"{reason} Request {request}." if request else reason)
        st.markdown(f":{role.colour}[:material/{role.icon}: {role.label} {n:,}] &nbsp; {said}")


def _retry(view: View) -> None:
    if not sign_in.may(May.ASK):
        return
    failed = [outcome.order_id for outcome in view.outcomes() if outcome.word == "failed"]
    if failed:
        st.button(
            f"Retry {len(failed):,} failed",
            icon=":material/replay:",
            key="lookup_retry",
            on_click=view.ask,
            args=(failed,),
            kwargs={"again": True},
        )


def _calls(table: pa.Table, zone: ZoneInfo, money: Money, palette: Palette, *, of: int) -> None:
    calls = records.frame(seen.calls(table, "a table", links=False))
    with _heading("Calls", "One row a call, in the order of the orders, then of time."):
        file_button = st.container(width="content")
        kept = flag_filter.draw(calls, key="lookup_flags")
        table, calls = table.filter(pa.array(kept)), calls[kept]
        with file_button:
            _csv("calls", table, zone, of=of)
    with st.container(key="lookup_calls", gap="xsmall"):
        if len(calls):
            tables.calls_table(calls, zone, money, palette)
            flagged = int((calls["flags"].map(len) > 0).sum())
            st.caption(
                f"{len(calls):,} of {of:,} calls shown · :material/flag: {flagged:,} "
                f"carr{'ies' if flagged == 1 else 'y'} a quality flag · double-click a cell to read all of it"
            )
        else:
            st.caption("No calls to show.")


def _heading(title: str, meaning: str) -> DeltaGenerator:
    """Draws a table's heading; what is drawn inside stands beside it, clear of the table's own tools at the right."""
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.subheader(title, anchor=False, help=meaning, width="content")
    return row


def _csv(name: str, table: pa.Table, zone: ZoneInfo, columns: Sequence[str] | None = None, *, of: int) -> None:
    """What is shown as a file, made when it is asked for; a part of all rows says so."""
    part = "" if table.num_rows == of else f" ({table.num_rows:,} of {of:,})"
    st.download_button(
        f"{name.capitalize()} CSV{part}",
        partial(_file, name, table, zone, columns),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=f"lookup_{name}_csv",
        icon=":material/download:",
        on_click="ignore",
    )


def _file(name: str, table: pa.Table, zone: ZoneInfo, columns: Sequence[str] | None) -> bytes:
    deeds.must(May.READ, "exported", f"{name} of a look up, CSV", count=table.num_rows)
    return export.csv_bytes(table if columns else seen.calls(table, "a file"), zone, columns)


def _asked(outcomes: Sequence[Outcome], zone: ZoneInfo) -> str:
    """`7 asked at 14:02:11 (UTC+8) · 5 from the archive, oldest 3 h ago`."""
    now = datetime.now(UTC)
    asked = [outcome.asked_at for outcome in outcomes if outcome.asked_at and not outcome.from_archive]
    kept = [outcome.asked_at for outcome in outcomes if outcome.asked_at and outcome.from_archive]
    said = []
    if asked:
        last = max(asked).astimezone(zone)
        day = "" if last.date() == now.astimezone(zone).date() else f"{last:%d %b} "
        said.append(f"{len(asked):,} asked at {day}{last:%H:%M:%S} ({wording.offset(zone, last)})")
    if kept:
        age = wording.age((now - min(kept)).total_seconds())
        said.append(f"{len(kept):,} from the archive, oldest {'just now' if age == 'now' else f'{age} ago'}")
    return " · ".join(said)
