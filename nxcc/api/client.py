"""The one client of the vendor's API: signs, paces, sends, tries again.

Retrying wraps signing and sending, because a signature holds a timestamp that is good for 60 s: a retry inside the
transport would send the old one again.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from typing import NamedTuple

import tenacity

from nxcc import logs
from nxcc.account import Credentials
from nxcc.api import protocol
from nxcc.api.pace import Pace, Paced
from nxcc.api.places import Places
from nxcc.api.transport import Transport
from nxcc.errors import ApiError, Cancelled, ConfigurationError, Evidence, TransientError
from nxcc.stretches import CallFilters

MAX_RETRY_AFTER_S = 60.0
AHEAD_S = 0.5  # no slot is taken that lies further ahead: it would be late when the rate has recovered meanwhile
LOOK_EVERY_S = 0.1
SHORTEST_NUMBER = 4  # shorter ones stand in many words by chance
_CLOCK_EXPIRED = 1004

log = logging.getLogger(__name__)
_backoff = tenacity.wait_exponential_jitter(multiplier=0.5, max=20, jitter=0.5)


@dataclass(frozen=True, slots=True)
class Reply:
    """What asking for one order, or one page, brought: the vendor's records (none = no calls) and how it went."""

    records: list[protocol.Record]
    req_id: str
    attempts: int


class _Question(NamedTuple):
    """What is asked, the same in each attempt."""

    path: str
    body: bytes
    check: str  # what to look at when it is refused
    numbers: tuple[str, ...] = ()  # not to be quoted out of the vendor's words


