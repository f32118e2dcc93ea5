"""A job's lookups, spread over the team's workers: what `Lookup` is to a job that one process runs."""

from __future__ import annotations

import contextlib
import math
import secrets
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from nxcc.api.client import Client
from nxcc.archive import Archive, Window
from nxcc.errors import AwayError, NxccError
from nxcc.lookup import Hits, Lookup
from nxcc.outcome import Outcome
from nxcc.team.slices import Slice, Slices
from nxcc.traces import LeftOut

FEW = 20  # ids that are not worth handing out
A_WORKER = 3  # slices of a job for each worker: two under way, one next
TARGET_S = 4.0  # how long a slice should take: then jobs share the workers fairly, and little is lost with a worker
SMALLEST, LARGEST = 10, 300
LOOK_EVERY_S = 0.2
AGAIN_AFTER_S = 0.5
QUIET_S = 30.0  # when no slice has ended for so long, it is looked whether there are any
END_WITHIN_S = 3.0  # for slices to end that are not wanted any more


T = TypeVar("T")


class Spread:
    """Asks for a job's ids through the team's workers. For the one process that leads the job."""

    def __init__(self, lookup: Lookup, slices: Slices, member: str, job_id: str, workers: Callable[[], int]) -> None:
        self._lookup, self._slices, self._member, self._job_id = lookup, slices, member, job_id
        self._workers = workers
        self.archive: Archive = lookup.archive
        self.client: Client = lookup.client
        self.hits: Hits = lookup.hits

    def run(
        self,
        order_ids: Sequence[str],
        *,
        window: Window | None = None,
        ask_again: bool = False,
        stop: threading.Event,
        left_out: LeftOut,
    ) -> Generator[list[Outcome], None, None]:
        """As `Lookup.run`; a batch has the outcomes of the slices that ended meanwhile.

        A few ids are asked by this process itself. While the database does not answer it waits: what workers bring is
        kept by them until it does.
        """
        if window is None or len(order_ids) < FEW:
            yield from self._lookup.run(order_ids, window=window, ask_again=ask_again, stop=stop, left_out=left_out)
            return
        run = secrets.token_hex(8)
        if not self._patiently(lambda: self._slices.begin(self._job_id, self._member, run), stop, False):
            return  # it was stopped, or another process leads the job by now
        todo = iter([order_id for order_id in order_ids if not left_out.is_order(order_id)])
        try:
            yield from self._fly(run, todo, window, stop)
        finally:
            with contextlib.suppress(AwayError):  # a new run, or the end of this process, ends it as well
                self._slices.end(self._job_id, run)

    def _fly(self, run: str, todo: Iterator[str], window: Window, stop: threading.Event) -> Iterator[list[Outcome]]:
        flight = _Flight(self._first_size())
        more, heard_at = True, time.monotonic()
        give_up_at = math.inf
        while (more or flight.under_way) and time.monotonic() < give_up_at:
            if stop.is_set() and give_up_at == math.inf:
                more, give_up_at = False, time.monotonic() + END_WITHIN_S
                with contextlib.suppress(AwayError):
                    self._slices.recall(self._job_id, run)
            while more and len(flight.under_way) < A_WORKER * max(1, self._workers()):
                more = self._hand_out(run, todo, flight, window, stop)
            ended = self._ended(run, stop)
            batch = [outcome for ids in flight.ended(ended) for outcome in self._known(ids, window, stop)]
            yield batch
            for error in filter(None, ended.values()):
                raise error
            if ended:
                heard_at = time.monotonic()
            elif time.monotonic() - heard_at > QUIET_S:
                if not self._patiently(lambda: self._slices.under_way(run), stop, 1):
                    return  # they are lost: what is pending is counted anew
                heard_at = time.monotonic()
            if not batch:
                threading.Event().wait(LOOK_EVERY_S) if stop.is_set() else stop.wait(LOOK_EVERY_S)

    def _hand_out(self, run: str, todo: Iterator[str], flight: _Flight, window: Window, stop: threading.Event) -> bool:
        """The next slice; False when there are no more."""
        order_ids = list(islice(todo, flight.size))
        if not order_ids:
            return False
        one = Slice(self._job_id, run, flight.next_number, order_ids, window)
        if self._patiently(lambda: self._slices.hand_out(one), stop, False):
            flight.add(order_ids)
        return True

    def _ended(self, run: str, stop: threading.Event) -> dict[int, NxccError | None]:
        return self._patiently(lambda: self._slices.ended(run), stop, {})

    def _known(self, order_ids: list[str], window: Window, stop: threading.Event) -> list[Outcome]:
        """What came of a slice; what it did not get to is missing, and pending in the next count."""
        return self._patiently(lambda: list(self.archive.known(order_ids, window).values()), stop, [])

    def _first_size(self) -> int:
        """As many ids as the pace lets a slice ask in its time."""
        each = self.client.pace.per_second / (A_WORKER * max(1, self._workers()))
        return LARGEST if math.isinf(each) else _within(each * TARGET_S)

    @staticmethod
    def _patiently(work: Callable[[], T], stop: threading.Event, otherwise: T) -> T:
        """Waits until the database answers; `otherwise` when it is stopped before."""
        while True:
            try:
                return work()
            except AwayError:
                if stop.wait(AGAIN_AFTER_S):
                    return otherwise


class _Flight:
    """The slices of a run that are under way, and how large the next one should be."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.under_way: dict[int, tuple[list[str], float]] = {}
        self.next_number = 0

    def add(self, order_ids: list[str]) -> None:
        """One more was handed out."""
        self.under_way[self.next_number] = order_ids, time.monotonic()
        self.next_number += 1

    def ended(self, numbers: Iterable[int]) -> list[list[str]]:
        """The ids of those that have ended."""
        ended = [self.under_way.pop(number) for number in numbers if number in self.under_way]
        for order_ids, began in ended:
            took_s = max(LOOK_EVERY_S, time.monotonic() - began)
            self.size = _within((self.size + len(order_ids) / took_s * TARGET_S) / 2)
        return [order_ids for order_ids, _ in ended]


def _within(size: float) -> int:
    return max(SMALLEST, min(LARGEST, round(size)))
