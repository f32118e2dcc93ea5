"""What the server answers over real HTTP and websockets: its own names, its own pages, nobody else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from nxcc.ui import browser_rules
from tests.browser import on_page
from tests.browser.conftest import app

OTHER_HOSTS = ("evil.test", "evil.test:80", "127.0.0.1.evil.test", "127.0.0.1@evil.test", "10.0.0.7", "", "[::1", "a:b")
OTHER_ORIGINS = (
    "http://evil.test",
    "null",
    "http://localhost:1",  # Streamlit would take it for ours
    "http://127.0.0.1:1",
    "http://0.0.0.0",
    "http://127.0.0.1.evil.test",
    "file://",
    "",
)
PATHS = ("/", "/explore", "/order?order=A1", "/static/nothing.js", "/app/static/mark.svg", "/media/x", "/auth/login")


@pytest.fixture(scope="module")
def web(demo: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=demo, trust_env=False, timeout=15) as client:
        yield client


def stream(address: str, host: str | None = None, origin: str | None = None) -> ClientConnection:
    """A websocket to a page, as a browser would open it; the name and the page it comes from can be others."""
    there = urlsplit(address)
    return connect(
        f"ws://{host or there.netloc}/_stcore/stream",
        sock=socket.create_connection((there.hostname or "", there.port or 0)),
        origin=origin or f"http://{there.netloc}",
        subprotocols=["streamlit"],
        proxy=None,
    )


def session_of(page: ClientConnection) -> str:
    """The id of a page's session, which its first message says."""
    page.send(BackMsg(rerun_script={"query_string": ""}).SerializeToString())
    while True:
        message = ForwardMsg.FromString(page.recv(timeout=20))
        if message.WhichOneof("type") == "new_session":
            return message.new_session.initialize.session_id


@pytest.mark.parametrize("host", OTHER_HOSTS)
@pytest.mark.parametrize("path", PATHS)
def test_host__other_names_are_not_served(web: httpx.Client, host: str, path: str) -> None:
    answer = web.get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert "<script" not in answer.text


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST", "localhost."])
def test_host__this_machines_names_are(web: httpx.Client, name: str) -> None:
    assert web.get("/", headers={"Host": f"{name}:{web.base_url.port}"}).status_code == 200


def test_host__health_is_answered_to_whoever_polls(web: httpx.Client) -> None:
    answer = web.get("/_stcore/health", headers={"Host": "10.0.0.7:8501"})
    assert (answer.status_code, answer.text) == (200, "ok")


