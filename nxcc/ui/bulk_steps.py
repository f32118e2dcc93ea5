"""The line that says where in a bulk lookup one is."""

from __future__ import annotations

import streamlit as st

STEPS = ("Upload", "Check", "Run", "Results")


def steps(now: int, beside: str = "") -> None:
    """The steps, the present one in bold; `beside` (markdown) stands at the right."""
    said = []
    for n, step in enumerate(STEPS):
        if n == now:
            said.append(f":primary[:material/radio_button_checked:] **{step}**")
        else:
            icon = "check_circle" if n < now else "radio_button_unchecked"
            said.append(f":gray[:material/{icon}: {step}]")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(" &nbsp;:gray[:small[:material/chevron_right:]]&nbsp; ".join(said), width="content")
        if beside:
            st.markdown(f":gray[{beside}]", width="content")
