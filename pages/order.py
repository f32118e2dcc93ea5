"""Order story: everything that is known of one order id, out of the archive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import streamlit as st

from nxcc import intake, story
from nxcc.access import May
from nxcc.archive import by_period, history
from nxcc.charts.timeline import MOST_ROWS, timeline
from nxcc.desk import Desk
from nxcc.errors import ArchiveError
from nxcc.outcome import Outcome
from nxcc.palette import Palette
from nxcc.story import Call
from nxcc.ui import (
    figures,
    order_address,
    order_asking,
    order_call,
    order_calls,
    order_changes,
    order_history,
    order_summary,
    order_toolbar,
    order_trail,
    panels,
    seen,
    shell,
    sign_in,
    zone,
)
from nxcc.wording import Money


def render() -> None:
    """The page."""
    desk = shell.header("Order story")
    if desk is None:
        return
    try:
        _draw(desk, order_address.current())
    except ArchiveError as error:
        panels.problem(
            error, key="reading", title="The archive cannot be read", kept="Answers are kept.", again="Try again"
        )


def _draw(desk: Desk, order_id: str) -> None:
    problem = intake.problem(order_id)
    lookups = history.lookups_of(desk.archive, order_id) if order_id and not problem else []
    asks = order_toolbar.draw(desk, order_id, lookups, zone.current())
    if not order_id:
        _nothing_yet(desk)
        return
    asks = (order_asking.stopped(order_id) or asks) and sign_in.may(May.ASK)
    if asks and not problem:
        order_asking.ask(desk, order_id, again=bool(lookups))
    if problem:
        invalid = Outcome(order_id, "invalid", intake.reason(problem))
        order_summary.draw(invalid, [], zone.current(), None)
        return
    answers = history.trusted(lookups)
    if not lookups and (by_time := by_period.calls_of(desk.archive, order_id)).num_rows:
        _seen_by_time(desk, order_id, by_time)
    elif not answers:
        unknown = lookups[0] if lookups else Outcome(order_id, "pending")
        order_summary.draw(unknown, [], zone.current(), None)
        if lookups:
            order_history.draw(lookups, zone.current(), shell.palette())
    else:
        _story(desk, lookups, answers)


def _seen_by_time(desk: Desk, order_id: str, calls: pa.Table) -> None:
    """Nobody has asked for the order, but calls of it came with those of a period."""
    st.markdown(
        ":material/date_range: **Known from calls that were read by time.** Calls that do not say their order, or that "
        "began at another time, are not among them: ask for the order to have all of its calls."
    )
    told = story.in_order(seen.calls(calls, "an order's story"))
    money = Money.of([call["cost"] for call in told if call["cost"] is not None], desk.settings.currency)
    order_summary.draw(Outcome(order_id, "found", calls=len(told), by_period=True), told, zone.current(), None)
    order_summary.tiles(told, money)
    _calls(told, zone.current(), money, "by_time")


def _story(desk: Desk, lookups: list[Outcome], answers: list[Outcome]) -> None:
    """The newest trusted answer, told."""
    answer, in_zone, palette = answers[0], zone.current(), shell.palette()
    calls = story.in_order(seen.calls(history.calls_of(desk.archive, answer), "an order's story"))
    money = Money.of([call["cost"] for call in calls if call["cost"] is not None], desk.settings.currency)
    order_summary.draw(answer, calls, in_zone, lookups[0] if lookups[0].word == "failed" else None)
    key = f"{answer.asked_at:%Y%m%d%H%M%S%f}" if answer.asked_at else ""
    if calls:
        order_summary.tiles(calls, money)
    order_changes.draw(desk.archive, answers, calls, in_zone, money, key=key)
    if not calls:
        order_history.draw(lookups, in_zone, palette)
        return
    _calls(calls, in_zone, money, key, lookups)


def _calls(calls: list[Call], in_zone: ZoneInfo, money: Money, key: str, lookups: Sequence[Outcome] = ()) -> None:
    """The timeline, the calls beside the one that is chosen, and every time the order was asked."""
    palette = shell.palette()
    _timeline(calls, in_zone, palette, key)
    left, right = st.columns([2, 1], gap="small")
    with left:
        with st.container(border=True, gap="small", key="order_calls"):
            st.markdown("**Calls**", help="One row a call, oldest first. Choose one to see all of it at the right.")
            place = order_calls.table(calls, in_zone, money, palette, key=f"order_calls_{key}")
            order_calls.flagged(calls, in_zone)
        if lookups:
            order_history.draw(lookups, in_zone, palette)
    with right, st.container(border=True, gap="small", key="order_call"):
        order_call.draw(place + 1, calls[place], in_zone, money)


def _timeline(calls: list[Call], in_zone: ZoneInfo, palette: Palette, key: str) -> None:
    with st.container(key="order_timeline", gap="xsmall"):
        pages = -(-len(calls) // MOST_ROWS)
        slot = st.container()
        page = st.pagination(pages, key=f"order_page_{key}") if pages > 1 else 1
        first = (page - 1) * MOST_ROWS
        with slot:
            figures.card(timeline(calls, palette, in_zone, datetime.now(UTC), first=first))


def _nothing_yet(desk: Desk) -> None:
    """What to do without an order id."""
    with st.container(border=True, gap="xsmall", key="order_empty"):
        st.header("Which order?", anchor=False)
        st.markdown(
            f":gray[Type an order id above, or click :material/{order_trail.ICON}: beside an order in any table. The "
            "story comes out of the archive: opening it asks nothing and costs nothing.]"
        )
    if last := history.asked_last(desk.archive, order_history.MOST_LAST):
        order_history.asked_last(last, zone.current(), shell.palette())


if __name__ == "__main__":
    import app

    app.main()
