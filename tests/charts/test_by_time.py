"""Calls and answer rate over time."""

from __future__ import annotations

import pytest

from nxcc import charts
from nxcc.charts.picking import faded
from nxcc.hangup import RESULTS
from nxcc.palette import DARK, LIGHT
from tests.charts.rows import cells, days, hours


def test_calls_by_day__stacked_in_the_order_and_colours_of_the_results() -> None:
    found = days(("2026-11-01", "busy", 1), ("2026-11-01", "answered", 3), ("2026-11-03", "answered", 4))
    chart = charts.calls_by_day(found, LIGHT, "UTC+8")
    assert chart.figure is not None
    assert [(bar.name, bar.marker.color, list(bar.y)) for bar in chart.figure.data] == [
        ("Answered", LIGHT.mark["answered"], [3, 4]),
        ("Busy", LIGHT.mark["busy"], [1, 0]),
    ]
    assert [str(day)[:10] for day in chart.figure.data[0].x] == ["2026-11-01", "2026-11-03"]
    assert chart.figure.layout.xaxis.title.text == "Day (UTC+8)"
    assert chart.note == "n 8 calls"


def test_calls_by_day__every_part_of_a_picked_day_stays() -> None:
    found = days(*[(day, result, 5) for day in ("2026-11-01", "2026-11-02") for result in RESULTS])
    chart = charts.calls_by_day(found, LIGHT, "UTC+8", picked={"2026-11-02"})
    assert chart.figure is not None
    assert len(chart.figure.data) == len(RESULTS)
    for bar, result in zip(chart.figure.data, RESULTS, strict=True):
        assert bar.marker.color == (faded(LIGHT.mark[result]), LIGHT.mark[result])


def test_calls_by_day__hover_says_share_n_and_interval_and_marks_few() -> None:
    found = days(("2026-11-01", "answered", 15), ("2026-11-01", "busy", 4), ("2026-11-02", "answered", 20))
    chart = charts.calls_by_day(found, LIGHT, "UTC+8")
    assert chart.figure is not None
    said = [point[1] for point in chart.figure.data[0].customdata]
    assert said == [
        "79 % of 19 calls<br>95 % interval 57–91 % · thin: fewer than 20",
        "100 % of 20 calls<br>95 % interval 84–100 %",
    ]


def test_calls_by_day__ticks_of_weeks_are_mondays() -> None:
    found = days(*[(f"2026-11-{day:02d}", "answered", 1) for day in range(1, 29)])
    figure = charts.calls_by_day(found, LIGHT, "UTC+8").figure
    assert figure is not None
    ticks = sorted(str(tick)[:10] for tick in figure.layout.xaxis.tickvals)
    assert ticks == ["2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"]


def test_calls_by_day__by_month() -> None:
    found = days(("2025-12-01", "answered", 2), ("2026-01-01", "answered", 3))
    chart = charts.calls_by_day(found, LIGHT, "Asia/Shanghai", by="month")
    assert chart.figure is not None
    assert chart.title == "Calls by month"
    assert chart.figure.layout.xaxis.title.text == "Month (Asia/Shanghai)"
    assert [point[0] for point in chart.figure.data[0].customdata] == ["2025-12-01", "2026-01-01"]


def test_calls_by_hour__carries_the_hour_and_keeps_the_whole_day_on_the_axis() -> None:
    chart = charts.calls_by_hour(hours((23, "answered", 2), (0, "answered", 1)), LIGHT, "UTC+8")
    assert chart.figure is not None
    assert [point[0] for point in chart.figure.data[0].customdata] == [0, 23]
    assert chart.figure.layout.xaxis.range == (-0.7, 23.7)


def test_answer_rate_heat__cells_of_few_calls_are_blank_but_say_their_n() -> None:
    chart = charts.answer_rate_heat(cells((0, 9, 9, 9), (6, 18, 40, 10), (6, 19, 40, 30)), LIGHT, "UTC+8")
    assert chart.figure is not None
    bars = chart.figure.data[0]
    assert [point[0] for point in bars.customdata] == ["0-9", "6-18", "6-19"]
    assert bars.marker.color[0] == "rgba(0,0,0,0)"
    assert bars.customdata[0][1:].tolist() == [
        "Monday 09:00–09:59",
        "100 % of 9 calls answered<br>95 % interval 70–100 % · thin: fewer than 20",
    ]
    assert chart.note == "n 89 calls · blank: fewer than 10 calls"
    assert chart.alt.endswith("highest on Sunday 19:00: 75 %")


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_answer_rate_heat__ends_of_the_scale_are_the_palettes(palette: object) -> None:
    chosen = LIGHT if palette is LIGHT else DARK
    figure = charts.answer_rate_heat(cells((0, 9, 100, 30), (1, 9, 100, 70)), chosen, "UTC+8").figure
    assert figure is not None
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (30, 70)
    ends = (chosen.scale[0].lower(), chosen.scale[-1].lower())
    assert figure.data[0].marker.color == ends


def test_answer_rate_heat__the_same_rate_everywhere_still_has_a_scale() -> None:
    figure = charts.answer_rate_heat(cells((0, 9, 50, 50), (1, 9, 50, 50)), LIGHT, "UTC+8").figure
    assert figure is not None
    assert figure.layout.coloraxis.cmax - figure.layout.coloraxis.cmin == 20
    assert list(figure.layout.coloraxis.colorbar.ticktext) == ["80 %", "90 %", "100 %"]


def test_answer_rate_heat__no_cell_has_enough_calls() -> None:
    chart = charts.answer_rate_heat(cells((0, 9, 2, 1)), LIGHT, "UTC+8")
    assert chart.figure is not None
    assert chart.figure.data[0].marker.color == ("rgba(0,0,0,0)",)
    assert chart.alt == "No hour of the week has 10 calls"
