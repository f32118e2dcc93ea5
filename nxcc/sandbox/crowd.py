"""A large world: hundreds of thousands of calls in a few days, made in a moment, with little memory.

What is held of a call is when it began, its order and which of a few hundred patterns it follows; its record is made
when it is asked for, and always the same.
"""

from __future__ import annotations

import random
import zlib
from array import array
from bisect import bisect_left, bisect_right
from datetime import date, datetime, timedelta

import orjson

from nxcc.errors import SandboxError
from nxcc.sandbox import cast
from nxcc.sandbox.by_time import At
from nxcc.sandbox.calls import ZONE, calls_of, midnight_ms
from nxcc.sandbox.cast import INBOUND
from nxcc.sandbox.examples import Example
from nxcc.sandbox.wire import Record, plain_record
from nxcc.sandbox.world import found_record

PATTERNS = 400
LATER_MS = 3 * 3_600_000  # at most so long after one try comes the next
_HOURS = {8: 2, 9: 9, 10: 13, 11: 12, 12: 4, 13: 6, 14: 12, 15: 13, 16: 12, 17: 9, 18: 5, 19: 2, 20: 1}
_TRIES = {1: 30, 2: 30, 3: 20, 4: 12, 5: 8}
_FILTERED = ("direction", "answered", "agentName", "caller", "callee")
_TIMES = ("startTime", "inQueueTime", "outQueueTime", "ringTime", "answerTime", "endTime")


