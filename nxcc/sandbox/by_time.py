"""Calls that are found by when they began."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from typing import Protocol

import orjson

from nxcc.sandbox.examples import Example
from nxcc.sandbox.wire import Record

At = tuple[int, str]  # when a call began, epoch ms, and its id; sorted, they are in the order of time


class Calls(Protocol):
    """What the sandbox needs of a world."""

    base_url: str

    @property
    def first_day(self) -> date: ...

    @property
    def last_day(self) -> date: ...

    @property
    def examples(self) -> tuple[Example, ...]: ...

    def orders(self) -> list[str]: ...

    def records(self, order_id: str) -> list[Record]: ...

    def data(self, order_id: str) -> bytes: ...

    def found_record(self, order_id: str) -> Record: ...

    def between(self, from_ms: int, to_ms: int) -> list[At]:
        """The calls that began from one moment to another, both included, oldest first."""

    def fields_of(self, call_id: str) -> Record:
        """What one of them can be filtered by, and perhaps more, as its record has it."""

    def bytes_of(self, call_id: str) -> bytes:
        """Its record as JSON: as it stands in the answer for its order."""

    def order_of(self, call_id: str) -> str:
        """Its order, which its record may leave blank."""


class Kept:
    """Calls that are held as they are sent. For one thread at a time."""

    def __init__(self) -> None:
        self._at: list[At] = []
        self._calls: dict[str, tuple[str, bytes]] = {}

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, call_id: str) -> bool:
        return call_id in self._calls

    def add(self, start_ms: int, order_id: str, record: Record) -> None:
        """One more; `in_order` is to be called after the last of several."""
        call_id: str = record["callId"]
        self._at.append((start_ms, call_id))
        self._calls[call_id] = (order_id, orjson.dumps(record))

    def in_order(self) -> None:
        """Puts those that were added in their places."""
        self._at.sort()

    def between(self, from_ms: int, to_ms: int) -> list[At]:
        """As in `Calls`."""
        return self._at[bisect_left(self._at, (from_ms,)) : bisect_left(self._at, (to_ms + 1,))]

    def fields_of(self, call_id: str) -> Record:
        """As in `Calls`."""
        record: Record = orjson.loads(self.bytes_of(call_id))
        return record

    def bytes_of(self, call_id: str) -> bytes:
        """As in `Calls`."""
        return self._calls[call_id][1]

    def order_of(self, call_id: str) -> str:
        """As in `Calls`."""
        return self._calls[call_id][0]
