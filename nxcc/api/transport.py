"""One POST after another to one address: pooled connections, the environment's proxies and certificates, hard bounds.

Nothing is sent twice here: a signature is good for one request, so trying again is for the client, which signs anew.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from nxcc.api.deadline import Deadline
from nxcc.errors import ApiError, ConfigurationError, TransientError

MAX_ANSWER_BYTES = 5 * 1024 * 1024
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: HTTP status, whole body, and the two headers that matter here ("" when missing)."""

    status: int
    body: bytes
    date: str
    retry_after: str


class Transport:
    """Sends to `url`. Thread-safe; `connections` is how many threads may send at once.

    `timeout_s` bounds connecting and each wait for bytes, and twice it a whole answer; an answer is at most
    `MAX_ANSWER_BYTES`. Raises `ConfigurationError` for an address, proxy or certificate file that cannot be used.
    """

    def __init__(self, url: str, *, connections: int, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._timeout = urllib3.Timeout(connect=timeout_s, read=timeout_s)
        self._deadline = Deadline(2 * timeout_s)
        self._pool, self._target = self._open(url, connections)

    def post(self, body: bytes, headers: dict[str, str]) -> Response:
        """Sends one request and reads the whole answer.

        Raises `TransientError` when there is none, `ApiError` for one that is too large, `ConfigurationError` when the
        gateway's certificate is not trusted.
        """
        try:
            with self._deadline.watch() as watched:
                response = self._pool.urlopen(
                    "POST",
                    self._target,
                    body=body,
                    headers=headers | {"User-Agent": "nxcc", "Accept-Encoding": "gzip, deflate"},
                    timeout=self._timeout,
                    retries=False,  # a signature is sent once,
                    redirect=False,  # and to this gateway only
                    preload_content=False,
                    assert_same_host=False,
                )
                content = _read(response)
        except urllib3.exceptions.NewConnectionError as error:  # a timeout as well, by its class
            raise TransientError(_what_broke(error), cure="Ask again later.") from error
        except urllib3.exceptions.TimeoutError as error:
            raise TransientError(f"No answer within {self._timeout_s:g} s.", cure="Ask again later.") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            if watched.cut:
                raise self._late() from error
            if isinstance(error, urllib3.exceptions.SSLError):
                raise _tls_failure(error) from error
            raise TransientError(_what_broke(error), cure="Ask again later.") from error
        if watched.cut:  # the end that was read may be ours
            raise self._late()
        said = response.headers
        return Response(response.status, content, said.get("Date", ""), said.get("Retry-After", ""))

    def _open(self, url: str, connections: int) -> tuple[urllib3.HTTPConnectionPool, str]:
        """The connection pool and the request target.

        requests makes them, with the environment's proxies and certificates; read on each send, these alone would make
        a request 40 % dearer. Of what a session's send does besides, nothing is wanted here: no cookies, no .netrc, no
        hooks, no redirects; the trusted certificates it would load are named below.
        """
        environment = requests.Session().merge_environment_settings(url, {}, None, None, None)
        proxies = {} if _is_loopback(url) else environment["proxies"]
        verify = DEFAULT_CA_BUNDLE_PATH if environment["verify"] is True else environment["verify"]
        if isinstance(verify, str) and not Path(verify).exists():
            raise ConfigurationError(
                "The file of trusted certificates is not there.", cure="Check REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE."
            )
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections, max_retries=0)
        try:
            prepared = requests.Request("POST", url).prepare()
            pool = adapter.get_connection_with_tls_context(prepared, verify, proxies=proxies, cert=environment["cert"])
            target = adapter.request_url(prepared, proxies)
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError):
            raise ConfigurationError(
                "The gateway's address, or that of the proxy to it, cannot be used.",
                cure="Check NXCC_BASE_URL, HTTP_PROXY and HTTPS_PROXY.",
            ) from None  # the original may hold the proxy's password
        http_pool = cast(urllib3.HTTPConnectionPool, pool)
        kind = cast(type[urllib3.connection.HTTPConnection], http_pool.ConnectionCls)
        http_pool.ConnectionCls = _connections(kind, self._deadline)
        return http_pool, target

    def _late(self) -> TransientError:
        return TransientError(f"No whole answer within {2 * self._timeout_s:g} s.", cure="Ask again later.")


def _connections(
    kind: type[urllib3.connection.HTTPConnection], deadline: Deadline
) -> type[urllib3.connection.HTTPConnection]:
    """Connections that send headers and body in one piece and tell the deadline their socket.

    In two pieces, as http.client sends them, both sides wake up twice: 5 % of the throughput.
    """

    class Connection(kind):  # type: ignore[valid-type, misc]
        _head: bytes | None = None  # None outside of a request: a proxy's CONNECT must go out at once

        def request(self, *args: Any, **options: Any) -> None:
            self._head = b""
            try:
                super().request(*args, **options)
            finally:
                self._head = None
            deadline.sent_on(self.sock)  # now: the answer may take it away from the connection

        def send(self, data: bytes) -> None:
            if self._head == b"":
                self._head = data
            else:
                super().send((self._head or b"") + data)

    return Connection


def _read(response: urllib3.BaseHTTPResponse) -> bytes:
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


def _tls_failure(error: Exception) -> ApiError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return ConfigurationError(
            "The gateway's certificate is not one that this machine trusts.",
            cure="Check NXCC_BASE_URL; behind a company's proxy, set REQUESTS_CA_BUNDLE to its certificate.",
        )
    return TransientError("The encrypted connection to the gateway failed.", cure="Ask again later.")


def _what_broke(error: Exception) -> str:
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
