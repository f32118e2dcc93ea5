"""Charts of calls: a DataFrame of calls in (`records.frame`, each call once), a `Chart` with its plotly figure out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from nxcc import kpis, wording
from nxcc.hangup import PARTIES
from nxcc.palette import Palette
from nxcc.wording import Money

HEIGHT = 236  # px; three beside each other
MOST_REASONS = 7
MOST_LABELLED_DAYS = 10
_BIN_WIDTHS_S = (5, 10, 15, 30, 60, 120, 300, 600, 1800)
_MOST_BINS = 12
_DAY_MS = 86_400_000
_FACE = "Inter, PingFang SC, Microsoft YaHei, Noto Sans SC, sans-serif"


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure with what stands around it. `figure` is None when there is nothing to draw; `note` then says why."""

    name: str
    title: str
    note: str
    help: str
    alt: str
    figure: go.Figure | None


def talk_time(calls: pd.DataFrame, palette: Palette) -> Chart:
    """How long answered calls lasted: a histogram with the median. The last bar holds the long tail."""
    title, help_ = "Talk time", "Distribution of callDuration over answered calls. The dotted line is the median."
    talk = kpis.answered(calls)["talk_s"].dropna().to_numpy(dtype=float)
    if not len(talk):
        return Chart("talk_time", title, "No answered call with a talk time", help_, "", None)
    width = next((w for w in _BIN_WIDTHS_S if np.quantile(talk, 0.9) < w * 10), _BIN_WIDTHS_S[-1])
    most = min(int(talk.max() // width) + 1, _MOST_BINS)
    bins = np.minimum(talk // width, most - 1).astype(int)
    n = np.bincount(bins, minlength=most)
    tail = bool(talk.max() >= most * width)
    spans = [f"{wording.duration(b * width)} – {wording.duration((b + 1) * width)}" for b in range(most)]
    if tail:
        spans[-1] = f"{wording.duration((most - 1) * width)} and longer"
    median = float(np.median(talk))
    figure = go.Figure(
        go.Bar(
            x=np.arange(most) + 0.5,
            y=n,
            width=0.92,
            marker_color=palette.mark["answered"],
            customdata=np.array(spans, dtype=object),
            hovertemplate="%{customdata}<br><b>%{y:,}</b> answered calls<extra></extra>",
        )
    )
    where = min(median / width, most - 0.5)
    figure.add_vline(x=where, line={"color": palette.mark["ink"], "width": 1, "dash": "dot"})
    figure.add_annotation(
        x=where,
        y=1,
        yref="paper",
        yanchor="bottom",
        yshift=-12,
        xanchor="left" if where < most * 0.6 else "right",
        xshift=4 if where < most * 0.6 else -4,
        showarrow=False,
        text=f"median {wording.duration(median)}",
        font={"size": 11, "color": palette.mark["muted"]},
    )
    step = max(1, -(-most // 6))
    edges = np.arange(0, most + 1, step)
    ticks = [_edge(int(e) * width, width * step) for e in edges]
    x_axis = {"title": f"Talk time ({'min' if width * step >= 60 else 's'})", "range": [0, max(most, 3)]}
    figure.update_layout(
        margin_t=32, xaxis=x_axis | {"tickvals": edges, "ticktext": ticks}, yaxis=_counts(int(n.max()), 1.25)
    )
    note = f"n {len(talk):,} answered call{'' if len(talk) == 1 else 's'} · bins of {wording.duration(width)}"
    alt = f"Histogram of talk time of {len(talk)} answered calls, median {wording.duration(median)}"
    return Chart("talk_time", title, note, help_, alt, _dressed(figure, palette))


def hangup_reasons(calls: pd.DataFrame, palette: Palette) -> Chart:
    """Why calls ended, ranked, split by who ended them; what contradicts itself is counted in the note."""
    title = "Hang-up reasons by party"
    help_ = (
        "hangupReason as recorded, ranked. The party comes from the code and the reason first; hangupBy counts only "
        "where they are silent. Calls whose hangupBy contradicts them are counted apart (flag hangup_party)."
    )
    if calls.empty:
        return Chart("hangup_reasons", title, "No calls", help_, "", None)
    reasons = pd.DataFrame({"reason": calls["hangup_reason"].fillna("No reason given"), "party": calls["hangup_party"]})
    totals = reasons["reason"].value_counts()
    if len(totals) > MOST_REASONS:
        kept = totals.index[: MOST_REASONS - 1]
        rest = f"{len(totals) - len(kept)} other reasons"
        reasons["reason"] = reasons["reason"].where(reasons["reason"].isin(kept), rest)
        totals = pd.concat([totals[: MOST_REASONS - 1], pd.Series({rest: int(totals[MOST_REASONS - 1 :].sum())})])
    ranked = list(totals.index)[::-1]
    places = np.arange(len(ranked))
    figure = go.Figure()
    for party in PARTIES:
        n = reasons.loc[reasons["party"] == party, "reason"].value_counts().reindex(ranked, fill_value=0).to_numpy()
        if not n.any():
            continue
        figure.add_bar(
            y=places,
            x=n,
            orientation="h",
            name=party.capitalize(),
            marker_color=palette.mark[party],
            customdata=np.array([wording.in_chart(reason) for reason in ranked], dtype=object),
            hovertemplate=f"%{{customdata}}<br>{party.capitalize()} <b>%{{x:,}}</b> calls<extra></extra>",
        )
    most = int(totals.max())
    for place, reason in enumerate(ranked):
        figure.add_annotation(
            x=int(totals[reason]), y=place, text=f"{totals[reason]:,}", showarrow=False, xanchor="left", xshift=3,
            font={"size": 11, "color": palette.mark["ink"]},
        )  # fmt: skip
    labels = [wording.in_chart(wording.cut(reason, 26)) for reason in ranked]
    figure.update_layout(
        barmode="stack",
        xaxis={"title": "Calls", "showticklabels": False, "showline": False, "ticks": "", "range": [0, most * 1.2]},
        yaxis={"tickvals": places, "ticktext": labels, "showgrid": False, "range": [-0.6, max(len(ranked), 4) - 0.4]},
    )
    wrong = int(calls["flags"].map(lambda flags: "hangup_party" in flags).sum())
    note = f"n {len(calls):,} calls · {wrong:,} contradict hangupBy"
    alt = f"Hang-up reasons of {len(calls)} calls; most often: {wording.plain(str(totals.index[0]))}"
    return Chart("hangup_reasons", title, note, help_, alt, _dressed(figure, palette, key=True))


def cost_by_day(calls: pd.DataFrame, palette: Palette, zone: ZoneInfo, now: datetime, money: Money) -> Chart:
    """What the calls of each day cost, answered and not; above a bar the share of that day's calls not answered."""
    title = "Cost by day"
    help_ = (
        "Cost of answered and of other calls by the day they began. The label above a bar is unanswered calls ÷ calls "
        "of that day."
    )
    dated = calls[calls["started_at"].notna()]
    known = dated[dated["cost"].notna()]
    if known.empty:
        return Chart("cost_by_day", title, "No call has a cost yet", help_, "", None)
    in_zone = wording.zone_of(dated["started_at"], zone, now)
    day = dated["started_at"].dt.tz_convert(zone).dt.tz_localize(None).dt.normalize().rename("day")
    is_answered = dated.index.isin(kpis.answered(dated).index)
    cost = dated["cost"].fillna(0).groupby([day, is_answered]).sum().unstack(fill_value=0)
    not_answered = pd.Series(~is_answered, index=dated.index).groupby(day).mean()
    days = cost.index.to_numpy()
    shares = np.array([wording.share(float(part)) for part in not_answered], dtype=object)
    figure = go.Figure()
    amount = f"%{{y:,.{money.digits}f}} {wording.in_chart(money.currency)}"
    for which, name, role in ((True, "Answered", "answered"), (False, "Not answered", "no_answer")):
        figure.add_bar(
            x=days,
            y=cost[which].to_numpy() if which in cost else np.zeros(len(days)),
            width=0.7 * _DAY_MS,
            name=name,
            marker_color=palette.mark[role],
            customdata=shares,
            hovertemplate=f"%{{x|%a %d %b %Y}}<br>{name} <b>{amount}</b>"
            "<br>%{customdata} of the day's calls not answered<extra></extra>",
        )
    totals = cost.sum(axis=1)
    if len(days) <= MOST_LABELLED_DAYS:
        for at, total, part in zip(days, totals, shares, strict=True):
            figure.add_annotation(
                x=pd.Timestamp(at), y=float(total), text=part, showarrow=False, yanchor="bottom",
                font={"size": 11, "color": palette.mark["muted"]},
            )  # fmt: skip
    spare = pd.Timedelta(days=max(0.5, 2.5 - len(days) / 2) if _span(days) < 5 else 0.6)
    figure.update_layout(
        barmode="stack",
        xaxis={
            "title": f"Day ({in_zone})",
            "type": "date",
            "range": [pd.Timestamp(days[0]) - spare, pd.Timestamp(days[-1]) + spare],
            "tickformat": "%d %b",
            "nticks": 6,
        }
        | ({"tickvals": days} if len(days) <= 5 and _span(days) <= 7 else {}),
        yaxis={"title": money.header("Cost"), "nticks": 5, "range": [0, float(totals.max()) * 1.18 or 1]},
    )
    note = f"n {len(known):,} of {len(calls):,} calls · label: share not answered"
    if len(known) == len(calls):
        note = f"n {len(known):,} calls · label: share not answered"
    if len(days) > MOST_LABELLED_DAYS:
        note = f"n {len(known):,} of {len(calls):,} calls · share not answered on hover"
    alt = f"Cost of {len(known)} calls on {len(days)} days, {money.text(round(float(totals.sum()), 8))} in all"
    return Chart("cost_by_day", title, note, help_, alt, _dressed(figure, palette, key=True))


def _edge(seconds: int, step_s: int) -> str:
    return f"{seconds / 60:g}" if step_s >= 60 else str(seconds)


def _counts(most: int, room: float) -> dict[str, object]:
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, most) if most / s <= 5)
    return {"title": "Calls", "dtick": step, "range": [0, most * room]}


def _span(days: np.ndarray[tuple[int], np.dtype[np.datetime64]]) -> int:
    return int((days[-1] - days[0]) / np.timedelta64(1, "D"))


def _dressed(figure: go.Figure, palette: Palette, *, key: bool = False) -> go.Figure:
    """Fonts, axes and margins; with `key`, a line of coloured squares as the title (a legend would wrap)."""
    mark = palette.mark
    small = {"size": 11, "color": mark["muted"]}
    axis = {
        "showgrid": False, "zeroline": False, "linecolor": mark["axis"], "tickcolor": mark["axis"], "ticks": "outside",
        "ticklen": 4, "tickfont": small, "title": {"font": small, "standoff": 8}, "automargin": True,
        "fixedrange": True,
    }  # fmt: skip
    template = {
        "font": {"family": _FACE, "size": 12, "color": mark["ink"]},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 4, "r": 8, "t": 8, "b": 4},
        "hovermode": "closest",
        "xaxis": axis | {"showline": True},
        "yaxis": axis | {"showgrid": True, "gridcolor": mark["grid"], "ticks": "", "ticklabelstandoff": 4},
        "hoverlabel": {
            "bgcolor": mark["hover"], "bordercolor": mark["axis"], "align": "left",
            "font": {"family": _FACE, "size": 12, "color": mark["ink"]},
        },
    }  # fmt: skip
    figure.update_layout(template=go.layout.Template(layout=template), height=HEIGHT, showlegend=False)
    if key:
        title = {
            "text": _key([(trace.name, trace.marker.color) for trace in figure.data]),
            "x": 0, "xref": "container", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top",
            "pad": {"t": 4, "l": 0}, "font": {"size": 11.5, "color": mark["muted"], "weight": 400},
        }  # fmt: skip
        figure.update_layout(margin_t=32, title=title)
    return figure


def _key(entries: Sequence[tuple[str, str]]) -> str:
    squares = (f'<span style="color:{colour};font-size:16px">■</span> {name}' for name, colour in entries)
    return "\u2002 \u2002 ".join(squares)
