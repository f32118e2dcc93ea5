"""A gateway in this process: a client's face over a world of calls that changes while it is read."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Literal

from nxcc.api.client import Reply
from nxcc.stretches import CallFilters

Order = Literal["falling", "rising", "unsorted"]
Edges = Literal["whole seconds", "to the moment", "left out"]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class WorldCall:
    """A call that began at `at_ms`; without a name the gateway tells no id of it. Its cost changes at moments."""

    n: int
    at_ms: int
    named: bool = True
    there_from: datetime = LONG_AGO
    costs: list[tuple[datetime, int]] = field(default_factory=lambda: [(LONG_AGO, 0)])

    @property
    def record(self) -> dict[str, Any]:
        said = {"callId": f"c{self.n}"} if self.named else {"other": f"nameless {self.n}"}
        return said | {"startTime": self.at_ms, "orderId": f"o{self.n}", "totalCustomerPrice": self.costs[-1][1]}

    def cost_at(self, moment: datetime) -> int:
        """What it cost then."""
        return [cost for at, cost in self.costs if at <= moment][-1]


class Gateway:
    """Pages of at most `cap` calls. Before it answers request n, it does what `happens[n]` says."""

    concurrency = 4
    pace = SimpleNamespace(per_second=0.0)

    def __init__(self, calls: list[WorldCall], *, cap: int, order: Order = "falling", edges: Edges = "to the moment"):
        self.calls, self.cap, self.order, self.edges = calls, cap, order, edges
        self.happens: dict[int, list[Callable[[], None]]] = {}
        self.asked: list[tuple[int, int, int]] = []
        self._lock = threading.Lock()

    @property
    def requests(self) -> int:
        """How many pages were asked for."""
        return len(self.asked)

    def query_page(
        self, from_s: int, to_s: int, page: int, _: CallFilters, stop: threading.Event, away: object = None
    ) -> Reply:
        """As the client's."""
        assert not stop.is_set() or away is None
        with self._lock:
            self.asked.append((from_s, to_s, page))
            for what in self.happens.get(self.requests, []):
                what()
            found = [call for call in self.calls if self._within(call.at_ms, from_s, to_s)]
            found.sort(key=self._place)
            part = found[(page - 1) * self.cap : page * self.cap]
            return Reply([call.record for call in part], "r", 1)

    def add(self, call: WorldCall) -> None:
        """One more call is there from now on; for `happens`."""
        call.there_from = datetime.now(UTC)
        self.calls.append(call)

    def change(self, call: WorldCall) -> None:
        """It costs more from now on; for `happens`."""
        call.costs.append((datetime.now(UTC), call.costs[-1][1] + 1))

    def _within(self, at_ms: int, from_s: int, to_s: int) -> bool:
        first, last = 1000 * from_s, 1000 * to_s
        if self.edges == "left out":
            return first < at_ms < last
        return first <= at_ms <= last + (999 if self.edges == "whole seconds" else 0)

    def _place(self, call: WorldCall) -> tuple[int, int]:
        if self.order == "unsorted":
            return zlib.crc32(str(call.n).encode()), call.n
        sign = -1 if self.order == "falling" else 1
        return sign * call.at_ms, sign * call.n
