"""What all charts of Explore have in common: what a click hands back, and how what is not picked steps back."""

from __future__ import annotations

import pytest

from nxcc import charts
from nxcc.charts.picking import faded
from nxcc.palette import LIGHT
from tests.charts import rows


def colours(chart: charts.Chart) -> list[str]:
    """Of the first point of each trace."""
    assert chart.figure is not None
    found = [trace.marker.color for trace in chart.figure.data if trace.customdata is not None]
    return [colour if isinstance(colour, str) else colour[0] for colour in found]


@pytest.mark.parametrize("name", rows.EMPTY)
def test_nothing_to_draw_says_why(name: str) -> None:
    chart = rows.EMPTY[name]()
    assert chart.figure is None
    assert chart.note
    assert chart.help


@pytest.mark.parametrize("name", rows.ONE_ROW)
def test_a_point_carries_its_raw_value_first_and_clicks_select(name: str) -> None:
    draw, value = rows.ONE_ROW[name]
    chart = draw(())
    assert chart.figure is not None
    carried = [trace.customdata for trace in chart.figure.data if trace.customdata is not None]
    assert {points[0][0] for points in carried} == {value}
    assert all(points.ndim == 2 for points in carried)
    assert chart.figure.layout.clickmode == "event+select"
    assert chart.figure.layout.height == chart.height
    assert "points" in chart.selects
    assert chart.alt
    assert (chart.config["displayModeBar"] == "hover") == ("box" in chart.selects)


@pytest.mark.parametrize("name", rows.ONE_ROW)
def test_what_is_not_picked_steps_back_and_what_is_stays(name: str) -> None:
    draw, value = rows.ONE_ROW[name]
    plain, picked, as_text, other = (colours(draw(of)) for of in ((), {value}, {str(value)}, {"something else"}))
    assert picked == plain
    assert as_text == plain
    assert other == [faded(colour) for colour in plain]


@pytest.mark.parametrize("name", rows.ONE_ROW)
def test_plotly_itself_dims_nothing(name: str) -> None:
    figure = rows.ONE_ROW[name][0](()).figure
    assert figure is not None
    for trace in figure.data:
        if trace.customdata is not None:
            assert (trace.selected.marker.opacity, trace.unselected.marker.opacity) == (1, 1)


def test_faded__is_the_same_colour_at_a_third() -> None:
    assert faded("#00776C") == "rgba(0,119,108,0.35)"


def test_hangup_reasons_and_cost_by_day_of_look_up_cannot_be_picked() -> None:
    # they share the drawing with Explore, not its clicks
    found = charts.hangups(rows.reasons(("Busy", 7, "unknown", 3, 0)), LIGHT, picked=None)
    assert found.figure is not None
    assert found.selects == ()
    assert found.figure.layout.clickmode is None
    assert found.figure.data[0].customdata[0][0] is None
