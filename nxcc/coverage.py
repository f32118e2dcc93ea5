"""Which parts of a time have been read whole: what nobody asked for is not what did not happen. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from nxcc.stretches import Stretch, joined, of_days

MOST_CELLS = 100


@dataclass(frozen=True, slots=True)
class Cell:
    """Some days (both included), and the share of their time that has been read whole, from 0 to 1."""

    first: date
    last: date
    share: float

    @property
    def state(self) -> str:
        """`covered`, `partly` or `not`."""
        return "covered" if self.share >= 1 else "partly" if self.share > 0 else "not"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Days, one by one or several together where there are many, with how much of each has been read whole.

    What lies ahead of `until` is no part of a day's time. `share` is that of the whole time, `days` how many days
    there are in it and `whole` how many of those have been read whole.
    """

    cells: Sequence[Cell]
    share: float
    days: int
    whole: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self.share >= 1


def of(read: Iterable[Stretch], first: date, last: date, zone: ZoneInfo, until: datetime) -> Coverage:
    """The days from the first to the last (both included), as the zone counts them."""
    whole = joined(read)
    until_s = int(until.timestamp())
    last = min(last, until.astimezone(zone).date())
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    shares = [(day, *_seconds(whole, of_days(day, day, zone), until_s)) for day in days]
    shares = [each for each in shares if each[2]]
    together = -(-len(shares) // MOST_CELLS)
    cells = [_cell(shares[at : at + together]) for at in range(0, len(shares), together or 1)]
    covered, of_all = sum(each[1] for each in shares), sum(each[2] for each in shares)
    return Coverage(
        cells, covered / of_all if of_all else 1.0, len(shares), sum(covered == long for _, covered, long in shares)
    )


def _seconds(read: Sequence[Stretch], day: Stretch, until_s: int) -> tuple[int, int]:
    """How many seconds of a day have been read, and how many there are so far."""
    if day.from_s >= until_s:
        return 0, 0
    so_far = Stretch(day.from_s, min(day.to_s, until_s))
    return sum(part.seconds for each in read if (part := so_far.shared(each))), so_far.seconds


def _cell(shares: Sequence[tuple[date, int, int]]) -> Cell:
    covered, of_all = sum(each[1] for each in shares), sum(each[2] for each in shares)
    return Cell(shares[0][0], shares[-1][0], covered / of_all)
