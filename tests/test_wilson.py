"""Wilson's interval against published values, and at its edges."""

from __future__ import annotations

import pytest

from nxcc.wilson import wilson


@pytest.mark.parametrize(
    ("part", "n", "low", "high"),
    [
        # R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998),
        # table I, method 3 (score, without continuity correction)
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson__published_values(part: int, n: int, low: float, high: float) -> None:
    assert wilson(part, n) == pytest.approx((low, high), abs=0.00005)


def test_wilson__nothing_to_share_has_no_interval() -> None:
    assert wilson(0, 0) is None


@pytest.mark.parametrize("n", [1, 2, 19, 20, 10_000_000])
def test_wilson__none_and_all_end_exactly_at_the_edge_and_mirror_each_other(n: int) -> None:
    none, whole = wilson(0, n), wilson(n, n)
    assert none is not None
    assert whole is not None
    assert none[0] == 0
    assert whole[1] == 1
    assert 0 < none[1] < 1
    assert whole[0] == pytest.approx(1 - none[1])


def test_wilson__holds_the_share_and_narrows_with_more_calls() -> None:
    few, many = wilson(3, 10), wilson(300, 1000)
    assert few is not None
    assert many is not None
    assert few[0] < many[0] < 0.3 < many[1] < few[1]


@pytest.mark.parametrize(("part", "n"), [(-1, 5), (6, 5), (1, 0)])
def test_wilson__what_is_no_part_is_refused(part: int, n: int) -> None:
    with pytest.raises(ValueError, match="is no part of"):
        wilson(part, n)
