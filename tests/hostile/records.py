"""Records and answers as nobody should send them: hostile texts in every field, wrong types in each, bodies that are
meant to break whoever reads them."""

from __future__ import annotations

from typing import Any

import orjson

from nxcc.records import COLUMNS
from tests.hostile import texts

Record = dict[str, Any]

KEYS = tuple(column.api for column in COLUMNS if column.api)
TEXT_KEYS = tuple(column.api for column in COLUMNS if column.api and column.kind in ("text", "link"))
_START_MS = 1_795_000_000_000  # November 2026

WRONG: dict[str, Any] = {
    "a list": ["<b>", 1, None],
    "an empty list": [],
    "a dict": {"<b>": {"x": "=1+1"}},
    "nested 200 deep": eval("[" * 90 + "]" * 90),
    "true": True,
    "false": False,
    "a fraction": 0.1,
    "a negative": -1,
    "64 bits": 2**63 - 1,
    "beyond 64 bits": 2**64 - 1,
    "the least": -(2**63),
    "a large real": 1e308,
    "a tiny real": 5e-324,
    "minus nothing": -0.0,
    "text": "<b>not a number</b>",
    "digits": "9" * 5000,
    "an exponent": "1e400",
    "nan": "nan",
    "infinite": "-Infinity",
    "hex": "0x10",
    "underscores": "1_000",
    "other digits": "١٢٣",
    "spaces": " 1 ",
    "a date": "2026-11-24T10:00:00Z",
    "seconds": 1_795_000_000,
    "far away": 9_999_999_999_999,
    "empty": "",
}


def plain(order_id: str, n: int = 0) -> Record:
    """A call as it should be."""
    at = _START_MS + n * 60_000
    return {
        "callId": f"call-{n}",
        "orderId": order_id,
        "direction": 0,
        "caller": "+85235757580",
        "callee": "NX09445G000025@host:5060",
        "agentName": "mei",
        "agentNickName": "Mei Lin",
        "answered": True,
        "callStatus": "Normal",
        "startTime": at,
        "inQueueTime": at + 1000,
        "outQueueTime": at + 3000,
        "ringTime": at + 3000,
        "answerTime": at + 5000,
        "endTime": at + 35_000,
        "callDuration": 30,
        "ringDuration": 2,
        "queueDuration": 2,
        "hangupBy": 1,
        "hangupCode": 1002,
        "hangupReason": "User hang-up",
        "dtmfKeys": "1,2",
        "recordUrl": "https://storage.example/1.wav",
        "leaveMsgUrl": None,
        "intent": "none",
        "other": "",
        "taskId": "",
        "totalCustomerPrice": 0.07,
    }


def saying(text: str, n: int) -> list[Record]:
    """An order's calls with this text in every field that holds text: one that was answered, one that was not.

    A text of 1 MB stands in two fields of one call: an answer of more than 5 MB is refused.
    """
    if len(text) > 250_000:
        return [plain("", 2 * n) | {"other": text, "agentName": text, "callId": f"huge-{n}"}]
    said = dict.fromkeys(TEXT_KEYS, text) | {
        text[:100]: text,
        "<img src=x onerror=window.pwned=1>": [text, {"x": text}],
    }
    first = plain("", 2 * n) | said | {"callId": f"{text[:200]}{n}"}
    second = plain("", 2 * n + 1) | said | {"answered": False, "answerTime": 0, "callId": f"{n}{text[:200]}"}
    return [first, second | {"hangupBy": 2, "hangupCode": 7, "direction": 1}]


def wrongly_typed() -> dict[str, Record]:
    """What is wrong -> a record in which one field is of a type that it never has."""
    return {
        f"{key} is {what}": plain("typed", n) | {key: value}
        for n, (key, (what, value)) in enumerate((key, wrong) for key in KEYS for wrong in WRONG.items())
    }


def _answer(data: bytes) -> bytes:
    return b'{"reqId":"R","code":0,"msg":"Success","data":' + data + b"}"


def _record(inside: bytes) -> bytes:
    return _answer(b'[{"callId":"c",' + inside + b"}]")


