"""One stretch of time, page after page, until the gateway has no more.

The vendor tells no total, and calls arrive while one reads. What that may do: push calls that were there to later
pages, where they are met again; so nothing is lost, and what comes twice is told by its id. What a gateway may do
besides: hold fewer calls on a page than it was asked for, repeat pages, or answer with calls of other times.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from nxcc import records
from nxcc.api.client import Client
from nxcc.api.protocol import MOST_ON_A_PAGE
from nxcc.archive.periods import Half, Page
from nxcc.errors import NxccError
from nxcc.stretches import CallFilters, Stretch

EDGE_S = 1  # asked before a stretch's beginning as well: whether the vendor counts the edges in is not documented
DEEPEST = 50  # pages into a stretch; then the rest of it is asked as a stretch of its own, from its first page
MOST_PAGES = 10_000  # of one stretch: a million calls
FRUITLESS = 3  # full pages one after the other that bring nothing new


class PageSize:
    """How many calls a full page of a gateway holds: no fewer than the most that any page of it has held so far.

    It may be fewer than are asked for; that a short page was the last one of its stretch says nothing of it.
    """

    def __init__(self) -> None:
        self._most = 0

    def is_full(self, calls: int) -> bool:
        """Whether a page of so many calls may be followed by another."""
        self._most = max(self._most, calls)
        return calls >= self._most


class Moments:
    """Moments (aware UTC) of which no two are the same. Thread-safe."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._last: datetime | None = None
        self._lock = threading.Lock()

    def next(self) -> datetime:
        """Now, or a little later."""
        with self._lock:
            at = self._now()
            if self._last and at <= self._last:
                at = self._last + timedelta(microseconds=1)
            self._last = at
            return at


class Reading:
    """A stretch as it is being read. Not thread-safe; after an error the same page can be asked again."""

    def __init__(
        self,
        client: Client,
        stretch: Stretch,
        filters: CallFilters,
        moments: Moments,
        *,
        size: PageSize,
        half: Half | None = None,
    ) -> None:
        self._client, self._filters, self._moments, self._size = client, filters, moments, size
        self._begin(stretch, half)
        self.ended = False

    def _begin(self, stretch: Stretch, half: Half | None = None) -> None:
        self.stretch = stretch
        self._began = half.began if half else self._moments.next()
        self._number = self._behind = half.page if half else 0
        self._seen: set[str] = set()
        self._fruitless = 0
        self._sorted = _Sorted()

    def next(self, stop: threading.Event, away: Callable[[bool], None] = lambda _: None) -> Page:
        """The next page. `ended` says whether there is another.

        Raises `ApiError` and `Cancelled` as the client does, and `NxccError` when the gateway's pages make no sense.
        """
        asked_at, number = self._moments.next(), self._number + 1
        reply = self._client.query_page(
            self.stretch.from_s - EDGE_S, self.stretch.to_s, number, self._filters, stop, away
        )
        rows = records.calls("", reply.records)
        last = self._is_last(len(reply.records), rows, number)
        self._number = number
        stretch, ended = self.stretch, last
        if not last and number - self._behind >= DEEPEST and (parts := self._sorted.parts(stretch)):
            (stretch, rest), ended = parts, True
            self._begin_after(rest)
        self.ended = last
        began = self._began_before if ended and not last else self._began
        return Page(stretch, self._filters, began, asked_at, number, ended, rows, reply.req_id, reply.attempts)

    def _begin_after(self, rest: Stretch) -> None:
        self._began_before = self._began
        self._begin(rest)

    def _is_last(self, calls: int, rows: list[dict[str, Any]], number: int) -> bool:
        ids = {row["call_id"] or row["raw"] for row in rows}
        new = ids - self._seen
        self._seen |= ids
        self._sorted.add(rows)
        if not calls or not self._size.is_full(calls):
            return True
        self._fruitless = 0 if new else self._fruitless + 1
        if self._fruitless >= FRUITLESS and calls < MOST_ON_A_PAGE:
            return True  # behind its last page, the gateway shows that page again
        self._check(rows, number)
        return False

    def _check(self, rows: list[dict[str, Any]], number: int) -> None:
        """Full pages must bring something new, of the time that was asked for."""
        if self._fruitless >= FRUITLESS:
            raise NxccError(
                f"The gateway brings the same page of calls again and again (page {number} of "
                f"{_in_words(self.stretch)}): it seems not to heed the page's number.",
                cure="What came is kept, and the period does not count as read. Ask for its orders one by one, and "
                "show this to the vendor.",
            )
        times = [row["started_at"] for row in rows if row["started_at"] is not None]
        first, last = (self.stretch.from_s - EDGE_S) * 1000, (self.stretch.to_s + EDGE_S) * 1000
        if times and not any(first <= at <= last for at in times):
            raise NxccError(
                f"The gateway answers with calls of other times than {_in_words(self.stretch)}.",
                cure="Nothing was taken from it for this period. Ask for its orders one by one, and show this to the "
                "vendor.",
            )
        if number >= MOST_PAGES:
            raise NxccError(
                f"The gateway has more than {MOST_PAGES:,} pages of calls for {_in_words(self.stretch)}.",
                cure="What came is kept. Read a shorter period, or with filters.",
            )


class _Sorted:
    """Whether calls come in the order of time, and up to when they have come."""

    def __init__(self) -> None:
        self._rising = self._falling = True
        self._first_ms: int | None = None
        self._last_ms: int | None = None

    def add(self, rows: list[dict[str, Any]]) -> None:
        """The calls of the next page."""
        for row in rows:
            at = row["started_at"]
            if at is None:
                self._rising = self._falling = False
                return
            if self._last_ms is not None:
                self._rising = self._rising and at >= self._last_ms
                self._falling = self._falling and at <= self._last_ms
            else:
                self._first_ms = at
            self._last_ms = at

    def parts(self, stretch: Stretch) -> tuple[Stretch, Stretch] | None:
        """The part of a stretch that has come, and the rest; None when the calls are in no order, or of one second."""
        if self._last_ms is None or self._rising == self._falling:
            return None
        at_s = self._last_ms // 1000 + (0 if self._rising else 1)  # more calls of that second may follow
        if not stretch.from_s < at_s < stretch.to_s:
            return None
        earlier, later = Stretch(stretch.from_s, at_s), Stretch(at_s, stretch.to_s)
        return (earlier, later) if self._rising else (later, earlier)


def _in_words(stretch: Stretch) -> str:
    return f"{stretch.began:%Y-%m-%d %H:%M:%S} to {stretch.ended:%Y-%m-%d %H:%M:%S} UTC"
