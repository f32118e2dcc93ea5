"""Order ids in any number -> outcomes as they come: what counts already out of the archive, the API for the rest."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from nxcc import records
from nxcc.api.client import Client
from nxcc.archive import Archive, Freshness, Window
from nxcc.claims import Claim, Claims
from nxcc.errors import ApiError, ArchiveError, Cancelled, ConfigurationError, TransientError
from nxcc.outcome import Outcome

SLICE = 300  # ids that are claimed and looked for in the archive in one go
BATCH = 300  # answers that are kept in one go
KEEP_EVERY_S = 0.3  # how long an answer waits for others before it is kept
TICK_S = 0.1
MOST_THREADS = 256

log = logging.getLogger(__name__)
Answer = tuple[Outcome, list[dict[str, Any]]]


class Lookup:
    """The door to outcomes; a process has one, so that all its sessions share what is being asked. Thread-safe."""

    def __init__(
        self,
        client: Client,
        archive: Archive,
        freshness: Freshness,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.client = client
        self.archive = archive
        self.freshness = freshness
        self.now = now
        self._claims = Claims()

    def run(
        self,
        order_ids: Iterable[str],
        *,
        ask_again: bool = False,
        window: Window | None = None,
        stop: threading.Event | None = None,
    ) -> Generator[list[Outcome], None, None]:
        """Batches of outcomes (`found`, `no_calls`, `failed`), each distinct id once, kept in the archive first.

        A batch may be empty: nothing new for a moment. What counts as an answer already is what is fresh, nothing with
        `ask_again`, or what lies in a `window`. The ids are taken a slice at a time: each slice asks the archive what
        is still pending, so that running it twice asks nothing twice. An id that another session is asking is waited
        for, not asked again. `stop` ends the run when what is under way has come; closing the generator ends it at
        once, and what is under way is kept when it comes.
        Raises `ConfigurationError` when every request would fail (the ids that are left were not asked) and
        `ArchiveError` when answers cannot be kept.
        """
        stop = stop or threading.Event()
        now = self.now()
        counts = window or (Window(now, now) if ask_again else self.freshness.at(now))
        left: Iterable[str] = dict.fromkeys(order_ids)
        while left and not stop.is_set():
            elsewhere: dict[str, Claim] = {}
            yield from _Run(self, self._claims, counts, stop, elsewhere).outcomes(left)
            left = []
            for order_id, claim in elsewhere.items():
                while not self._claims.wait(claim, KEEP_EVERY_S):
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
        self, lookup: Lookup, claims: Claims, window: Window, stop: threading.Event, elsewhere: dict[str, Claim]
    ) -> None:
        self._lookup, self._archive, self._claims = lookup, lookup.archive, claims
        self._window = window
        self._elsewhere = elsewhere
        self._mine: dict[str, Claim] = {}  # claimed and not settled yet
        self._asking = _Asking(lookup.client, lookup.now, stop)

    def outcomes(self, order_ids: Iterable[str]) -> Iterator[list[Outcome]]:
        """Batches as `Lookup.run` gives them out."""
        asking, todo = self._asking, iter(order_ids)
        try:
            kept_at = time.monotonic()
            while not asking.ended.wait(0 if asking.hungry else TICK_S):
                if asking.stopped:
                    asking.no_more()
                elif asking.hungry:
                    known = self._next_slice(todo)
                    if known:
                        yield known
                due = time.monotonic() - kept_at >= KEEP_EVERY_S
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
        self._settle(known.values())
        if mine or elsewhere:
            self._asking.add(order_id for order_id in mine if order_id not in known)
        else:
            self._asking.no_more()
        return list(known.values())

    def _keep(self) -> list[Outcome]:
        answers = self._asking.answers
        batch = [answers.popleft() for _ in range(len(answers))]
        try:
            self._archive.append(batch)
        except ArchiveError:
            answers.extendleft(reversed(batch))
            raise
        outcomes = [outcome for outcome, _ in batch]
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


class _Asking:
    """Threads that ask for the ids they are given, until there are no more or something stops them.

    As many ask as the client lets send at once. One that waits to try again is replaced meanwhile: else a few slow ids
    would hold up all others.
    """

    def __init__(self, client: Client, now: Callable[[], datetime], stop: threading.Event) -> None:
        self.answers: deque[Answer] = deque()
        self.ended = threading.Event()
        self._client = client
        self._now = now
        self._stop = stop  # the caller's
        self._todo: deque[str] = deque()
        self._change = threading.Condition()
        self._complete = False  # no more ids will be added
        self._threads = self._idle = self._waiting = 0
        self._failure: BaseException | None = None
        self._let_in = False  # the gateway has answered an id of this run

    @property
    def hungry(self) -> bool:
        """Whether there is room for more ids: some wait for the threads, not many."""
        return not self._complete and len(self._todo) < SLICE and not self._stop.is_set()

    @property
    def stopped(self) -> bool:
        """Whether the caller, or a failure, has stopped the run."""
        return self._stop.is_set()

    def add(self, order_ids: Iterable[str]) -> None:
        """More ids to ask for."""
        with self._change:
            self._todo.extend(order_ids)
            self._change.notify_all()
            self._hire()

    def no_more(self) -> None:
        """All ids are added."""
        with self._change:
            self._complete = True
            self._change.notify_all()
            self._see_end()

    def stop(self) -> None:
        """Ends asking as soon as what is under way has come."""
        self._stop.set()
        self.no_more()

    def raise_failure(self) -> None:
        """Raises what stopped the run, if anything did."""
        if self._failure is not None:
            raise self._failure

    def _hire(self) -> None:
        """As many threads as there are ids for, while not more than the client lets send are at it."""
        wanted = min(len(self._todo) - self._idle, self._client.concurrency - (self._threads - self._waiting))
        for _ in range(min(wanted, MOST_THREADS - self._threads)):
            try:
                threading.Thread(target=self._work, name="nxcc-ask", daemon=True).start()
            except RuntimeError:  # the system gives no more threads
                if not self._threads:
                    raise
                return
            self._threads += 1  # before it looks: we hold the lock

    def _see_end(self) -> None:
        if self._complete and not self._threads:
            self.ended.set()

    def _next(self) -> str | None:
        """The next id; None when this thread is not needed any more."""
        with self._change:
            if self._threads - self._waiting > self._client.concurrency:
                return None  # it was hired for one that waited
            self._idle += 1
            try:
                while not self._todo and not self._complete and not self._stop.is_set():
                    self._change.wait(TICK_S)
            finally:
                self._idle -= 1
            return self._todo.popleft() if self._todo and not self._stop.is_set() else None

    def _work(self) -> None:
        try:
            while (order_id := self._next()) is not None:
                self.answers.append(self._ask(order_id))
        except Cancelled:
            pass
        except BaseException as error:  # noqa: BLE001 - carried over to the thread that reads the outcomes
            self._failure = self._failure or error
            self._stop.set()
        with self._change:
            self._threads -= 1
            if self._stop.is_set():
                self._complete = True
            self._see_end()

    def _away(self, waiting: bool) -> None:
        """This thread begins, or ends, to wait before it tries again."""
        with self._change:
            self._waiting += 1 if waiting else -1
            self._hire()

    def _ask(self, order_id: str) -> Answer:
        try:
            reply = self._client.query_by_order(order_id, self._stop, self._away)
            rows = records.calls(order_id, reply.records)
        except ApiError as error:
            if isinstance(error, ConfigurationError) and not self._is_of_this_id(error):
                error.order_id = order_id
                raise
            said = error.evidence
            failed = Outcome(
                order_id,
                "failed",
                error.what,
                asked_at=self._now(),
                attempts=error.attempts or 1,
                code=said.code,
                req_id=said.req_id,
                may_pass=isinstance(error, TransientError),
            )
            return failed, []
        self._let_in = True
        outcome = Outcome(
            order_id,
            "found" if rows else "no_calls",
            calls=len(rows),
            asked_at=self._now(),
            attempts=reply.attempts,
            req_id=reply.req_id,
        )
        return outcome, rows

    def _is_of_this_id(self, error: ConfigurationError) -> bool:
        """Whether a refusal by HTTP status alone (a firewall's 403, say) concerns one id: others were let in before."""
        return self._let_in and error.evidence.code is None and error.evidence.http_status is not None
