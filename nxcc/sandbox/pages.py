"""Pages of calls by time, out of a world and what was added to it; and the ways of servers that give bad ones."""

from __future__ import annotations

import itertools
import random
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import orjson

from nxcc.errors import SandboxError
from nxcc.sandbox.by_time import At, Calls, Kept
from nxcc.sandbox.page_checks import PageAsked
from nxcc.sandbox.wire import Record

Manner = Literal["", "repeat", "cap50", "ascending", "unsorted", "endless"]
MANNERS: dict[str, str] = {
    "repeat": "each page is page 1",
    "cap50": "at most 50 calls a page, whatever size says",
    "ascending": "oldest first",
    "unsorted": "in no order of time, but always in the same one",
    "endless": "no page is ever short: invented calls follow the last one",
}
_KEPT_ANSWERS = 32  # what was found for so many periods is kept, so that the next page costs nothing
_TIMES = ("startTime", "ringTime", "answerTime", "endTime")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A call that was added while the server ran; from `at` (time.monotonic) on, each page that holds it shows it."""

    call_id: str
    order_id: str
    start_ms: int
    at: float


class Pages:
    """Finds calls by time, newest first, or in another `manner`. Thread-safe."""

    def __init__(self, world: Calls, seed: int, manner: Manner = "") -> None:
        if manner and manner not in MANNERS:
            raise SandboxError(
                f"The sandbox cannot give pages in the manner {manner!r}.", cure=f"It can: {', '.join(MANNERS)}."
            )
        self._world, self._manner = world, manner
        self._rng = random.Random(f"{seed}/added")
        self._added = Kept()
        self._added_orders: dict[str, bytes] = {}
        self._found: OrderedDict[object, list[At]] = OrderedDict()
        self._lock = threading.Lock()

    def data(self, order_id: str) -> bytes:
        """The calls of one order as JSON: what stands under "data" in the answer."""
        return self._added_orders.get(order_id) or self._world.data(order_id)

    def page(self, asked: PageAsked) -> bytes:
        """One page as JSON; `[]` behind the last one."""
        size = min(asked.size, 50) if self._manner == "cap50" else asked.size
        first = 0 if self._manner == "repeat" else (asked.page - 1) * size
        with self._lock:
            calls = self._matching(asked)[first : first + size]
            told = [self._source(call_id).bytes_of(call_id) for _, call_id in calls]
        if self._manner == "endless":
            told += [self._invented(asked, first + n) for n in range(len(told), size)]
        return b"[%b]" % b",".join(told)

    def calls_by_time(self, from_s: int, to_s: int) -> list[str]:
        """The ids of the calls that are there and began from one epoch second up to, not including, another."""
        with self._lock:
            both = [source.between(1000 * from_s, 1000 * to_s - 1) for source in (self._world, self._added)]
        return [call_id for _, call_id in sorted(itertools.chain(*both))]

    def add(self, n: int, from_s: int, to_s: int) -> list[Arrived]:
        """New calls, each of an order of its own, that began in this time; they are there when this returns."""
        with self._lock:
            came = [self._new(from_s, to_s) for _ in range(n)]
            self._added.in_order()
            at = time.monotonic()
        return [Arrived(record["callId"], record["orderId"], start_ms, at) for start_ms, record in came]

    def _new(self, from_s: int, to_s: int) -> tuple[int, Record]:
        start_ms = self._rng.randrange(1000 * from_s, 1000 * to_s)
        order_id = f"NEW-{len(self._added) + 1:07d}"
        record = _moved(self._world.found_record(order_id), start_ms)
        self._added.add(start_ms, order_id, record)
        self._added_orders[order_id] = orjson.dumps([record])
        return start_ms, record

    def _invented(self, asked: PageAsked, n: int) -> bytes:
        return orjson.dumps(_moved(self._world.found_record(f"ENDLESS-{asked.from_s}-{n}"), 1000 * asked.from_s))

    def _matching(self, asked: PageAsked) -> list[At]:
        """All pages after each other."""
        whole = replace(asked, page=1, size=1)
        there = self._kept(whole, lambda: _fitting(self._world, whole))
        added = _fitting(self._added, whole)
        return self._kept((whole, len(added)), lambda: self._in_order(there + added))

    def _in_order(self, calls: list[At]) -> list[At]:
        if self._manner == "unsorted":
            return sorted(calls, key=lambda at: zlib.crc32(at[1].encode()))
        return sorted(calls, reverse=self._manner != "ascending")

    def _kept(self, key: object, find: Callable[[], list[At]]) -> list[At]:
        found = self._found.pop(key, None)
        self._found[key] = find() if found is None else found
        while len(self._found) > _KEPT_ANSWERS:
            self._found.popitem(last=False)
        return self._found[key]

    def _source(self, call_id: str) -> Calls | Kept:
        return self._added if call_id in self._added else self._world


def _fitting(source: Calls | Kept, asked: PageAsked) -> list[At]:
    """All calls of a source that are asked for, oldest first."""
    found = source.between(1000 * asked.from_s, 1000 * asked.to_s + 999)
    if asked.call_id:
        found = [at for at in found if at[1] == asked.call_id]
    if asked.order_id:
        found = [at for at in found if source.order_of(at[1]) == asked.order_id]
    if asked.by_record:
        found = [at for at in found if asked.fits(source.fields_of(at[1]))]
    return found


def _moved(record: Record, start_ms: int) -> Record:
    """A plain answered call, at another time."""
    by_ms = start_ms - record["startTime"]
    return {**record, **{key: record[key] + by_ms for key in _TIMES}}
