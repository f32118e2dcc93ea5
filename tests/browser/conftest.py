"""A real app in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from nxcc.sandbox import Sandbox
from tests.browser.chromium import ARGUMENTS, executable
from tests.browser.person import somebody
from tests.browser.server import account, app
from tests.oidc import Provider
from tests.oidc.guarded import Guarded, guarded_app

Start = Callable[..., str]

# Intercepting requests would turn the cache off. `localhost` is where people sign in: another site than the app's.
ONLY_HERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable(), args=[*ARGUMENTS, ONLY_HERE])
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[[], Page]]:
    """Opens pages in browsers of their own, from which only this machine can be reached."""
    with ExitStack() as stack:

        def opened() -> Page:
            context = somebody(browser)
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


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    """Where people sign in."""
    with Provider() as running:
        yield running


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox, provider: Provider) -> Iterator[Guarded]:
    """An app with data that people sign in to, shared by tests that do not mind each other."""
    with guarded_app(tmp_path_factory.mktemp("guarded"), sandbox, provider) as running:
        yield running


@pytest.fixture
def start(tmp_path: Path, sandbox: Sandbox) -> Iterator[Start]:
    """Starts a fresh app that is connected to `sandbox`; settings can be changed. Returns its address."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(app(tmp_path, account(sandbox) | settings))
