"""The sandbox's world: orders and their calls, the same ones for the same seed, whenever it is asked."""

from __future__ import annotations

import hashlib
import random
import threading
from datetime import date, timedelta
from functools import cached_property

import orjson

from nxcc.sandbox import calls, cast, examples, ids
from nxcc.sandbox.by_time import At, Kept
from nxcc.sandbox.cast import Campaign
from nxcc.sandbox.examples import Example
from nxcc.sandbox.wire import Record, plain_record, to_wire

DAYS = 60
_ORDERS_PER_DAY = 118
_WEEKDAY = (1.12, 1.06, 1.0, 1.0, 0.94, 0.3, 0.17)  # Monday first


class World:
    """All orders of the 60 days before `today`, whose days begin at midnight in Asia/Shanghai.

    An order belongs to a fixed day and its calls never change: the window slides, the orders do not. Orders whose last
    call would lie after yesterday are not there yet; older ones than the window are still answered, but not listed.
    """

    def __init__(self, seed: int, today: date, *, base_url: str = "http://127.0.0.1:8765") -> None:
        self.seed = seed
        self.today = today
        self.last_day = today - timedelta(days=1)
        self.first_day = today - timedelta(days=DAYS)
        self.base_url = base_url  # where its recordings are served
        self._per_day: dict[date, int] = {}
        self._data: dict[str, bytes] = {}
        self._kept = Kept()
        self._days: set[date] = set()  # whose orders' calls are kept
        self._keeping = threading.Lock()

    def orders(self) -> list[str]:
        """All order ids of the window, oldest day first. Some have no calls."""
        return list(self._orders)

    def records(self, order_id: str) -> list[Record]:
        """The calls of one order in the vendor's wire form, newest first; [] for an unknown one or one never called."""
        place = self._place(order_id)
        return [record for _, record in self._told(order_id, *place)][::-1] if place else []

    def data(self, order_id: str) -> bytes:
        """`records` as JSON, cached: what stands under "data" in the answer."""
        cached = self._data.get(order_id)
        if cached is None:
            cached = orjson.dumps(self.records(order_id))
            if cached != b"[]":  # unknown ids are without number, so they are not kept
                self._data[order_id] = cached
        return cached

    def found_record(self, order_id: str) -> Record:
        """One plain answered call for an id that is not an order of this world, on the window's last day."""
        return found_record(self.seed, self.last_day, self.base_url, order_id)

    def between(self, from_ms: int, to_ms: int) -> list[At]:
        """The calls of the listed orders that began from one epoch ms to another, both included, oldest first."""
        first = max(self.first_day, calls.day_of(from_ms) - timedelta(days=calls.CARRY_DAYS))
        last = min(self.last_day, calls.day_of(to_ms))
        with self._keeping:
            self._keep({first + timedelta(days=n) for n in range((last - first).days + 1)} - self._days)
            return self._kept.between(from_ms, to_ms)

    def fields_of(self, call_id: str) -> Record:
        """The record of a call that was in `between`."""
        return self._kept.fields_of(call_id)

    def bytes_of(self, call_id: str) -> bytes:
        """The same as JSON."""
        return self._kept.bytes_of(call_id)

    def order_of(self, call_id: str) -> str:
        """The order that it belongs to."""
        return self._kept.order_of(call_id)

    @cached_property
    def examples(self) -> tuple[Example, ...]:
        """Orders worth a look, chosen from the window by what happened to them."""
        return examples.choose(self)

    @cached_property
    def _orders(self) -> list[str]:
        days = (self.first_day + timedelta(days=i) for i in range(DAYS))
        return [order_id for day in days for order_id, _ in self._orders_of(day)]

    def _orders_of(self, day: date) -> list[tuple[str, int]]:
        """The order ids of a day, each with its number."""
        numbers = (n for n in range(self._count(day)) if self._is_over(day, n))
        return [(ids.order_id(self._campaign(day, n)[0].style, day, n), n) for n in numbers]

    def _keep(self, days: set[date]) -> None:
        for day in days:
            for order_id, n in self._orders_of(day):
                for start_ms, record in self._told(order_id, day, n):
                    self._kept.add(start_ms, order_id, record)
        self._kept.in_order()
        self._days |= days

    def _count(self, day: date) -> int:
        """How many orders a day has: the week's rhythm, a little weather, and a slow swing over the months."""
        if day not in self._per_day:
            weather = random.Random(f"{self.seed}/day/{day.toordinal()}").uniform(0.86, 1.14)
            swing = 1 + 0.08 * ((day.toordinal() % 91) / 45.5 - 1)
            self._per_day[day] = round(_ORDERS_PER_DAY * _WEEKDAY[day.weekday()] * weather * swing)
        return self._per_day[day]

    def _place(self, order_id: str) -> tuple[date, int] | None:
        """The day and number of an order that exists and whose calls are over, else None."""
        place = ids.locate(order_id)
        if place is None or place[0] > self.last_day or place[1] >= self._count(place[0]):
            return None
        if ids.order_id(self._campaign(*place)[0].style, *place) != order_id:
            return None
        return place if self._is_over(*place) else None

    def _campaign(self, day: date, n: int) -> tuple[Campaign, random.Random]:
        """The campaign of an order, and the generator for all the rest of it."""
        rng = random.Random(f"{self.seed}/{day.toordinal()}/{n}")
        campaign = rng.choices(cast.CAMPAIGNS, [campaign.weight for campaign in cast.CAMPAIGNS])[0]
        return (cast.OLD_CRM if ids.is_old(day, n) else campaign), rng

    def _is_over(self, day: date, n: int) -> bool:
        """Whether no call of the order lies after the last day; only the newest orders can reach beyond it."""
        if day + timedelta(days=calls.CARRY_DAYS) <= self.last_day:
            return True
        campaign, rng = self._campaign(day, n)
        midnight_ms = calls.midnight_ms(self.last_day + timedelta(days=1))
        return all(call.end_ms < midnight_ms for call in calls.calls_of(campaign, day, rng))

    def _told(self, order_id: str, day: date, n: int) -> list[tuple[int, Record]]:
        """When the calls of an order really began, epoch ms, and their records; oldest first."""
        campaign, rng = self._campaign(day, n)
        return [
            (call.start_ms, to_wire(call, call_id(self.seed, order_id, i), order_id, self.base_url, rng))
            for i, call in enumerate(calls.calls_of(campaign, day, rng))
        ]


def found_record(seed: int, day: date, base_url: str, order_id: str) -> Record:
    """One plain answered call of `day` for an id that is not an order of a world."""
    rng = random.Random(f"{seed}/found/{order_id}")
    call = calls.found_call(day, rng)
    record = plain_record(call, call_id(seed, order_id, 0), order_id, base_url, rng)
    return {**record, "orderId": order_id}


def call_id(seed: int, order_id: str, attempt: int) -> str:
    """The id of an order's first call (0), or a later one."""
    return hashlib.sha256(f"{seed}/{order_id}/{attempt}".encode()).hexdigest()[:25]
