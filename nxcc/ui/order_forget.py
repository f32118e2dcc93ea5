"""Forgetting an order or a phone number: what would go is shown first, and it goes after a second click."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from nxcc import keeping
from nxcc.access import May, Viewer
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.keeping import Removed
from nxcc.ui import bulk_results, panels, sign_in

_WHAT, _NUMBER, _NATIONAL = "forget_what", "forget_number", "forget_national"
_WOULD, _SAID = "forget_would", "forget_said"
_ORDER, _A_NUMBER = "This order", "A phone number"


def draw(desk: Desk, order_id: str) -> None:
    """A popover, for roles that may delete."""
    if not sign_in.may(May.DELETE):
        return
    with st.popover("Forget", icon=":material/delete_forever:", key="order_forget"):
        whats = [_ORDER, _A_NUMBER] if order_id else [_A_NUMBER]
        what = st.segmented_control("What is to be forgotten", whats, default=whats[0], required=True, key=_WHAT)
        number = ""
        if what == _A_NUMBER:
            number = st.text_input("Phone number", key=_NUMBER, placeholder="+852 9876 5432", width=320).strip()
            st.toggle(
                "Also without its country code",
                key=_NATIONAL,
                help="On: calls that have the number in its national form are its calls too.",
            )
        st.caption(
            "It goes out of the archive, the files of jobs and uploads, saved views and addresses, for good. What was "
            "downloaded, and backups, keep it."
        )
        wanted = (what, order_id if what == _ORDER else number, bool(st.session_state.get(_NATIONAL)))
        if st.button("See what would go", icon=":material/manage_search:", key="forget_look", disabled=not wanted[1]):
            st.session_state[_WOULD] = None
            if (would := _try(_doing(desk, wanted), dry=True)) is not None:
                st.session_state[_WOULD] = (wanted, would)
        _confirm(desk, wanted)
        if said := st.session_state.pop(_SAID, None):
            st.markdown(f":green[:material/task_alt:] {said}")


def _confirm(desk: Desk, wanted: tuple[str, str, bool]) -> None:
    """The second click, for just what was looked at."""
    looked, would = st.session_state.get(_WOULD) or (None, None)
    if looked != wanted or would is None:
        return
    if not would.anything:
        st.markdown("Nothing is kept of it.")
        return
    st.markdown(f"**Would go:** {would.in_words()}.")
    for sentence in would.left:
        st.text(sentence)
    if st.button("Forget it for good", type="primary", icon=":material/delete_forever:", key="forget_yes"):
        st.session_state[_WOULD] = None
        if (removed := _try(_doing(desk, wanted), dry=False)) is not None:
            st.session_state[_SAID] = f"**Gone:** {removed.in_words()}."
            st.cache_data.clear()
            bulk_results.forget()
            st.rerun()


def _doing(desk: Desk, wanted: tuple[str, str, bool]) -> Callable[[Viewer, bool], Removed]:
    what, text, national = wanted
    if what == _ORDER:
        return lambda who, dry: keeping.forget_order(desk, text, who, dry=dry)
    return lambda who, dry: keeping.forget_number(desk, text, who, national=national, dry=dry)


def _try(do: Callable[[Viewer, bool], Removed], *, dry: bool) -> Removed | None:
    try:
        with st.spinner("Looking …" if dry else "Forgetting …"):
            return do(sign_in.must(May.DELETE), dry)
    except NxccError as error:
        panels.problem(error, key="forget_failed", title="That did not work", kept="What was not said to go is kept.")
        return None
