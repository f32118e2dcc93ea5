"""The guard that the other tests stand behind bites, in this process and in one of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.hostile.conftest import GUARD, Gateway

_TRIES = """
import socket, sys, threading, urllib.request
def tries(*todo):
    for one in todo:
        try:
            one()
        except PermissionError:
            print("refused")
        except OSError as error:
            print("refused" if "PermissionError" in repr(error) else repr(error))
        else:
            print("went through")
here = ("127.0.0.1", int(sys.argv[1]))
tries(
    lambda: socket.create_connection(here).close(),
    lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
    lambda: socket.create_connection(("169.254.169.254", 80), timeout=1),
    lambda: socket.getaddrinfo("evil.example", 80),
    lambda: socket.gethostbyname("evil.example"),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53)),
    lambda: urllib.request.urlopen("http://evil.example/"),
)
thread = threading.Thread(target=tries, args=(lambda: socket.create_connection(("192.0.2.1", 80), timeout=1),))
thread.start()
thread.join()
"""


def test_guard__bites_in_a_process_of_its_own(gateway: Gateway, tmp_path: Path) -> None:
    host, port = gateway.sandbox.base_url.removeprefix("http://").split(":")
    log = tmp_path / "refused"
    environment = os.environ | {
        "PYTHONPATH": str(GUARD),
        "HOSTILE_GUARD": str(log),
        "HOSTILE_ALLOWED": f"{host}:{port}",
    }
    said = subprocess.run(
        [sys.executable, "-c", _TRIES, port], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert said.stdout.split("\n")[:-1] == ["went through", *["refused"] * 7]
    refused = log.read_text()
    assert refused.count("\n") == 7
    for where in ("127.0.0.1:9", "169.254.169.254:80", "evil.example", "192.0.2.1:53", "192.0.2.1:80"):
        assert where in refused


@pytest.mark.parametrize("where", [("127.0.0.1", 9), ("192.0.2.1", 80), ("::1", 9)])
def test_guard__bites_here(guard: Any, where: tuple[str, int]) -> None:
    with pytest.raises(PermissionError):
        socket.create_connection(where, timeout=1)
    assert guard.notes == [f"socket.getaddrinfo {where[0]}:{where[1]}"]


def test_guard__bites_a_request(guard: Any, gateway: Gateway) -> None:
    with pytest.raises(PermissionError):
        urlopen("http://evil.example/")
    assert guard.notes == ["urllib.Request http://evil.example/"]
    guard.notes.clear()
    with socket.create_connection(tuple(gateway.sandbox.base_url.removeprefix("http://").split(":"))):
        assert guard.notes == []
