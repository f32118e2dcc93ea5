"""The sandbox's world: orders and their calls, the same ones for the same seed, whenever it is asked."""

from __future__ import annotations

import hashlib
import random
from datetime import date, timedelta
from functools import cached_property

import orjson

from nxcc.sandbox import calls, cast, examples, ids
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

    def orders(self) -> list[str]:
        """All order ids of the window, oldest day first. Some have no calls."""
        return list(self._orders)

    def records(self, order_id: str) -> list[Record]:
        """The calls of one order in the vendor's wire form, newest first; [] for an unknown one or one never called."""
        place = self._place(order_id)
        return self._generate(order_id, *place) if place else []

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
        rng = random.Random(f"{self.seed}/found/{order_id}")
        call = calls.found_call(self.last_day, rng)
        record = plain_record(call, self._call_id(order_id, 0), order_id, self.base_url, rng)
        return {**record, "orderId": order_id}

    @cached_property
    def examples(self) -> tuple[Example, ...]:
        """Orders worth a look, chosen from the window by what happened to them."""
        return examples.choose(self)

    @cached_property
    def _orders(self) -> list[str]:
        days = [self.first_day + timedelta(days=i) for i in range(DAYS)]
        named = ((day, n, self._campaign(day, n)[0].style) for day in days for n in range(self._count(day)))
        listed = [(day, n, ids.order_id(style, day, n)) for day, n, style in named]
        return [order_id for day, n, order_id in listed if self._is_over(day, n)]

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

    def _generate(self, order_id: str, day: date, n: int) -> list[Record]:
        campaign, rng = self._campaign(day, n)
        happened = calls.calls_of(campaign, day, rng)
        told = [
            to_wire(call, self._call_id(order_id, i), order_id, self.base_url, rng) for i, call in enumerate(happened)
        ]
        return told[::-1]

    def _call_id(self, order_id: str, attempt: int) -> str:
        return hashlib.sha256(f"{self.seed}/{order_id}/{attempt}".encode()).hexdigest()[:25]
