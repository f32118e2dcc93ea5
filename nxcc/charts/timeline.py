"""The calls of one order in time: when they were made, and what happened in each from its own start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from nxcc import wording
from nxcc.charts.chart import Chart, dressed
from nxcc.palette import RESULTS, Palette
from nxcc.story import KINDS, Call, Phase, contradictory, phases_of

MOST_ROWS = 40  # calls that one picture holds
ROW_PX = 34
_WHEN_PX, _KEY_PX, _AXIS_PX = 96, 40, 52  # the upper part, the line that says the colours, the lower axis
_NARROW_PX = 650  # the plot's width on a small screen: there all labels must fit
_CHARACTER_PX = 6.8
_BAR, _STRIP = 0.52, 0.18  # heights, of a row
_LABELS = {"queue": "Queue", "ring": "Ring", "talk": "Talk"}
_SYMBOLS = {
    "answered": "circle", "no_answer": "circle-open", "busy": "square", "abandoned": "triangle-up",
    "other": "diamond-open",
}  # fmt: skip
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 604_800, 2_592_000)
_MOST_TICKS = 9


@dataclass(frozen=True, slots=True)
class _Row:
    """One call as it is drawn: its number among all, its parts, and the words at its end."""

    n: int
    call: Call
    phases: list[Phase]
    note: str

    @property
    def placed(self) -> list[Phase]:
        return [phase for phase in self.phases if phase.begins_s is not None]

    @property
    def end_s(self) -> float:
        return max((phase.ends_s or 0.0 for phase in self.placed), default=0.0)


def timeline(
    calls: Sequence[Call], palette: Palette, zone: ZoneInfo, now: datetime, *, first: int = 0, most: int = MOST_ROWS
) -> Chart:
    """Two pictures in one: above all calls (`story.in_order`) as marks in time, below `most` of them from the `first`
    on as bars from their own start. What has no time is said in words, never drawn by guess."""
    title = "Timeline"
    help_ = (
        "Above: when each call was made. Below: one row a call, split into queue, ring and talk by its own times; "
        "ringing while the customer waits in the queue is a strip at the foot of its bar. The end says the result."
    )
    if not calls:
        return Chart("timeline", title, "No calls", help_, "", None)
    rows = [_row(n, call) for n, call in enumerate(calls, start=1)][first : first + most]
    in_zone = wording.zone_of(pd.Series([call["started_at"] for call in calls], dtype="datetime64[ms, UTC]"), zone, now)
    height = _WHEN_PX + _KEY_PX + ROW_PX * len(rows) + _AXIS_PX
    figure = dressed(go.Figure(), palette)
    _when(figure, calls, palette, zone)
    limit = _limit(rows)
    _bars(figure, rows, palette, limit)
    _results(figure, rows, palette)
    below = (ROW_PX * len(rows)) / (height - _AXIS_PX)
    labels = [_began(row, zone, now) for row in rows]
    ticks = _ticks(max((row.end_s for row in rows), default=0.0))
    left = round(_CHARACTER_PX * max(map(len, labels))) + 40
    figure.update_layout(
        height=height,
        barmode="overlay",
        margin={"l": left, "r": 14, "t": 4, "b": _AXIS_PX - 4},
        xaxis={
            "title": "Time since the call began", "range": [0, limit], "tickvals": ticks, "automargin": False,
            "ticktext": [wording.duration(tick) for tick in ticks], "showgrid": True,
            "gridcolor": palette.mark["grid"], "tickangle": 0,
        },
        yaxis={
            "domain": [0, below], "range": [len(rows) - 0.5, -0.5], "tickvals": np.arange(len(rows)), "showgrid": False,
            "ticktext": [f"<b>{row.n}</b>  {label}" for row, label in zip(rows, labels, strict=True)],
            "tickfont": {"size": 12, "color": palette.mark["ink"]}, "automargin": False,
        },
        xaxis2=_dates(calls, zone) | {"anchor": "y2", "showgrid": True, "gridcolor": palette.mark["grid"]},
        yaxis2={
            "domain": [below + (_KEY_PX + 40) / (height - _AXIS_PX), 1], "range": [-0.4, 1.3], "visible": False,
            "anchor": "x2",
        },
    )  # fmt: skip
    _key(figure, palette, below, left)
    return Chart("timeline", title, _note(calls, rows, in_zone), help_, _alt(calls), figure)


def _row(n: int, call: Call) -> _Row:
    phases = phases_of(call)
    unplaced = [f"{_LABELS[p.kind].lower()} {wording.duration(p.seconds)}" for p in phases if p.begins_s is None]
    note = ""
    if unplaced:
        why = "times contradict" if contradictory(call) else "time not recorded"
        note = f"{', '.join(unplaced)} ({why})"
    elif not phases:
        note = "no durations recorded"
    return _Row(n, call, phases, note)


def _when(figure: go.Figure, calls: Sequence[Call], palette: Palette, zone: ZoneInfo) -> None:
    """All calls as marks on a line of days; numbers where there is room for them."""
    dated = [(n, call) for n, call in enumerate(calls, start=1) if call["started_at"]]
    times = [call["started_at"].astimezone(zone).replace(tzinfo=None) for _, call in dated]
    left, right = _span(times)
    free, numbers = float("-inf"), []
    for (n, _), time in zip(dated, times, strict=True):
        at_px = (time - left) / (right - left) * _NARROW_PX
        fits = at_px - free >= 18
        numbers.append(f"<b>{n}</b>" if fits else "")
        free = at_px if fits else free
    results = [call["result"] for _, call in dated]
    figure.add_scatter(
        x=np.array(times, dtype="datetime64[ms]"), y=np.zeros(len(times)), xaxis="x2", yaxis="y2", name="Calls",
        mode="markers+text", text=numbers, textposition="top center", cliponaxis=False,
        textfont={"size": 12, "color": palette.mark["ink"]},
        marker=_marker(results, palette, 10),
        customdata=np.array(
            [f"Call {n}: {RESULTS[result].label}" for (n, _), result in zip(dated, results, strict=True)], dtype=object
        ),
        hovertemplate="%{x|%a %d %b %Y %H:%M:%S}<br><b>%{customdata}</b><extra></extra>",
    )  # fmt: skip


def _bars(figure: go.Figure, rows: Sequence[_Row], palette: Palette, limit: float) -> None:
    inks = {"queue": palette.mark["ink"], "ring": palette.mark["ink"], "talk": palette.mark["canvas"]}
    for kind in KINDS:
        found = [(place, row, phase) for place, row in enumerate(rows) for phase in row.placed if phase.kind == kind]
        within = np.array([kind == "ring" and _in_queue(row, phase) for _, row, phase in found], dtype=bool)
        begins = np.array([max(0.0, phase.begins_s or 0.0) for _, _, phase in found])
        seconds = np.array([max(0.0, phase.ends_s or 0.0) for _, _, phase in found]) - begins
        texts = [wording.duration(phase.seconds) for _, _, phase in found]
        fits = seconds / limit * _NARROW_PX > np.array([len(text) * _CHARACTER_PX + 6 for text in texts])
        places = np.array([place for place, _, _ in found], dtype=float)
        figure.add_bar(
            y=np.where(within, places + (_BAR - _STRIP) / 2, places), width=np.where(within, _STRIP, _BAR),
            x=seconds, base=begins, orientation="h", name=_LABELS[kind],
            marker={"color": palette.mark[kind], "line": {"color": palette.mark["canvas"], "width": 1}},
            text=[text if fit else "" for text, fit in zip(texts, fits & ~within, strict=True)],
            textposition="inside", insidetextanchor="start", textangle=0, constraintext="none",
            textfont={"size": 11, "color": inks[kind]}, cliponaxis=False,
            customdata=np.array([f"Call {row.n}: {_LABELS[kind]} <b>{text}</b>" for (_, row, _), text
                                 in zip(found, texts, strict=True)], dtype=object),
            hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip


def _in_queue(row: _Row, ring: Phase) -> bool:
    """Whether the phone rang while the customer waited: then it is a strip in the queue's bar."""
    queue = next((phase for phase in row.placed if phase.kind == "queue"), None)
    if queue is None or None in (queue.begins_s, queue.ends_s, ring.begins_s, ring.ends_s):
        return False
    return (ring.begins_s or 0) < (queue.ends_s or 0) and (queue.begins_s or 0) < (ring.ends_s or 0)


