"""The log: one event a line whatever is in it, fields beside it, and nothing in it that must not leave."""

from __future__ import annotations

import contextvars
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from nxcc import logs
from nxcc.errors import ArchiveError, ConfigurationError, NxccError
from nxcc.lookup import Lookup
from nxcc.sandbox import Sandbox

from .conftest import client_of, outcomes_of, own

Begin = Callable[..., io.StringIO]
KEY, SECRET = "AK-3f9d0c71", 'sec"ret/\\ret%20-77'
SIGN = "87c3560d3331ae23f1021e2025722354"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"
log = logging.getLogger("nxcc.test")


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Begins logging into a text with no secret known yet, whichever tests ran before; afterwards all is as it was."""
    root, ours = logging.getLogger(), logging.getLogger("nxcc")
    before = list(root.handlers), root.level, ours.level, list(logs._hidden)
    logs._hidden.clear()
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook

    def into(format: logs.Format = "plain", level: logs.Level = "debug") -> io.StringIO:
        text = io.StringIO()
        logs.begin(format, level, text)
        return text

    yield into
    root.handlers[:], hidden = before[0], before[3]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    logs._hidden[:] = hidden
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(False)


def lines(text: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.getvalue().splitlines()]


def test_plain__time_level_logger_message_and_fields(begin: Begin) -> None:
    text = begin()
    log.warning("job %s", "halted", extra={"job": "a1", "code": 1003, "latency_ms": 12.5, "unheard_of": "x"})
    said = text.getvalue()
    assert said.endswith(" WARNING nxcc.test: job halted [job=a1 code=1003 latency_ms=12.5]\n")
    assert said[10] == "T"
    assert said.split()[0].endswith("Z")


def test_json__is_an_object_a_line_with_types(begin: Begin) -> None:
    text = begin("json")
    log.info("request answered", extra={"req_id": SIGN.upper(), "latency_ms": 3.25, "status": 200, "job": ""})
    (said,) = lines(text)
    assert said.pop("at").endswith("Z")
    assert said == {
        "level": "info",
        "logger": "nxcc.test",
        "message": "request answered",
        "req_id": SIGN.upper(),  # the vendor's request id looks like a signature: it must stay
        "latency_ms": 3.25,
        "status": 200,
    }


@pytest.mark.parametrize(("level", "written"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_level__holds_for_this_program_and_others_stay_above_infos(
    begin: Begin, level: logs.Level, written: int
) -> None:
    text = begin("plain", level)
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)(name)
    assert len(text.getvalue().splitlines()) == written
    logging.getLogger("urllib3").info("POST /saas")
    assert "POST" not in text.getvalue()


def test_begin__a_second_time_replaces_the_first(begin: Begin) -> None:
    first, second = begin(), begin("json")
    log.info("once")
    assert first.getvalue() == ""
    assert len(lines(second)) == 1


def test_about__fields_of_a_context_reach_threads_that_run_in_a_copy_of_it(begin: Begin) -> None:
    text = begin("json")
    with logs.about(job="a1"), logs.about(ids=3):
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(log.info, "inside"))
        thread.start()
        thread.join()
        log.info("nearer", extra={"job": "b2"})
    log.info("outside")
    assert [(line.get("job"), line.get("ids")) for line in lines(text)] == [("a1", 3), ("b2", 3), (None, None)]


FORGED = "2026-11-26T00:00:00.000Z ERROR   nxcc.jobs: all is lost"
BREAKS = ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x1b[2K\x1b[1A", "\b" * 9, "\u202e"]


@pytest.mark.parametrize("form", ["plain", "json"])
@pytest.mark.parametrize("sign", BREAKS, ids=ascii)
def test_message__cannot_forge_a_line(begin: Begin, form: logs.Format, sign: str) -> None:
    text = begin(form)
    log.info("said: %s", f"x{sign}{FORGED}", extra={"req_id": f"R{sign}{FORGED}"})
    said = text.getvalue()
    assert len(said.splitlines()) == 1
    assert said[:-1].isprintable()
    if form == "json":
        assert lines(text)[0]["level"] == "info"


def test_message__stays_readable_and_is_cut(begin: Begin) -> None:
    text = begin()
    log.info("拨打 %s", "x" * 100_000)
    assert "拨打" in text.getvalue()
    assert len(text.getvalue()) < 2 * logs.MOST_CHARACTERS


class Loud:
    """A value whose text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("+852 3575 7580")


