"""Failures on purpose: the reserved order ids, and random faults by share.

`FAIL-<KIND>` always fails; `FAIL-<KIND>-<N>` fails the first N attempts (counted per exact id and server run), then
one call is found. `~tag` at the end makes another id of the same kind: `FAIL-500-2~a`. `SAMPLE-LATE` changes with each
time it is asked: its call has neither price nor recording, then both, and then a second call is there.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import orjson

from nxcc.sandbox.reply import (
    HTML,
    RETRY_AFTER_1,
    Misbehaviour,
    Outcome,
    Reply,
    envelope,
    http_error,
    req_id,
    success,
)
from nxcc.sandbox.wire import Record

BIG_BYTES = 6_500_000
ELSEWHERE = "/elsewhere"
LATE = "SAMPLE-LATE"
MESSAGES = {
    88: "Request failed",
    99: "System error",
    1000: "Authentication failed",
    1001: "Request header sign is missing",
    1002: "Parameter error",
    1003: "Sign error",
    1004: "Timestamp expired",
    1005: "accessKey is wrong or has no permission",
    41000: "Order id is wrong",
}
_FAIL = re.compile(r"FAIL-(?:CODE-(?P<code>[0-9]{1,9})|(?P<kind>[0-9A-Z]+))(?:-(?P<first>[0-9]{1,4}))?")
_PAGE = b"<!doctype html><title>Sign in</title><h1>Welcome to the hotel's network</h1><p>Please sign in.</p>"


@dataclass(frozen=True, slots=True)
class Reserved:
    """An order id with a fixed effect. `make` gets a found record to build its answer from."""

    name: str
    meaning: str
    make: Callable[[Record], Outcome]


def too_many() -> Reply:
    """HTTP 429 that asks to wait a second."""
    return http_error(429, "Too Many Requests", headers=RETRY_AFTER_1)


def _cut_json(record: Record) -> Reply:
    whole = success(orjson.dumps([record])).body
    return Reply(200, whole[: len(whole) // 2])


@lru_cache(maxsize=1)
def _padding() -> str:
    return "0123456789abcdef" * (BIG_BYTES // 16)


def _big(record: Record) -> Reply:
    return success(orjson.dumps([{**record, "other": _padding()}]))


def _odd(record: Record) -> Reply:
    nameless = {key: value for key, value in record.items() if key != "callId"}
    texts = {
        key: str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
        for key, value in record.items()
    }
    wrong = {**record, "callId": 12345678901234567, "answered": "yes", "startTime": "yesterday", "callDuration": -5,
             "direction": 7, "agentName": ["NX1"], "other": {"a": 1}, "totalCustomerPrice": "free",
             "newKey": [1, None]}  # fmt: skip
    return success(orjson.dumps([nameless, {**texts, "callId": f"{record['callId']}t"}, wrong, record]))


def _vendor_example(_: Record) -> Reply:
    return success(Path(__file__).with_name("vendor_example.json").read_bytes().strip())


def _late(record: Record, attempt: int) -> Reply:
    if attempt == 1:
        return success(orjson.dumps([{**record, "totalCustomerPrice": None, "recordUrl": None}]))
    again = {**record, "callId": f"{record['callId']}b"} | {
        key: record[key] + 3_600_000 for key in ("startTime", "ringTime", "answerTime", "endTime")
    }
    return success(orjson.dumps([record] if attempt == 2 else [again, record]))


def _fixed(outcome: Outcome) -> Callable[[Record], Outcome]:
    return lambda _: outcome


_SHAPELESS = b'{"reqId":"%b","code":0,"msg":"Success"}'

RESERVED: tuple[Reserved, ...] = (
    Reserved("FAIL-429", "HTTP 429 with Retry-After: 1", lambda _: too_many()),
    Reserved("FAIL-429S", "rate limited in words: code 1, `appkey access rate limit`",
             lambda _: envelope(1, "appkey access rate limit")),
    Reserved("FAIL-500", "HTTP 500", _fixed(http_error(500, "Internal Server Error"))),
    Reserved("FAIL-503", "HTTP 503", _fixed(http_error(503, "Service Unavailable"))),
    Reserved("FAIL-403", "HTTP 403", _fixed(http_error(403, "Forbidden"))),
    Reserved("FAIL-404", "HTTP 404", _fixed(http_error(404, "Not Found"))),
    Reserved("FAIL-TIMEOUT", "no answer for 60 s", _fixed(Misbehaviour.TIMEOUT)),
    Reserved("FAIL-SLOW", "headers at once, then one byte a second", _fixed(Misbehaviour.SLOW)),
    Reserved("FAIL-RESET", "the connection is reset (RST)", _fixed(Misbehaviour.RESET)),
    Reserved("FAIL-TRUNCATED", "closed before the declared Content-Length", _fixed(Misbehaviour.TRUNCATED)),
    Reserved("FAIL-CUTJSON", "HTTP 200 whose JSON ends in the middle", _cut_json),
    Reserved("FAIL-HTML", "HTTP 200 with an HTML page", _fixed(Reply(200, _PAGE, None, HTML))),
    Reserved("FAIL-EMPTY", "HTTP 200 with an empty body", _fixed(Reply(200, b""))),
    Reserved("FAIL-BIG", "code 0 with more than 6 MB of JSON", _big),
    Reserved("FAIL-REDIRECT", "HTTP 302 to /elsewhere, which answers with a call and counts the visit",
             _fixed(Reply(302, b"", None, ((b"location", ELSEWHERE.encode()),)))),
    Reserved("FAIL-CODE-<n>", "business code n, such as 88, 99, 1003, 1004, 41000, 77777", _fixed(Reply(200, b""))),
    Reserved("SHAPE-NULL", "code 0, data is null", lambda _: success(b"null")),
    Reserved("SHAPE-OBJECT", "code 0, data is {}", lambda _: success(b"{}")),
    Reserved("SHAPE-MISSING", "code 0, no data", lambda _: Reply(200, _SHAPELESS % req_id(), 0)),
    Reserved("SHAPE-LIST", "code 0, data is []", lambda _: success(b"[]")),
    Reserved("SHAPE-ONE", "code 0, data is one record, not a list", lambda r: success(orjson.dumps(r))),
    Reserved("SHAPE-TEXT", "code 0, data is a text", lambda _: success(b'"see attachment"')),
    Reserved("SHAPE-ODD", "a record without callId, numbers as texts, unknown keys, wrong types, and a good one", _odd),
    Reserved("SAMPLE-VENDOR", "the vendor's own example answer, two calls", _vendor_example),
)  # fmt: skip
_BY_NAME = {reserved.name: reserved for reserved in RESERVED}


class ReservedOrders:
    """Answers the reserved order ids of one server run; counts the attempts at those that fail only N times."""

    def __init__(self, found_record: Callable[[str], Record]) -> None:
        self._found_record = found_record
        self._attempts: Counter[str] = Counter()

    def outcome(self, order_id: str) -> Outcome | None:
        """What happens to a request for this id; None when the id is not reserved."""
        if not order_id.startswith(("FAIL-", "SHAPE-", "SAMPLE-")):
            return None
        name = order_id.partition("~")[0]
        if name == LATE:
            self._attempts[order_id] += 1
            return _late(self._found_record(order_id), self._attempts[order_id])
        match = _FAIL.fullmatch(name)
        if match is None:
            reserved = _BY_NAME.get(name) if not name.startswith("FAIL-") else None
            return reserved.make(self._found_record(order_id)) if reserved else None
        code, kind, first = match.groups()
        if code is None and f"FAIL-{kind}" not in _BY_NAME:
            return None
        self._attempts[order_id] += 1
        record = self._found_record(order_id)
        if first is not None and self._attempts[order_id] > int(first):
            return success(orjson.dumps([record]))
        if code is not None:
            return envelope(int(code), MESSAGES.get(int(code), f"Unknown error {code}"))
        return _BY_NAME[f"FAIL-{kind}"].make(record)


class RandomFaults:
    """A share of requests fails by a transient fault; the order of the faults is fixed by the seed."""

    KINDS = ("FAIL-429", "FAIL-500", "FAIL-503", "FAIL-RESET", "FAIL-CUTJSON", "FAIL-TRUNCATED", "FAIL-HTML")

    def __init__(self, share: float, seed: int, record: Callable[[], Record]) -> None:
        self._share = share
        self._rng = random.Random(f"{seed}/faults")
        self._record = record

    def draw(self) -> Outcome | None:
        """The fault of the next request, or None."""
        if self._share <= 0 or self._rng.random() >= self._share:
            return None
        return _BY_NAME[self._rng.choice(self.KINDS)].make(self._record())
