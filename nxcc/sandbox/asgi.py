"""The sandbox as an ASGI app: a lean path for the API, Starlette for the rest."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, NamedTuple

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from nxcc.api.protocol import PAGE_BY_TIME, QUERY_BY_ORDER
from nxcc.sandbox import faults
from nxcc.sandbox.by_time import Calls
from nxcc.sandbox.checks import Refusal, SandboxCredentials, order_id_in, order_in, parsed, refusal
from nxcc.sandbox.misbehave import misbehave
from nxcc.sandbox.page_checks import PageAsked, page_in
from nxcc.sandbox.pages import Pages
from nxcc.sandbox.recordings import PREFIX, recording
from nxcc.sandbox.reply import Outcome, Reply, envelope, http_error, success

log = logging.getLogger(__name__)

KEPT_REQUESTS = 200_000


class Seen(NamedTuple):
    """One request to the API as it arrived, and what came of it."""

    at: float  # time.monotonic() at arrival
    order_id: str  # that was asked for; "" for a page
    ts: str
    sign: str
    algorithm: str
    status: int | None  # HTTP status; None when the connection was made to fail
    code: int | None  # business code, None without an envelope
    body: bytes
    path: str = QUERY_BY_ORDER  # or PAGE_BY_TIME

    @property
    def asked(self) -> dict[str, Any]:
        """The body's JSON; {} when it is no object."""
        asked = parsed(self.body)
        return asked if isinstance(asked, dict) else {}


@dataclass
class Behaviour:
    """How the server treats requests: see `Sandbox`."""

    delay_s: float
    rate_limit: float | None
    clock: Callable[[], float]
    on_page: Callable[[int], None]


@dataclass
class SandboxApp:
    """The ASGI callable. `requests` keeps the newest 200,000 requests to the API."""

    world: Calls
    pages: Pages
    credentials: SandboxCredentials
    behaviour: Behaviour
    random_faults: faults.RandomFaults
    requests: deque[Seen] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    elsewhere: int = 0  # how many requests followed the redirect

    def __post_init__(self) -> None:
        self._reserved = faults.ReservedOrders(self.world.found_record)
        self._noting = threading.Lock()  # others copy the list while the server adds to it
        self._pages_given = 0
        self._allowed: deque[float] = deque()
        self._date = (0, b"")
        self._rest = _rest(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["path"] in (QUERY_BY_ORDER, PAGE_BY_TIME):
                await self._api(scope, receive, send)
            else:
                await self._rest(scope, receive, send)
        except asyncio.CancelledError:
            if not scope["state"]["transport"].is_closing():  # else the server stops, and nobody waits for an answer
                raise

    async def _api(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            return await self._send(http_error(405, "Method Not Allowed", headers=((b"allow", b"POST"),)), send)
        at = time.monotonic()
        body = await _body(receive)
        headers, path = dict(scope["headers"]), scope["path"]
        outcome = self._refused(headers, body, at)
        if outcome is None:
            outcome = self._order(body) if path == QUERY_BY_ORDER else await self._page(body)
        self._note(at, path, headers, body, outcome)
        if self.behaviour.delay_s > 0:
            await asyncio.sleep(at + self.behaviour.delay_s - time.monotonic())
        if isinstance(outcome, Reply):
            return await self._send(outcome, send)
        return await misbehave(outcome, scope, receive, send)

    def _refused(self, headers: dict[bytes, bytes], body: bytes, at: float) -> Outcome | None:
        if not self._allow(at):
            return faults.too_many()
        if fault := self.random_faults.draw():
            return fault
        refused = refusal(headers, body, int(self.behaviour.clock() * 1000), self.credentials)
        return envelope(refused.code, refused.msg) if refused else None

    def _order(self, body: bytes) -> Outcome:
        order_id = order_in(body, self.credentials.tenant_id)
        if isinstance(order_id, Refusal):
            return envelope(order_id.code, order_id.msg)
        return self._reserved.outcome(order_id) or success(self.pages.data(order_id))

    async def _page(self, body: bytes) -> Outcome:
        """In a thread: many days may have to be made first, and `on_page` takes what time it likes."""
        asked = page_in(body, self.credentials.tenant_id)
        if isinstance(asked, Refusal):
            return envelope(asked.code, asked.msg)
        self._pages_given += 1
        return await asyncio.to_thread(self._page_made, asked, self._pages_given)

    def _page_made(self, asked: PageAsked, n: int) -> Outcome:
        self.behaviour.on_page(n)
        return success(self.pages.page(asked))

    def _allow(self, at: float) -> bool:
        """Whether the rate limit lets a request pass; those that it refuses do not count against it."""
        limit = self.behaviour.rate_limit
        if limit is None:
            return True
        window_s = max(1.0, 1.0 / limit)
        while self._allowed and at - self._allowed[0] >= window_s:
            self._allowed.popleft()
        if len(self._allowed) >= limit * window_s:
            return False
        self._allowed.append(at)
        return True

    def _note(self, at: float, path: str, headers: dict[bytes, bytes], body: bytes, outcome: Outcome) -> None:
        ts, sign, algorithm = (headers.get(name, b"").decode("latin-1") for name in (b"ts", b"sign", b"algorithm"))
        status, code = (outcome.status, outcome.code) if isinstance(outcome, Reply) else (None, None)
        order_id = order_id_in(body) if path == QUERY_BY_ORDER else ""
        seen = Seen(at, order_id, ts, sign, algorithm, status, code, body, path)
        with self._noting:
            self.requests.append(seen)
        log.debug("request", extra={"status": status, "code": code})

    def seen(self) -> tuple[Seen, ...]:
        """A copy of `requests`; from any thread."""
        with self._noting:
            return tuple(self.requests)

    async def _send(self, reply: Reply, send: Send) -> None:
        headers = [*reply.headers, (b"content-length", b"%d" % len(reply.body)), (b"date", self.date())]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    def date(self) -> bytes:
        """The `Date` header by the server's own clock."""
        second = int(self.behaviour.clock())
        if second != self._date[0]:
            self._date = (second, formatdate(second, usegmt=True).encode())
        return self._date[1]


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


def _rest(app: SandboxApp) -> Starlette:
    """Everything but the API: recordings, the end of the redirect, 404 and 405 as JSON."""

    def respond(reply: Reply) -> Response:
        response = Response(reply.body, reply.status)
        for name, value in (*reply.headers, (b"date", app.date())):
            response.headers[name.decode()] = value.decode()
        return response

    async def audio(request: Request) -> Response:
        return respond(recording(request.path_params["name"], request.headers.get("range")))

    async def elsewhere(_: Request) -> Response:
        app.elsewhere += 1
        return respond(success(orjson.dumps([app.world.found_record("ELSEWHERE")])))

    async def not_found(_: Request, __: Exception) -> Response:
        return respond(http_error(404, "Not Found"))

    async def not_allowed(_: Request, __: Exception) -> Response:
        return respond(http_error(405, "Method Not Allowed"))

    routes = [
        Route(PREFIX + "{name}", audio, methods=["GET"]),
        Route(faults.ELSEWHERE, elsewhere, methods=["GET", "POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={404: not_found, 405: not_allowed})
