"""What stands before Streamlit's own server: files and uploads are for people who have signed in, and nobody who is not
on this machine is served where sign-in is not set up."""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import sys
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from nxcc.errors import NxccError, SettingsError
from nxcc.settings import Settings, load
from nxcc.ui import deeds, resources, sign_in, way_back

# Below these lie files that pages offered, and uploads. A page itself comes over the websocket, which the front door
# watches.
_GUARDED = re.compile(r"(?<!/static)/media/|/_stcore/upload_file")  # Streamlit's own fonts are in static/media
_CLOSED = ("/_stcore/metrics",)
_OPEN = ("/_stcore/health",)  # whether the process lives, which a load balancer asks
_LOGOUT = "/auth/logout"
WHY_NOT = (
    "nxcc serves other machines only where people sign in: [auth] is not in the secrets, so whoever reached this "
    "address could read call records and spend the account's requests. Set sign-in up, serve 127.0.0.1 only, or set "
    "NXCC_ALLOW_ANONYMOUS=1 if something else keeps strangers out."
)

log = logging.getLogger(__name__)


def refuse_if_open_to_all() -> None:
    """Ends the process when the server is to listen beyond this machine and nobody has to sign in."""
    address = config.get_option("server.address")
    if not _is_here(address or "") and not _may_be_open():
        sys.exit(WHY_NOT)


class Doors:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what may pass, answers 403 else."""
        if scope["type"] == "websocket" and sign_in.configured():
            sign_in.connects_with(claims_of(Headers(scope=scope)))
        if scope["type"] == "lifespan" or (refused := _refused(scope)) is None:
            await self._app(scope, receive, way_back.kept(scope, send, _came_in) if scope["type"] == "http" else send)
        elif scope["type"] == "http":
            await PlainTextResponse(refused, 403)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 4403, "reason": "forbidden"})


def _refused(scope: Scope) -> str | None:
    """Why this request is not answered."""
    path, headers = scope["path"], Headers(scope=scope)
    if any(closed in path for closed in _CLOSED):
        return "Closed."
    if not sign_in.configured():
        return None if path.endswith(_OPEN) or _from_here(scope, headers) or _may_be_open() else WHY_NOT
    if path.endswith(_LOGOUT):
        _end(claims_of(headers))
    elif _GUARDED.search(path) and not sign_in.of_claims(claims_of(headers)).viewer:
        return "Sign in first."
    return None


def claims_of(headers: Headers) -> dict[str, Any]:
    """What the sign-in's cookie says, when it is there and signed with our secret; else nothing."""
    cookies: SimpleCookie = SimpleCookie()
    try:
        for line in headers.getlist("cookie"):
            cookies.load(line)
    except CookieError:
        return {}

    def one(name: str) -> bytes | None:
        return decode_signed_value(get_cookie_secret(), name, cookies[name].value) if name in cookies else None

    try:
        claims = json.loads(get_cookie_with_chunks(one, USER_COOKIE_NAME) or b"{}")
    except (ValueError, KeyError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _end(claims: dict[str, Any]) -> None:
    """Whoever signs out does so in all tabs, and for whoever copied the cookie."""
    standing = sign_in.of_claims(claims)
    desk = resources.open_now()
    if standing.viewer is None or desk is None or desk.sign_outs is None:
        return
    try:
        if desk.sign_outs.end(claims):
            deeds.note_exit(standing.viewer)
    except NxccError as error:
        log.warning("a sign-out was not noted: %s", error)


def _came_in(cookies: str) -> None:
    """Somebody has just signed in, or tried to."""
    standing = sign_in.of_claims(claims_of(Headers({"cookie": cookies})))
    try:
        deeds.note_entry(standing)
    except NxccError as error:
        log.warning("a sign-in was not noted: %s", error)


def _from_here(scope: Scope, headers: Headers) -> bool:
    """Whether the connection, and whoever a proxy says is behind it, is on this machine."""
    server, client = scope.get("server"), scope.get("client")
    ends = [end[0] for end in (server, client) if end]
    behind = [part.strip() for line in headers.getlist("x-forwarded-for") for part in line.split(",")]
    return all(map(_is_here, [*ends, *_plain(behind)]))


def _plain(addresses: Iterable[str]) -> Iterable[str]:
    """Addresses without their ports."""
    for address in addresses:
        head, colon, port = address.rpartition(":")
        yield head.strip("[]") if colon and port.isdigit() and (":" not in head or head.endswith("]")) else address


def _is_here(host: str) -> bool:
    try:
        return host in ("localhost", "testclient", "testserver") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _may_be_open() -> bool:
    return sign_in.configured() or _settings_allow()


def _settings_allow() -> bool:
    desk = resources.open_now()
    try:
        settings: Settings = desk.settings if desk else load()
    except SettingsError:
        return False
    return settings.allow_anonymous
