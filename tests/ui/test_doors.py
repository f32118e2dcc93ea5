"""What stands before Streamlit's server: who is let to files and uploads, and who to anything where nobody signs in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.datastructures import Headers
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from nxcc.settings import Settings
from nxcc.ui import doors, resources, sign_in, way_back

SECRET = "for tests"
MINE = ("127.0.0.1", 8501)
Answer = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    resources.close()  # else the settings of a desk that is open would count
    monkeypatch.setattr(sign_in, "configured", lambda: False)
    for module in (doors, sign_in):
        monkeypatch.setattr(module, "load", lambda: Settings(viewers=("@example.com",)))
    for module in (doors, way_back):
        monkeypatch.setattr(module, "get_cookie_secret", lambda: SECRET)
    return monkeypatch


@pytest.fixture
def with_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "configured", lambda: True)


def asked(path: str, *, kind: str = "http", server: Any = MINE, client: Any = MINE, **headers: str) -> Answer:
    """What a request through the doors is answered, when what is behind them says 200."""
    sent: Answer = []

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        cookie = b"_streamlit_user=new; Path=/"
        more = [(b"location", b"/"), (b"set-cookie", cookie)] if path.endswith("/oauth2callback") else []
        await send({"type": "http.response.start", "status": 200, "headers": more})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "path": path, "headers": raw, "server": server, "client": client, "method": "GET"}
    asyncio.run(doors.Doors(behind)(scope, receive, send))
    return sent


def status(answer: Answer) -> int:
    return int(answer[0].get("status") or answer[0].get("code"))


def cookie(claims: dict[str, Any], secret: str = SECRET) -> str:
    import json

    return "_streamlit_user=" + create_signed_value(secret, "_streamlit_user", json.dumps(claims)).decode()


def person(**more: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"is_logged_in": True, "email": "ann@example.com", "iat": now, "exp": now + 86_400, "sub": "1"} | more


@pytest.mark.parametrize(
    ("ends", "headers", "expected"),
    [
        ({}, {}, 200),
        ({"server": ("::1", 8501), "client": ("::1", 9)}, {}, 200),
        ({"server": None, "client": None}, {}, 200),
        ({"server": ("192.0.2.7", 8501), "client": ("192.0.2.9", 9)}, {}, 403),
        ({"client": ("192.0.2.9", 9)}, {}, 403),
        ({}, {"x_forwarded_for": "192.0.2.9"}, 403),
        ({}, {"x_forwarded_for": "127.0.0.1, 192.0.2.9:4000"}, 403),
        ({}, {"x_forwarded_for": "127.0.0.1"}, 200),
        ({}, {"x_forwarded_for": "[::1]:4000"}, 200),
        ({}, {"x_forwarded_for": "[2001:db8::1]:4000"}, 403),
        ({}, {"x_forwarded_for": "unknown"}, 403),
    ],
)
def test_doors__without_sign_in_only_this_machine_is_served(
    ends: dict[str, Any], headers: dict[str, str], expected: int
) -> None:
    assert status(asked("/", **ends, **headers)) == expected


def test_doors__websockets_of_others_are_closed() -> None:
    answer = asked("/_stcore/stream", kind="websocket", client=("192.0.2.9", 9))
    assert (answer[0]["type"], answer[0]["code"]) == ("websocket.close", 4403)


def test_doors__whether_it_lives_is_told_to_everybody() -> None:
    assert status(asked("/_stcore/health", client=("192.0.2.9", 9))) == 200
    assert status(asked("/_stcore/metrics")) == 403


def test_doors__open_to_all_on_purpose(nothing_set: pytest.MonkeyPatch) -> None:
    nothing_set.setattr(doors, "load", lambda: Settings(allow_anonymous=True))
    assert status(asked("/", client=("192.0.2.9", 9))) == 200


@pytest.mark.usefixtures("with_sign_in")
@pytest.mark.parametrize("path", ["/media/abc.csv", "/base/media/abc.csv", "/_stcore/upload_file/1/2"])
@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", 403),
        ("_streamlit_user=forged", 403),
        (cookie(person(), "another secret"), 403),
        (cookie(person(exp=int(time.time()) - 1)), 403),
        (cookie(person(exp=None)), 403),
        (cookie(person(email="ann@elsewhere.org")), 403),
        (cookie(person(is_logged_in=False)), 403),
        (cookie({}), 403),
        (cookie(person()), 200),
        (f"other=1; {cookie(person())}", 200),
    ],
    ids=[
        *("none", "forged", "another secret", "expired", "no expiry", "not on the list", "not logged in", "nobody"),
        *("let in", "among others"),
    ],  # cookies hold the time, and would be other names in another second
)
def test_doors__files_and_uploads_are_for_those_on_the_list(path: str, header: str, expected: int) -> None:
    headers = {"cookie": header} if header else {}
    assert status(asked(path, **headers)) == expected


@pytest.mark.usefixtures("with_sign_in")
@pytest.mark.parametrize(
    ("path", "expected"),
    [("/static/media/font.woff2", 200), ("/base/static/media/font.woff2", 200), ("/media/static/media/x.csv", 403)],
)
def test_doors__the_look_of_the_front_door_is_for_everybody(path: str, expected: int) -> None:
    assert status(asked(path)) == expected


@pytest.mark.usefixtures("with_sign_in")
def test_doors__with_sign_in_others_reach_the_front_door() -> None:
    assert status(asked("/", client=("192.0.2.9", 9), x_forwarded_for="192.0.2.9")) == 200


@pytest.mark.parametrize(("address", "ends"), [("0.0.0.0", True), (None, True), ("127.0.0.1", False), ("::1", False)])
def test_refuse_if_open_to_all(nothing_set: pytest.MonkeyPatch, address: str | None, ends: bool) -> None:
    nothing_set.setattr(doors.config, "get_option", lambda name: address)
    if ends:
        with pytest.raises(SystemExit, match="NXCC_ALLOW_ANONYMOUS"):
            doors.refuse_if_open_to_all()
    else:
        doors.refuse_if_open_to_all()


@pytest.mark.usefixtures("with_sign_in")
@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://desk.example/explore?find=~abc", "/explore?find=~abc"),
        ("http://desk.example/base/order?order=A1", "/base/order?order=A1"),
        ("http://desk.example/", None),
        ("http://elsewhere.example/explore", None),
        ("http://desk.example//elsewhere.example", None),
        ("http://desk.example/\\elsewhere.example", None),
        ("", None),
        ("http://desk.example/x?" + "y" * 4000, None),
    ],
)
def test_way_back__to_the_page_that_one_came_from(referer: str, back: str | None) -> None:
    begun = asked("/auth/login", host="desk.example", referer=referer)
    kept = [value for name, value in begun[0]["headers"] if name == b"set-cookie"]
    assert bool(kept) == (back is not None)
    jar = kept[0].decode().partition(";")[0] if kept else "nxcc_back=forged"
    answer = Headers(raw=asked("/oauth2callback", host="desk.example", cookie=jar)[0]["headers"])
    assert answer["location"] == (back or "/")


@pytest.mark.usefixtures("with_sign_in")
def test_way_back__a_cookie_signed_by_others_leads_nowhere() -> None:
    jar = "nxcc_back=" + create_signed_value("another secret", "nxcc_back", "/explore").decode()
    answer = Headers(raw=asked("/oauth2callback", cookie=jar)[0]["headers"])
    assert answer["location"] == "/"
