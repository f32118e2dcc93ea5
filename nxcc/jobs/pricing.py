"""What a list costs when its orders are asked one by one, and when their calls are read by time."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from nxcc.api.client import Client
from nxcc.archive import Archive, by_period, periods
from nxcc.archive.by_period import Counted
from nxcc.importing.counting import NOTHING, Glance, glance
from nxcc.importing.importer import stretches_of
from nxcc.stretches import CallFilters, Stretch, joined, without

SAFE_BLANK_SHARE = 0.2  # where more calls than this do not say their order, asking one by one is the safe way
MOST_GLANCES = 8  # parts of a period that are looked at one by one
_FULL = 100
FEW_ANSWERS = 500  # that say little about how many orders are never called
NEVER_CALLED = 1 / 500  # of the orders of a file, where nothing is known: some are, or are mistyped


@dataclass(frozen=True, slots=True)
class PeriodPrice:
    """Requests for a list of `pending` ids when its calls are read by time.

    `pages` that are to be read, of which those that are there already are no part; `singles`: orders that will not be
    among the calls, and are asked one by one; `exact` when all of the period has been read. `calls` of the period, and
    the share of them that do not say their order. `spent` requests were made to find out.
    """

    pending: int
    pages: int
    singles: int
    exact: bool
    calls: int
    blank_share: float
    spent: int

    @property
    def requests(self) -> int:
        """All that are still to be made."""
        return self.pages + self.singles

    @property
    def is_cheaper(self) -> bool:
        """Than asking one by one."""
        return self.requests < self.pending

    @property
    def many_blank(self) -> bool:
        """So many calls do not say their order that single requests are the safe way."""
        return self.blank_share > SAFE_BLANK_SHARE


def price(
    client: Client,
    archive: Archive,
    pending: Sequence[str],
    stretch: Stretch,
    *,
    after: datetime,
    stop: threading.Event,
) -> PeriodPrice:
    """Looks at some pages of what has not been read since a moment. Raises `ApiError`, `ArchiveError`, `Cancelled`."""
    read = [each.stretch for each in periods.read_whole(archive, None, after)]
    left = without(stretch, read)
    parts_read = joined(part for one in read if (part := one.shared(stretch)))
    there = by_period.counted(archive, parts_read)
    seen = by_period.seen(archive, pending, parts_read)
    if not left:
        blank = there.blank / there.calls if there.calls else 0.0
        return PeriodPrice(len(pending), 0, len(pending) - seen, True, there.calls, blank, 0)
    found = NOTHING
    if len(left) <= MOST_GLANCES:
        for part in left:
            found += glance(client, part, CallFilters(), stop)
    else:  # all of it at once, without what has been read of it
        whole = Stretch(left[0].from_s, left[-1].to_s)
        found = glance(client, whole, CallFilters(), stop)
        known = by_period.counted(archive, [part for one in parts_read if (part := one.shared(whole))])
        found = replace(found, calls=max(0, found.calls - known.calls))
    parts = [one for part in stretches_of(stretch) for one in without(part, read)]
    pages = max(len(parts), round(found.calls / _FULL + len(parts) / 2)) if found.calls else len(parts)
    singles = _singles(pending, len(pending) - seen, found, _never_called(archive))
    return PeriodPrice(
        len(pending), pages, singles, False, there.calls + found.calls, _blank_share(found, there), found.requests
    )


def _never_called(archive: Archive) -> float:
    never, answers = by_period.never_called(archive)
    return never / answers if answers >= FEW_ANSWERS else NEVER_CALLED


def _singles(pending: Sequence[str], unseen: int, found: Glance, never: float) -> int:
    """How many of the orders that have not been `unseen` yet will not be among the calls.

    An order is missed when it was `never` called, or none of its calls says whose it is. How many calls the list's
    orders have follows from how many of the calls that were looked at are theirs. How those are spread over the orders
    is not known: between evenly by chance (Poisson) and as if each call might be the last (geometric).
    """
    if not unseen or not found.orders:
        return unseen
    listed, blank = set(pending), found.blank_share
    calls = found.calls * sum(order in listed for order in found.orders) / len(found.orders)
    each = max(1.0, calls / (unseen * (1 - never) or 1))
    by_chance = blank * math.exp((each - 1) * (blank - 1))
    any_the_last = blank / each / (1 - blank * (1 - 1 / each))
    missed = never + (1 - never) * (by_chance + any_the_last) / 2
    return unseen - round(min(unseen * (1 - missed), calls * (1 - blank)))


def _blank_share(found: Glance, there: Counted) -> float:
    calls = found.looked_at + there.calls
    return (found.blank + there.blank) / calls if calls else 0.0
