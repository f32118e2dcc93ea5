"""The charts: what they count, that foreign text stays text, and that the colours are those of the theme."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from nxcc import charts, records, totals, wording
from nxcc.palette import DARK, LIGHT, OUTCOMES, RESULTS, Palette
from nxcc.settings import PROJECT
from nxcc.wording import Money

NOW = datetime(2026, 3, 20, tzinfo=UTC)
SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def calls(*found: dict[str, Any]) -> pd.DataFrame:
    rows = [records.call("A1", {"callId": f"c{n}", "answered": False} | call) for n, call in enumerate(found)]
    return totals.distinct(records.frame(records.table(rows)), {})


def test_talk_time__answered_calls_only_and_the_long_tail_in_the_last_bar() -> None:
    talk = [20, 25, 40, 70, 5000]
    chart = charts.talk_time(calls(*[{"answered": True, "callDuration": s} for s in talk], {"callDuration": 9}), LIGHT)
    assert chart.figure is not None
    bars = chart.figure.data[0]
    assert bars.y.sum() == 5
    assert bars.y[-1] == 1
    assert bars.customdata[-1].endswith("and longer")
    assert [note.text for note in chart.figure.layout.annotations] == ["median 40 s"]


def test_hangup_reasons__ranked_by_count_and_contradictions_counted_apart() -> None:
    customer = {"hangupReason": "User hang-up", "hangupBy": 1}
    wrong = {"hangupReason": "Agent hang-up", "hangupBy": 1, "hangupCode": 1001}
    chart = charts.hangup_reasons(calls(customer, customer, wrong, {}), LIGHT)
    assert chart.figure is not None
    assert chart.figure.layout.yaxis.ticktext[-1] == "User hang-up"  # the first from the top
    assert {bar.name: int(bar.x.sum()) for bar in chart.figure.data} == {"Customer": 2, "Agent": 1, "Unknown": 1}
    assert chart.note == "n 4 calls · 1 contradictory"


def test_hangup_reasons__foreign_text_is_no_markup_and_cut_labels_stay_apart() -> None:
    link = '<a href="javascript:alert(1)">x</a>'
    long = "the same forty characters at the start: "
    chart = charts.hangup_reasons(calls(*[{"hangupReason": r} for r in (link, long + "a", long + "b")]), LIGHT)
    assert chart.figure is not None
    drawn = chart.figure.to_json()
    assert "<a" not in drawn.replace("\\u003c", "<")
    assert len(chart.figure.layout.yaxis.ticktext) == 3


@pytest.mark.parametrize(
    ("zone", "days", "header"),
    [(SHANGHAI, ["2026-03-08"], "Day (UTC+8)"), (NEW_YORK, ["2026-03-07", "2026-03-08"], "Day (America/New_York)")],
)
def test_cost_by_day__days_are_those_of_the_zone(zone: ZoneInfo, days: list[str], header: str) -> None:
    found = calls(
        {
            "answered": True,
            "startTime": ms("2026-03-08T01:00:00+00:00"),
            "totalCustomerPrice": 0.5,
        },  # before the clocks change
        {"startTime": ms("2026-03-08T15:00:00+00:00"), "totalCustomerPrice": 0.1},
    )
    chart = charts.cost_by_day(found, LIGHT, zone, NOW, Money())
    assert chart.figure is not None
    assert [str(day)[:10] for day in chart.figure.data[0].x] == days
    assert chart.figure.layout.xaxis.title.text == header


def test_cost_by_day__stacks_answered_and_other_with_the_share_not_answered() -> None:
    at = {"startTime": ms("2026-03-08T01:00:00+00:00")}
    found = calls(at | {"answered": True, "totalCustomerPrice": 0.5}, at | {"totalCustomerPrice": 0.25}, at, at)
    chart = charts.cost_by_day(found, LIGHT, SHANGHAI, NOW, Money("HKD", 2))
    assert chart.figure is not None
    assert [(bar.name, list(bar.y)) for bar in chart.figure.data] == [("Answered", [0.5]), ("Not answered", [0.25])]
    assert [note.text for note in chart.figure.layout.annotations] == ["75 %"]
    assert chart.note.startswith("n 2 of 4 calls")


def test_cost_by_day__years_apart_are_drawn_by_month() -> None:
    found = calls(
        *[
            {"startTime": ms(t), "totalCustomerPrice": 1}
            for t in ("2023-07-27T02:00:00+00:00", "2026-03-08T02:00:00+00:00")
        ]
    )
    assert charts.cost_by_day(found, LIGHT, SHANGHAI, NOW, Money()).title == "Cost by month"


def test_charts__nothing_to_draw_says_why() -> None:
    none = calls()
    found = [
        charts.talk_time(none, DARK),
        charts.hangup_reasons(none, DARK),
        charts.cost_by_day(none, DARK, SHANGHAI, NOW, Money()),
    ]
    assert [chart.figure for chart in found] == [None] * 3
    assert all(chart.note for chart in found)


@pytest.mark.parametrize(("palette", "mode"), [(LIGHT, "light"), (DARK, "dark")])
def test_palette__is_the_themes(palette: Palette, mode: str) -> None:
    theme = tomllib.loads((PROJECT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"][mode]
    for word, role in (OUTCOMES | RESULTS).items():
        if word not in ("pending", "other"):  # meant to recede: no colour of the theme
            assert (word, palette.mark[word]) == (word, theme[f"{role.colour}Color"])
        assert (word, palette.text[word]) == (word, theme[f"{role.colour}TextColor"])


def test_plain__control_and_direction_characters_are_seen() -> None:
    assert wording.plain("A\x00B\u202eC\nD王") == "A\ufffdB\ufffdC D王"


def test_in_markdown__nothing_of_it_is_markup() -> None:
    assert wording.in_markdown("a_b [x](http://y) :red[z]") == rf"a\_b \[x\]\(http\:{wording.JOINER}\/\/y\) \:red\[z\]"


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        ("HTTPS://x", "HTTPS:|//x"),
        ("www.x.com", "www|.x.com"),
        ("call a.b+c@x.com", "call a.b+c@|x.com"),
        ("NX09445G000025@host:5060", "NX09445G000025@host:5060"),
        (":material_lock: :+1: :streamlit: :100:", ":|material_lock: :|+1: :|streamlit: :|100:"),
        ("2026-01-01 10:20:30", "2026-01-01 10:20:30"),
        ("a -> b <-> c -- d >= e a->b", "a -|> b <|-> c -|- d >|= e a->b"),
        ("    four", "four"),
    ],
)
def test_in_markdown__what_streamlit_looks_for_behind_the_escapes_is_parted(text: str, parted: str) -> None:
    assert re.sub(r"\\(?=[\W_])", "", wording.in_markdown(text)).replace(wording.JOINER, "|") == parted
