"""Which requests are meant for this app: those to a name that it is served under, from its own pages.

A page elsewhere can make up a name that leads to this server (DNS rebinding) or open a websocket to it. Streamlit's
`server.allowedHosts` guards its websocket alone; here it guards everything but the health check. Streamlit would take
other origins on this machine for our own, and ask a public service for its address to find out; here they are refused
before.
"""

from __future__ import annotations

import logging

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from nxcc.ui import browser_rules

HEALTH = "/_stcore/health"
OTHER_HOST = (
    "This app is not served under this name. Open it under its own; or, if you run it, put the name into "
    "STREAMLIT_SERVER_ALLOWED_HOSTS."
)
OTHER_ORIGIN = (
    "This request came from another page than this app's. If a proxy stands before the app, it must pass the Host "
    "header on as it came."
)
_SHOWN = 100  # characters of a header in the log

log = logging.getLogger(__name__)


class Hosts:
    """ASGI middleware, before all others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what is meant for us, with our rules for the browser on the answer; refuses the rest."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        app = _refusal(scope["path"], Headers(scope=scope)) or self._app
        if scope["type"] == "http":
            await app(scope, receive, _with_rules(scope["path"], send))
        elif app is self._app:
            await app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": ""})


def _refusal(path: str, headers: Headers) -> PlainTextResponse | None:
    host, origin = headers.get("host"), headers.get("origin")
    if path.endswith(HEALTH):
        return None
    if not is_host_allowed(host):
        log.warning("refused a request to another host: %r", (host or "")[:_SHOWN])
        return PlainTextResponse(OTHER_HOST, 400)
    if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
        log.warning("refused a request from another origin: %r", origin[:_SHOWN])
        return PlainTextResponse(OTHER_ORIGIN, 403)
    return None


def _with_rules(path: str, send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in browser_rules.headers():
                headers.setdefault(name, value)
            if "/media/" in path:  # downloads: other people's data, kept by no cache
                headers.setdefault("cache-control", "private, no-store")
        await send(message)

    return sent
