"""Threads that ask for order ids: one run's."""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from nxcc import records
from nxcc.api.client import Client
from nxcc.errors import ApiError, Cancelled, ConfigurationError, TransientError
from nxcc.outcome import Outcome

MOST_THREADS = 256
IDLE_LOOK_S = 0.1

Answer = tuple[Outcome, list[dict[str, Any]]]


class Asking:
    """Threads that ask for the ids they are given, until there are no more or something stops them.

    As many ask as the client lets send at once. One that waits to try again is replaced meanwhile: else a few slow ids
    would hold up all others.
    """

    def __init__(
        self, client: Client, now: Callable[[], datetime], stop: threading.Event, skips: Callable[[str], bool]
    ) -> None:
        self.answers: deque[Answer] = deque()
        self.ended = threading.Event()
        self._client = client
        self._now = now
        self._stop = stop  # the caller's
        self._skips = skips  # ids that are not to be asked any more
        self._todo: deque[str] = deque()
        self._change = threading.Condition()
        self._complete = False  # no more ids will be added
        self._threads = self._idle = self._waiting = 0
        self._failure: BaseException | None = None
        self._let_in = False  # the gateway has answered an id of this run

    def has_room(self, ids: int) -> bool:
        """Whether fewer ids than these wait for the threads, and more may come."""
        return not self._complete and len(self._todo) < ids and not self._stop.is_set()

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
                context = contextvars.copy_context()  # whose run it is, for the log
                threading.Thread(target=context.run, args=(self._work,), name="nxcc-ask", daemon=True).start()
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
                    self._change.wait(IDLE_LOOK_S)
            finally:
                self._idle -= 1
            while self._todo and not self._stop.is_set():
                if not self._skips(order_id := self._todo.popleft()):
                    return order_id
            return None

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
