"""Order ids in any number -> outcomes as they come: the fresh ones out of the archive, the API for the rest."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nxcc import records
from nxcc.api.client import Client
from nxcc.archive import Archive, Freshness
from nxcc.errors import ApiError, ArchiveError, Cancelled, ConfigurationError
from nxcc.outcome import Outcome

BATCH = 500  # answers that are kept in one go
KEEP_EVERY_S = 1.0  # how long an answer waits for others before it is kept
TICK_S = 0.1

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
        self._freshness = freshness
        self._now = now
        self._claims = _Claims()

    def run(
        self, order_ids: Iterable[str], *, ask_again: bool = False, stop: threading.Event | None = None
    ) -> Generator[list[Outcome], None, None]:
        """Batches of outcomes (`found`, `no_calls`, `failed`), each distinct id once, kept in the archive first.

        A batch may be empty: nothing new for a moment. `ask_again` passes over what is fresh. An id that another
        session is asking is waited for, not asked twice. `stop` ends the run when what is under way has come; closing
        the generator ends it at once, and what is under way is kept when it comes.
        Raises `ConfigurationError` when every request would fail (the ids that are left were not asked) and
        `ArchiveError` when answers cannot be kept.
        """
        stop = stop or threading.Event()
        left = list(dict.fromkeys(order_ids))
        while left and not stop.is_set():
            mine, elsewhere = self._claims.take(left)
            yield from self._answers(mine, ask_again, stop)
            left = []
            for order_id, claim in elsewhere.items():
                while not self._claims.wait(claim, KEEP_EVERY_S):
                    if stop.is_set():
                        return
                    yield []
                if claim.outcome and not (ask_again and claim.outcome.from_archive):
                    yield [claim.outcome]
                else:  # the other session stopped, or did not ask: ours to ask
                    left.append(order_id)

    def _answers(self, mine: dict[str, _Claim], ask_again: bool, stop: threading.Event) -> Iterator[list[Outcome]]:
        asking = None
        try:
            known = {} if ask_again else self.archive.fresh(mine, self._freshness, self._now())
            if known:
                self._claims.settle(known.values())
                yield list(known.values())
            left = [order_id for order_id in mine if order_id not in known]
            asking = _Asking(self.client, self._now, left, stop)
            kept_at = time.monotonic()
            while not asking.ended.wait(TICK_S):
                due = time.monotonic() - kept_at >= KEEP_EVERY_S
                if due or len(asking.answers) >= BATCH:
                    kept_at = time.monotonic()
                    yield self._keep(asking.answers)
            yield self._keep(asking.answers)
            asking.raise_failure()
        finally:
            self._leave(asking, mine)

    def _leave(self, asking: _Asking | None, mine: dict[str, _Claim]) -> None:
        """Ends a run. One that was closed early keeps what has come, and later what is still on its way."""
        if asking is None or (asking.ended.is_set() and not asking.answers):
            self._claims.give_back(mine)
            return
        asking.stop.set()
        try:
            self._keep(asking.answers)
        finally:
            threading.Thread(target=self._finish, args=(asking, mine), name="nxcc-finish", daemon=True).start()

    def _finish(self, asking: _Asking, mine: dict[str, _Claim]) -> None:
        asking.ended.wait()
        try:
            self._keep(asking.answers)
        except ArchiveError as error:
            log.warning("answers that came after the run was closed are not kept: %s", error)
        finally:
            self._claims.give_back(mine)

    def _keep(self, answers: deque[Answer]) -> list[Outcome]:
        batch = [answers.popleft() for _ in range(len(answers))]
        try:
            self.archive.append(batch)
        except ArchiveError:
            answers.extendleft(reversed(batch))
            raise
        outcomes = [outcome for outcome, _ in batch]
        self._claims.settle(outcomes)
        return outcomes


class _Asking:
    """Threads that pull ids from one iterator and ask for them, until the ids end or something stops them."""

    def __init__(
        self, client: Client, now: Callable[[], datetime], order_ids: Sequence[str], stop: threading.Event
    ) -> None:
        self.answers: deque[Answer] = deque()
        self.stop = stop
        self.ended = threading.Event()
        self._client = client
        self._now = now
        self._todo = iter(order_ids)
        self._failure: BaseException | None = None
        self._let_in = False  # the gateway has answered an id of this run
        self._lock = threading.Lock()
        self._working = min(client.concurrency, len(order_ids))
        if not self._working:
            self.ended.set()
        for _ in range(self._working):
            threading.Thread(target=self._work, name="nxcc-ask", daemon=True).start()

    def raise_failure(self) -> None:
        """Raises what stopped the run, if anything did."""
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        try:
            for order_id in self._todo:
                if self.stop.is_set():
                    break
                self.answers.append(self._ask(order_id))
        except Cancelled:
            pass
        except BaseException as error:  # noqa: BLE001 - carried over to the thread that reads the outcomes
            self._failure = self._failure or error
            self.stop.set()
        with self._lock:
            self._working -= 1
            if not self._working:
                self.ended.set()

    def _ask(self, order_id: str) -> Answer:
        try:
            reply = self._client.query_by_order(order_id, self.stop)
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


@dataclass(slots=True)
class _Claim:
    """An id that a session is asking, and in the end its outcome; None when the session stopped before."""

    settled: bool = False
    outcome: Outcome | None = None


class _Claims:
    """Who asks what in this process. An id is claimed before the archive is asked for it and settled after its answer
    is kept, so whoever comes later finds either the claim or the answer."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._claims: dict[str, _Claim] = {}

    def take(self, order_ids: Iterable[str]) -> tuple[dict[str, _Claim], dict[str, _Claim]]:
        """Claims what nobody asks; returns that, and the claims of others on the rest."""
        mine: dict[str, _Claim] = {}
        elsewhere: dict[str, _Claim] = {}
        with self._change:
            for order_id in order_ids:
                if claim := self._claims.get(order_id):
                    elsewhere[order_id] = claim
                else:
                    mine[order_id] = self._claims[order_id] = _Claim()
        return mine, elsewhere

    def settle(self, outcomes: Iterable[Outcome]) -> None:
        """These outcomes are known and kept."""
        with self._change:
            for outcome in outcomes:
                claim = self._claims.pop(outcome.order_id)
                claim.outcome, claim.settled = outcome, True
            self._change.notify_all()

    def give_back(self, mine: dict[str, _Claim]) -> None:
        """Lets go of what was not settled."""
        with self._change:
            for order_id, claim in mine.items():
                if not claim.settled:
                    del self._claims[order_id]
                    claim.settled = True
            self._change.notify_all()

    def wait(self, claim: _Claim, timeout_s: float) -> bool:
        """Waits for a claim of another session; whether it is settled now."""
        with self._change:
            return self._change.wait_for(lambda: claim.settled, timeout_s)
