"""What calls cost."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from nxcc import wording
from nxcc.charts.chart import HEIGHT, Chart, figure_of
from nxcc.charts.dates import HOVER, WIDTH_MS, By, date_axis, in_units
from nxcc.charts.picking import (
    AS_DRAWN,
    NOBODY,
    POINTS,
    POINTS_AND_BOX,
    Picked,
    Value,
    carried,
    clicks,
    painted,
)
from nxcc.charts.ranked import NONE_SAID, Cut, best, ranked_bars
from nxcc.charts.shares import many, share_of
from nxcc.palette import Palette
from nxcc.wording import Money

MOST_LABELLED = 7  # bars beside each other whose labels still fit
MOST_DAYS = 92  # a longer time is drawn by month

What = Literal["day", "month", "agent", "direction"]
_PARTS = (("answered_cost", "Answered", "answered"), ("unanswered_cost", "Not answered", "no_answer"))
_COUNTED = ["answered_cost", "unanswered_cost", "calls", "unanswered", "priced"]
_DIGITS = 4  # of an amount at the end of a bar

_OVER_TIME: dict[What, By] = {"day": "day", "month": "month"}
_NONE: dict[What, str] = {"agent": "No agent", "direction": "No direction"}


def cost_by_day(calls: pd.DataFrame, palette: Palette, zone: ZoneInfo, now: datetime, money: Money) -> Chart:
    """What the calls of each day (month, over a long time) cost, answered and not, with the share not answered."""
    dated = calls[calls["started_at"].notna()]
    by: By = "month" if _days(dated["started_at"]) > MOST_DAYS else "day"
    local = dated["started_at"].dt.tz_convert(zone).dt.tz_localize(None).to_numpy()
    answered = dated["answered"].fillna(False).astype(bool)
    cost = dated["cost"].fillna(0)
    each = pd.DataFrame(
        {
            "value": in_units(local.astype("datetime64[us]"), by).astype("datetime64[D]").astype(str),
            "answered_cost": cost.where(answered, 0).astype(float),
            "unanswered_cost": cost.where(~answered, 0).astype(float),
            "calls": 1,
            "unanswered": (~answered).astype(int),
            "priced": dated["cost"].notna().astype(int),
        }
    )
    rows = each.groupby("value")[_COUNTED].sum().reset_index()
    zone_text = wording.zone_of(dated["started_at"], zone, now)
    return _over_time(by, rows, palette, money, picked=None, zone_text=zone_text, n=len(calls))


def cost_by(
    what: What, rows: pd.DataFrame, palette: Palette, money: Money, *, picked: Picked = NOBODY, zone_text: str = ""
) -> Chart:
    """What calls cost, answered and not: over time, or ranked by agent or direction.

    `rows` has `value` (ISO date, agent or direction; missing = none), `answered_cost`, `unanswered_cost`, `calls`,
    `unanswered`, and, where known, `priced`: calls with a cost. Points carry the value: "" for none, None for all the
    others together.
    """
    if "priced" not in rows:
        rows = rows.assign(priced=rows["calls"])
    n = int(rows["calls"].sum())
    if by := _OVER_TIME.get(what):
        dated = rows[rows["value"].notna()].sort_values("value")
        return _over_time(by, dated, palette, money, picked=picked, zone_text=zone_text, n=n)
    return _ranked(what, rows[rows["calls"] > 0], palette, money, picked)


def _over_time(
    by: By, rows: pd.DataFrame, palette: Palette, money: Money, *, picked: Picked | None, zone_text: str, n: int
) -> Chart:
    title = f"Cost by {by}"
    help_ = (
        f"Cost of answered and of other calls by the {by} they began. The label above a bar is unanswered calls ÷ "
        f"calls of that {by}."
    )
    priced = int(rows["priced"].sum())
    if not priced:
        return Chart("cost_by_day", title, "No call has a cost yet", help_, "", None)
    values: list[Value] = list(rows["value"].astype(str))
    places = np.array(values, dtype="datetime64[s]")
    counted = list(zip(rows["unanswered"].astype(int), rows["calls"].astype(int), strict=True))
    shares = [wording.share(part / of if of else None) for part, of in counted]
    hovers = [share_of(part, of, "calls not answered") for part, of in counted]
    amount = f"%{{y:,.{money.digits}f}} {wording.in_chart(money.currency)}"
    bars = [
        {
            "type": "bar",
            "x": places,
            "y": rows[column].to_numpy(dtype=float),
            "width": WIDTH_MS[by],
            "name": name,
            "marker": {"color": painted(palette.mark[role], values, picked)},
            "customdata": carried(values if picked is not None else [None] * len(values), hovers),
            "hovertemplate": f"%{{x|{HOVER[by]}}}<br>{name} <b>{amount}</b><br>%{{customdata[1]}}<extra></extra>",
            **AS_DRAWN,
        }
        for column, name, role in _PARTS
    ]
    totals = (rows["answered_cost"] + rows["unanswered_cost"]).to_numpy(dtype=float)
    units = in_units(places, by)
    span = int((units[-1] - units[0]).astype(int))
    labelled = all(np.diff(units).astype(int) * MOST_LABELLED >= span)  # else they would overlap
    above = [
        {
            "x": pd.Timestamp(place), "y": max(float(total), 0.0), "text": part, "showarrow": False,
            "yanchor": "bottom", "font": {"size": 11, "color": palette.mark["muted"]},
        }
        for place, total, part in zip(places, totals, shares, strict=True)
    ]  # fmt: skip
    layout = {
        "barmode": "relative",
        "annotations": above if labelled else [],
        "xaxis": date_axis(places, by, zone_text, 4 if by == "day" else 3),
        "yaxis": {
            "title": {"text": wording.in_chart(money.header("Cost"))},
            "nticks": 5,
            "range": [min(0.0, float(totals.min()) * 1.18), max(0.0, float(totals.max()) * 1.18) or 1],
        },
    }
    key = [(name, palette.mark[role]) for _, name, role in _PARTS]
    figure = figure_of(bars, layout | ({} if picked is None else clicks("h")), palette, key=key)
    note = f"{_n(priced, n)} · {'label: calls unanswered' if labelled else 'share not answered on hover'}"
    alt = f"Cost of {many(priced, 'call')} in {many(len(places), by)}, {_all(totals, money)} in all"
    return Chart("cost_by_day", title, note, help_, alt, figure, HEIGHT, POINTS_AND_BOX if picked is not None else ())


def _ranked(what: What, rows: pd.DataFrame, palette: Palette, money: Money, picked: Picked) -> Chart:
    name, title = f"cost_by_{what}", f"Cost by {what}"
    nobody = " Calls without an agent come last." if what == "agent" else ""
    help_ = f"Sum of the costs of each {what}'s calls, answered and not, the highest first.{nobody}"
    n, priced = int(rows["calls"].sum()), int(rows["priced"].sum())
    if not priced:
        return Chart(name, title, "No call has a cost yet", help_, "", None)
    said = rows["value"].astype(object)
    summed = rows.assign(value=said.where(said.notna(), NONE_SAID).astype(object)).groupby("value")[_COUNTED].sum()
    totals = summed["answered_cost"] + summed["unanswered_cost"]
    named = totals.drop(NONE_SAID, errors="ignore")
    kept = best(named, picked)
    shown: list[tuple[str | None, str, pd.DataFrame]] = [(value, value, summed.loc[[value]]) for value in kept]
    if rest := [value for value in named.index if value not in kept]:
        shown.append((None, f"{len(rest):,} others", summed.loc[rest]))
    if NONE_SAID in totals:
        shown.append((NONE_SAID, _NONE[what], summed.loc[[NONE_SAID]]))
    sums = [bar[_COUNTED].sum() for _, _, bar in shown]
    cuts = [
        Cut(part, role, [float(bar[column]) for bar in sums], [_hover(part, column, bar, money) for bar in sums])
        for column, part, role in _PARTS
    ]
    amounts = np.array([float(bar["answered_cost"] + bar["unanswered_cost"]) for bar in sums])
    ends = _ends(amounts, money)
    values, labels = [value for value, _, _ in shown], [label for _, label, _ in shown]
    figure = ranked_bars(
        values, labels, cuts, palette, picked, ends=ends, x_title=wording.in_chart(money.header("Cost"))
    )
    first = wording.plain(labels[0])
    alt = f"Cost of {many(priced, 'call')} by {what}, {_all(amounts, money)} in all; {first}: {money.text(amounts[0])}"
    note = f"{_n(priced, n)} · total {money.short(float(amounts.sum()))}"
    return Chart(name, title, note, help_, alt, figure, HEIGHT, POINTS)


def _hover(part: str, column: str, bar: pd.Series[float], money: Money) -> str:
    share = share_of(int(bar["unanswered"]), int(bar["calls"]), "calls not answered")
    return f"{part} <b>{wording.in_chart(money.text(float(bar[column])))}</b><br>{share}"


def _ends(amounts: np.ndarray, money: Money) -> list[str]:
    """The amounts without their currency, in as many digits as the highest needs; a little is never 0."""
    exact = Money("", money.digits)
    spare = _DIGITS - len(f"{np.abs(amounts).max():.0f}")
    short = Money("", max(0, min(money.digits, spare)))
    return [
        exact.number(amount) if amount and abs(amount) < 10**-short.digits else short.number(amount)
        for amount in amounts
    ]


def _n(priced: int, n: int) -> str:
    return f"n {many(n, 'call')}" if priced == n else f"n {priced:,} of {many(n, 'call')}"


def _all(amounts: np.ndarray, money: Money) -> str:
    return money.text(round(float(amounts.sum()), 8))


def _days(times: pd.Series[pd.Timestamp]) -> int:
    return 0 if times.empty else int((times.max() - times.min()).days)
