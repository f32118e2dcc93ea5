"""The timeline of an order: what is drawn stands where the call's own times put it."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import pytest
from hypothesis import given, settings

from nxcc.charts.chart import Chart
from nxcc.charts.timeline import MOST_ROWS, timeline
from nxcc.palette import PALETTES

from .story.calls import NOW, SHANGHAI, after, calls, missed, talked
from .story.test_sentences import PICTURE, RECORDS, st


def drawn(*sent: dict[str, Any], **more: Any) -> Chart:
    return timeline(calls(*sent), PALETTES["light"], SHANGHAI, NOW, **more)


def figure(*sent: dict[str, Any], **more: Any) -> go.Figure:
    found = drawn(*sent, **more).figure
    assert found is not None
    return found


def bars(of: go.Figure) -> dict[str, list[tuple[float, float, float]]]:
    """Place, begin and end in seconds of the bars of each kind."""
    found = [trace for trace in of.data if trace.type == "bar"]
    return {
        trace.name: [
            (round(y, 2), base, base + x) for y, base, x in zip(trace.y, trace.base, trace.x, strict=True)
        ]
        for trace in found
    }  # fmt: skip


def said(of: go.Figure) -> list[str]:
    """The words behind each bar."""
    return [note.text.split("</span> ", 1)[1] for note in of.layout.annotations if note.yref != "paper"]


def test_timeline__the_picture_of_the_design() -> None:
    chart = drawn(*PICTURE)
    assert chart.figure is not None
    assert bars(chart.figure) == {
        "Queue": [(1, 0, 38)],
        "Ring": [(0, 0, 31), (1.17, 0, 31), (2, 0, 31), (3, 0, 24)],  # within the queue it is a strip at its foot
        "Talk": [(3, 24, 236)],
    }
    assert said(chart.figure) == [
        "<b>No answer</b>  ",
        "<b>Abandoned</b>  User abandoned while in queue",
        "<b>Busy</b>  User busy",
        "<b>Answered</b>  Customer hang-up",
    ]
    when = chart.figure.data[0]
    assert [str(x)[:19] for x in when.x] == [
        "2026-11-18T20:12:31", "2026-11-19T16:12:31", "2026-11-19T20:12:31", "2026-11-20T12:33:31",
    ]  # fmt: skip
    assert list(when.marker.symbol) == ["circle-open", "triangle-up", "square", "circle"]
    assert len(set(when.marker.color)) == 4
    assert chart.note.startswith("n 4 calls")
    assert chart.alt == "4 calls in order of time: no answer, abandoned, busy, answered"


MISSING = [
    (talked(answerTime=0), "<b>Answered</b>  Customer hang-up · talk 3 m 32 s (time not recorded)"),
    (talked(answerTime=after(hours=-1)), "<b>Answered</b>  Customer hang-up · talk 3 m 32 s (times contradict)"),
    (missed(ringTime=0), "<b>No answer</b>  ring 31 s (time not recorded)"),
    ({}, "<b>Other</b>  no durations recorded"),
]


@pytest.mark.parametrize(("sent", "words"), MISSING)
def test_timeline__what_has_no_time_is_said_not_drawn(sent: dict[str, Any], words: str) -> None:
    found = figure(sent)
    assert said(found) == [words]
    assert not any(end > 31 for ends in bars(found).values() for _, _, end in ends)


def test_timeline__a_call_without_a_start_says_so() -> None:
    chart = drawn(missed(), talked(startTime=0))
    assert chart.figure is not None
    assert chart.figure.layout.yaxis.ticktext[1].endswith("start not recorded")
    assert "1 without a start time" in chart.note
    assert len(chart.figure.data[0].x) == 1


def test_timeline__grows_with_its_calls_and_is_paged() -> None:
    sent = [missed(after(hours=13 * n)) for n in range(60)]
    heights = [figure(*sent[:n]).layout.height for n in (1, 2, 40)]
    assert heights[1] - heights[0] == (heights[2] - heights[0]) / 39
    first, second = drawn(*sent), drawn(*sent, first=MOST_ROWS)
    assert first.figure is not None
    assert second.figure is not None
    assert [len(one.figure.layout.yaxis.ticktext) for one in (first, second)] == [40, 20]  # type: ignore[union-attr]
    assert second.figure.layout.yaxis.ticktext[0].startswith("<b>41</b>")
    assert "(calls 41 to 60)" in second.note
    assert len(first.figure.data[0].x) == len(second.figure.data[0].x) == 60  # above all of them


def test_timeline__numbers_do_not_overlap() -> None:
    """A number stands above a mark only where the one before it leaves room."""
    numbers = figure(*(missed(after(minutes=n)) for n in range(60))).data[0].text
    assert numbers[0] == "<b>1</b>"
    assert 5 < sum(bool(number) for number in numbers) < 40


def test_timeline__labels_have_room_behind_the_longest_bar() -> None:
    found = figure(talked(talk_s=3600, hangupReason="A reason that is as long as is shown"))
    assert found.layout.xaxis.range[1] > 3624 * 1.3


def test_timeline__foreign_text_is_no_markup() -> None:
    (words,) = said(figure(missed(reason="<a href='x'>y</a>")))
    assert "<a" not in words


def test_timeline__of_nothing() -> None:
    assert drawn().figure is None


@settings(max_examples=40, deadline=None)
@given(st.lists(RECORDS, min_size=1, max_size=5))
def test_timeline__draws_anything(sent: list[dict[str, Any]]) -> None:
    found = figure(*sent)
    limit = found.layout.xaxis.range[1]
    assert all(0 <= begin <= end <= limit * 1.001 for ends in bars(found).values() for _, begin, end in ends)
    assert len(said(found)) == len(calls(*sent))
