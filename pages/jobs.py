"""Jobs: every bulk lookup so far, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from nxcc.ui import jobs_list, shell


def render() -> None:
    """The page."""
    desk = shell.header("Jobs")
    if desk is None or desk.jobs is None:
        return
    _list()


@st.fragment(run_every=5)
def _list() -> None:
    desk = shell.desk()
    if desk is not None and desk.jobs is not None:
        jobs_list.draw(desk.jobs)


if __name__ == "__main__":
    import app

    app.main()
