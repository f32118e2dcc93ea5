"""What stands on the page before anything was looked up."""

from __future__ import annotations

import streamlit as st

from nxcc.desk import Desk
from nxcc.palette import OUTCOMES
from nxcc.ui import order_ids

_ANSWERS = (
    (
        "call",
        "Who was reached?",
        "Each order with its calls and answers, and how many attempts the first answer took.",
    ),
    ("timer", "How long did it take?", "Queue, ring and talk of every call; the median and the spread of talk time."),
    (
        "call_end",
        "Why did the call end?",
        "Hang-up reasons by who ended the call; contradictions in the record are flagged.",
    ),
    ("payments", "What did it cost?", "Cost by order and by day, and what was spent on calls that nobody answered."),
)


def draw(desk: Desk) -> None:
    """The text area beside a card that helps to begin; below, what will be answered and how an order id can end."""
    left, right = st.columns([3, 2], gap="small")
    with left, st.container(border=True, gap="small", height="stretch"):
        order_ids.editor(compact=False)
        order_ids.too_many()
    with right, st.container(border=True, gap="small", height="stretch"):
        if desk.sandbox:
            _sandbox(desk)
        else:
            _live(desk)
    st.empty()  # where the progress will be, so that all below leaves with it
    with st.container():
        _legend()


def _legend() -> None:
    st.subheader("What you will see", anchor=False)
    with st.grid(4, gap="xsmall", min_column_width=200):
        for icon, question, answer in _ANSWERS:
            with st.container(border=True, gap="xsmall", height="stretch"):
                st.markdown(f":material/{icon}: **{question}**")
                st.markdown(f":gray[{answer}]")
    st.subheader(
        "How an order id can end", anchor=False, help="In exactly one of these. A failure is never shown as “no calls”."
    )
    with st.grid(5, gap="xsmall", min_column_width=150):
        for role in OUTCOMES.values():
            with st.container(border=True, gap="xsmall", height="stretch"):
                st.badge(role.label, icon=f":material/{role.icon}:", color=role.colour)
                st.markdown(f":gray[{role.meaning}]")


def _sandbox(desk: Desk) -> None:
    st.markdown("**:material/science: You are on the sandbox**")
    st.markdown(
        ":gray[No credentials are configured, so answers come from a local stand-in with made-up calls. Nothing is "
        "sent to the vendor and nothing is charged. To connect your team, set `NXCC_ACCESS_KEY`, "
        "`NXCC_ACCESS_SECRET` and `NXCC_TENANT_ID`, and start the app again.]"
    )
    st.markdown("**Try an order**")
    if desk.sandbox:
        order_ids.examples(desk.sandbox.world.examples)


def _live(desk: Desk) -> None:
    fresh_h = desk.settings.fresh_found_s / 3600
    st.markdown("**:material/inventory_2: Asked once, kept for everybody**")
    st.markdown(
        f":gray[An answer with calls stays fresh for {fresh_h:g} h, one without calls for "
        f"{desk.settings.fresh_no_calls_s / 60:g} min: until then it comes out of the archive and costs no "
        "request. Failures are never kept. **Refresh** asks again.]"
    )
    st.markdown("**Send a view to a colleague**")
    st.markdown(":gray[The address of this page carries the ids: `?orders=A1,A2` opens the same results.]")
    st.markdown("**More than 200 ids?**")
    st.markdown(":gray[**Bulk lookup** takes a file of up to 1,000,000 rows, and works on while you are away.]")
