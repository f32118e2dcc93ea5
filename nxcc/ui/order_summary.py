"""What happened to one order: a sentence, and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from nxcc import story, wording
from nxcc.outcome import Outcome
from nxcc.palette import OUTCOMES
from nxcc.story import Call
from nxcc.wording import Money


def draw(outcome: Outcome, calls: Sequence[Call], zone: ZoneInfo, failed_since: Outcome | None) -> None:
    """The card above all. `failed_since` is a failure that came after the answer told here."""
    told = story.tell(outcome, calls, zone, datetime.now(UTC))
    role = OUTCOMES[outcome.word]
    n = len(calls)
    counted = f", {n:,} call{'' if n == 1 else 's'}" if n else ""
    label = "Never asked" if outcome.word == "pending" else f"{role.label}{counted}"
    with st.container(border=True, gap="xsmall", key="order_summary"):
        with st.container(horizontal=True, gap="xsmall"):
            st.badge(label, icon=f":material/{role.icon}:", color=role.colour, help=role.meaning)
            if told.reached and n:
                st.badge("Reached", icon=":material/call:", color="green")
            elif n:
                st.badge("Not reached", icon=":material/phone_missed:", color="gray")
        st.header(told.headline, anchor=False)
        if told.detail:
            st.markdown(f":gray[{told.detail}]")
        if failed_since is not None and failed_since.asked_at:
            at = failed_since.asked_at.astimezone(zone)
            st.markdown(
                f":red[:material/error: Asked again on {at:%d %b} at {at:%H:%M:%S}, without an answer that can be "
                f"trusted:] {wording.in_markdown(failed_since.reason)} :gray[What stands here is the answer of before.]"
            )


def tiles(calls: Sequence[Call], money: Money) -> None:
    """The figures, each with its definition and what it stands on."""
    with st.grid(5, gap="xsmall", min_column_width=150, key="order_tiles"):
        for one in story.figures(calls, money):
            st.metric(one.label, one.text, delta_description=one.basis, help=one.formula, border=True, height="stretch")
