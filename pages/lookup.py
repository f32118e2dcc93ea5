"""Look up: order ids in, what happened to each order out."""

from __future__ import annotations

import streamlit as st

from nxcc.access import May
from nxcc.desk import Desk
from nxcc.errors import ArchiveError
from nxcc.ui import asking, first_visit, order_ids, panels, results, shell, sign_in, zone
from nxcc.ui.view import View


def render() -> None:
    """The page."""
    desk = shell.header("Look up")
    if desk is None:
        return
    order_ids.follow_address()
    view = order_ids.current()
    if view is None:
        first_visit.draw(desk)
        return
    _toolbar(view)
    progress = st.empty()
    if asking.due(view) and not sign_in.may(May.ASK):
        asking.look_only(desk, view)
    elif asking.due(view):
        st.empty()  # in the place of the results: those of before do not stand below the progress
        asking.ask(desk, view, progress)
    with st.container():
        order_ids.too_many()
        asking.halted(view)
        _results(desk, view)


def moved() -> None:
    """`/lookup?orders=...` leads here as well: the page's own address is that of the app."""
    st.switch_page(st.Page(render, default=True), query_params=st.query_params.to_dict())


def _toolbar(view: View) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="toolbar"):
        order_ids.editor(compact=True)
        st.button(
            "Refresh",
            icon=":material/refresh:",
            key="lookup_refresh",
            on_click=view.ask,
            args=(view.asked.valid,),
            kwargs={"again": True},
            disabled=not view.asked.valid or not sign_in.may(May.ASK),
        )
        order_ids.copy_link(view)


def _results(desk: Desk, view: View) -> None:
    shown = results.strip(view, zone.current())
    try:
        results.draw(desk, view, shown, zone.current(), shell.palette())
    except ArchiveError as error:
        panels.problem(
            error, key="reading", title="The archive cannot be read", kept="Answers are kept.", again="Try again"
        )


if __name__ == "__main__":
    import app

    app.main()
