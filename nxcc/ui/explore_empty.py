"""What Explore says where there is nothing to explore, and what to do next."""

from __future__ import annotations

import streamlit as st

from nxcc.overview import Overview
from nxcc.ui import explore_filters as state
from nxcc.ui import navigation


def nothing_kept(overview: Overview) -> bool:
    """No call is in the archive yet."""
    if overview.tallied.any_calls():
        return False
    with st.container(border=True, key="explore_empty"):
        st.markdown("**No call is kept yet**")
        st.markdown(
            "Every answer of the API is kept in the archive. Look orders up, or read calls by time, and they can be "
            "explored here."
        )
        with st.container(horizontal=True, gap="xsmall"):
            if st.button("Look up orders", icon=":material/search:", key="explore_to_lookup"):
                navigation.go("")
            if st.button("Upload a file of orders", icon=":material/upload_file:", key="explore_to_bulk"):
                navigation.go("bulk")
            if st.button("Read calls by time", icon=":material/date_range:", key="explore_to_period"):
                navigation.go("period")
    return True


def nothing_passes(overview: Overview) -> bool:
    """There are calls, but none passes the filters."""
    if overview.totals.total("calls") or overview.totals.total("orders"):
        return False
    filters = overview.filters
    with st.container(border=True, key="explore_none"):
        st.markdown("**No call passes these filters**")
        st.caption("The archive has calls, but none of this time that fits. Widen the period, or take filters away.")
        with st.container(horizontal=True, gap="xsmall"):
            if filters.chosen():
                st.button(
                    "Clear the filters", icon=":material/close:", key="explore_none_clear", on_click=state.clear_all
                )
            if filters.span:
                st.button(
                    "All time",
                    icon=":material/calendar_month:",
                    key="explore_none_all",
                    on_click=state.clear,
                    args=("period", "days"),
                )
    return True
