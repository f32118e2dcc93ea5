"""An app that people sign in to, with data in it; and people in browsers of their own, signed in the real way."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin

import requests
from joserfc import jwt
from joserfc.jwk import OctKey
from playwright.sync_api import Browser, BrowserContext, Page
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from nxcc.desk import Desk, open_desk
from nxcc.filters import Filters
from nxcc.jobs import Checked
from nxcc.sandbox import Sandbox
from nxcc.settings import Settings
from tests.browser.person import somebody
from tests.browser.server import account, app
from tests.oidc.provider import Provider

COOKIE_SECRET = "a secret for cookies in tests, 32 bytes or more"
LISTS = {
    "NXCC_VIEWERS": "@example.com",
    "NXCC_ANALYSTS": "anna@example.com",
    "NXCC_LEADS": "leo@example.com, groups=desk-leads",
    "NXCC_ADMINS": "ada@example.com",
}

OWNER = "anna@example.com"  # of what was uploaded
OWN_NUMBER = "85251234567"  # stands in the uploaded files alone
NOT_THERE = "NOT-THERE-GUARDED"


@dataclass(frozen=True, slots=True)
class Filled:
    """What is in an app's data folder: orders that were asked (the first was answered and recorded), whole numbers and
    links in their calls, a job that is done, an upload that was only checked."""

    orders: tuple[str, ...]
    numbers: frozenset[str]
    recordings: frozenset[str]
    job: str
    upload: str


@dataclass(frozen=True, slots=True)
class Guarded:
    """An app at work, where people sign in."""

    address: str
    data: Path
    filled: Filled
    provider: Provider
    _signed_in: dict[str, dict[str, str]] = field(default_factory=dict)

    def context(self, browser: Browser, person: str = "") -> BrowserContext:
        """A browser of somebody's own, in which they have signed in; "" = nobody has."""
        context = somebody(browser)
        if person:
            context.add_cookies([_cookie(name, value) for name, value in self.cookies(person).items()])
        return context

    def cookies(self, person: str) -> dict[str, str]:
        """What a browser holds after somebody has signed in: at the provider, once a person."""
        if person not in self._signed_in:
            self._signed_in[person] = sign_in_undrawn(self.address, person).cookies
        return self._signed_in[person]

    def log(self) -> str:
        """What the server has written so far."""
        return (self.data / "server.log").read_text()


def sign_in(page: Page, address: str, person: str, path: str = "/") -> None:
    """Opens an address and signs in from there, as a person does; returns when the app has drawn what they may see."""
    page.goto(address + path)
    choose(page, address, person)


def choose(page: Page, address: str, person: str) -> None:
    """From the page that asks to sign in, to the provider, and back."""
    page.locator(".st-key-sign_in button").click()
    page.locator(f"button[value='{person}']").click()
    page.wait_for_url(f"{address}/**")
    page.locator("[data-testid=stSidebar], .st-key-front_door").first.wait_for()


class SignedIn(NamedTuple):
    """What a browser holds after signing in (nothing when it was refused), and the address it is led to."""

    cookies: dict[str, str]
    address: str


def sign_in_undrawn(address: str, person: str, came_from: str = "/") -> SignedIn:
    """As `sign_in`, by a client that follows the same addresses and draws nothing; "" = gives up at the provider."""
    with requests.Session() as client:
        choice = client.get(login(address), headers={"Referer": urljoin(address, came_from)}, timeout=30)
        choice.raise_for_status()
        back = client.post(choice.url, {"person": person}, timeout=30)
        back.raise_for_status()
        held = {cookie.name: cookie.value or "" for cookie in client.cookies}
    return SignedIn({name: held[name] for name in held if name.startswith("_streamlit_user")}, back.url)


def login(address: str) -> str:
    """Where the button leads that says "Sign in"."""
    claims = {"provider": "default", "exp": int(time.time()) + 60}
    token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(COOKIE_SECRET))
    return f"{address}/auth/login?provider={token}"


def signed(name: str, said: object, secret: str = COOKIE_SECRET) -> str:
    """A cookie as the app would make it, or somebody who knows another secret; what is no text is written as JSON."""
    return create_signed_value(secret, name, said if isinstance(said, str) else json.dumps(said)).decode()


def _cookie(name: str, value: str) -> Any:
    return {"name": name, "value": value, "domain": "127.0.0.1", "path": "/", "httpOnly": True, "sameSite": "Lax"}


@contextmanager
def guarded_app(
    data: Path, sandbox: Sandbox, provider: Provider, settings: Mapping[str, str] = LISTS
) -> Iterator[Guarded]:
    """Such an app in a process of its own, on a data folder that is filled first. Its secrets lie beside the data."""
    filled = fill(data, sandbox)
    secrets = data / "secrets.toml"
    secrets.write_text(provider.secrets(cookie_secret=COOKIE_SECRET), encoding="utf-8")
    said = account(sandbox) | {"NXCC_RATE_PER_SECOND": "0", "STREAMLIT_SECRETS_FILES": str(secrets)} | settings
    with app(data, said) as address:
        yield Guarded(address, data, filled, provider)


def fill(data: Path, sandbox: Sandbox) -> Filled:
    """Asks for orders of the last weeks by a job, checks an upload, saves a view."""
    world = sandbox.world
    recorded = [
        one for one in world.orders() if any(str(call["recordUrl"]).startswith("http") for call in world.records(one))
    ]
    orders = tuple(recorded[-40:])
    calls = [call for one in orders for call in world.records(one)]
    desk = open_desk(_settings(data, sandbox), with_jobs=True)
    try:
        job, upload = _work(desk, orders)
    finally:
        desk.close()
    numbers = {str(call[name]) for call in calls for name in ("caller", "callee")}
    return Filled(
        orders,
        frozenset(one for one in numbers if len(one) >= 10 and one.isdigit()),
        frozenset(str(call["recordUrl"]) for call in calls if str(call["recordUrl"]).startswith("http")),
        job,
        upload,
    )


def _work(desk: Desk, orders: tuple[str, ...]) -> tuple[str, str]:
    assert desk.jobs
    assert desk.views
    desk.views.save("All of it", Filters())
    desk.jobs.begin()
    ids = []
    for name, some in (("done", (*orders, NOT_THERE)), ("checked", (*orders[:3], "1.23457E+17"))):
        rows = [f"{one},{OWN_NUMBER}" for one in some]
        folder = desk.jobs.upload(f"{name}.csv", io.BytesIO("\n".join(("order_id,phone", *rows)).encode()), OWNER)
        folder.read()
        folder.check(0)
        ids.append(folder.id)
    done = desk.jobs.folder(ids[0])
    assert done
    job = desk.jobs.start(done, Checked(0), name="done", who=OWNER)
    pause = threading.Event()
    for _ in range(600):
        found = desk.jobs.store.get(job.id)
        if found and found.state == "done":
            return ids[0], ids[1]
        pause.wait(0.05)
    raise AssertionError("the job comes to no end")


def _settings(data: Path, sandbox: Sandbox) -> Settings:
    said = sandbox.credentials
    return Settings(
        data_dir=data,
        base_url=sandbox.base_url,
        access_key=said.access_key,
        access_secret=said.access_secret,
        tenant_id=said.tenant_id,
        rate_per_second=0,
    )
