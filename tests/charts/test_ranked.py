"""Ranked bars: hang-up reasons, and cost by agent and direction."""

from __future__ import annotations

from nxcc import charts
from nxcc.palette import LIGHT
from nxcc.wording import Money
from tests.charts.rows import HKD, costs, reasons

HOSTILE = "</script><img src=x onerror=alert(1)>"


def labels(chart: charts.Chart) -> list[str]:
    """From the top down."""
    assert chart.figure is not None
    return list(chart.figure.layout.yaxis.ticktext)[::-1]


def carried(chart: charts.Chart) -> list[object]:
    assert chart.figure is not None
    return [point[0] for point in chart.figure.data[0].customdata][::-1]


def ends(chart: charts.Chart) -> list[str]:
    assert chart.figure is not None
    return [note.text for note in chart.figure.layout.annotations][::-1]


def test_hangups__seven_and_all_the_others_in_one() -> None:
    many = reasons(*[(f"r{n}", n, "unknown", 100 - n, 0) for n in range(10)])
    chart = charts.hangups(many, LIGHT)
    assert labels(chart) == [*[f"r{n}" for n in range(7)], "3 other reasons"]
    assert carried(chart) == [*[f"r{n}" for n in range(7)], None]
    assert ends(chart)[-1] == str(93 + 92 + 91)


def test_hangups__one_left_over_is_shown_as_itself() -> None:
    eight = reasons(*[(f"r{n}", n, "unknown", 100 - n, 0) for n in range(8)])
    assert labels(charts.hangups(eight, LIGHT)) == [f"r{n}" for n in range(8)]


def test_hangups__what_is_picked_is_always_there() -> None:
    many = reasons(*[(f"r{n}", n, "unknown", 100 - n, 0) for n in range(10)])
    assert labels(charts.hangups(many, LIGHT, picked={"r9"})) == [*[f"r{n}" for n in range(6)], "r9", "3 other reasons"]


def test_hangups__no_reason_given_carries_an_empty_text_and_shows_codes() -> None:
    chart = charts.hangups(reasons((None, 1999, "unknown", 2, 0), (None, None, "unknown", 5, 0)), LIGHT)
    assert labels(chart) == ["No reason given"]
    assert carried(chart) == [""]
    assert chart.figure is not None
    assert chart.figure.data[0].customdata[0][2].endswith("<br>code 1999")


def test_hangups__unknown_codes_are_shown_as_they_are() -> None:
    many = [("Bye", code, "agent", 10 - n, 0) for n, code in enumerate((7, 9001, -3, 12, 5, 6))]
    chart = charts.hangups(reasons(*many), LIGHT)
    assert chart.figure is not None
    assert chart.figure.data[0].customdata[0][2].endswith("<br>code 7, 9001, -3, 12 and 2 more")


def test_hangups__contradictions_are_a_hatched_part_of_their_own_and_counted() -> None:
    chart = charts.hangups(reasons(("A", 1, "agent", 10, 4), ("C", 2, "customer", 6, 0)), LIGHT)
    assert chart.figure is not None
    drawn = {(bar.name, bar.marker.pattern.shape): list(bar.x)[::-1] for bar in chart.figure.data}
    assert drawn == {("Customer", None): [0, 6], ("Agent", None): [6, 0], ("Agent", "/"): [4, 0]}
    assert chart.note == "n 16 calls · 4 contradictory"
    assert ends(chart) == ["10", "6"]


def test_cost_by_agent__ranked_with_the_others_and_nobody_last() -> None:
    agents = costs(*[(f"a{n}", 20 - n, 1, 10, 3) for n in range(9)], (None, 0, 99, 5, 5))
    chart = charts.cost_by("agent", agents, LIGHT, HKD)
    assert labels(chart) == [*[f"a{n}" for n in range(7)], "2 others", "No agent"]
    assert carried(chart) == [*[f"a{n}" for n in range(7)], None, ""]
    assert ends(chart)[-2:] == ["27.00", "99.00"]
    assert chart.figure is not None
    assert [(bar.name, bar.x[-1]) for bar in chart.figure.data] == [("Answered", 20), ("Not answered", 1)]


def test_cost_by_agent__a_little_is_not_written_as_nothing() -> None:
    chart = charts.cost_by("agent", costs(("a", 1234.5, 0, 9, 0), ("b", 0.004, 0, 9, 0)), LIGHT, HKD)
    assert ends(chart) == ["1,234", "0.004"]


def test_cost_by_direction__the_raw_word_is_the_label() -> None:
    chart = charts.cost_by("direction", costs(("outbound", 2, 1, 9, 3), ("inbound", 1, 0, 2, 0)), LIGHT, HKD)
    assert labels(chart) == ["outbound", "inbound"]
    assert chart.note == "n 11 calls · total 4.000 HKD"


def test_cost_by__calls_without_a_cost_are_not_in_n() -> None:
    found = costs(("a", 2, 1, 9, 3)).assign(priced=4)
    assert charts.cost_by("agent", found, LIGHT, HKD).note.startswith("n 4 of 9 calls · ")
    assert charts.cost_by("agent", found.assign(priced=0), LIGHT, HKD).note == "No call has a cost yet"


def test_cost_by_day__answered_and_not_with_the_share_above() -> None:
    found = costs(("2026-11-02", 2, 1, 8, 2), ("2026-11-01", 1, 0, 4, 0))
    chart = charts.cost_by("day", found, LIGHT, Money("HKD", 2), zone_text="UTC+8")
    assert chart.figure is not None
    assert [(bar.name, list(bar.y)) for bar in chart.figure.data] == [("Answered", [1, 2]), ("Not answered", [0, 1])]
    assert [note.text for note in chart.figure.layout.annotations] == ["0 %", "25 %"]
    assert chart.figure.layout.xaxis.title.text == "Day (UTC+8)"
    assert chart.selects == ("points", "box")


def test_cost_by_day__credits_reach_below_zero() -> None:
    figure = charts.cost_by("day", costs(("2026-11-01", 2, -1, 8, 2)), LIGHT, HKD).figure
    assert figure is not None
    assert figure.layout.barmode == "relative"


def test_ranked__foreign_text_is_drawn_as_text() -> None:
    for chart in (
        charts.hangups(reasons((HOSTILE, 1, "agent", 3, 1)), LIGHT),
        charts.cost_by("agent", costs((HOSTILE, 1, 1, 3, 1)), LIGHT, Money(HOSTILE, 2)),
    ):
        assert chart.figure is not None
        shown = [*labels(chart), *ends(chart), chart.figure.layout.xaxis.title.text]
        shown += [str(text) for bar in chart.figure.data for point in bar.customdata for text in point[1:]]
        assert [text for text in shown if "<img" in text or "<sc" in text] == []
        assert carried(chart) == [HOSTILE]
