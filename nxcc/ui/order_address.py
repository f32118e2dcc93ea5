"""Which order the page is about: `?order=ID` in the address, which the text field follows and changes."""

from __future__ import annotations

import streamlit as st

from nxcc import intake
from nxcc.ui.order_trail import PARAMETER

TEXT = "order_id"
_ADDRESS = "order_address"  # what this session has last shown


def current() -> str:
    """The order id that the address names, cleaned; empty = none. Back on the page, it is the one of before."""
    address = st.query_params.get(PARAMETER, "")
    shown = st.session_state.setdefault(_ADDRESS, "")
    if not address and shown:
        address = st.query_params[PARAMETER] = shown
    elif address != shown:
        st.session_state[_ADDRESS], st.session_state[TEXT] = address, intake.clean(address)
    return intake.clean(address)


def show(order_id: str) -> None:
    """Turns to another order; for callbacks."""
    st.session_state[TEXT] = order_id
    typed()


def typed() -> None:
    """Takes what stands in the text field."""
    order_id = intake.clean(st.session_state[TEXT] or "")
    st.session_state[TEXT] = st.session_state[_ADDRESS] = order_id
    if order_id:
        st.query_params[PARAMETER] = order_id
    else:
        st.query_params.pop(PARAMETER, None)