# What is wrong -> (HTTP status, body). Nothing of this may be more than an answer, or an error that says what happened.
BODIES: dict[str, tuple[int, bytes]] = {
    "empty": (200, b""),
    "not JSON": (200, b"<html><script>window.pwned=1</script></html>"),
    "a page and 500": (500, b"<html>" + b"x" * 100_000),
    "a number": (200, b"7"),
    "a list": (200, b"[]"),
    "a text": (200, b'"code"'),
    "null": (200, b"null"),
    "NUL bytes": (200, b"\x00" * 1000),
    "no code": (200, b'{"data":[]}'),
    "code true": (200, b'{"code":true,"data":[]}'),
    "code null": (200, b'{"code":null}'),
    "code a list": (200, b'{"code":[0],"data":[]}'),
    "code a huge number": (200, b'{"code":' + b"9" * 400 + b"}"),
    "code huge text": (200, b'{"code":"' + b"9" * 100_000 + b'"}'),
    "code a fraction": (200, b'{"code":0.0,"data":[]}'),
    "code twice": (200, b'{"code":1003,"code":0,"data":[]}'),
    "code beyond 64 bits": (200, b'{"code":18446744073709551615}'),
    "data twice": (200, _answer(b'[{"callId":"a"}],"data":[{"callId":"b"}]')),
    "data a text": (200, _answer(b'"<b>"')),
    "data a number": (200, _answer(b"1e999")),
    "data of nulls": (200, _answer(b"[null,null]")),
    "data of lists": (200, _answer(b"[[],[]]")),
    "data of empty records": (200, _answer(b"[{},{}]")),
    "data of numbers": (200, _answer(b"[1,2]")),
    "data without ids": (200, _answer(b'{"orderId":"x"}')),
    "a record of one key": (200, _answer(b'{"callId":"only"}')),
    "a key twice": (200, _record(b'"caller":"1","caller":"2"')),
    "an empty key": (200, _record(b'"":"x"," ":"y"')),
    "keys of Python": (200, _record(b'"__class__":"x","__init__":{},"self":1')),
    "keys of JavaScript": (200, _record(b'"__proto__":{"pwned":1},"constructor":{"prototype":{"pwned":1}}')),
    "10,000 keys": (200, _record(b",".join(b'"k%d":%d' % (n, n) for n in range(10_000)))),
    "a huge key": (200, _record(b'"' + b"k" * 1_000_000 + b'":1')),
    "NaN": (200, _record(b'"totalCustomerPrice":NaN')),
    "Infinity": (200, _record(b'"totalCustomerPrice":-Infinity')),
    "a number of 5,000 digits": (200, _record(b'"startTime":' + b"9" * 5000)),
    "a real of 5,000 digits": (200, _record(b'"totalCustomerPrice":0.' + b"1" * 5000)),
    "an exponent": (200, _record(b'"totalCustomerPrice":1e999999')),
    "a leading zero": (200, _record(b'"startTime":007')),
    "100 deep": (200, _record(b'"x":' + b"[" * 100 + b"]" * 100)),
    "300 deep": (200, _record(b'"x":' + b"[" * 300 + b"]" * 300)),
    "1,000 deep": (200, _record(b'"x":' + b"[" * 1000 + b"]" * 1000)),
    "1,000 deep where yes or no stands": (200, _record(b'"answered":' + b"[" * 1000 + b"]" * 1000)),
    "1,000 deep where a time stands": (200, _record(b'"startTime":' + b'{"a":' * 1000 + b"1" + b"}" * 1000)),
    "1,000 deep where a text stands": (200, _record(b'"caller":' + b"[" * 1000 + b"]" * 1000)),
    "100,000 deep": (200, _record(b'"x":' + b"[" * 100_000 + b"]" * 100_000)),
    "100,000 open": (200, b"[" * 100_000),
    "half a character": (200, _record(rb'"caller":"\ud800"')),
    "the other half": (200, _record(rb'"caller":"a\udfffb"')),
    "halves in the wrong order": (200, _record(rb'"caller":"\ude00\ud83d"')),
    "half behind a backslash": (200, _record(rb'"caller":"\\ud83d\ude00"')),
    "half a character as a key": (200, _record(rb'"\ud800":1')),
    "bytes of half a character": (200, _record(b'"caller":"\xed\xa0\x80"')),
    "bytes that are no text": (200, _record(b'"caller":"\xff\xfe\x80"')),
    "overlong bytes": (200, _record(b'"caller":"\xc0\xbc\xc0\xaf"')),
    "escaped NUL": (200, _record(rb'"caller":"\u0000","\u0000":"x"')),
    "a byte order mark": (200, b"\xef\xbb\xbf" + _record(b'"caller":"1"')),
    "UTF-16": (200, _record(b'"caller":"1"').decode().encode("utf-16")),
    "cut": (200, _record(b'"caller":"1"')[:-9]),
    "more behind it": (200, _record(b'"caller":"1"') + b"{}"),
    "a comment": (200, b"/* x */" + _record(b'"caller":"1"')),
    "single quotes": (200, b"{'code':0}"),
    "1,000 records": (200, _answer(b"[" + b",".join(b'{"callId":"c%d"}' % n for n in range(1000)) + b"]")),
    "one record 1,000 times": (200, _answer(b"[" + b",".join([b'{"callId":"same"}'] * 1000) + b"]")),
    "a redirect": (302, b""),
    "let in nowhere": (403, b"<script>window.pwned=1</script>"),
    "a teapot": (418, b"{}"),
    "status 999": (999, b"{}"),
    "a hostile request id": (200, orjson.dumps({"reqId": ["<b>"] * 9, "code": 88, "msg": "x"})),
}
STOPPING = ("a redirect", "let in nowhere")
MESSAGES: dict[str, tuple[int, bytes]] = {
    f"message {n}": (200, orjson.dumps({"reqId": text, "code": 41000, "msg": text, "data": {}}))
    for n, text in enumerate(texts.ALL)
}