@pytest.mark.parametrize("origin", OTHER_ORIGINS)
@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("PUT", "/_stcore/upload_file/a/b"), ("POST", "/")])
def test_origin__other_pages_get_nothing(web: httpx.Client, origin: str, method: str, path: str) -> None:
    answer = web.request(method, path, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_websocket__opens_for_our_own_page(demo: str) -> None:
    with stream(demo) as page:
        assert session_of(page)


@pytest.mark.parametrize("host", ["evil.test", "10.0.0.7:8501"])
def test_websocket__not_under_another_name(demo: str, host: str) -> None:
    with pytest.raises(InvalidStatus, match="403"), stream(demo, host=host, origin=f"http://{host}"):
        pass


@pytest.mark.parametrize("origin", [origin for origin in OTHER_ORIGINS if origin])
def test_websocket__not_from_another_page(demo: str, origin: str) -> None:
    with pytest.raises(InvalidStatus, match="403"), stream(demo, origin=origin):
        pass


def test_upload__needs_the_token_of_our_page(web: httpx.Client, demo: str) -> None:
    web.get("/_stcore/health")
    token = web.cookies["_streamlit_xsrf"]
    with stream(demo) as page:
        path = f"/_stcore/upload_file/{session_of(page)}/file"
        for headers in ({}, {"X-Xsrftoken": "2|00|00|0"}):
            assert web.put(path, files={"file": b"A1"}, headers=headers).status_code == 403
            assert web.delete(path, headers=headers).status_code == 403
        assert web.put(path, files={"file": b"A1"}, headers={"X-Xsrftoken": token}).status_code == 204


def test_upload__too_large_is_refused_before_it_is_read(web: httpx.Client, demo: str) -> None:
    token = web.get("/_stcore/health") and web.cookies["_streamlit_xsrf"]
    with stream(demo) as page, closing(HTTPConnection(urlsplit(demo).netloc, timeout=15)) as upload:
        upload.putrequest("PUT", f"/_stcore/upload_file/{session_of(page)}/file")
        for name, value in {"X-Xsrftoken": token, "Cookie": f"_streamlit_xsrf={token}"}.items():
            upload.putheader(name, value)
        upload.putheader("Content-Length", str(200 * 1024**2 + 1))
        upload.endheaders()
        assert upload.getresponse().status == 413


@pytest.mark.parametrize("query", ["", "?families=cache_memory_bytes"])
def test_closed__metrics(web: httpx.Client, query: str) -> None:
    assert web.get(f"/_stcore/metrics{query}").status_code == 403


@pytest.mark.parametrize("path", ["/_stcore/agent/interact", "/_stcore/agent/mcp"])
def test_closed__the_way_in_for_programs(web: httpx.Client, path: str) -> None:
    answer = web.post(path, json={})
    assert answer.is_client_error
    assert "not_available" in answer.text


@pytest.mark.parametrize(
    "path", ["/", "/explore", "/_stcore/health", "/media/none", "/static/none.js", "/_stcore/metrics"]
)
def test_rules__go_with_every_answer(web: httpx.Client, path: str) -> None:
    assert dict(browser_rules.headers()).items() <= web.get(path).headers.items()


def test_rules__scripts_come_from_this_server_alone() -> None:
    rules = dict(
        rule.partition(" ")[::2] for rule in dict(browser_rules.headers())["content-security-policy"].split("; ")
    )
    assert rules["default-src"] == "'self'"
    first, *inline = rules["script-src"].split()
    assert first == "'self'"
    assert inline
    assert all(script.startswith("'sha256-") for script in inline)
    assert rules["frame-ancestors"] == rules["object-src"] == "'none'"


def test_rules__an_injected_script_does_not_run_and_nothing_else_is_broken(page: Page, demo: str) -> None:
    page.add_init_script(
        "window.broken = []; document.addEventListener('securitypolicyviolation', "
        "one => window.broken.push(`${one.violatedDirective} ${one.blockedURI}`))"
    )
    page.goto(f"{demo}/?orders=SAMPLE-VENDOR")
    page.locator(".js-plotly-plot").first.wait_for()
    on_page.settled(page)
    # Protocol buffers try WebAssembly for 64-bit numbers and go on without it.
    assert set(page.evaluate("window.broken")) <= {"script-src wasm-eval"}
    page.evaluate("""() => {
        document.body.insertAdjacentHTML("beforeend", '<img src="x:" onerror="window.ran = 1">');
        const script = document.createElement("script");
        script.textContent = "window.ran = 2";
        document.body.append(script);
        const link = document.createElement("a");
        link.href = "javascript:window.ran = 3";
        document.body.append(link);
        link.click();
    }""")
    on_page.eventually(page, lambda: page.evaluate("window.broken.filter(one => one.endsWith('inline')).length") >= 3)
    assert page.evaluate("window.ran") is None


@contextmanager
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """Notes what is asked of a proxy, and answers nothing: its address, and the first bytes of each request."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:  # the end
                    return
                with closing(connection):
                    asked.append(connection.recv(1000))

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked


def test_outside__is_asked_for_nothing_by_a_server_for_others(tmp_path: Path) -> None:
    """Left to itself, Streamlit asks a service on the internet for its own address when it listens beyond loopback,
    and again when a websocket comes from a page that it does not know."""
    with proxy() as (address, asked):
        outside = dict.fromkeys(("http_proxy", "https_proxy"), address) | {"no_proxy": "127.0.0.1"}
        open_to_all = {"STREAMLIT_SERVER_ADDRESS": "0.0.0.0", "NXCC_ALLOW_ANONYMOUS": "1"}
        with app(tmp_path, outside | open_to_all) as served:
            with pytest.raises(InvalidStatus), stream(served, origin="http://evil.test"):
                pass
            with stream(served) as page:
                assert session_of(page)
        assert asked == []


def test_names__can_be_set(tmp_path: Path) -> None:
    with app(tmp_path, {"STREAMLIT_SERVER_ALLOWED_HOSTS": "calls.example.com *.inside.test"}) as served:
        with httpx.Client(base_url=served, trust_env=False) as client:
            status = {
                name: client.get("/", headers={"Host": name}).status_code
                for name in ("calls.example.com", "a.inside.test:8443", "inside.test", "127.0.0.1", "localhost")
            }
        with stream(served, host="calls.example.com", origin="https://calls.example.com") as page:
            assert session_of(page)
    assert status == {
        "calls.example.com": 200, "a.inside.test:8443": 200, "inside.test": 400, "127.0.0.1": 400, "localhost": 400,
    }  # fmt: skip
