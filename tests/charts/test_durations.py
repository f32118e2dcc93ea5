"""How long calls talked, queued and rang."""

from __future__ import annotations

import pytest

from nxcc import charts
from nxcc.palette import LIGHT
from tests.charts.rows import bins, waiting


def test_talk_distribution__bars_of_equal_width_between_readable_edges() -> None:
    chart = charts.talk_distribution(bins(1, 0, 2, 5, 9, 4, 3, 2, 1), 15, LIGHT)
    assert chart.figure is not None
    bars = chart.figure.data[0]
    assert list(bars.y) == [1, 0, 2, 5, 9, 4, 3, 2, 1]
    assert list(bars.x) == [n + 0.5 for n in range(9)]
    assert [point[0] for point in bars.customdata] == [0, 1, 2, 5, 10, 20, 30, 60, 120]
    assert bars.customdata[-1][1] == "2 m 00 s – 5 m 00 s"
    assert list(chart.figure.layout.xaxis.ticktext) == ["0", "2s", "10s", "30s", "2m"]
    assert chart.note == "n 27 answered calls"


@pytest.mark.parametrize(("median", "place"), [(0.0, 0.0), (15.0, 4.5), (10.0, 4.0), (59.9, 6.9966), (90_000.0, 10.5)])
def test_talk_distribution__the_median_stands_within_its_bin(median: float, place: float) -> None:
    figure = charts.talk_distribution(bins(*[1] * 11), median, LIGHT).figure
    assert figure is not None
    assert figure.layout.shapes[0].x0 == pytest.approx(place, abs=0.001)


def test_talk_distribution__the_last_bin_has_no_end() -> None:
    figure = charts.talk_distribution(bins(*[1] * 11), None, LIGHT).figure
    assert figure is not None
    assert figure.data[0].customdata[-1][1] == "10 m 00 s and longer"
    assert not figure.layout.shapes


def test_waits__shares_are_of_their_kind() -> None:
    chart = charts.waits(waiting((3, 1), (0, 0, 10)), LIGHT)
    assert chart.figure is not None
    queue, ring = chart.figure.data
    assert (queue.name, list(queue.y)) == ("Queue", [3, 1, 0, 0])
    assert (ring.name, list(ring.y)) == ("Ring", [0, 0, 10, 0])
    assert queue.customdata[0][2].startswith("75 % of 4 calls with a queue time")
    assert [point[0] for point in ring.customdata] == ["ring:0", "ring:1", "ring:2", "ring:5"]
    assert chart.note == "queue n 4 · ring n 10"