@pytest.mark.parametrize("form", ["plain", "json"])
def test_handler__what_cannot_be_written_says_nothing_of_it(
    begin: Begin, form: logs.Format, capfd: pytest.CaptureFixture[str]
) -> None:
    text = begin(form)
    ours = logging.getLogger().handlers[-1]  # alone: pytest's own raises
    for message, values in (("%d and %d", ("+852 3575 7580",)), ("%s", (Loud(),))):
        ours.handle(log.makeRecord(log.name, logging.INFO, __file__, 1, message, values, None))
    said, nothing = text.getvalue().splitlines()
    assert "%d and %d" in said
    assert nothing == "a line of nxcc.test could not be logged"
    assert "7580" not in text.getvalue() + "".join(capfd.readouterr())


NEVER = [
    f"accessKey={KEY}&action=cc&sign={SIGN}",
    f"{{'accessKey': '{KEY}', 'ts': '1', 'sign': '{SIGN}'}}",
    f'{{"sign": "{SIGN}", "token":"opaque-token-1"}}',
    f"sign: {SIGN}",
    f"the signature {SIGN} and {'ab' * 32}",
    f"secret {SECRET}",
    "secret sec%22ret%2F%5Cret%2520-77",
    f"secret {SECRET!r} {json.dumps(SECRET)}",
    "Cookie: _streamlit_user=2|1:0|cookie-payload; other=cookie-other",
    "{'set-cookie': '_streamlit_user=cookie-payload; Path=/'}",
    "_streamlit_xsrf=cookie-payload",
    "Authorization: Basic b64-of-client",
    "proxy-authorization: Bearer opaque-token-1",
    f"id_token={JWT}",
    f"the token {JWT} came",
    "access_token=opaque-token-1&refresh_token=opaque-token-1",
    "GET /oauth2callback?code=opaque-token-1&state=opaque-token-1 HTTP/1.1",
    "client_secret=opaque-token-1",
    "https://user:opaque-token-1@proxy.example:3128 refused",
    "caller=+852 3575 7580",
    "{'caller': '3575', 'callee': 'NX09445G000025@host:5060'}",
    "called +852-3575-7580 twice",
    "called (852) 3575 7580",
    "85235757580",
    "0085235757580",
    "+85235757580",
    "order-85235757580-7",
    "８５２３５７５７５８０",
    "x85235757580x",
    "tel:+852.3575.7580",
]
HIDDEN = (
    KEY, SIGN, "ab" * 32, SECRET, "sec%22", 'sec\\"ret', "cookie-", "b64-of", "opaque-token-1", "eyJ", "3575",
    "NX09445", "７５８０",
)  # fmt: skip


@pytest.mark.parametrize("form", ["plain", "json"])
@pytest.mark.parametrize("said", NEVER)
def test_redact__what_must_never_leave(begin: Begin, form: logs.Format, said: str) -> None:
    text = begin(form)
    logs.hide(KEY, SECRET)
    log.error("%s", said)
    log.error("beside", extra={"state": f"{KEY} {SECRET}"})
    log.error("wrapped", exc_info=NxccError(said))
    written = text.getvalue()
    assert len(written.splitlines()) == 3
    if form == "json":
        written += "".join(str(value) for line in lines(text) for value in line.values())
    assert [hidden for hidden in HIDDEN if hidden in written] == []


@pytest.mark.parametrize(
    "said",
    [
        "listening on 192.168.100.200:8501",
        "halted at 2026-11-26 03:30:02",
        "12,345,678 rows in 1.25 s",
        "code 1003, HTTP 503",
        "job 9f3a77b1c2d4e5f6 of port 65535",
        "Another nxcc (process 1234567) has the archive open",
        "sign-in ended; the token is old",
    ],
)
def test_redact__leaves_the_rest(said: str) -> None:
    assert logs.redact(said).replace("1234567", logs.NUMBER) == said.replace("1234567", logs.NUMBER)


def test_hide__a_secret_of_three_letters_would_spoil_every_word(begin: Begin) -> None:
    text = begin()
    logs.hide("job", "")
    log.info("job ended")
    assert "job ended" in text.getvalue()


def _broken() -> None:
    try:
        raise KeyError("+852 3575 7580")
    except KeyError as error:
        raise ValueError(f"{SECRET} in a record of +852 3575 7580") from error


