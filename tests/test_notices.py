"""Notices over real HTTP: what is sent, what is tried again, and what is never said."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from nxcc.notices import TRIES, Notice, NoticeError, Notices

from .test_logs import Begin, begin

__all__ = ["begin"]  # a fixture

TOKEN = "/services/T00000000/B00000000/the-secret-token"
FINISHED = Notice(
    "finished",
    "nightly <!channel> & more",
    "finished. 2 found, 4 calls.",
    "0123456789abcdef",
    {"found": 2, "calls": 4},
    link="https://calls.example.com/bulk?job=0123456789abcdef",
)
PAST = Notice("threshold", "nightly", "Answer rate is 30 %.", "0123456789abcdef", {}, "answer_rate", 0.3, 0.4)


class Receiver(ThreadingHTTPServer):
    """An address on this machine that notices are posted to. `answers` are the states that it answers with, one after
    the other, 200 after them; with `silent` it does not answer."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int] = []
        self.silent = False
        self.came: list[tuple[str, dict[str, str], bytes]] = []
        self.over = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{TOKEN}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((self.path, dict(self.headers), body))
        if self.server.silent:
            self.server.over.wait(20)
            return
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def notices(receiver: Receiver, waits: list[float]) -> Notices:
    return Notices(receiver.address, timeout_s=5, wait=waits.append)


@pytest.fixture
def said(begin: Begin) -> io.StringIO:
    """All that is logged, by libraries as well."""
    text = begin()
    logging.getLogger().setLevel(logging.DEBUG)
    return text


def test_send__a_json_that_slack_shows_and_programs_read(receiver: Receiver, notices: Notices) -> None:
    notices.send(FINISHED)
    ((path, headers, body),) = receiver.came
    assert path == TOKEN
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {
        "text": "nxcc: nightly &lt;!channel&gt; &amp; more: finished. 2 found, 4 calls. "
        "https://calls.example.com/bulk?job=0123456789abcdef",
        "event": "finished",
        "schedule": "nightly <!channel> & more",
        "job": "0123456789abcdef",
        "counts": {"found": 2, "calls": 4},
        "link": "https://calls.example.com/bulk?job=0123456789abcdef",
    }


def test_send__a_figure_past_its_limit(receiver: Receiver, notices: Notices) -> None:
    notices.send(PAST)
    body = json.loads(receiver.came[0][2])
    assert (body["event"], body["kpi"], body["value"], body["threshold"]) == ("threshold", "answer_rate", 0.3, 0.4)
    assert "link" not in body


def test_body__a_number_in_a_name_is_masked() -> None:
    body = Notice("finished", "for +852 9876 5432\u202e\n", "finished.").body()
    assert "9876" not in json.dumps(body)
    assert body["schedule"].startswith("for +852")
    assert body["schedule"].isprintable()


@pytest.mark.parametrize("answers", [[500], [503, 429]])
def test_send__what_may_pass_is_sent_again(
    receiver: Receiver, notices: Notices, waits: list[float], answers: list[int]
) -> None:
    receiver.answers = list(answers)
    notices.send(FINISHED)
    assert len(receiver.came) == len(answers) + 1
    assert len(waits) == len(answers)
    assert waits == sorted(waits)


def test_send__not_for_ever(receiver: Receiver, notices: Notices) -> None:
    receiver.answers = [500] * 99
    with pytest.raises(NoticeError, match="answers HTTP 500"):
        notices.send(FINISHED)
    assert len(receiver.came) == TRIES


@pytest.mark.parametrize("status", [302, 307, 400, 403, 404, 410])
def test_send__a_refusal_and_a_redirect_are_final(receiver: Receiver, notices: Notices, status: int) -> None:
    receiver.answers = [status]
    with pytest.raises(NoticeError, match=f"answers HTTP {status}") as failed:
        notices.send(FINISHED)
    assert "NXCC_NOTICE_URL" in failed.value.cure
    assert [path for path, _, _ in receiver.came] == [TOKEN]


def test_send__one_that_does_not_answer(receiver: Receiver, waits: list[float]) -> None:
    receiver.silent = True
    with pytest.raises(NoticeError, match=r"No answer within 0\.1 s"):
        Notices(receiver.address, timeout_s=0.1, wait=waits.append).send(FINISHED)
    assert len(waits) == TRIES - 1


def test_send__the_address_is_in_no_error_and_no_log(waits: list[float], said: io.StringIO) -> None:
    with receiving() as gone:
        address = gone.address
    for wrong in (
        address,
        "http://no-such-host.invalid" + TOKEN,
        "http://127.0.0.1:1" + TOKEN + "?key=the-secret-token",
    ):
        with pytest.raises(NoticeError) as failed:
            Notices(wrong, timeout_s=2, wait=waits.append).send(FINISHED)
        error: BaseException | None = failed.value
        while error:
            assert "the-secret-token" not in f"{error} {error!r}"
            error = error.__cause__ or error.__context__
        logging.getLogger("nxcc.test").warning("it went wrong", exc_info=failed.value)
    assert "it went wrong" in said.getvalue()
    assert "the-secret-token" not in said.getvalue()


def test_send__the_address_is_in_no_log_when_it_arrives(
    said: io.StringIO, receiver: Receiver, notices: Notices
) -> None:
    notices.send(FINISHED)
    assert "a notice was sent: finished" in said.getvalue()
    assert "the-secret-token" not in said.getvalue()


def test_send__past_the_environments_proxies(
    receiver: Receiver, notices: Notices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    notices.send(FINISHED)
    assert len(receiver.came) == 1
