"""What the sandbox can do with a request: answer it, or misbehave on the wire."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum

import orjson

Headers = tuple[tuple[bytes, bytes], ...]
JSON: Headers = ((b"content-type", b"application/json;charset=UTF-8"),)
HTML: Headers = ((b"content-type", b"text/html;charset=utf-8"),)
RETRY_AFTER_1: Headers = ((b"retry-after", b"1"),)


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer. `code` is the business code inside, None when there is none."""

    status: int
    body: bytes
    code: int | None = None
    headers: Headers = JSON


class Misbehaviour(Enum):
    """What no HTTP answer can express."""

    TIMEOUT = "no answer for 60 s"
    SLOW = "headers at once, then one byte a second"
    RESET = "the connection is reset"
    TRUNCATED = "closed before the declared length"


Outcome = Reply | Misbehaviour


def envelope(code: int, msg: str, data: bytes = b"{}") -> Reply:
    """The vendor's envelope around `data`, which is JSON already. HTTP 200, whatever the code."""
    return Reply(200, b'{"reqId":"%b","code":%d,"msg":%b,"data":%b}' % (req_id(), code, orjson.dumps(msg), data), code)


def success(data: bytes) -> Reply:
    """Code 0 with `data`, which is JSON already."""
    return Reply(200, b'{"reqId":"%b","code":0,"msg":"Success","data":%b}' % (req_id(), data), 0)


def http_error(status: int, error: str, *, headers: Headers = ()) -> Reply:
    """An answer of the gateway, not of the API: no business code in it."""
    return Reply(status, orjson.dumps({"status": status, "error": error}), None, JSON + headers)


def req_id() -> bytes:
    """A fresh request id, 32 hex digits, upper case."""
    return os.urandom(16).hex().upper().encode()
