"""The sandbox refuses what the vendor refuses, with the vendor's codes."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest
import requests

from nxcc.api.protocol import QUERY_BY_ORDER
from nxcc.sandbox import Sandbox

from .conftest import TODAY, ask


def _ts(offset_s: float, sign: str = "") -> Callable[[], str]:
    """A `ts` that is read when the request is made: cases are collected long before."""
    return lambda: f"{sign}{int((time.time() + offset_s) * 1000)}"


def _body(**fields: Any) -> bytes:
    return orjson.dumps({"tenantId": 1001, "orderId": "A1", **fields})


REFUSED: list[tuple[str, int, dict[str, Any]]] = [
    *((f"no_{name}", 1001, {"unsigned": {name: None}}) for name in ("accessKey", "ts", "bizType", "action", "sign")),
    ("empty_sign", 1001, {"unsigned": {"sign": ""}}),
    ("content_type_absent", 1003, {"unsigned": {"Content-Type": None}}),
    ("content_type_form", 1003, {"unsigned": {"Content-Type": "application/x-www-form-urlencoded"}}),
    ("content_type_text", 1003, {"unsigned": {"Content-Type": "text/json"}}),
    ("biz_type_1", 1002, {"unsigned": {"bizType": "1"}}),
    ("action_send", 1002, {"unsigned": {"action": "send"}}),
    ("algorithm_sha1", 1002, {"headers": {"algorithm": "sha1"}}),
    ("algorithm_not_the_one_signed", 1003, {"unsigned": {"algorithm": "sha256"}}),
    ("unknown_key", 1005, {"headers": {"accessKey": "somebody"}}),
    ("ts_61_s_late", 1004, {"headers": {"ts": _ts(-61)}}),
    ("ts_in_seconds", 1004, {"headers": {"ts": lambda: str(int(time.time()))}}),
    ("ts_not_digits", 1004, {"headers": {"ts": "now"}}),
    ("ts_with_plus", 1004, {"headers": {"ts": _ts(0, "+")}}),
    ("ts_changed_after_signing", 1003, {"unsigned": {"ts": _ts(-5)}}),
    ("wrong_secret", 1003, {"secret": "other"}),
    ("sign_of_other_bytes", 1003, {"sent": b'{"tenantId": 1001, "orderId": "NOBODY"}'}),
    ("not_json", 1002, {"body": b"orderId=A1"}),
    ("empty_body", 1002, {"body": b""}),
    ("json_list", 1002, {"body": b"[]"}),
    ("tenant_absent", 1002, {"body": b'{"orderId":"A1"}'}),
    ("tenant_text", 1002, {"body": _body(tenantId="1001")}),
    ("tenant_float", 1002, {"body": _body(tenantId=1001.0)}),
    ("tenant_bool", 1002, {"body": _body(tenantId=True)}),
    ("tenant_null", 1002, {"body": _body(tenantId=None)}),
    ("tenant_of_others", 1005, {"body": _body(tenantId=1002)}),
    ("order_absent", 41000, {"body": b'{"tenantId":1001}'}),
    ("order_empty", 41000, {"body": _body(orderId="")}),
    ("order_blank", 41000, {"body": _body(orderId="  ")}),
    ("order_number", 41000, {"body": _body(orderId=123)}),
]


@pytest.mark.parametrize(("code", "wrong"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_refusal__code(sandbox: Sandbox, code: int, wrong: dict[str, Any]) -> None:
    before = len(sandbox.requests)

    answer = ask(sandbox, **wrong)

    said = answer.json()
    assert answer.status_code == 200
    assert said["code"] == code
    assert said["data"] == {}
    assert said["msg"]
    assert re.fullmatch("[0-9A-F]{32}", said["reqId"])
    assert [seen.code for seen in sandbox.requests[before:]] == [code]


ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    ("plain", {}),
    ("algorithm_md5_said", {"headers": {"algorithm": "md5"}}),
    ("algorithm_sha256", {"headers": {"algorithm": "sha256"}}),
    ("charset", {"headers": {"Content-Type": "application/json; charset=utf-8"}}),
    ("ts_40_s_late", {"headers": {"ts": _ts(-40)}}),
    ("ts_10_s_early", {"headers": {"ts": _ts(10)}}),
    ("spaces_in_body", {"body": b'{ "orderId" : "A1", "tenantId" : 1001 }'}),
    ("chinese_order_id", {"order_id": "订单 1"}),
    ("unknown_body_key", {"body": _body(page=1)}),
]


@pytest.mark.parametrize("how", [case[1] for case in ACCEPTED], ids=[case[0] for case in ACCEPTED])
def test_success__no_calls_for_unknown_order(sandbox: Sandbox, how: dict[str, Any]) -> None:
    assert {**ask(sandbox, **how).json(), "reqId": ""} == {"reqId": "", "code": 0, "msg": "Success", "data": []}


def test_signature__upper_case_hex_is_refused(sandbox: Sandbox) -> None:
    ts, body = _ts(0)(), _body()
    text = b"accessKey=sandbox-key&action=cc&bizType=8&ts=%b&body=%b&accessSecret=sandbox-secret" % (ts.encode(), body)
    signature = hashlib.md5(text, usedforsecurity=False).hexdigest()

    codes = [
        ask(sandbox, body=body, headers={"ts": ts}, unsigned={"sign": sent}).json()["code"]
        for sent in (signature, signature.upper())
    ]

    assert codes == [0, 1003]


@pytest.mark.parametrize(("shift_s", "code"), [(0, 0), (59, 0), (61, 1004), (-61, 1004)])
def test_clock__decides_about_ts_and_date(shift_s: int, code: int) -> None:
    now_s = 1_800_000_000
    with Sandbox(today=TODAY, clock=lambda: now_s + shift_s) as shifted:
        answer = ask(shifted, headers={"ts": str(now_s * 1000)})

    assert answer.json()["code"] == code
    assert answer.headers["Date"].startswith("Fri, 15 Jan 2027 0")
    assert answer.headers["Date"].endswith(f"{(now_s + shift_s) % 60:02d} GMT")


def test_credentials__can_be_chosen() -> None:
    with Sandbox(today=TODAY, access_key="k", access_secret="s", tenant_id=5) as own:
        assert (own.credentials.access_key, own.credentials.access_secret, own.credentials.tenant_id) == ("k", "s", 5)
        assert ask(own).json()["code"] == 0
        assert ask(own, secret="sandbox-secret").json()["code"] == 1003


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", QUERY_BY_ORDER, 405), ("PUT", QUERY_BY_ORDER, 405), ("POST", "/saas/cc/openapi/cdr/list", 404),
     ("GET", "/", 404), ("POST", "/recordings/a.wav", 405)],
)  # fmt: skip
def test_other_requests__are_refused_as_json(sandbox: Sandbox, method: str, path: str, status: int) -> None:
    answer = requests.request(method, sandbox.base_url + path, timeout=5)

    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["Date"]


def test_requests__remember_what_was_sent(sandbox: Sandbox) -> None:
    before, started = len(sandbox.requests), time.monotonic()
    ask(sandbox, "A1", headers={"ts": _ts(-7), "algorithm": "sha256"})
    ask(sandbox, "FAIL-503")

    first, second = sandbox.requests[before:]
    assert (first.order_id, first.algorithm, first.status, first.code) == ("A1", "sha256", 200, 0)
    assert abs(int(first.ts) / 1000 + 7 - time.time()) < 5
    assert len(first.sign) == 64
    assert orjson.loads(first.body) == {"tenantId": 1001, "orderId": "A1"}
    assert started <= first.at <= second.at <= time.monotonic()
    assert (second.order_id, second.algorithm, second.status, second.code) == ("FAIL-503", "", 503, None)