class Client:
    """Asks for call records. Thread-safe; a process has one, so that all its sessions share pool and pace.

    `rate_per_second` 0 means no limit; `timeout_s` bounds connecting and each wait for bytes, twice it a whole answer.
    A `pace` stands for the rate where others share it.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        rate_per_second: float = 10,
        concurrency: int = 8,
        timeout_s: float = 10,
        attempts: int = 5,
        pace: Paced | None = None,
        now: Callable[[], float] = time.time,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        logs.hide(credentials.access_key, credentials.access_secret)
        self.credentials = credentials
        self.concurrency = concurrency
        self.pace: Paced = pace or Pace(rate_per_second)
        self.clock_difference_s: float | None = None  # the gateway's clock minus ours; None = not known yet
        self.requests = 0  # sent so far
        self._answer_s: float | None = None  # how long an answer takes, lately
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            stop=tenacity.stop_after_attempt(attempts),
            wait=_wait_s,
            before_sleep=self._wait_for_next,
            sleep=lambda _: None,  # the wait above can be cut short, by the run that it belongs to
            reraise=True,
        )
        self._now = now
        self._wait = wait
        self._date = ""
        self._count = threading.Lock()
        self._places = Places(concurrency)
        paths = (protocol.QUERY_BY_ORDER, protocol.PAGE_BY_TIME)
        self._transport = Transport(credentials.base_url, paths, connections=concurrency, timeout_s=timeout_s)

    def query_by_order(
        self, order_id: str, stop: threading.Event, away: Callable[[bool], None] = lambda _: None
    ) -> Reply:
        """The records of one order. Blocks while it waits for its slot, the answer, and the next attempt.

        `away` is told True when a wait for the next attempt begins and False when it ends.

        Raises `ApiError` when the order id fails, `ConfigurationError` when everything would, `Cancelled` when `stop`
        was set before an answer came.
        """
        return self._ask(self._by_order(order_id), stop, away)

    def query_page(  # noqa: PLR0917 - `stop` and `away` stand where they do in `query_by_order`
        self,
        from_s: int,
        to_s: int,
        page: int,
        filters: CallFilters,
        stop: threading.Event,
        away: Callable[[bool], None] = lambda _: None,
        *,
        size: int = protocol.MOST_ON_A_PAGE,
    ) -> Reply:
        """The records on one page (from 1) of the calls that began from one epoch second to another, both included.

        In what order they come, and how many pages there are, the vendor does not say. Otherwise as `query_by_order`;
        raises `ValueError` for a period, page or size that is never sent.
        """
        body = protocol.page_body(self.credentials.tenant_id, from_s, to_s, page, size=size, filters=filters)
        numbers = tuple(number for number in (filters.caller, filters.callee) if len(number) >= SHORTEST_NUMBER)
        return self._ask(_Question(protocol.PAGE_BY_TIME, body, protocol.THE_PERIOD, numbers), stop, away)

    def ask_once(self, order_id: str) -> Reply:
        """As `query_by_order`, without another attempt."""
        answer = self._attempt(threading.Event(), self._by_order(order_id), 1)
        return Reply(answer.records, answer.req_id, 1)

    def likely_rate(self) -> float | None:
        """Requests a second that can be expected now; None when neither a limit nor the API's speed is known."""
        by_speed = self.concurrency / self._answer_s if self._answer_s else math.inf
        rate = min(self.pace.per_second, by_speed)
        return None if math.isinf(rate) else rate

    def _by_order(self, order_id: str) -> _Question:
        body = protocol.order_body(self.credentials.tenant_id, order_id)
        return _Question(protocol.QUERY_BY_ORDER, body, protocol.THE_ORDER_ID)

    def _ask(self, question: _Question, stop: threading.Event, away: Callable[[bool], None]) -> Reply:
        try:
            answer = self._attempt(stop, question, 1)
        except TransientError as error:  # tenacity takes 50 us of CPU: for those only that are asked again
            failed = [error]
        except ApiError as error:
            error.attempts = 1
            raise
        else:
            return Reply(answer.records, answer.req_id, 1)
        try:
            answer = self._retrying(self._next_attempt, failed, stop, question, away)
        except ApiError as error:
            error.attempts = self._retrying.statistics["attempt_number"]  # kept for each thread
            raise
        return Reply(answer.records, answer.req_id, self._retrying.statistics["attempt_number"])

    def _next_attempt(
        self,
        failed: list[TransientError],
        stop: threading.Event,
        question: _Question,
        away: Callable[[bool], None],  # noqa: ARG002 - for `_wait_for_next`
    ) -> protocol.Answer:
        """As `_attempt`; what has failed already counts as the first one."""
        if failed:
            raise failed.pop()
        return self._attempt(stop, question, self._retrying.statistics["attempt_number"])

    def _attempt(self, stop: threading.Event, question: _Question, attempt: int) -> protocol.Answer:
        with self._place(stop):
            self._wait_for_slot(stop)
            sent_at = time.monotonic()
            signed = protocol.signed_headers(self.credentials, question.body, int(self._now() * 1000))
            try:
                with self._count:
                    self.requests += 1
                response = self._transport.post(question.path, question.body, signed)
                took_s = time.monotonic() - sent_at
                self._answer_s = took_s if self._answer_s is None else 0.95 * self._answer_s + 0.05 * took_s
                self._notice_clock(response.date)
                answer = protocol.decode(
                    response.status,
                    response.body,
                    retry_after_s=_retry_after_s(response.retry_after, self._now()),
                    redact=partial(self._redact, signed["sign"], question.numbers),
                    check=question.check,
                )
            except ApiError as error:
                if isinstance(error, TransientError) and error.rate_limited:
                    self.pace.slow_down(sent_at)
                elif isinstance(error, ConfigurationError):
                    self._add_clock(error)
                _log_failure(error, attempt, sent_at)
                raise
            if log.isEnabledFor(logging.DEBUG):
                said = Evidence(0, "", answer.req_id, response.status)
                log.debug("request answered", extra=_fields(said, attempt, sent_at))
            return answer

    @contextmanager
    def _place(self, stop: threading.Event) -> Iterator[None]:
        """One of the places for requests under way; others may hold all of them for long, and this run be stopped."""
        if not self._places.take(stop):
            raise Cancelled
        try:
            self._pause(stop, 0)  # a slot is taken only for what will be sent
            yield
        finally:
            self._places.give_back()

    def _wait_for_slot(self, stop: threading.Event) -> None:
        while (wait_s := self.pace.reserve(within_s=AHEAD_S)) is None:
            self._pause(stop, LOOK_EVERY_S)
        at = time.monotonic() + wait_s
        try:
            self._pause(stop, wait_s)
        except Cancelled:
            self.pace.give_back(at)
            raise

    def _wait_for_next(self, state: tenacity.RetryCallState) -> None:
        _, stop, _, away = state.args
        away(True)
        try:
            self._pause(stop, state.upcoming_sleep)
        finally:
            away(False)

    def _pause(self, stop: threading.Event, seconds: float) -> None:
        if stop.is_set() or (seconds > 0 and self._wait(stop, seconds)):
            raise Cancelled

    def _notice_clock(self, date: str) -> None:
        if not date or date == self._date:  # it changes once a second
            return
        self._date = date
        try:
            self.clock_difference_s = parsedate_to_datetime(date).timestamp() - self._now()
        except (ValueError, OverflowError):
            return

    def _add_clock(self, error: ConfigurationError) -> None:
        if error.evidence.code == _CLOCK_EXPIRED and self.clock_difference_s is not None:
            side = "behind" if self.clock_difference_s > 0 else "ahead of"
            error.what += f" This machine's clock is {abs(self.clock_difference_s):.0f} s {side} the gateway's."
            error.args = (error.what,)

    def _redact(self, sign: str, numbers: tuple[str, ...], text: str) -> str:
        text = self.credentials.redact(text.replace(sign, "***"))  # first: a number may be a part of them
        for number in numbers:
            text = text.replace(number, "***")
        return text


def _log_failure(error: ApiError, attempt: int, sent_at: float) -> None:
    level = logging.WARNING if isinstance(error, ConfigurationError) else logging.INFO
    if log.isEnabledFor(level):
        log.log(level, "request failed: %s", type(error).__name__, extra=_fields(error.evidence, attempt, sent_at))


def _fields(said: Evidence, attempt: int, sent_at: float) -> dict[str, object]:
    """What is logged of a request: neither what was asked nor the vendor's words."""
    latency_ms = round(1000 * (time.monotonic() - sent_at), 1)
    return {
        "attempt": attempt,
        "status": said.http_status,
        "code": said.code,
        "req_id": said.req_id,
        "latency_ms": latency_ms,
    }


def _wait_s(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after_s if isinstance(error, TransientError) and error.retry_after_s else 0.0
    return max(_backoff(state), min(asked, MAX_RETRY_AFTER_S))


def _retry_after_s(value: str, now_s: float) -> float | None:
    """Seconds out of a `Retry-After` header: a number, or a date."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now_s)
    except (ValueError, OverflowError):
        return None
