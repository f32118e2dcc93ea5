"""After signing in, the address that one came with: Streamlit itself leads everybody to the first page.

The browser says on the way to the sign-in which of our pages it comes from. That is kept in a signed cookie for as long
as signing in may take, and takes the place of Streamlit's redirect once somebody has signed in.
"""

from __future__ import annotations

from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Scope, Send
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value, decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

_COOKIE = "nxcc_back"
_LOGIN, _CALLBACK = "/auth/login", "/oauth2callback"
_SIGNING_IN_S = 600
_LONGEST = 3_000  # characters: a cookie holds 4,096


def kept(scope: Scope, send: Send, came_in: Callable[[str], None]) -> Send:
    """What to send with: it keeps the way back when signing in begins, and takes it when it ends.

    `came_in` hears the cookies of whoever has signed in.
    """
    path, headers = scope["path"], Headers(scope=scope)
    if path.endswith(_LOGIN):
        came_from = _page(headers)
        if came_from:
            return _on_start(send, lambda answer: answer.append("set-cookie", _set(came_from, _SIGNING_IN_S)))
    elif path.endswith(_CALLBACK):
        back = _cookie(headers)
        return _on_start(send, lambda answer: _take(answer, back, came_in))
    return send


def _take(answer: MutableHeaders, back: str, came_in: Callable[[str], None]) -> None:
    cookies = [cookie.partition(";")[0] for cookie in answer.getlist("set-cookie")]
    if not any(cookie.startswith(f"{USER_COOKIE_NAME}=") and not cookie.endswith("=") for cookie in cookies):
        return
    came_in("; ".join(cookie for cookie in cookies if cookie.startswith(USER_COOKIE_NAME)))
    if back:
        answer["location"] = back
        answer.append("set-cookie", _set("", 0))


def _page(headers: Headers) -> str:
    """The path and query of the page of ours that leads here; empty when it was another's, or the first page."""
    came_from, host = urlsplit(headers.get("referer", "")), headers.get("host", "")
    if not host or came_from.netloc != host:
        return ""
    page = came_from.path + (f"?{came_from.query}" if came_from.query else "")
    return page if _is_ours(page) and page != "/" else ""


def _is_ours(page: str) -> bool:
    """Whether it is a path on this server: `//host` and `/\\host` lead elsewhere."""
    return page.startswith("/") and page[1:2] not in ("/", "\\") and page.isprintable() and len(page) <= _LONGEST


def _cookie(headers: Headers) -> str:
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    if _COOKIE not in cookies:
        return ""
    page = (decode_signed_value(get_cookie_secret(), _COOKIE, cookies[_COOKIE].value) or b"").decode()
    return page if _is_ours(page) else ""


def _set(page: str, for_s: int) -> str:
    value = create_signed_value(get_cookie_secret(), _COOKIE, page).decode() if page else ""
    return f"{_COOKIE}={value}; HttpOnly; Max-Age={for_s}; Path=/; SameSite=lax"


def _on_start(send: Send, change: Callable[[MutableHeaders], None]) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            change(MutableHeaders(scope=message))
        await send(message)

    return sent
