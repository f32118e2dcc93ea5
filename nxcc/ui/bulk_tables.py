"""The tables of a bulk lookup: problems of the file, failures, the answers that came last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from nxcc import intake, wording
from nxcc.archive import Reason
from nxcc.outcome import WORDS, Outcome
from nxcc.palette import OUTCOMES, Palette
from nxcc.ui import order_trail, seen
from nxcc.ui.tables import Format, draw, text_of


def problems_table(problems: pd.DataFrame) -> None:
    """One line a row of the file that has a problem (`intake.problems`)."""
    effects = [intake.explain(code) for code in problems["problem"]]
    shown = pd.DataFrame(
        {
            "row": problems["row"],
            "raw": text_of(problems["raw"]).replace("", None),
            "order_id": text_of(problems["order_id"]),
            "problem": problems["problem"],
            "effect": [effect for effect, _ in effects],
            "why": [why for _, why in effects],
        }
    )
    cc = st.column_config
    config = {
        "row": cc.NumberColumn("Row", width=58),
        "raw": cc.TextColumn("Cell as uploaded", width=150),
        "order_id": cc.TextColumn("After cleaning", width=140),
        "problem": cc.TextColumn("Problem", width=148),
        "effect": cc.TextColumn("Effect", width=94),
        "why": cc.TextColumn("Why, and the cure"),
    }
    draw(shown, config, {"row": wording.count}, {}, rows=12, alt="Rows with a problem", key="problems_table")


def failures_table(reasons: Sequence[Reason]) -> None:
    """Why ids failed, the most frequent first."""
    shown = pd.DataFrame(
        {
            "reason": [wording.plain(seen.text(reason.reason)) for reason in reasons],
            "ids": [reason.ids for reason in reasons],
            "next": ["may pass" if reason.may_pass else "check the id" for reason in reasons],
        }
    )
    cc = st.column_config
    config = {
        "reason": cc.TextColumn("Reason", width=210),
        "ids": cc.NumberColumn("Ids", width=56),
        "next": cc.TextColumn("What next", width=92),
    }
    draw(shown, config, {"ids": wording.count}, {}, rows=5, alt="Failures by reason", key="failures_table")


def latest_table(outcomes: Sequence[Outcome], zone: ZoneInfo, palette: Palette) -> None:
    """The answers that came last."""
    now, key = datetime.now(UTC), "latest_table"
    at = [(outcome.asked_at or now).astimezone(zone) for outcome in outcomes]
    shown = pd.DataFrame(
        {
            order_trail.COLUMN: order_trail.buttons(key, [outcome.order_id for outcome in outcomes]),
            "at": [f"{moment:%H:%M:%S}" for moment in at],
            "order_id": [wording.plain(outcome.order_id) for outcome in outcomes],
            "outcome": [outcome.word for outcome in outcomes],
            "calls": [None if outcome.word == "failed" else outcome.calls for outcome in outcomes],
            "reason": [wording.plain(seen.text(outcome.reason)) or None for outcome in outcomes],
        }
    )
    cc = st.column_config
    config = {
        order_trail.COLUMN: order_trail.column(key),
        "at": cc.TextColumn(f"Answered ({wording.offset(zone, now)})", width=130),
        "order_id": cc.TextColumn("Order ID", width=190),
        "outcome": cc.TextColumn("Outcome", width=100),
        "calls": cc.NumberColumn("Calls", width=60),
        "reason": cc.TextColumn("Why it failed"),
    }
    formats: dict[str, Format] = {"outcome": lambda word: OUTCOMES[word].tag, "calls": wording.count}
    colours = {"outcome": {str(word): palette.text[word] for word in WORDS}}
    draw(shown, config, formats, colours, rows=5, alt="The answers that came last", key=key)
