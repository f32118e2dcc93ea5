"""The one client of the vendor's API: signs, paces, sends, tries again.

Retrying wraps signing and sending, because a signature holds a timestamp that is good for 60 s: a retry inside the
transport would send the old one again. Everything that does not change between requests is made once at the start.
"""

from __future__ import annotations

import ipaddress
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from nxcc.account import Credentials
from nxcc.api import protocol
from nxcc.api.deadline import Deadline
from nxcc.api.pace import Pace
from nxcc.errors import ApiError, Cancelled, ConfigurationError, TransientError

MAX_ANSWER_BYTES = 5 * 1024 * 1024
MAX_RETRY_AFTER_S = 60.0
_CHUNK = 256 * 1024
_CLOCK_EXPIRED = 1004

log = logging.getLogger(__name__)
_backoff = tenacity.wait_exponential_jitter(multiplier=0.5, max=20, jitter=0.5)


@dataclass(frozen=True, slots=True)
class Reply:
    """What asking for one order brought: the vendor's records (none = no calls) and how it went."""

    records: list[protocol.Record]
    req_id: str
    attempts: int


class Client:
    """Asks for call records. Thread-safe; a process has one, so that all its sessions share pool and pace.

    `rate_per_second` 0 means no limit; `timeout_s` bounds connecting and each wait for bytes, twice it a whole answer.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        rate_per_second: float = 10,
        concurrency: int = 8,
        timeout_s: float = 10,
        attempts: int = 5,
        now: Callable[[], float] = time.time,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        self.credentials = credentials
        self.concurrency = concurrency
        self.pace = Pace(rate_per_second)
        self.clock_difference_s: float | None = None  # the gateway's clock minus ours; None = not known yet
        self.requests = 0  # sent so far
        self._timeout_s = timeout_s
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
        self._places = threading.BoundedSemaphore(concurrency)
        self._timeout = urllib3.Timeout(connect=timeout_s, read=timeout_s)
        self._deadline = Deadline(2 * timeout_s)
        self._pool, self._target, self._headers = self._transport()

    def query_by_order(self, order_id: str, stop: threading.Event) -> Reply:
        """The records of one order. Blocks while it waits for its slot, the answer, and the next attempt.

        Raises `ApiError` when the order id fails, `ConfigurationError` when everything would, `Cancelled` when `stop`
        was set before an answer came.
        """
        body = protocol.order_body(self.credentials.tenant_id, order_id)
        try:
            answer = self._retrying(self._attempt, stop, body)
        except ApiError as error:
            error.attempts = self._retrying.statistics["attempt_number"]  # kept for each thread
            raise
        return Reply(answer.records, answer.req_id, self._retrying.statistics["attempt_number"])

    def _attempt(self, stop: threading.Event, body: bytes) -> protocol.Answer:
        with self._places:
            self._pause(stop, 0)  # a slot is taken only for what will be sent
            self._pause(stop, self.pace.reserve())
            sent_at = time.monotonic()
            signed = protocol.signed_headers(self.credentials, body, int(self._now() * 1000))
            try:
                status, content, retry_after_s = self._send(body, signed)
                redact = partial(self._redact, signed["sign"])
                return protocol.decode(status, content, retry_after_s=retry_after_s, redact=redact)
            except TransientError as error:
                if error.rate_limited:
                    self.pace.slow_down(sent_at)
                log.info(
                    "asked again or given up: %s", type(error).__name__, extra={"status": error.evidence.http_status}
                )
                raise
            except ConfigurationError as error:
                self._add_clock(error)
                raise

    def _send(self, body: bytes, signed: dict[str, str]) -> tuple[int, bytes, float | None]:
        """One request: HTTP status, body, seconds of `Retry-After`."""
        with self._count:
            self.requests += 1
        try:
            with self._deadline.watch() as watched:
                response = self._pool.urlopen(
                    "POST",
                    self._target,
                    body=body,
                    headers=self._headers | signed,
                    timeout=self._timeout,
                    retries=False,  # a signature is sent once,
                    redirect=False,  # and to this gateway only
                    preload_content=False,
                    assert_same_host=False,
                )
                content = self._read(response)
        except urllib3.exceptions.NewConnectionError as error:  # a timeout as well, by its class
            raise TransientError(_connection_failure(error), cure="Ask again later.") from error
        except urllib3.exceptions.TimeoutError as error:
            raise TransientError(f"No answer within {self._timeout_s:g} s.", cure="Ask again later.") from error
        except urllib3.exceptions.SSLError as error:
            raise _tls_failure(error) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            if watched.cut:
                raise self._late() from error
            raise TransientError(_connection_failure(error), cure="Ask again later.") from error
        if watched.cut:  # the end that was read may be ours
            raise self._late()
        self._notice_clock(response.headers.get("Date", ""))
        return response.status, content, _retry_after_s(response.headers.get("Retry-After"), self._now())

    def _late(self) -> TransientError:
        return TransientError(f"No whole answer within {2 * self._timeout_s:g} s.", cure="Ask again later.")

    def _read(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """The body, no larger than `MAX_ANSWER_BYTES`."""
        chunks, size = [], 0
        try:
            while chunk := response.read1(_CHUNK, decode_content=True):
                chunks.append(chunk)
                size += len(chunk)
                if size > MAX_ANSWER_BYTES:
                    megabytes = MAX_ANSWER_BYTES // 2**20
                    raise ApiError(f"The API's answer is larger than {megabytes} MB.", cure="Check the order id.")
        except BaseException:
            response.close()  # what is left of it must not be read as the next answer
            raise
        response.release_conn()
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _transport(self) -> tuple[urllib3.HTTPConnectionPool, str, dict[str, str]]:
        """What every request shares: the connection pool, the request target and the headers that never change.

        requests makes them, with the environment's proxies and certificates; read on each send, these alone would
        make a request 40 % dearer. Of what a session's send does besides, nothing is wanted here: no cookies, no
        .netrc, no hooks, no redirects; the trusted certificates it would load are named below.
        """
        url = self.credentials.base_url + protocol.QUERY_BY_ORDER
        session = requests.Session()
        environment = session.merge_environment_settings(url, {}, None, None, None)
        proxies = {} if _is_loopback(url) else environment["proxies"]
        verify = DEFAULT_CA_BUNDLE_PATH if environment["verify"] is True else environment["verify"]
        if isinstance(verify, str) and not Path(verify).exists():
            raise ConfigurationError(
                "The file of trusted certificates is not there.", cure="Check REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE."
            )
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=self.concurrency, max_retries=0)
        try:
            prepared = requests.Request("POST", url).prepare()
            pool = adapter.get_connection_with_tls_context(prepared, verify, proxies=proxies, cert=environment["cert"])
            target = adapter.request_url(prepared, proxies)
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError):
            raise ConfigurationError(
                "The gateway's address, or that of the proxy to it, cannot be used.",
                cure="Check NXCC_BASE_URL, HTTP_PROXY and HTTPS_PROXY.",
            ) from None  # the original may hold the proxy's password
        headers = {"User-Agent": "nxcc", "Accept-Encoding": "gzip, deflate"}
        http_pool = cast(urllib3.HTTPConnectionPool, pool)
        http_pool.ConnectionCls = self._deadline.connections_of(
            cast(type[urllib3.connection.HTTPConnection], http_pool.ConnectionCls)
        )
        return http_pool, target, headers

    def _wait_for_next(self, state: tenacity.RetryCallState) -> None:
        self._pause(state.args[0], state.upcoming_sleep)

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

    def _redact(self, sign: str, text: str) -> str:
        return self.credentials.redact(text.replace(sign, "***"))


def _wait_s(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after_s if isinstance(error, TransientError) and error.retry_after_s else 0.0
    return max(_backoff(state), min(asked, MAX_RETRY_AFTER_S))


def _retry_after_s(value: str | None, now_s: float) -> float | None:
    """Seconds out of a `Retry-After` header: a number, or a date."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now_s)
    except (ValueError, OverflowError):
        return None


def _tls_failure(error: Exception) -> ApiError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return ConfigurationError(
            "The gateway's certificate is not one that this machine trusts.",
            cure="Check NXCC_BASE_URL; behind a company's proxy, set REQUESTS_CA_BUNDLE to its certificate.",
        )
    return TransientError("The encrypted connection to the gateway failed.", cure="Ask again later.")


def _connection_failure(error: Exception) -> str:
    words = repr(error)
    if "NameResolutionError" in words:
        return "The gateway's name cannot be found (NXCC_BASE_URL, or this machine's network)."
    if "refused" in words:
        return "The gateway refuses connections."
    return "The connection to the gateway broke."


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
