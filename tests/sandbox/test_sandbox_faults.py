"""Failures on purpose: each reserved order id does over HTTP what its table says."""

from __future__ import annotations

import http.client
import re
from typing import Any

import pytest
import requests

from nxcc.sandbox import RESERVED, Sandbox

from .conftest import TODAY, ask


def _what(sandbox: Sandbox, order_id: str, timeout_s: float = 5) -> tuple[int, Any] | str:
    """What a client meets: (status, business code or None), or the kind of failure."""
    try:
        answer = ask(sandbox, order_id, timeout_s=timeout_s)
        return answer.status_code, answer.json().get("code")
    except requests.JSONDecodeError:
        return answer.status_code, "no JSON"
    except requests.Timeout:
        return "timeout"
    except requests.exceptions.ChunkedEncodingError:
        return "cut"
    except requests.ConnectionError as error:
        if "Read timed out" in str(error):  # requests says it so when the headers had come
            return "timeout in the body"
        return "reset" if "reset" in str(error) else f"gone: {error}"


FAILURES = [
    ("FAIL-429", (429, None)),
    ("FAIL-429S", (200, 1)),
    ("FAIL-500", (500, None)),
    ("FAIL-503", (503, None)),
    ("FAIL-403", (403, None)),
    ("FAIL-404", (404, None)),
    ("FAIL-RESET", "reset"),
    ("FAIL-TRUNCATED", "cut"),
    ("FAIL-CUTJSON", (200, "no JSON")),
    ("FAIL-HTML", (200, "no JSON")),
    ("FAIL-EMPTY", (200, "no JSON")),
    ("FAIL-REDIRECT", (302, "no JSON")),
    ("FAIL-CODE-88", (200, 88)),
    ("FAIL-CODE-1003", (200, 1003)),
    ("FAIL-CODE-41000", (200, 41000)),
    ("FAIL-CODE-77777", (200, 77777)),
]


@pytest.mark.parametrize(("order_id", "expected"), FAILURES, ids=[name for name, _ in FAILURES])
def test_reserved__fails_always_or_n_times(
    sandbox: Sandbox, order_id: str, expected: object, caplog: pytest.LogCaptureFixture
) -> None:
    assert [_what(sandbox, order_id) for _ in range(3)] == [expected] * 3
    assert [_what(sandbox, f"{order_id}-2") for _ in range(3)] == [expected, expected, (200, 0)]
    assert _what(sandbox, f"{order_id}-2~other") == expected  # counted apart

    (record,) = ask(sandbox, f"{order_id}-2").json()["data"]
    assert (record["orderId"], record["answered"]) == (f"{order_id}-2", True)
    assert not [entry for entry in caplog.records if entry.name == "nxcc.sandbox"]  # misbehaving is not breaking


@pytest.mark.parametrize(("kind", "expected"), [("TIMEOUT", "timeout"), ("SLOW", "timeout in the body")])
def test_reserved__no_answer_in_time(sandbox: Sandbox, kind: str, expected: str) -> None:
    assert _what(sandbox, f"FAIL-{kind}-1", timeout_s=0.5) == expected
    assert _what(sandbox, f"FAIL-{kind}-1") == (200, 0)


def test_reserved__429_says_when_to_come_back(sandbox: Sandbox) -> None:
    assert ask(sandbox, "FAIL-429").headers["Retry-After"] == "1"
    assert ask(sandbox, "FAIL-429S").json()["msg"] == "appkey access rate limit"


def test_reserved__html_and_empty(sandbox: Sandbox) -> None:
    assert ask(sandbox, "FAIL-HTML").text.startswith("<!doctype html>")
    assert ask(sandbox, "FAIL-EMPTY").content == b""


def test_reserved__big(sandbox: Sandbox) -> None:
    answer = ask(sandbox, "FAIL-BIG")
    assert len(answer.content) > 6_000_000
    assert len(answer.json()["data"]) == 1


def test_reserved__redirect_shows_who_followed(sandbox: Sandbox) -> None:
    before = sandbox.elsewhere
    assert ask(sandbox, "FAIL-REDIRECT").headers["Location"].endswith("/elsewhere")
    assert sandbox.elsewhere == before

    assert len(ask(sandbox, "FAIL-REDIRECT", follow=True).json()["data"]) == 1
    assert sandbox.elsewhere == before + 1