def _results(figure: go.Figure, rows: Sequence[_Row], palette: Palette) -> None:
    """The result and the reason behind each bar."""
    for place, row in enumerate(rows):
        label, said = _said(row)
        shape = RESULTS[row.call["result"]].shape
        figure.add_annotation(
            x=row.end_s, y=place, xanchor="left", xshift=6, showarrow=False, align="left",
            text=f'<span style="font-size:13px">{shape}</span> <b>{label}</b>  {said}',
            font={"size": 12, "color": palette.text[row.call["result"]]},
        )  # fmt: skip


def _said(row: _Row) -> tuple[str, str]:
    reason = wording.cut(wording.plain(row.call["hangup_reason"] or ""), 30)
    label = RESULTS[row.call["result"]].label
    told = "" if reason.casefold() == label.casefold() else reason
    return label, " · ".join(wording.in_chart(text) for text in (told, row.note) if text)


def _marker(results: Sequence[str], palette: Palette, size: int) -> dict[str, Any]:
    colours = [palette.text["other"] if result == "other" else palette.mark[result] for result in results]
    return {
        "size": size, "symbol": [_SYMBOLS[result] for result in results], "color": colours, "opacity": 1,
        "line": {"width": 2, "color": colours},
    }  # fmt: skip


def _limit(rows: Sequence[_Row]) -> float:
    """Seconds that the lower axis spans, so that the words behind each bar have room on a narrow screen."""
    longest = max((row.end_s for row in rows), default=0.0)
    needed = longest * 1.05
    for row in rows:
        label, said = _said(row)
        words_px = min(28 + (len(label) + len(said) + 2) * _CHARACTER_PX, 0.75 * _NARROW_PX)
        needed = max(needed, row.end_s * _NARROW_PX / (_NARROW_PX - words_px))
    return max(needed, 10.0)


