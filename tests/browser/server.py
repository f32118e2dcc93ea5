"""An app in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from nxcc.sandbox import Sandbox

PROJECT = Path(__file__).parents[2]

# What nobody foresaw: a line of the log at this level, or what came before there was one. Streamlit's own note of a
# sign-in that was refused, or broken off, is none; it names the claim, not its value.
_TROUBLE = re.compile(
    r"^(?:\S+ ){1,2}(?:ERROR|CRITICAL)\b(?!.*(?:OAuth token exchange failed|authentication: access_denied))"
    r"|\"level\": \"(?:error|critical)\"|^Traceback",
    re.MULTILINE,
)


def account(sandbox: Sandbox) -> dict[str, str]:
    """The settings of an app that asks a sandbox."""
    said = sandbox.credentials
    return {
        "NXCC_BASE_URL": sandbox.base_url,
        "NXCC_ACCESS_KEY": said.access_key,
        "NXCC_ACCESS_SECRET": said.access_secret,
        "NXCC_TENANT_ID": str(said.tenant_id),
    }


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    address: str
    pid: int


@contextmanager
def app(data: Path, settings: dict[str, str]) -> Iterator[str]:
    """The address of a Streamlit server in a process of its own, in whose log nothing is wrong at the end."""
    with served(data, settings) as server:
        yield server.address
    assert trouble(said := (data / "server.log").read_text()) == [], said


@contextmanager
def served(data: Path, settings: dict[str, str]) -> Iterator[Server]:
    """A Streamlit server in a process of its own; its log is `server.log` in the data folder."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NXCC_")}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    address = f"http://127.0.0.1:{port}"
    environment = clean | {"NXCC_DATA_DIR": str(data)} | settings
    with (
        (data / "server.log").open("w") as log,
        subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            _wait_for(address)
            yield Server(address, server.pid)
        finally:
            _stop(server)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Ends it as a supervisor does; once more by hand when it waits for a browser that only holds a connection open:
    uvicorn knows no end of that wait."""
    server.terminate()
    try:
        server.wait(15)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGINT)
        server.wait(30)


def trouble(log: str) -> list[str]:
    """The lines of a log that nobody foresaw."""
    return [line for line in log.splitlines() if _TROUBLE.search(line)]


@retry(
    stop=stop_after_delay(40), wait=wait_fixed(0.2), retry=retry_if_exception_type((URLError, OSError)), reraise=True
)
def _wait_for(address: str) -> None:
    with urlopen(f"{address}/_stcore/health") as answer:
        assert answer.status == 200
