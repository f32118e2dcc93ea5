"""What the network may do to a client: silence, trickles, floods, proxies; and what must never be told."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import traceback
import tracemalloc
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from nxcc.api.client import Client
from nxcc.errors import ApiError, ConfigurationError, TransientError
from nxcc.sandbox import Sandbox

from ..conftest import client_of, own
from .wire import Wire, http, silence

NO_CALLS = http(b'{"reqId":"R","code":0,"data":[]}')
KEPT = NO_CALLS.replace(b"Connection: close\r\n", b"")


def soon(function: Callable[[], Any]) -> Any:
    """What `function` returns or raises; a failure when it does not end."""
    ended: list[tuple[Any, BaseException | None]] = []

    def run() -> None:
        try:
            ended.append((function(), None))
        except BaseException as error:  # noqa: BLE001 - carried over
            ended.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(10)
    assert ended, "it does not end"
    value, error = ended[0]
    if error:
        raise error
    return value


def ask(client: Client, order_id: str = "A") -> Any:
    return soon(lambda: client.query_by_order(order_id, threading.Event()))


def test_timeout__a_gateway_that_never_answers() -> None:
    with silence() as url, pytest.raises(TransientError, match=r"No answer within 0\.2 s"):
        ask(client_of(url, timeout_s=0.2, attempts=1))


def test_timeout__a_gateway_that_never_takes_the_connection() -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # its queue is full now
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        client = client_of(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_s=0.2, attempts=1)
        with pytest.raises(TransientError, match=r"No answer within 0\.2 s"):
            ask(client)


def _drip(beginning: bytes, byte: bytes) -> Callable[[socket.socket, threading.Event], None]:
    def answer(connection: socket.socket, ended: threading.Event) -> None:
        connection.sendall(beginning)
        while not ended.wait(0.02):
            connection.sendall(byte)

    return answer


DRIPS = [
    _drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
    _drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    _drip(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    _drip(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
    _drip(b"HTTP/1.1 200 O", b"K"),
    _drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", b"X: y\r\n"),
    _drip(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\x03", b"n"),
]


@pytest.mark.parametrize(
    "answer", DRIPS, ids=["length", "chunked", "until closed", "header", "status line", "trailers", "gzip name"]
)
def test_timeout__an_answer_that_drips_for_ever(answer: Callable[..., None]) -> None:
    with Wire(answer) as wire, pytest.raises(TransientError, match=r"No whole answer within 0\.6 s"):
        ask(client_of(wire.url, timeout_s=0.3, attempts=1))


def _flood(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not ended.is_set():
        connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")


def test_size__a_flood_is_cut_and_not_asked_again() -> None:
    with Wire(_flood) as wire, pytest.raises(ApiError, match="larger than 5 MB") as failed:
        ask(client_of(wire.url))
    assert type(failed.value) is ApiError
    assert (failed.value.attempts, len(wire.asked)) == (1, 1)


def test_size__an_answer_just_below_the_limit_is_read() -> None:
    body = orjson.dumps({"code": 0, "data": [], "padding": "x" * (5 * 2**20 - 100)})
    with Wire(http(body)) as wire:
        assert ask(client_of(wire.url)).records == []


def test_size__a_compressed_bomb_does_not_fill_memory() -> None:
    bomb = gzip.compress(b" " * 100 * 2**20, compresslevel=1)
    assert len(bomb) < 2**20
    with Wire(http(bomb, "Content-Encoding: gzip")) as wire:
        client = client_of(wire.url)
        tracemalloc.start()
        try:
            with pytest.raises(ApiError, match="larger than 5 MB"):
                ask(client)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 30 * 2**20


def test_gzip__is_read() -> None:
    body = gzip.compress(orjson.dumps({"code": 0, "data": [{"callId": "c", "other": "x" * 400_000}]}))
    with Wire(http(body, "Content-Encoding: gzip")) as wire:
        assert len(ask(client_of(wire.url)).records[0]["other"]) == 400_000


def _keep_open(connection: socket.socket, _: threading.Event) -> None:
    connection.sendall(KEPT)
    while connection.recv(65536):
        connection.sendall(KEPT)


def test_connection__is_kept_for_the_next_request() -> None:
    with Wire(_keep_open) as wire:
        client = client_of(wire.url, attempts=1)
        assert [ask(client).records for _ in range(3)] == [[]] * 3
        client._transport._pool.close()
    assert (client.requests, len(wire.asked)) == (3, 1)


def test_connection__one_that_was_closed_meanwhile_is_not_used_again() -> None:
    with Wire(KEPT) as wire:  # which closes it, and does not say so
        client = client_of(wire.url, attempts=1)
        for _ in range(3):
            assert ask(client).records == []
            wire.wait()
    assert len(wire.asked) == 3


@pytest.mark.parametrize("kind", ["FAIL-SLOW", "FAIL-BIG", "FAIL-TRUNCATED"])
def test_connection__what_is_left_of_a_bad_answer_is_not_read_as_the_next(sandbox: Sandbox, kind: str) -> None:
    client = client_of(sandbox, concurrency=1, attempts=1, timeout_s=0.3)
    with pytest.raises(ApiError):
        ask(client, own(kind))
    assert len(ask(client, own("SAMPLE-VENDOR")).records) == 2


def test_connection__refused() -> None:
    with silence() as url:
        pass
    with pytest.raises(TransientError, match="refuses connections"):
        ask(client_of(url, attempts=1))


def test_proxy__of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire(NO_CALLS) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:pass@{proxy.address}")
        assert ask(client_of("http://gateway.invalid")).records == []
    assert proxy.asked[0].startswith("POST http://gateway.invalid/saas/cc/openapi/cdr/queryByOrderId HTTP/1.1\r\n")
    assert "\r\nHost: gateway.invalid\r\n" in proxy.asked[0]
    assert "proxy-authorization: Basic" in proxy.asked[0].replace("Proxy-A", "proxy-a")


def test_certificates__those_of_requests_unless_the_environment_names_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    assert client_of("https://gateway.invalid")._transport._pool.ca_certs == DEFAULT_CA_BUNDLE_PATH
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", __file__)
    assert client_of("https://gateway.invalid")._transport._pool.ca_certs == __file__
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/not/there.pem")
    with pytest.raises(ConfigurationError, match="REQUESTS_CA_BUNDLE"):
        client_of("https://gateway.invalid")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_proxy__never_for_this_machine(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    with Wire(NO_CALLS) as proxy, Wire(NO_CALLS) as gateway:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        assert ask(client_of(gateway.url.replace("127.0.0.1", host))).records == []
    assert proxy.asked == []
    assert gateway.asked[0].startswith("POST /saas/")


@pytest.mark.parametrize(
    "proxy", ["http://", "socks5://me:hunter2@host:1", "gib berish", "me:hunter2@host:99999", "ftp://h:1"]
)
def test_proxy__that_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with pytest.raises(ConfigurationError, match="HTTP_PROXY") as failed:
        client_of("http://gateway.invalid")
    assert "hunter2" not in "".join(traceback.format_exception(failed.value, chain=True))


@pytest.mark.parametrize("address", ["http://a b", "http://*.example.com"])
def test_address__that_cannot_be_used_is_told(address: str) -> None:
    with pytest.raises(ConfigurationError, match="NXCC_BASE_URL"):
        client_of(address)


def test_netrc__is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with Wire(NO_CALLS) as wire:
        ask(client_of(wire.url))
    assert "authorization" not in wire.asked[0].lower()


class _Noting(Wire):
    """A wire whose answer knows the signature that came."""

    def __init__(self, code: int) -> None:
        def answer(connection: socket.socket, _: threading.Event) -> None:
            said = f"{self.sign} the-key the-secret"
            connection.sendall(http(orjson.dumps({"reqId": said[:50], "code": code, "msg": said})))

        super().__init__(answer)

    @property
    def sign(self) -> str:
        return self.asked[-1].partition("sign: ")[2][:32]


@pytest.mark.parametrize("code", [88, 1003, 1004, 41000, 77777])
def test_secrets__are_in_no_error_and_no_log_even_when_the_gateway_echoes_them(
    caplog: pytest.LogCaptureFixture, code: int
) -> None:
    caplog.set_level(logging.DEBUG)
    with _Noting(code) as wire:
        client = client_of(wire.url, attempts=2)
        with pytest.raises(ApiError) as failed:
            ask(client)
    error = failed.value
    told = [str(error), repr(error), repr(error.evidence), repr(error.args), repr(client.credentials), repr(client)]
    told += [*traceback.format_exception(error), caplog.text, *(str(vars(entry)) for entry in caplog.records)]
    text = "\n".join(told)
    assert "***" in error.what
    assert len(wire.sign) == 32
    for secret in ("the-key", "the-secret", wire.sign):
        assert secret not in text