def _ticks(longest_s: float) -> list[int]:
    step = next((s for s in _STEPS_S if longest_s / s < _MOST_TICKS - 1), _STEPS_S[-1])
    return list(range(0, int(longest_s) + step, step))


def _span(times: Sequence[datetime]) -> tuple[datetime, datetime]:
    if not times:
        now = datetime(2026, 1, 1)
        return now, now + pd.Timedelta(hours=1)
    spare = max((times[-1] - times[0]) * 0.06, pd.Timedelta(minutes=30))
    return times[0] - spare, times[-1] + spare


def _dates(calls: Sequence[Call], zone: ZoneInfo) -> dict[str, Any]:
    times = [call["started_at"].astimezone(zone).replace(tzinfo=None) for call in calls if call["started_at"]]
    left, right = _span(times)
    hours = (right - left).total_seconds() / 3600
    format_ = "%H:%M\n%a %d %b" if hours < 24 * 7 else "%d %b\n%Y"
    axis: dict[str, Any] = {
        "type": "date", "range": [left, right], "tickformat": format_, "nticks": 7, "automargin": False, "tickangle": 0,
    }  # fmt: skip
    return axis if times else axis | {"showticklabels": False}


def _began(row: _Row, zone: ZoneInfo, now: datetime) -> str:
    started = row.call["started_at"]
    if started is None:
        return "start not recorded"
    local = started.astimezone(zone)
    year = "" if local.year == now.astimezone(zone).year else f" {local.year}"
    return f"{local:%d %b}{year} {local:%H:%M:%S}"


def _key(figure: go.Figure, palette: Palette, below: float, left: int) -> None:
    squares = (f'<span style="color:{palette.mark[k]};font-size:16px">■</span> {_LABELS[k]}' for k in KINDS)
    figure.add_annotation(
        x=0, xref="paper", xanchor="left", xshift=-left, y=below, yref="paper", yanchor="bottom", yshift=10,
        showarrow=False, text="\u2002 \u2002 ".join(squares), font={"size": 11.5, "color": palette.mark["muted"]},
    )  # fmt: skip


def _note(calls: Sequence[Call], rows: Sequence[_Row], in_zone: str) -> str:
    n = f"n {len(calls):,} call{'' if len(calls) == 1 else 's'}"
    part = f" (calls {rows[0].n:,} to {rows[-1].n:,})" if len(rows) < len(calls) else ""
    undated = sum(call["started_at"] is None for call in calls)
    missing = f" · {undated:,} without a start time" if undated else ""
    return f"{n} · above: when they were made · below{part}: what happened, from each call's start ({in_zone}){missing}"


def _alt(calls: Sequence[Call]) -> str:
    labels = [RESULTS[call["result"]].label.lower() for call in calls]
    told = ", ".join(labels[:10]) + (f" and {len(labels) - 10} more" if len(labels) > 10 else "")
    return f"{len(calls)} call{'' if len(calls) == 1 else 's'} in order of time: {told}"
