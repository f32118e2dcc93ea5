"""What Explore shows: tiles with their change and line, charts that keep their other bars, in every combination."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from nxcc import kpis
from nxcc.archive import Archive, Explored, Look
from nxcc.charts import Chart
from nxcc.filters import EARLIEST, LATEST, LONGEST, Filters, from_address
from nxcc.kpis import Terms
from nxcc.overview import COST_BY, Overview
from nxcc.palette import DARK, LIGHT
from nxcc.picks import bars_of, picked_days, picked_range
from nxcc.tiles import MAIN, MORE
from nxcc.wording import Money

from .conftest import at
from .test_figures import NOON, ORDERS, UTC_ZONE, keep

DAY_MS = 86_400_000
TERMS = Terms(Money("HKD", 4))
WEEK = (date(2025, 11, 24), date(2025, 11, 30))


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    archive = Archive(tmp_path_factory.mktemp("overview") / "archive.duckdb", "gw", 7)
    keep(archive, ORDERS)
    keep(
        archive,
        {
            f"X{n}": [{"callId": f"x{n}", "startTime": NOON - 3 * DAY_MS, "answered": n < 1, "callDuration": 30}]
            for n in range(4)
        },
    )
    found = Explored(archive)
    found.refresh()
    yield found
    archive.close()


def overview(explored: Explored, **filters: Any) -> Overview:
    return Overview(explored, Filters(**filters), Look(UTC_ZONE, 10, 20), at("2025-11-30T12:00:00"))


def test_tiles__say_how_they_moved_against_the_days_before(explored: Explored) -> None:
    look = overview(explored, period=WEEK)
    tiles = {tile.kpi.name: tile for tile in look.tiles(TERMS, [*MAIN, "median_talk"])}
    assert look.compared == (date(2025, 11, 17), date(2025, 11, 23))
    assert (tiles["calls"].text, tiles["calls"].change, tiles["calls"].basis) == ("7", "+75.0 %", "n 7")
    assert tiles["answer_rate"].change == "+46.4 pp"  # 5 of 7 after 1 of 4
    assert tiles["median_talk"].change == "+15 s"
    assert "Left out" in tiles["average_talk"].formula


def test_tiles__without_a_time_before_nothing_is_said(explored: Explored) -> None:
    look = overview(explored)
    assert look.compared is None
    assert {tile.change for tile in look.tiles(TERMS)} == {""}
    assert overview(explored, period=(date(2025, 11, 1), date(2025, 11, 21))).compared is None


def test_lines__are_the_figures_by_day(explored: Explored) -> None:
    lines = {tile.kpi.name: tile.line for tile in overview(explored).tiles(TERMS)}
    assert lines["calls"] == [4, 0, 0, 7]
    assert lines["answer_rate"] == [0.25, 5 / 7]  # days without calls have no rate
    assert lines["average_talk"] == [30, (60 + 5 + 120 + 30) / 4]


def drawn(look: Overview) -> dict[str, Chart]:
    found = {chart.name: chart for palette in (LIGHT, DARK) for row in look.charts(palette, TERMS) for chart in row}
    return found | {f"cost {by}": look.cost(LIGHT, TERMS, by) for by in COST_BY}


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"period": WEEK},
        {"period": WEEK, "days": (date(2025, 11, 24), date(2025, 11, 24)), "reason": ("No answer", "")},
        {"hour": ("12",), "slot": ("0-12",), "talk": (10, 100), "queue": (5, None), "attempt": ("1",)},
        {"direction": ("inbound",), "agent": ("",)},
        {"period": (date(2020, 1, 1), date(2025, 12, 31))},
        {"find": "nobody"},
        {
            "slot": ("9-99", "x"),
            "hour": ("-1", "99999999999"),
            "attempt": ("٣", ""),
            "flag": ("none",),
            "party": ("?",),
        },
        {"period": (EARLIEST, LATEST), "days": (LATEST, LATEST)},
    ],
)
def test_charts__plotly_accepts_every_one(explored: Explored, filters: dict[str, Any]) -> None:
    for chart in drawn(overview(explored, **filters)).values():
        if chart.figure is not None:
            go.Figure(chart.figure.to_dict())  # raises where something is not plotly's
            assert chart.alt
        assert chart.note
        assert chart.help


def test_charts__what_is_picked_in_one_stays_beside_the_others_in_it(explored: Explored) -> None:
    whole, picked = overview(explored), overview(explored, reason=("No answer",))
    assert picked.totals.total("calls") == 1
    n = [sum(sum(trace.x) for trace in look.hangups(LIGHT).figure.data) for look in (whole, picked)]
    assert n[0] == n[1] == 12  # calls, those without a time too
    assert sum(sum(trace.y) for trace in picked.calls_by_day(LIGHT).figure.data) == 1
    day = overview(explored, days=(date(2025, 11, 21), date(2025, 11, 21)))
    assert day.totals.total("calls") == 4
    assert sum(sum(trace.y) for trace in day.calls_by_day(LIGHT).figure.data) == 11


def test_agents__most_calls_first_with_a_line(explored: Explored) -> None:
    agents = overview(explored).agents
    assert agents["agent"].isna().tolist() == [True]  # the newer record of a2 names nobody
    assert agents["line"][0] == [4, 0, 0, 7]


def test_picked__days_and_ranges() -> None:
    assert picked_days(["2026-02-03", "2026-02-01"], "day") == (date(2026, 2, 1), date(2026, 2, 3))
    assert picked_days(["2024-01-01", "2024-02-01"], "month") == (date(2024, 1, 1), date(2024, 2, 29))
    assert picked_range("talk", [10, 30]) == (10, 60)
    assert picked_range("talk", [3600]) == (3600, None)


def test_bars__of_picked_days_are_those_that_they_reach() -> None:
    days = pd.Series(pd.to_datetime(["2025-11-01", "2025-11-05", "2025-11-06"]))
    assert bars_of((date(2025, 11, 3), date(2025, 11, 5)), days, "day") == ["2025-11-05"]
    months = pd.Series(pd.to_datetime(["2025-10-01", "2025-11-01", "2025-12-01"]))
    assert bars_of((date(2025, 10, 31), date(2025, 11, 2)), months, "month") == ["2025-10-01", "2025-11-01"]
    assert bars_of(None, days, "day") == []


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(period=WEEK, days=(WEEK[0], WEEK[0])),
        Filters(
            agent=("mei & co", ""), reason=("=1+1", "用户挂断"), talk=(None, 12.5), cost=(0.01, None), find="+86 1"
        ),
        Filters(answered=False, hour=("0", "23"), slot=("6-23",), attempt=("12",), flag=("bad_link",)),
    ],
)
def test_address__brings_the_same_filters_back(filters: Filters) -> None:
    assert from_address(filters.address()) == (filters, [])


def test_address__what_cannot_be_read_is_named_and_left_out() -> None:
    said = [
        ("period", "soon"),
        ("talk", "a_b"),
        ("answered", "perhaps"),
        ("agent", "mei"),
        ("agent", "mei"),
        ("other", "1"),
    ]
    assert from_address(said) == (Filters(agent=("mei",)), ["period", "talk", "answered"])
    for name, text in [("period", "0001-01-01"), ("days", "9999-12-31"), ("cost", "nan_"), ("ring", "_inf")]:
        assert from_address([(name, text)]) == (Filters(), [name])
    assert len(from_address([("find", "x" * 10_000)])[0].find) == LONGEST


def test_more__every_figure_has_its_tile() -> None:
    shown = {*MAIN, *(name for names in MORE.values() for name in names)}
    assert set(kpis.DEFINITIONS) - shown == {"orders_reached", "attempts"}  # of lookups; and of no use beside orders
    for names in (MAIN, *MORE.values()):
        assert len(names) == 6
