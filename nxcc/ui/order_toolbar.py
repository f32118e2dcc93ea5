"""The line above a story: the order id, asking, the link, and the neighbours in the list one came from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

import streamlit as st

from nxcc import intake, wording
from nxcc.access import May
from nxcc.desk import Desk
from nxcc.outcome import Outcome
from nxcc.ui import order_address, order_forget, order_trail, sign_in
from nxcc.ui.view import LONGEST_ADDRESS


def draw(desk: Desk, order_id: str, lookups: Sequence[Outcome], zone: ZoneInfo) -> bool:
    """Draws the line; True when the analyst wants the order asked."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="order_toolbar"):
        st.text_input(
            "Order ID",
            key=order_address.TEXT,
            persist_state="session",
            on_change=order_address.typed,
            label_visibility="collapsed",
            placeholder="Order ID",
            icon=":material/search:",
            width=260,
        )
        asks = sign_in.may(May.ASK) and st.button(
            "Ask again" if lookups else "Ask the API",
            icon=":material/refresh:",
            key="order_refresh",
            type="secondary" if lookups or not order_id else "primary",
            disabled=not order_id or intake.problem(order_id) is not None,
        )
        if order_id:
            _link(order_id)
        order_forget.draw(desk, order_id)
        place = order_trail.place(order_id)
        if place and place.of > 1:
            _neighbours(place)
        said = [f"{place.n:,} of {place.of:,} in the list"] if place and place.of > 1 else []
        if lookups:
            said.append(_asked(lookups, zone))
        st.caption(" · ".join(said), width="content")
    return asks


def _link(order_id: str) -> None:
    with st.popover("Link", icon=":material/link:", key="order_link"):
        address = quote(order_id, safe="")
        if len(address) > LONGEST_ADDRESS:
            st.markdown("This id is too long for an address. Send a colleague the id instead.")
            return
        base = (st.context.url or "").rstrip("/").removesuffix(f"/{order_trail.PAGE}")
        st.code(
            f"{base}/{order_trail.PAGE}?{order_trail.PARAMETER}={address}", language=None, wrap_lines=True, width=420
        )
        st.caption("Opens this story out of the archive. Opening it asks nothing.")


def _neighbours(place: order_trail.Place) -> None:
    for label, icon, key, neighbour in (
        ("Previous", "chevron_left", "order_previous", place.before),
        ("Next", "chevron_right", "order_next", place.after),
    ):
        st.button(
            label,
            icon=f":material/{icon}:",
            icon_position="right" if key == "order_next" else "left",
            key=key,
            disabled=neighbour is None,
            on_click=order_address.show,
            args=(neighbour or "",),
        )


def _asked(lookups: Sequence[Outcome], zone: ZoneInfo) -> str:
    """`asked 20 Nov 14:02:11 (UTC+8), 3 h ago · 4 times in all`."""
    now = datetime.now(UTC)
    last = lookups[0].asked_at or now
    local = last.astimezone(zone)
    day = "" if local.date() == now.astimezone(zone).date() else f"{local:%d %b} "
    age = wording.age((now - last).total_seconds())
    ago = "just now" if age == "now" else f"{age} ago"
    times = f" · {len(lookups):,} times in all" if len(lookups) > 1 else ""
    return f"asked {day}{local:%H:%M:%S}, {ago}{times}"
