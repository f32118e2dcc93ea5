"""What calls cost."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from nxcc import wording
from nxcc.charts.chart import Chart, dressed
from nxcc.palette import Palette
from nxcc.wording import Money

MOST_LABELLED = 10  # bars beside each other whose labels still fit
MOST_DAYS = 92  # a longer time is drawn by month
_DAY_MS = 86_400_000


def cost_by_day(calls: pd.DataFrame, palette: Palette, zone: ZoneInfo, now: datetime, money: Money) -> Chart:
    """What the calls of each day (month, over a long time) cost, answered and not, with the share not answered."""
    dated = calls[calls["started_at"].notna()]
    known = dated[dated["cost"].notna()]
    by: Literal["D", "M"] = "M" if _days(dated["started_at"]) > MOST_DAYS else "D"
    word, width_ms, format_ = ("day", 0.7 * _DAY_MS, "%d %b") if by == "D" else ("month", 21 * _DAY_MS, "%b %Y")
    title = f"Cost by {word}"
    help_ = (
        f"Cost of answered and of other calls by the {word} they began. The label above a bar is unanswered calls ÷ "
        f"calls of that {word}."
    )
    if known.empty:
        return Chart("cost_by_day", title, "No call has a cost yet", help_, "", None)
    local = dated["started_at"].dt.tz_convert(zone).dt.tz_localize(None).to_numpy()
    at = pd.Series(local.astype(f"datetime64[{by}]").astype("datetime64[s]"), index=dated.index, name="at")
    is_answered = dated["answered"].fillna(False).to_numpy(dtype=bool)
    cost = dated["cost"].fillna(0).groupby([at, is_answered]).sum().unstack(fill_value=0)
    places = cost.index.to_numpy()
    not_answered = pd.Series(~is_answered, index=dated.index).groupby(at).mean()
    shares = np.array([wording.share(float(part)) for part in not_answered], dtype=object)
    figure = go.Figure()
    amount = f"%{{y:,.{money.digits}f}} {wording.in_chart(money.currency)}"
    for which, name, role in ((True, "Answered", "answered"), (False, "Not answered", "no_answer")):
        figure.add_bar(
            x=places,
            y=cost[which].to_numpy() if which in cost else np.zeros(len(places)),
            width=width_ms,
            name=name,
            marker_color=palette.mark[role],
            customdata=shares,
            hovertemplate=f"%{{x|{'%a %d %b %Y' if by == 'D' else '%B %Y'}}}<br>{name} <b>{amount}</b>"
            f"<br>%{{customdata}} of the {word}'s calls not answered<extra></extra>",
        )
    totals = cost.sum(axis=1)
    units = places.astype(f"datetime64[{by}]")
    span = int((units[-1] - units[0]).astype(int))
    labelled = all(np.diff(units).astype(int) * MOST_LABELLED >= span)  # else they would overlap
    for place, total, part in zip(places, totals, shares, strict=True):
        if labelled:
            figure.add_annotation(
                x=pd.Timestamp(place), y=float(total), text=part, showarrow=False, yanchor="bottom",
                font={"size": 11, "color": palette.mark["muted"]},
            )  # fmt: skip
    step = max(1, -(-span // (4 if by == "D" else 3)))
    spare = pd.Timedelta(hours=max(12, 60 - 12 * span) * (1 if by == "D" else 30))
    figure.update_layout(
        barmode="stack",
        xaxis={
            "title": f"{word.capitalize()} ({wording.zone_of(dated['started_at'], zone, now)})",
            "type": "date",
            "range": [pd.Timestamp(places[0]) - spare, pd.Timestamp(places[-1]) + spare],
            "tickformat": format_,
            "tickangle": 0,
            "tickvals": np.arange(units[-1], units[0] - 1, -step).astype("datetime64[ms]"),
        },
        yaxis={
            "title": money.header("Cost"),
            "nticks": 5,
            "range": [min(0.0, float(totals.min()) * 1.18), max(0.0, float(totals.max()) * 1.18) or 1],
        },
    )
    n = f"n {len(known):,} calls" if len(known) == len(calls) else f"n {len(known):,} of {len(calls):,} calls"
    note = f"{n} · {'label: calls unanswered' if labelled else 'share not answered on hover'}"
    all_in_all = money.text(round(float(totals.sum()), 8))
    alt = f"Cost of {len(known)} calls in {len(places)} {word}s, {all_in_all} in all"
    return Chart("cost_by_day", title, note, help_, alt, dressed(figure, palette, key=True))


def _days(times: pd.Series[pd.Timestamp]) -> int:
    return 0 if times.empty else int((times.max() - times.min()).days)
