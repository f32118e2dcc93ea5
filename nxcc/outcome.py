"""What became of one order id: exactly one of five words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Word = Literal["found", "no_calls", "failed", "invalid", "pending"]
WORDS: tuple[Word, ...] = ("found", "no_calls", "failed", "invalid", "pending")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one order id.

    `reason` says why it failed or is invalid; `calls` is the number of calls found; `asked_at` (aware) is when the
    answer came, None when nothing was asked; `attempts` the requests sent for it this time. `may_pass` says of a
    failure that asking again could bring an answer, `by_period` of an answer that it was put together out of calls that
    were read by time.
    """

    order_id: str
    word: Word
    reason: str = ""
    calls: int = 0
    asked_at: datetime | None = None
    from_archive: bool = False
    attempts: int = 0
    code: int | None = None
    req_id: str = ""
    may_pass: bool = False
    by_period: bool = False


def counts(outcomes: Iterable[Outcome]) -> dict[Word, int]:
    """How many of each word, zeros included."""
    found = dict.fromkeys(WORDS, 0)
    for outcome in outcomes:
        found[outcome.word] += 1
    return found


def reasons(outcomes: Iterable[Outcome]) -> list[tuple[Word, str, int]]:
    """Why order ids failed or are invalid: word, reason and how many, the most frequent first."""
    found = Counter((o.word, o.reason) for o in outcomes if o.word in ("failed", "invalid"))
    return [(word, reason, n) for (word, reason), n in found.most_common()]
