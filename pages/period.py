"""Calls by time: a period and some filters in, its calls out of the archive, and from the API where they are not."""

from __future__ import annotations

import streamlit as st

from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.ui import panels, period_address, period_form, period_reading, period_results, shell, zone


def render() -> None:
    """The page."""
    desk = shell.header("Calls by time")
    if desk is None or desk.jobs is None:
        return
    try:
        _draw(desk)
    except NxccError as error:
        panels.problem(
            error, key="period_failed", title="This cannot be shown", kept="Answers are kept.", again="Try again"
        )


def _draw(desk: Desk) -> None:
    filters = period_address.current()
    period_form.draw(filters)
    if filters.period is None:
        return
    if unread := period_address.unread():
        names = ", ".join(unread)
        st.caption(f":orange[:material/warning:] Left out, because the address cannot be read there: {names}.")
    period_reading.draw(desk, filters, zone.current(), shell.palette())
    period_results.draw(desk, filters, zone.current(), shell.palette())


if __name__ == "__main__":
    import app

    app.main()
