"""How fast a job goes, what fails in it, and what came last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import streamlit as st

from nxcc import charts, wording
from nxcc.desk import Desk
from nxcc.jobs import AT_WORK, Job, Live
from nxcc.outcome import Word
from nxcc.palette import Palette
from nxcc.ui import bulk_tables, figures, zone


def draw(desk: Desk, job: Job, live: Live | None, words: Mapping[Word, int], palette: Palette) -> None:
    """Tiles, the curve of answers, failures by reason, and the answers that came last."""
    _tiles(desk, job, live, words)
    if live is None:
        return
    left, right = st.columns([3, 2], gap="small")
    moments = [(moment.at, moment.done, moment.limit) for moment in list(live.moments)]
    with left:
        figures.card(charts.answers_a_second(moments, palette, zone.current()))
    with right, st.container(border=True, gap="xsmall", height="stretch"):
        st.markdown("**Failures by reason**", help="Failed ids by what the API or the network said.")
        reasons = live.most_failures(5)
        if reasons:
            bulk_tables.failures_table(reasons)
        else:
            st.caption("No id has failed.")
    latest = list(live.latest)
    if latest:
        st.subheader("Latest answers", anchor=False)
        bulk_tables.latest_table(latest, zone.current(), palette)


def _tiles(desk: Desk, job: Job, live: Live | None, words: Mapping[Word, int]) -> None:
    per_second = live.per_second() if live else None
    halted = job.state not in AT_WORK
    limit = desk.client.pace.per_second
    limit_said = "no limit" if limit == float("inf") else f"limit {limit:,.3g}"
    rate = per_second or desk.client.likely_rate()
    left_s = words["pending"] / rate if rate else None
    asked = words["found"] + words["no_calls"] + words["failed"]
    when = ""
    if left_s is not None and not halted:
        when = f"done ≈ {(datetime.now(UTC) + timedelta(seconds=left_s)).astimezone(zone.current()):%H:%M}"
    tiles = (
        (
            "Answers a second",
            "0.0" if halted else wording.NOTHING if per_second is None else f"{per_second:,.1f}",
            f"{limit_said} · last 30 s",
            "Ids that got an outcome per second. The limit is a setting; it drops by itself when the API asks for it.",
        ),
        (
            "Time left",
            wording.NOTHING if left_s is None or halted else wording.duration(left_s),
            f"{wording.duration(left_s)} once resumed" if halted and left_s else when or wording.NOTHING,
            "Ids without an answer ÷ the rate of the last half minute.",
        ),
        (
            "Share found",
            wording.share(words["found"] / asked) if asked else wording.NOTHING,
            f"n {asked:,} ids",
            "Found ÷ (found + no calls + failed): invalid ids were never sent.",
        ),
        (
            "Failed",
            f"{words['failed']:,}",
            f"{wording.share(words['failed'] / asked)} of ids asked" if asked else wording.NOTHING,
            "Ids asked without an answer that can be trusted. Those that may pass are asked again before the job ends.",
        ),
    )
    with st.grid(4, gap="xsmall", min_column_width=150, key="speed_tiles"):
        for label, value, basis, definition in tiles:
            st.metric(label, value, delta_description=basis, help=definition, border=True, height="stretch")
