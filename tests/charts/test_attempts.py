"""How reach grows with each attempt."""

from __future__ import annotations

import pytest

from nxcc import charts
from nxcc.palette import LIGHT
from tests.charts.rows import steps


def test_attempts__share_of_all_orders_reached_after_at_most_so_many_calls() -> None:
    chart = charts.attempts_until_answered(steps((1, 40, 100), (2, 20, 60), (3, 0, 30)), 100, LIGHT)
    assert chart.figure is not None
    line = chart.figure.data[0]
    assert list(line.y) == pytest.approx([40, 60, 60])
    assert line.customdata[1][1] == (
        "Within 2 calls<br><b>60 % of 100 orders reached<br>95 % interval 50–69 %</b>"
        "<br>60 tried a 2nd time, 20 answered then"
    )
    assert chart.note == "n 100 orders with calls"


def test_attempts__from_the_twelfth_on_all_are_one_point() -> None:
    many = steps(*[(k, 1, 40 - k) for k in range(1, 31)])
    figure = charts.attempts_until_answered(many, 40, LIGHT).figure
    assert figure is not None
    line = figure.data[0]
    assert [point[0] for point in line.customdata] == list(range(1, 13))
    assert line.y[-1] == pytest.approx(75)
    assert figure.layout.xaxis.ticktext[0] == "12+"
    assert line.customdata[-1][1].endswith("<br>28 tried 12 times or more, 19 answered then")


def test_attempts__a_gap_is_a_step_without_gain() -> None:
    figure = charts.attempts_until_answered(steps((1, 1, 4), (3, 1, 2)), 4, LIGHT).figure
    assert figure is not None
    assert list(figure.data[0].y) == pytest.approx([25, 25, 50])


def test_attempts__labels_keep_apart_and_say_something_new() -> None:
    grows = [1600, 664, 332, 168, 90, 51, 23, 8, 5, 4, 3, 2]
    many = steps(*[(k + 1, reached, 3906 - sum(grows[:k])) for k, reached in enumerate(grows)])
    figure = charts.attempts_until_answered(many, 3906, LIGHT).figure
    assert figure is not None
    labels = [(note.x, note.y, note.text) for note in figure.layout.annotations]
    assert [labels[0][2], labels[-1][2]] == ["41 %", "76 %"]
    assert len({text for _, _, text in labels}) == len(labels)
    for n, (x, y, _) in enumerate(labels):
        for other_x, other_y, _ in labels[n + 1 :]:
            assert abs(x - other_x) >= 2.04 or abs(y - other_y) >= 10
