"""A real app in a real Chromium."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from nxcc.sandbox import Sandbox
from tests.browser.chromium import ARGUMENTS, executable

PROJECT = Path(__file__).parents[2]
Start = Callable[..., str]

# Intercepting requests would turn the cache off. `localhost` is where people sign in: another site than the app's.
ONLY_HERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
# Streamlit's own note of a sign-in that was refused; it names the claim, not its value.
_REFUSED_TOKEN = re.compile(r"OAuth token exchange failed.*?\njoserfc\.errors\.\w+: [^\n]*\n", re.DOTALL)

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable(), args=[*ARGUMENTS, ONLY_HERE])
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[[], Page]]:
    """Opens pages in browsers of their own, at 1440x900 in Shanghai, from which only this machine can be reached."""
    with ExitStack() as stack:

        def opened() -> Page:
            context = browser.new_context(
                viewport={"width": 1440, "height": 900},
                timezone_id="Asia/Shanghai",
                locale="en-GB",
                color_scheme="light",
            )
            stack.callback(context.close)
            return context.new_page()

        yield opened


@pytest.fixture
def page(new_page: Callable[[], Page]) -> Page:
    """A page of its own."""
    return new_page()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A stand-in for the vendor, for apps that have credentials."""
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an app without credentials, shared by tests that do not mind each other."""
    with app(tmp_path_factory.mktemp("demo"), {}) as address:
        yield address


@pytest.fixture(scope="session")
def fast(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[str]:
    """The address of an app that asks `sandbox` as fast as it can, shared by tests that do not mind each other."""
    with app(tmp_path_factory.mktemp("fast"), account(sandbox) | {"NXCC_RATE_PER_SECOND": "0"}) as address:
        yield address


@pytest.fixture
def start(tmp_path: Path, sandbox: Sandbox) -> Iterator[Start]:
    """Starts a fresh app that is connected to `sandbox`; settings can be changed. Returns its address."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(app(tmp_path, account(sandbox) | settings))


def account(sandbox: Sandbox) -> dict[str, str]:
    """The settings of an app that asks a sandbox."""
    said = sandbox.credentials
    return {
        "NXCC_BASE_URL": sandbox.base_url,
        "NXCC_ACCESS_KEY": said.access_key,
        "NXCC_ACCESS_SECRET": said.access_secret,
        "NXCC_TENANT_ID": str(said.tenant_id),
    }


@contextmanager
def app(data: Path, settings: dict[str, str]) -> Iterator[str]:
    """A Streamlit server in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NXCC_")}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    address = f"http://127.0.0.1:{port}"
    environment = clean | {"NXCC_DATA_DIR": str(data)} | settings
    with (
        (data / "server.log").open("w+") as log,
        subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            _wait_for(address)
            yield address
        finally:
            server.terminate()
            server.wait()
            log.seek(0)
            said = log.read()
    assert "Traceback" not in _REFUSED_TOKEN.sub("", said), said


@retry(
    stop=stop_after_delay(40), wait=wait_fixed(0.2), retry=retry_if_exception_type((URLError, OSError)), reraise=True
)
def _wait_for(address: str) -> None:
    with urlopen(f"{address}/_stcore/health") as answer:
        assert answer.status == 200
