"""Shares in words: with what they stand on and how sure they are."""

from __future__ import annotations

from nxcc import wording
from nxcc.wilson import THIN, wilson


def share_of(part: int, n: int, things: str) -> str:
    """`48 % of 8,412 calls` and on a line of its own `95 % interval 47–50 %`; a share of few is marked as thin."""
    interval = wilson(part, n)
    if interval is None:
        return f"{wording.NOTHING} of 0 {things}"
    low, high = (f"{100 * bound:.0f}" for bound in interval)
    thin = f" · thin: fewer than {THIN}" if n < THIN else ""
    return f"{wording.share(part / n)} of {n:,} {things}<br>95 % interval {low}–{high} %{thin}"


def many(n: int, thing: str) -> str:
    """`1 call`, `1,234 calls`."""
    return f"{n:,} {thing}{'' if n == 1 else 's'}"
