"""Shares in words: with what they stand on and how sure they are."""

from __future__ import annotations

from nxcc import wording
from nxcc.wilson import THIN, wilson

_NARROW = 0.03  # an interval below is written with a decimal, or both ends would read the same


def share_of(part: int, n: int, things: str) -> str:
    """`48 % of 8,412 calls` and on a line of its own `95 % interval 47–50 %`; a share of few is marked as thin."""
    interval = wilson(part, n)
    if interval is None:
        return f"{wording.NOTHING} of 0 {things}"
    low, high = interval
    digits = 0 if high - low >= _NARROW else 1
    between = f"{100 * low:.{digits}f}–{100 * high:.{digits}f} %"
    thin = f" · thin: fewer than {THIN}" if n < THIN else ""
    return f"{wording.share(part / n)} of {n:,} {things}<br>95 % interval {between}{thin}"


def many(n: int, thing: str) -> str:
    """`1 call`, `1,234 calls`."""
    return f"{n:,} {thing}{'' if n == 1 else 's'}"
