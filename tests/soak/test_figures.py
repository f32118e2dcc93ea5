"""What counts as well."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from tests.soak.figures import Figures, Memory, growth, levels_off, table, well


def memory(mb: Callable[[float], float], minutes: float = 15) -> list[Memory]:
    """A sample every ten seconds; `mb` is of the share of the time."""
    n = int(minutes * 6)
    return [Memory(10.0 * i, mb(i / n), 2.0 * i) for i in range(n + 1)]


def noisy(mb: Callable[[float], float]) -> Callable[[float], float]:
    return lambda share: mb(share) + 15 * math.sin(share * 400)


@pytest.mark.parametrize(
    ("course", "levels"),
    [
        (lambda share: 400, True),
        (lambda share: 250 + 250 * (1 - math.exp(-share * 8)), True),  # caches that fill
        (lambda share: 400 + 10 * share, True),  # the archive itself grows
        (lambda share: 400 + 200 * share, False),  # a leak
        (lambda share: 200 + 1_000 * share**2, False),
        (lambda share: 900 - 300 * share, True),
    ],
)
def test_levels_off(course: Callable[[float], float], levels: bool) -> None:
    assert levels_off(memory(course)) is levels
    assert levels_off(memory(noisy(course))) is levels
    assert levels_off(memory(course, minutes=4)) is None


def test_growth__is_of_the_last_quarter() -> None:
    assert growth(memory(lambda share: 100 if share < 0.75 else 150)) == pytest.approx(50)


def test_well__needs_clicks_no_errors_and_memory_that_stays() -> None:
    figures = Figures(memory=memory(lambda share: 400))
    assert not well(figures)
    figures.clicks["look up"] += [0.5, 0.7, 3.0]
    assert well(figures)
    said = table(figures)
    assert "look up                        3     0.70     3.00        3.00" in said
    assert "server memory, MB: 400 at start, 400 in the middle, 400 at end" in said
    assert "server CPU: 0.20 of one core" in said
    assert "errors: 0" in said
    figures.errors.append("card, session 3: x")
    assert not well(figures)
    assert "  card, session 3: x" in table(figures)
    leaking = Figures(clicks=figures.clicks, memory=memory(lambda share: 400 + 300 * share))
    assert not well(leaking)
    assert "memory does NOT level off" in table(leaking)
