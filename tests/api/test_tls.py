"""Encrypted connections, as the vendor's are: trusted, untrusted, through a proxy, and dripping for ever."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from nxcc.api.client import Client
from nxcc.errors import ConfigurationError, TransientError

from ..conftest import client_of
from .wire import Wire, http

FOUND = http(b'{"reqId":"R","code":0,"data":[{"callId":"c"}]}')
Gateway = Callable[..., str]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine trusts the authority."""
    path = tmp_path / "trusted.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))


@pytest.fixture
def gateway(authority: trustme.CA) -> Iterator[Gateway]:
    """Starts an encrypted gateway that says `answer` to each request, then drips if told to; returns its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "gateway.test").configure_cert(context)
    ended, listeners = threading.Event(), []

    def serve(listener: socket.socket, answer: bytes, drip: bytes) -> None:
        with suppress(OSError):
            while True:
                plain = listener.accept()[0]
                plain.settimeout(5)
                with suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(65536)
                    connection.sendall(answer)
                    while drip and not ended.wait(0.02):
                        connection.sendall(drip)

    def start(answer: bytes = FOUND, drip: bytes = b"") -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=serve, args=(listener, answer, drip), daemon=True).start()
        return str(listener.getsockname()[1])

    yield start
    ended.set()
    for listener in listeners:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def ask(client: Client) -> list[dict[str, object]]:
    return client.query_by_order("A", threading.Event()).records


def test_tls__a_trusted_gateway_is_asked(gateway: Gateway, trusted: None) -> None:
    assert ask(client_of(f"https://127.0.0.1:{gateway()}")) == [{"callId": "c"}]


def test_tls__an_untrusted_gateway_stops_the_run_with_the_cure(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    with pytest.raises(ConfigurationError, match="REQUESTS_CA_BUNDLE"):
        ask(client_of(f"https://127.0.0.1:{gateway()}"))


def test_tls__a_name_that_is_not_the_certificates_is_not_trusted(gateway: Gateway, trusted: None) -> None:
    with pytest.raises(ConfigurationError, match="certificate"):
        ask(client_of(f"https://localhost:{gateway()}"))


def test_tls__an_answer_that_drips_for_ever_ends(gateway: Gateway, trusted: None) -> None:
    port = gateway(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x")
    with pytest.raises(TransientError, match=r"No whole answer within 0\.6 s"):
        ask(client_of(f"https://127.0.0.1:{port}", timeout_s=0.3, attempts=1))


def test_tls__through_a_proxy_that_makes_a_tunnel(
    gateway: Gateway, trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = gateway()

    def tunnel(connection: socket.socket, _: threading.Event) -> None:
        with socket.create_connection(("127.0.0.1", int(port))) as behind:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            there = threading.Thread(target=_pass_on, args=(connection, behind), daemon=True)
            there.start()
            _pass_on(behind, connection)

    with Wire(tunnel) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert ask(client_of(f"https://gateway.test:{port}")) == [{"callId": "c"}]
    assert proxy.asked[0].startswith(f"CONNECT gateway.test:{port} ")


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
