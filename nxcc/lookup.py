"""Order ids in any number -> outcomes as they come: what counts already out of the archive, the API for the rest."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from nxcc.api.client import Client
from nxcc.archive import Archive, Freshness, Window
from nxcc.asking import Asking
from nxcc.claims import Claim, Claims
from nxcc.errors import ArchiveError
from nxcc.outcome import Outcome
from nxcc.traces import LeftOut, Trace

SLICE = 300  # ids that are claimed and looked for in the archive in one go
BATCH = 300  # answers that are kept in one go
LOOK_EVERY_S = 0.3  # at what others are asking
TICK_S = 0.1

log = logging.getLogger(__name__)


class Hits:
    """How many ids were looked up since this moment (aware UTC), and how many of them the archive answered.

    An id counts each time anew. Thread-safe.
    """

    def __init__(self, since: datetime) -> None:
        self.since = since
        self.looked_up = self.from_archive = 0
        self._lock = threading.Lock()

    def add(self, looked_up: int, from_archive: int) -> None:
        """Some more."""
        with self._lock:
            self.looked_up += looked_up
            self.from_archive += from_archive


class Lookup:
    """The door to outcomes; a process has one, so that all its sessions share what is being asked. Thread-safe."""

    def __init__(
        self,
        client: Client,
        archive: Archive,
        freshness: Freshness,
        *,
        claims: Claims | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.client = client
        self.archive = archive
        self.freshness = freshness
        self.now = now
        self.hits = Hits(now())
        self._claims = claims or Claims()
        self._under_way: weakref.WeakSet[LeftOut] = weakref.WeakSet()
        self._beginning = threading.Lock()

    def leave_out(self, trace: Trace) -> None:
        """Runs under way ask no more for such an order, and keep nothing of what they bring of it."""
        with self._beginning:
            for left_out in self._under_way:
                left_out.add(trace)

    def run(
        self,
        order_ids: Iterable[str],
        *,
        ask_again: bool = False,
        window: Window | None = None,
        stop: threading.Event | None = None,
        left_out: LeftOut | None = None,
    ) -> Generator[list[Outcome], None, None]:
        """Batches of outcomes (`found`, `no_calls`, `failed`), each distinct id once, kept in the archive first.

        A batch may be empty: nothing new for a moment. What counts as an answer already is what is fresh, nothing with
        `ask_again`, or what lies in a `window`. The ids are taken a slice at a time: each slice asks the archive what
        is still pending, so that running it twice asks nothing twice. An id that another session is asking is waited
        for, not asked again. `stop` ends the run when what is under way has come; closing the generator ends it at
        once, and what is under way is kept when it comes. What is `left_out` is neither asked nor kept, and is in no
        batch.
        Raises `ConfigurationError` when every request would fail (the ids that are left were not asked) and
        `ArchiveError` when answers cannot be kept.
        """
        stop = stop or threading.Event()
        now = self.now()
        counts = window or (Window(now, now) if ask_again else self.freshness.at(now))
        left_out = left_out or LeftOut()
        with self._beginning:
            self._under_way.add(left_out)
        left: Iterable[str] = dict.fromkeys(order_ids)
        while left and not stop.is_set():
            elsewhere: dict[str, Claim] = {}
            yield from _Run(self, counts, stop, elsewhere, left_out).outcomes(left)
            left = []
            for order_id, claim in elsewhere.items():
                while not self._claims.wait(claim, LOOK_EVERY_S):
                    if stop.is_set():
                        return
                    yield []
                if claim.outcome and _counts(claim.outcome, counts, now):
                    yield [replace(claim.outcome, attempts=0)]  # they were the other session's
                else:  # the other session stopped, or its answer is too old for us: ours to ask
                    left.append(order_id)


def _counts(outcome: Outcome, window: Window, now: datetime) -> bool:
    """Whether what another session found meanwhile is an answer here; a failure is, when it came since we began."""
    if outcome.asked_at is None:
        return False
    if outcome.word == "failed":
        return outcome.asked_at > now
    return window.holds(outcome.word, outcome.asked_at)


class _Run:
    """One way through some ids; those that others are asking end up in `elsewhere`."""

    def __init__(
        self,
        lookup: Lookup,
        window: Window,
        stop: threading.Event,
        elsewhere: dict[str, Claim],
        left_out: LeftOut,
    ) -> None:
        self._lookup, self._archive, self._claims = lookup, lookup.archive, lookup._claims
        self._window = window
        self._elsewhere = elsewhere
        self._mine: dict[str, Claim] = {}  # claimed and not settled yet
        self._left_out = left_out
        self._asking = Asking(lookup.client, lookup.now, stop, left_out.is_order)

    def outcomes(self, order_ids: Iterable[str]) -> Iterator[list[Outcome]]:
        """Batches as `Lookup.run` gives them out."""
        asking = self._asking
        todo = (order_id for order_id in order_ids if not self._left_out.is_order(order_id))
        try:
            kept_at = time.monotonic()
            while not asking.ended.wait(0 if asking.has_room(SLICE) else TICK_S):
                if asking.stopped:
                    asking.no_more()
                elif asking.has_room(SLICE):
                    known = self._next_slice(todo)
                    if known:
                        yield known
                due = time.monotonic() - kept_at >= self._archive.file.keep_every_s
                if due or len(asking.answers) >= BATCH:
                    kept_at = time.monotonic()
                    yield self._keep()
            yield self._keep()
            asking.raise_failure()
        finally:
            self._leave()

    def _next_slice(self, todo: Iterator[str]) -> list[Outcome]:
        """Claims some more ids and gives those that have no answer yet to the threads; returns what is known."""
        mine, elsewhere = self._claims.take(islice(todo, SLICE))
        self._mine |= mine
        self._elsewhere |= elsewhere
        known = self._archive.known(mine, self._window) if mine else {}
        if unknown := [order_id for order_id in mine if order_id not in known]:
            known |= self._reserve(unknown)
        self._lookup.hits.add(len(mine), len(known))
        self._settle(known.values())
        if mine or elsewhere:
            self._asking.add(order_id for order_id in unknown if order_id in self._mine)
        else:
            self._asking.no_more()
        return list(known.values())

    def _reserve(self, unknown: list[str]) -> dict[str, Outcome]:
        """Ids that other processes are asking are theirs; returns what those have answered since we looked."""
        self._elsewhere |= self._claims.reserve(self._mine, unknown)
        if not self._claims.others:
            return {}
        ours = [order_id for order_id in unknown if order_id in self._mine]
        return self._archive.known(ours, self._window) if ours else {}

    def _keep(self) -> list[Outcome]:
        answers = self._asking.answers
        batch = [answers.popleft() for _ in range(len(answers))]
        try:
            outcomes = self._archive.append(batch, self._left_out.traces)
        except ArchiveError:
            answers.extendleft(reversed(batch))
            raise
        self._settle(outcomes)
        return outcomes

    def _settle(self, outcomes: Iterable[Outcome]) -> None:
        settled = list(outcomes)
        self._claims.settle(settled)
        for outcome in settled:
            del self._mine[outcome.order_id]

    def _leave(self) -> None:
        """Ends a run. One that was closed early keeps what has come, and later what is still on its way."""
        asking = self._asking
        if asking.ended.is_set() and not asking.answers:
            self._claims.give_back(self._mine)
            return
        asking.stop()
        try:
            self._keep()
        finally:
            threading.Thread(target=self._finish, name="nxcc-finish", daemon=True).start()

    def _finish(self) -> None:
        self._asking.ended.wait()
        try:
            self._keep()
        except ArchiveError as error:
            log.warning("answers that came after the run was closed are not kept: %s", error)
        finally:
            self._claims.give_back(self._mine)