class Crowd:
    """So many calls in the `days` before `today` (midnight in Asia/Shanghai), most of them in office hours.

    `blank` is the share of records that leave their order id blank, `without_calls` that of the orders that nobody
    ever called. The same arguments make the same world.
    """

    examples: tuple[Example, ...] = ()

    def __init__(
        self,
        calls: int = 200_000,
        *,
        days: int = 7,
        blank: float = 0.0,
        without_calls: float = 0.0,
        seed: int = 7,
        today: date | None = None,
    ) -> None:
        if not 1 <= calls < 10**8 or not 1 <= days <= 366:
            raise SandboxError("A crowd has 1 to 99,999,999 calls in 1 to 366 days.")
        if not 0 <= blank <= 1 or not 0 <= without_calls < 1:
            raise SandboxError("A share of the crowd is from 0 to 1; not all orders can be without calls.")
        self.seed = seed
        self.today = today or datetime.now(ZONE).date()
        self.first_day, self.last_day = self.today - timedelta(days=days), self.today - timedelta(days=1)
        self.base_url = "http://127.0.0.1:8765"  # where its recordings are served
        self._tail = f"{zlib.crc32(f'{seed}/{calls}/{days}'.encode()):08x}"
        rng = random.Random(f"{seed}/crowd/{calls}/{days}/{without_calls}")
        self._patterns = _patterns(self.last_day, rng)
        self._fields = [{key: pattern[key] for key in _FILTERED} for pattern in self._patterns]
        self._make(calls, days, without_calls, rng)
        self._blank = bytes(rng.random() < blank for _ in range(calls))

    def _make(self, there: int, days: int, without_calls: float, rng: random.Random) -> None:
        """Orders, each with its tries; then the calls in the order of time, which is that of their ids."""
        begin_ms = midnight_ms(self.first_day)
        end_ms = midnight_ms(self.today)
        tries = rng.choices(list(_TRIES), list(_TRIES.values()), k=there)
        hours = rng.choices(list(_HOURS), list(_HOURS.values()), k=there)
        pattern = array("H", rng.choices(range(PATTERNS), k=there))
        starts, order, ends = array("q"), array("i"), array("i")  # `ends`: how many calls there are with each order
        while len(starts) < there:
            n = len(ends)
            if rng.random() >= without_calls:
                hour = 24 * rng.randrange(days) + hours[len(starts)]
                at_ms = begin_ms + 3_600_000 * hour + int(3_600_000 * rng.random())
                for _ in range(min(tries[len(starts)], there - len(starts))):
                    template_ms: int = self._patterns[pattern[len(starts)]]["startTime"]
                    # Some times of a record are whole seconds: they stay so when it is moved by whole seconds.
                    starts.append(at_ms // 1000 * 1000 + template_ms % 1000)
                    order.append(n)
                    at_ms += 60_000 + int(LATER_MS * rng.random())
                    at_ms = begin_ms + at_ms - end_ms if at_ms >= end_ms else at_ms
            ends.append(len(starts))
        by_time = sorted(range(there), key=starts.__getitem__)
        self._ends = ends
        self._place = array("i", bytes(4 * there))  # of the calls of each order, in the order of time
        for place, n in enumerate(by_time):
            self._place[n] = place
        self._starts = array("q", (starts[n] for n in by_time))
        self._order = array("i", (order[n] for n in by_time))
        self._pattern = array("H", (pattern[n] for n in by_time))

    def orders(self) -> list[str]:
        """All order ids. Some may have no calls."""
        return [_order_id(n) for n in range(len(self._ends))]

    def records(self, order_id: str) -> list[Record]:
        """The calls of one order, newest first; [] for an unknown one or one never called."""
        digits = order_id[1:]
        n = int(digits) if digits.isascii() and digits.isdecimal() else -1
        if not 0 <= n < len(self._ends) or _order_id(n) != order_id:
            return []
        first = self._ends[n - 1] if n else 0
        return [self._record(place) for place in sorted(self._place[first : self._ends[n]], reverse=True)]

    def data(self, order_id: str) -> bytes:
        """`records` as JSON."""
        return orjson.dumps(self.records(order_id))

    def found_record(self, order_id: str) -> Record:
        """One plain answered call for an id that is not an order of this world, on the last day."""
        return found_record(self.seed, self.last_day, self.base_url, order_id)

    def calls_by_time(self, from_s: int, to_s: int) -> list[str]:
        """The ids of the calls that began from one epoch second up to, not including, another; oldest first."""
        return [call_id for _, call_id in self.between(1000 * from_s, 1000 * to_s - 1)]

    def between(self, from_ms: int, to_ms: int) -> list[At]:
        """The calls that began from one epoch ms to another, both included, oldest first."""
        places = range(bisect_left(self._starts, from_ms), bisect_right(self._starts, to_ms))
        return [(self._starts[place], self._call_id(place)) for place in places]

    def fields_of(self, call_id: str) -> Record:
        """What a call can be filtered by."""
        place = int(call_id[:8])
        fields = self._fields[self._pattern[place]].copy()
        fields[_customer(fields)] = _number(self._order[place])
        return fields

    def bytes_of(self, call_id: str) -> bytes:
        """The record of a call that was in `between`, as JSON."""
        return orjson.dumps(self._record(int(call_id[:8])))

    def order_of(self, call_id: str) -> str:
        """The order that it belongs to."""
        return _order_id(self._order[int(call_id[:8])])

    def _call_id(self, place: int) -> str:
        return f"{place:08d}c{self._tail}"

    def _record(self, place: int) -> Record:
        record = self._patterns[self._pattern[place]].copy()
        by_ms = self._starts[place] - record["startTime"]
        for key in _TIMES:
            if record[key]:
                record[key] += by_ms
        n = self._order[place]
        record["callId"] = self._call_id(place)
        record["orderId"] = "" if self._blank[place] else _order_id(n)
        record[_customer(record)] = _number(n)
        if record["recordUrl"]:
            record["recordUrl"] = f"{self.base_url}/recordings/{record['callId']}.wav"
        if record["leaveMsgUrl"]:
            record["leaveMsgUrl"] = f"{self.base_url}/recordings/{record['callId']}-message.wav"
        return record


def _patterns(day: date, rng: random.Random) -> list[Record]:
    """Calls of all kinds, to be told again with other times and numbers."""
    found: list[Record] = []
    while len(found) < PATTERNS:
        campaign = rng.choices(cast.CAMPAIGNS, [campaign.weight for campaign in cast.CAMPAIGNS])[0]
        found += [plain_record(call, "", "", "", rng) for call in calls_of(campaign, day, rng)]
    return found[:PATTERNS]


def _customer(call: Record) -> str:
    return "caller" if call["direction"] == INBOUND else "callee"


def _number(order: int) -> str:
    return f"447700900{order % 1000:03d}"


def _order_id(n: int) -> str:
    return f"C{n:07d}"
