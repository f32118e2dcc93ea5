"""The part of a schedule's form that says who hears of its runs, and when."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from nxcc import kpis
from nxcc.schedules import Kind, Limit, Side, Tell, Timekeeper
from nxcc.schedules.telling import LIMITS

_SIDES: tuple[Side, ...] = get_args(Side)


def fields(keeper: Timekeeper, kind: Kind, before: Tell, key: str) -> Tell:
    """What is chosen; as it was `before` where there is no address to tell."""
    if not keeper.tells:
        st.caption(
            ":material/notifications_off: To be told of its runs in Slack or another tool, set `NXCC_NOTICE_URL` and "
            "start the app again."
        )
        return before
    st.markdown("**Tell the configured address**")
    with st.container(horizontal=True, gap="small"):
        finish = st.checkbox("when it finishes", before.finish, key=f"{key}_finish")
        halt = st.checkbox("when it halts or fails", before.halt, key=f"{key}_halt")
    return Tell(finish, halt, _limit(kind, before.limit, key))


def _limit(kind: Kind, before: Limit | None, key: str) -> Limit | None:
    names = ["", *LIMITS[kind]]
    figure, which, number = st.columns((2, 1.4, 1.4), gap="small", vertical_alignment="bottom")
    kpi = figure.selectbox(
        "when a figure is past its limit",
        names,
        index=names.index(before.kpi) if before and before.kpi in names else 0,
        format_func=lambda name: kpis.DEFINITIONS[name].label if name else "None",
        key=f"{key}_{kind}_kpi",
    )
    if not kpi:
        return None
    definition = kpis.DEFINITIONS[kpi]
    scale = 100 if definition.unit == "share" else 1
    unit = {"share": "%", "s": "seconds", "money": "amount"}.get(definition.unit, "")
    side = which.selectbox(
        "Side",
        _SIDES,
        index=_SIDES.index(before.side) if before else int(definition.better == "down"),
        key=f"{key}_side",
    )
    value = number.number_input(
        f"Limit ({unit})" if unit else "Limit",
        0.0,
        value=scale * before.value if before else 0.0,
        key=f"{key}_{kpi}_value",
    )
    return Limit(kpi, side, value / scale)