SHAPES = [("SHAPE-NULL", None), ("SHAPE-OBJECT", {}), ("SHAPE-LIST", []), ("SHAPE-TEXT", "see attachment")]


@pytest.mark.parametrize(("order_id", "data"), SHAPES, ids=[name for name, _ in SHAPES])
def test_shape__data_under_code_0(sandbox: Sandbox, order_id: str, data: object) -> None:
    said = ask(sandbox, order_id).json()
    assert (said["code"], said["data"]) == (0, data)


def test_shape__missing_one_and_odd(sandbox: Sandbox) -> None:
    missing = ask(sandbox, "SHAPE-MISSING").json()
    assert missing["code"] == 0
    assert "data" not in missing
    assert ask(sandbox, "SHAPE-ONE~x").json()["data"]["callId"]
    nameless, texts, wrong, good = ask(sandbox, "SHAPE-ODD").json()["data"]
    assert "callId" not in nameless
    assert isinstance(texts["startTime"], str)
    assert isinstance(wrong["agentName"], list)
    assert isinstance(good["startTime"], int)


def test_sample__is_the_vendors_own_answer(sandbox: Sandbox) -> None:
    missed, answered = ask(sandbox, "SAMPLE-VENDOR").json()["data"]
    assert (missed["callId"], missed["queueDuration"], missed["hangupBy"], missed["hangupCode"]) == (
        "63b09b9a163616c6c009cb326", 5139, 0, 1103,
    )  # fmt: skip
    assert (answered["callDuration"], answered["queueDuration"], answered["totalCustomerPrice"]) == (5, 6, 0.035)


@pytest.mark.parametrize("order_id", ["FAIL-NONSENSE", "FAIL-CODE-x", "SHAPE-SQUARE", "fail-500", "FAIL-"])
def test_reserved__anything_else_is_an_unknown_order(sandbox: Sandbox, order_id: str) -> None:
    assert ask(sandbox, order_id).json()["data"] == []


def test_reserved__table_has_every_tested_name() -> None:
    names = {reserved.name for reserved in RESERVED}
    tested = {re.sub(r"CODE-\d+", "CODE-<n>", name) for name, _ in FAILURES}
    elsewhere = {"FAIL-TIMEOUT", "FAIL-SLOW", "FAIL-BIG", "SHAPE-MISSING", "SHAPE-ONE", "SHAPE-ODD", "SAMPLE-VENDOR"}
    assert names == tested | elsewhere | {name for name, _ in SHAPES}
    assert all(reserved.meaning for reserved in RESERVED)


def _outcomes(seed: int, share: float, asked: int = 120) -> list[tuple[int | None, int | None]]:
    with Sandbox(today=TODAY, seed=seed, faults=share) as faulty:
        for _ in range(asked):
            _what(faulty, "NOBODY")
        return [(seen.status, seen.code) for seen in faulty.requests]


def test_faults__share_and_order_follow_the_seed() -> None:
    first = _outcomes(7, 0.3)
    failed = [outcome for outcome in first if outcome != (200, 0)]

    assert 0.15 < len(failed) / len(first) < 0.45
    assert {(429, None), (500, None), (503, None), (None, None), (200, None)} <= set(failed)
    assert _outcomes(7, 0.3) == first
    assert _outcomes(8, 0.3) != first


def test_faults__none_by_default_all_at_1() -> None:
    assert set(_outcomes(7, 0.0, 20)) == {(200, 0)}
    assert (200, 0) not in _outcomes(7, 1.0, 20)


def test_rate_limit__more_than_n_in_a_second_are_refused() -> None:
    with Sandbox(today=TODAY, rate_limit=5) as limited:
        answers = [ask(limited) for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    assert answers[-1].headers["Retry-After"] == "1"


def test_keep_alive__one_connection_many_answers(sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection(sandbox.base_url.removeprefix("http://"), timeout=5)
    try:
        for _ in range(3):
            connection.request("GET", "/nothing")
            first = connection.sock
            assert connection.getresponse().read()
            assert connection.sock is first is not None
    finally:
        connection.close()
