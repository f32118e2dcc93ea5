"""The axis that counts."""

from __future__ import annotations

_STEPS = tuple(digit * 10**power for power in range(12) for digit in (1, 2, 5))


def counts(most: int, room: float, title: str = "Calls") -> dict[str, object]:
    """An axis from 0 to `most` times `room`, at most six whole ticks."""
    step = next(s for s in _STEPS if most / s <= 5)
    return {"title": {"text": title}, "dtick": step, "range": [0, most * room or 1], "tickformat": ",d"}
