"""Calls by the quality flags that they carry."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import streamlit as st

from nxcc.flags import FLAGS


def draw(calls: pd.DataFrame, *, key: str) -> pd.Series[bool]:
    """A popover with the flags that occur, their meanings and counts; True for calls that carry a chosen one."""
    n = Counter(flag for flags in calls["flags"] for flag in flags)
    present = [flag for flag in FLAGS if n[flag]]
    everything = pd.Series(True, index=calls.index)
    if not present:
        return everything
    chosen = {flag for flag in st.session_state.get(key, []) if flag in present}
    with st.popover(
        f"Flags · {len(chosen)} chosen" if chosen else "Flags", icon=":material/flag:", key=f"{key}_popover"
    ):
        st.markdown("**Show only calls that carry**")
        st.pills(
            "Flags",
            present,
            selection_mode="multi",
            key=key,
            label_visibility="collapsed",
            format_func=lambda flag: f"{flag} **{n[flag]:,}**",
        )
        st.table({f"`{flag}`": FLAGS[flag] for flag in present}, border="horizontal")
    if not chosen:
        return everything
    return calls["flags"].map(lambda flags: not chosen.isdisjoint(flags)).astype(bool)