@pytest.mark.parametrize("form", ["plain", "json"])
def test_exception__foreign_ones_are_told_by_class_and_place(begin: Begin, form: logs.Format) -> None:
    text = begin(form)
    try:
        _broken()
    except ValueError:
        log.exception("it broke")
    said = text.getvalue()
    assert "ValueError after KeyError" in said
    assert "in _broken" in said
    assert "7580" not in said
    assert "ret%20" not in said
    if form == "json":
        assert lines(text)[0]["error"] == "ValueError after KeyError"
        assert any("test_logs.py" in frame for frame in lines(text)[0]["frames"])
    else:
        assert all(line.startswith("    ") for line in said.splitlines()[1:])


def test_exception__our_own_say_their_sentences(begin: Begin) -> None:
    text = begin("json")
    log.error("it broke", exc_info=ArchiveError("The disk is full.", cure="Free some space."))
    assert lines(text)[0]["error"] == "ArchiveError: The disk is full. Free some space."


def test_broke__says_where_and_not_what(begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
    text = begin()
    try:
        _broken()
    except ValueError as error:
        logs.broke(log, "a page", error)
    assert "a page broke: ValueError" in text.getvalue()
    assert "in _broken" in text.getvalue()
    assert "7580" not in text.getvalue() + caplog.text  # in nobody else's format either


def test_uncaught__in_a_thread_or_a_destructor_or_a_warning(begin: Begin, capfd: pytest.CaptureFixture[str]) -> None:
    text = begin()
    thread = threading.Thread(target=_broken)
    thread.start()
    thread.join()
    sys.excepthook(*_caught())
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)  # pytest has its own way until here
        warnings.warn(f"sign={SIGN}", stacklevel=1)
    said = text.getvalue()
    assert said.count("nobody foresaw this (ValueError after KeyError)") == 2
    assert "py.warnings" in said
    assert SIGN not in said
    assert "7580" not in said + "".join(capfd.readouterr())


def _caught() -> tuple[type[BaseException], BaseException, Any]:
    try:
        _broken()
    except ValueError as error:
        return type(error), error, error.__traceback__
    raise AssertionError


def test_join__a_logger_with_its_own_way_out_goes_ours(begin: Begin, capfd: pytest.CaptureFixture[str]) -> None:
    text = begin("json", "debug")
    theirs = logging.getLogger("another.server")  # Streamlit has its way with uvicorn's
    theirs.addHandler(logging.StreamHandler())
    theirs.propagate = False
    logs.join(theirs)
    theirs.info("Started server process [%d]", 4711)
    theirs.debug("%s", {"sign": SIGN})
    assert [line["message"] for line in lines(text)] == ["Started server process [4711]"]
    assert capfd.readouterr().err == ""


# What the program says of requests and jobs.


def test_requests__a_line_each_with_attempt_latency_status_code_and_request_id(begin: Begin, sandbox: Sandbox) -> None:
    text = begin("json")
    client = client_of(sandbox)
    client.query_by_order(own("FAIL-500-2"), threading.Event())
    told = [line for line in lines(text) if line["logger"] == "nxcc.api.client"]
    assert [(line["level"], line["attempt"], line["status"], line.get("code")) for line in told] == [
        ("info", 1, 500, None),
        ("info", 2, 500, None),
        ("debug", 3, 200, 0),
    ]
    assert all(0 < line["latency_ms"] < 5_000 for line in told)
    assert len(told[2]["req_id"]) == 32
    assert "FAIL-500" not in text.getvalue()


@pytest.mark.parametrize("account", [{"access_secret": "the-wrong-secret"}, {"access_key": "the-wrong-key"}])
def test_requests__a_refusal_is_a_warning_without_the_account(
    begin: Begin, sandbox: Sandbox, account: dict[str, str]
) -> None:
    text = begin("json", "warning")
    with pytest.raises(ConfigurationError):
        client_of(sandbox, account=account).query_by_order(own("SHAPE-LIST"), threading.Event())
    (said,) = lines(text)
    assert (said["message"], said["level"], said["status"]) == (
        "request failed: ConfigurationError", "warning", 200,
    )  # fmt: skip
    assert said["code"] in (1003, 1005)
    assert "the-wrong" not in text.getvalue()


def test_requests__of_a_run_carry_what_the_run_is_about(
    begin: Begin, sandbox: Sandbox, lookup_on: Callable[..., Lookup], tmp_path: Path
) -> None:
    text = begin("json")
    numbers = count()
    with logs.about(job="a1"):
        outcomes_of(lookup_on(sandbox).run(f"{own('SHAPE-LIST')}{next(numbers)}" for _ in range(5)))
    told = [line for line in lines(text) if line["logger"] == "nxcc.api.client"]
    assert [line["job"] for line in told] == ["a1"] * 5
