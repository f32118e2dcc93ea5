"""One POST after another to one gateway: pooled connections, the environment's proxies and certificates, hard bounds.

Nothing is sent twice here: a signature is good for one request, so trying again is for the client, which signs anew.
"""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_match_hostname import CertificateError

from nxcc.api.answers import Answers, Response
from nxcc.api.deadline import Deadline, Watched
from nxcc.errors import ApiError, ConfigurationError, TransientError


class Transport:
    """Sends to the `paths` of `base_url`. Thread-safe; `connections` is how many threads may send at once.

    `timeout_s` bounds connecting and each wait for bytes, and twice it a whole answer; an answer is at most
    `MAX_ANSWER_BYTES`. Raises `ConfigurationError` for an address, proxy or certificate file that cannot be used.
    """

    def __init__(self, base_url: str, paths: Sequence[str], *, connections: int, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._deadline = Deadline(2 * timeout_s)
        self._pool, targets, host = self._open([base_url + path for path in paths], connections)
        self._pool.timeout = urllib3.Timeout(connect=timeout_s)  # the socket keeps it, for each wait
        self._through_tunnel = self._pool.proxy is not None and targets[0].startswith("/")
        always = {"Host": host, "User-Agent": "nxcc", "Accept-Encoding": "gzip, deflate"}
        if not self._through_tunnel:
            always |= self._pool.proxy_headers
        self._heads = {
            path: f"POST {target} HTTP/1.1\r\n{_lines(always)}" for path, target in zip(paths, targets, strict=True)
        }

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> Response:
        """Sends one request, once and to this gateway only, and reads the whole answer. Headers are ASCII.

        Raises `TransientError` when there is none, `ApiError` for one that is too large, `ConfigurationError` when the
        gateway's certificate is not trusted.
        """
        request = f"{self._heads[path]}{_lines(headers)}Content-Length: {len(body)}\r\n\r\n".encode("ascii") + body
        try:
            with self._deadline.watch() as watched:
                response = self._exchange(request, watched)
        except urllib3.exceptions.NewConnectionError as error:  # a timeout as well, by its class
            raise TransientError(_what_broke(error), cure="Ask again later.") from error
        except (urllib3.exceptions.TimeoutError, TimeoutError) as error:
            raise TransientError(f"No answer within {self._timeout_s:g} s.", cure="Ask again later.") from error
        except (urllib3.exceptions.HTTPError, CertificateError, HTTPException, OSError) as error:
            if watched.cut:
                raise self._late() from error
            if isinstance(error, (urllib3.exceptions.SSLError, CertificateError, ssl.SSLError)):
                raise _tls_failure(error) from error
            raise TransientError(_what_broke(error), cure="Ask again later.") from error
        if watched.cut:  # the end that was read may be ours
            raise self._late()
        return response

    def _exchange(self, request: bytes, watched: Watched) -> Response:
        """The answer to these bytes, on a connection of the pool.

        Not by the pool's `urlopen`: nothing that it does besides (timeouts anew for each request, retries, redirects,
        headers one by one and apart from the body) is wanted here.
        """
        connection: Any = self._pool._get_conn()  # open, closed or new: it looks whether the other end has gone
        try:
            if connection.is_closed and self._through_tunnel:
                self._pool._prepare_proxy(connection)
            elif connection.is_closed:
                connection.connect()
            watched.sock = connection.sock
            return cast(Response, connection.exchange(request))
        except BaseException:
            connection.close()  # what is left of an answer must not be read as the next one
            raise
        finally:
            self._pool._put_conn(connection)

    def _open(self, urls: list[str], connections: int) -> tuple[urllib3.HTTPConnectionPool, list[str], str]:
        """The connection pool, the request targets and the host, which is the same for all.

        requests makes them, with the environment's proxies and certificates; read on each send, these alone would make
        a request 40 % dearer. Of what a session's send does besides, nothing is wanted here: no cookies, no .netrc, no
        hooks, no redirects; the trusted certificates it would load are named below.
        """
        environment = requests.Session().merge_environment_settings(urls[0], {}, None, None, None)
        proxies = {} if _is_loopback(urls[0]) else environment["proxies"]
        verify = DEFAULT_CA_BUNDLE_PATH if environment["verify"] is True else environment["verify"]
        if isinstance(verify, str) and not Path(verify).exists():
            raise ConfigurationError(
                "The file of trusted certificates is not there.", cure="Check REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE."
            )
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections, max_retries=0)
        try:
            prepared = [requests.Request("POST", url).prepare() for url in urls]
            pool = adapter.get_connection_with_tls_context(
                prepared[0], verify, proxies=proxies, cert=environment["cert"]
            )
            targets = [adapter.request_url(one, proxies) for one in prepared]
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError):
            raise ConfigurationError(
                "The gateway's address, or that of the proxy to it, cannot be used.",
                cure="Check NXCC_BASE_URL, HTTP_PROXY and HTTPS_PROXY.",
            ) from None  # the original may hold the proxy's password
        http_pool = cast(urllib3.HTTPConnectionPool, pool)
        kind = cast(type[urllib3.connection.HTTPConnection], http_pool.ConnectionCls)
        http_pool.ConnectionCls = _connections(kind)
        return http_pool, targets, urlsplit(prepared[0].url or urls[0]).netloc

    def _late(self) -> TransientError:
        return TransientError(f"No whole answer within {2 * self._timeout_s:g} s.", cure="Ask again later.")


def _connections(kind: type[urllib3.connection.HTTPConnection]) -> type[urllib3.connection.HTTPConnection]:
    """Connections that take a whole request and give its whole answer."""

    class Connection(kind):  # type: ignore[valid-type, misc]
        def connect(self) -> None:
            super().connect()
            self._answers = Answers(self.sock)

        def exchange(self, request: bytes) -> Response:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have said why
                self.sock.sendall(request)
            response = self._answers.next()
            if not self._answers.keeps_open:
                self.close()
            return response

    return Connection


def _lines(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


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
