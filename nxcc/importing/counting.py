"""How many pages of calls a period has: the vendor tells no total, so a few pages are looked at."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from nxcc import records
from nxcc.api.client import Client
from nxcc.api.protocol import MOST_ON_A_PAGE
from nxcc.errors import NxccError
from nxcc.importing.reading import EDGE_S, MOST_PAGES
from nxcc.stretches import CallFilters, Stretch


@dataclass(frozen=True, slots=True)
class Glance:
    """What some pages of a stretch say of all of it.

    `calls` is a number within a hundred; `requests` were made to find out, with what they were asked again for.
    `looked_at` of the calls were seen, of which `blank` do not say their order; the others are of these `orders`, one
    for each call.
    """

    calls: int
    requests: int
    looked_at: int
    blank: int
    orders: tuple[str, ...] = ()

    def __add__(self, other: Glance) -> Glance:
        return Glance(
            self.calls + other.calls,
            self.requests + other.requests,
            self.looked_at + other.looked_at,
            self.blank + other.blank,
            self.orders + other.orders,
        )

    @property
    def blank_share(self) -> float:
        """Of the calls, as far as was seen."""
        return self.blank / self.looked_at if self.looked_at else 0.0


NOTHING = Glance(0, 0, 0, 0)


def glance(client: Client, stretch: Stretch, filters: CallFilters, stop: threading.Event) -> Glance:
    """Finds the last page by doubling and halving: 2 requests for a page or two, 14 for a hundred.

    Raises `ApiError` as the client does, `Cancelled`, and `NxccError` for more pages than can be read.
    """
    return _Glancing(client, stretch, filters, stop).find()


class _Glancing:
    def __init__(self, client: Client, stretch: Stretch, filters: CallFilters, stop: threading.Event) -> None:
        self._client, self._stretch, self._filters, self._stop = client, stretch, filters, stop
        self._requests = self._looked_at = self._blank = 0
        self._orders: list[str] = []
        self._full = MOST_ON_A_PAGE

    def find(self) -> Glance:
        first = self._calls_on(1)
        last, calls = 1, first
        if first:
            last, calls = self._last(first)
        return Glance(
            (last - 1) * self._full + calls, self._requests, self._looked_at, self._blank, tuple(self._orders)
        )

    def _last(self, first: int) -> tuple[int, int]:
        """The number of the last page that has calls, and how many."""
        filled, calls, empty = 1, first, 2
        while (found := self._calls_on(empty)) > 0:
            if filled == 1 and first < self._full:
                self._full = first  # a short page with another behind it: the gateway's pages are smaller
            filled, calls, empty = empty, found, empty * 2
            if calls < self._full:
                return filled, calls
            if filled > MOST_PAGES:
                raise NxccError(
                    f"The gateway has more than {MOST_PAGES:,} pages of calls for this period.",
                    cure="Choose a shorter one, or ask for the orders one by one.",
                )
        while empty - filled > 1:
            middle = (filled + empty) // 2
            found = self._calls_on(middle)
            if not found:
                empty = middle
                continue
            filled, calls = middle, found
            if calls < self._full:
                break
        return filled, calls

    def _calls_on(self, page: int) -> int:
        stretch = self._stretch
        reply = self._client.query_page(stretch.from_s - EDGE_S, stretch.to_s, page, self._filters, self._stop)
        rows = records.calls("", reply.records)
        self._requests += reply.attempts
        self._looked_at += len(rows)
        said = [row["said_order_id"] for row in rows if row["said_order_id"] is not None]
        self._blank += len(rows) - len(said)
        self._orders += said
        return len(reply.records)
