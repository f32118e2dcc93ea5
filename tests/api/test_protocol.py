"""Sign, build and decode, by the vendor's documents."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
import pytest

from nxcc.account import Credentials
from nxcc.api import protocol
from nxcc.errors import ApiError, ConfigurationError, TransientError
from nxcc.stretches import CallFilters

from ..conftest import SAMPLES

ACCOUNT = Credentials("https://gateway", "the-key", "the-secret", 7)
VENDORS_ANSWERS = [
    ('{"name":"牛小信","id":10001}', "87c3560d3331ae23f1021e2025722354"),
    ('{"id":10001,"name":"牛小信"}', "7750759da06333f20d0640be09355e34"),
    ('{"id": 10001, "name": "牛小信"}', "d0c24a9886c629330d7f3f2056c65bc2"),
]


def envelope(code: object, msg: object = "words", **more: object) -> bytes:
    return orjson.dumps({"reqId": "R1", "code": code, "msg": msg} | more)


@pytest.mark.parametrize(("body", "expected"), VENDORS_ANSWERS)
def test_sign__vendors_known_answers(body: str, expected: str) -> None:
    signed = protocol.sign(
        "fme2na3kdi3ki", "abciiiko2k3", "1655710885431", body.encode(), action="send", biz_type="1", algorithm="md5"
    )
    assert signed == expected


@pytest.mark.parametrize(("body", "middle"), [(b'{"a":"\xe7\x89\x9b"}', '&body={"a":"牛"}'), (b"", "")])
@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_sign__text_as_documented(algorithm: str, body: bytes, middle: str) -> None:
    text = f"accessKey=K&action=cc&bizType=8&ts=12{middle}&accessSecret=S"
    assert protocol.sign("K", "S", 12, body, algorithm=algorithm) == hashlib.new(algorithm, text.encode()).hexdigest()


@pytest.mark.parametrize("order_id", ["007", "1E5", "6912345678901234567", "回访 1", 'a"b\\c', "é\u0301"])
def test_order_body__holds_the_id_as_it_is(order_id: str) -> None:
    body = protocol.order_body(12, order_id)
    assert orjson.loads(body) == {"tenantId": 12, "orderId": order_id}
    assert not body.isascii() or order_id.isascii()  # no \u escapes: less to get wrong


@pytest.mark.parametrize("order_id", ["", " ", "\t\n", "\u3000"])
def test_order_body__blank_id_is_never_sent(order_id: str) -> None:
    with pytest.raises(ValueError, match="blank"):
        protocol.order_body(12, order_id)


BODIES = [
    (CallFilters(), b""),
    (CallFilters(direction="inbound"), b',"direction":1'),
    (CallFilters(direction="outbound"), b',"direction":2'),
    (CallFilters(direction="aicc"), b',"direction":3'),
    (CallFilters(answered=False), b',"answered":1'),
    (CallFilters(answered=True), b',"answered":2'),
    (CallFilters(agent="NX1"), b',"name":"NX1"'),
    (CallFilters(caller="4420"), b',"caller":"4420"'),
    (CallFilters(callee="NX1@host:5060"), b',"callee":"NX1@host:5060"'),
    (CallFilters(call_id="c1"), b',"callId":"c1"'),
    (CallFilters(order_id="回访 1"), ',"orderId":"回访 1"'.encode()),
    (
        CallFilters("aicc", False, "a", "b", "c", "d", "007"),
        b',"direction":3,"answered":1,"name":"a","caller":"b","callee":"c","callId":"d","orderId":"007"',
    ),
]


@pytest.mark.parametrize(("filters", "more"), BODIES, ids=lambda value: str(value)[:60])
def test_page_body__seconds_pages_from_1_and_the_requests_own_codes(filters: CallFilters, more: bytes) -> None:
    body = protocol.page_body(12, 1700000000, 1700003599, 3, filters=filters)
    assert body == b'{"tenantId":12,"startTime":1700000000,"endTime":1700003599,"size":100,"page":3' + more + b"}"


def test_page_body__one_second_and_another_size() -> None:
    body = protocol.page_body(12, 0, 0, 1, size=1)
    assert body == b'{"tenantId":12,"startTime":0,"endTime":0,"size":1,"page":1}'


NONSENSE = [
    {"from_s": 11}, {"from_s": -1}, {"to_s": 1_700_000_000_000}, {"from_s": 170_000_000_000, "to_s": 170_000_000_001},
    {"page": 0}, {"page": -1}, {"size": 0}, {"size": 101}, {"filters": CallFilters(direction="callbot")},
]  # fmt: skip


@pytest.mark.parametrize("wrong", NONSENSE, ids=str)
def test_page_body__nonsense_is_never_sent(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        protocol.page_body(12, **{"from_s": 1, "to_s": 10, "page": 1} | wrong)


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_signed_headers__everything_the_vendor_requires(algorithm: str) -> None:
    account = Credentials("https://gateway", "the-key", "the-secret", 7, algorithm)  # type: ignore[arg-type]
    headers = protocol.signed_headers(account, b"{}", 1655710885431)
    assert headers == {
        "Content-Type": "application/json",
        "accessKey": "the-key",
        "ts": "1655710885431",
        "bizType": "8",
        "action": "cc",
        "algorithm": algorithm,
        "sign": protocol.sign("the-key", "the-secret", 1655710885431, b"{}", algorithm=algorithm),
    }


def test_decode__the_vendors_example() -> None:
    body = (SAMPLES / "queryByOrderId-success.json").read_bytes()
    answer = protocol.decode(200, body)
    assert answer.req_id == "a23738fb613d889026fa2c8f4e4378f1"
    assert answer.records == orjson.loads(body)["data"]
    assert len(answer.records) == 2


@pytest.mark.parametrize("data", [{"data": []}, {"data": {}}, {"data": None}, {}], ids=str)
@pytest.mark.parametrize("code", [0, "0", " 0 "])
def test_decode__empty_is_no_calls(code: object, data: dict[str, object]) -> None:
    assert protocol.decode(200, envelope(code, **data)) == protocol.Answer([], "R1")


def test_decode__one_record_that_is_no_list() -> None:
    assert protocol.decode(200, envelope(0, data={"callId": "c"})).records == [{"callId": "c"}]


SHAPES = [
    "", "text", 0, 1, True, False, {"a": 1}, [1], [{"callId": "c"}, None], [[]], [{}],
    {"list": [{"callId": "c"}], "total": 1}, {"records": [{"callId": "c"}]}, {"list": []},
]  # fmt: skip


@pytest.mark.parametrize("data", SHAPES, ids=str)
def test_decode__data_of_another_shape_is_a_failure_not_no_calls(data: object) -> None:
    with pytest.raises(ApiError, match="shape") as failed:
        protocol.decode(200, envelope(0, data=data))
    assert type(failed.value) is ApiError
    assert failed.value.evidence.req_id == "R1"


def test_decode__byte_order_mark_before_the_json() -> None:
    assert protocol.decode(200, b"\xef\xbb\xbf" + envelope(0)).records == []


KINDS = [
    (88, TransientError),
    (99, TransientError),
    *((code, ConfigurationError) for code in range(1000, 1010)),
    ("1003", ConfigurationError),
    (999, ApiError),
    (1010, ApiError),
    (41000, ApiError),
    (77777, ApiError),
    (-1, ApiError),
    (2**63 - 1, ApiError),
]


@pytest.mark.parametrize(("code", "kind"), KINDS, ids=str)
@pytest.mark.parametrize("status", [200, 400, 401])
def test_decode__business_code_says_what_to_do(status: int, code: object, kind: type[ApiError]) -> None:
    with pytest.raises(ApiError) as failed:
        protocol.decode(status, envelope(code, "their words", data={}))
    error = failed.value
    assert type(error) is kind
    assert (error.evidence.code, error.evidence.message, error.evidence.req_id) == (int(str(code)), "their words", "R1")
    assert str(code) in error.what
    assert "their words" in error.what
    assert error.cure


def test_decode__the_vendors_failure() -> None:
    with pytest.raises(ApiError, match="41000: End date cannot be empty") as failed:
        protocol.decode(200, (SAMPLES / "failure-41000.json").read_bytes())
    assert type(failed.value) is ApiError


CURES = [
    (1002, "NXCC_TENANT_ID"),
    (1003, "NXCC_ACCESS_SECRET"),
    (1004, "clock"),
    (1005, "NXCC_ACCESS_KEY"),
    (1007, "NXCC_ACCESS_KEY"),
]


@pytest.mark.parametrize(("code", "named"), CURES)
def test_decode__configuration_failure_names_its_cure(code: int, named: str) -> None:
    with pytest.raises(ConfigurationError) as failed:
        protocol.decode(200, envelope(code))
    assert named in failed.value.cure


@pytest.mark.parametrize("check", [protocol.THE_ORDER_ID, protocol.THE_PERIOD])
@pytest.mark.parametrize(
    ("status", "body"),
    [(200, envelope(41000)), (200, envelope(1002)), (418, b"{}")],
    ids=["41000", "1002", "HTTP 418"],
)
def test_decode__the_cure_names_what_was_asked(status: int, body: bytes, check: str) -> None:
    with pytest.raises(ApiError) as failed:
        protocol.decode(status, body, check=check)
    assert failed.value.cure.endswith(f"{check}.")


@pytest.mark.parametrize("words", ["appkey access rate limit", "Too Many Requests", "访问频繁", "接口限流"])
@pytest.mark.parametrize("code", [1, 99, 41000, 1003])
def test_decode__words_that_say_rate_limit(code: int, words: str) -> None:
    with pytest.raises(TransientError) as failed:
        protocol.decode(200, envelope(code, words), retry_after_s=3)
    assert (failed.value.rate_limited, failed.value.retry_after_s) == (True, 3)


@pytest.mark.parametrize(("status", "limited"), [(429, True), (500, False), (502, False), (503, False), (408, False)])
@pytest.mark.parametrize("body", [b"", b"<html>", envelope(0, data=[]), envelope(1003)], ids=["", "html", "0", "1003"])
def test_decode__http_status_that_may_pass(body: bytes, status: int, limited: bool) -> None:
    with pytest.raises(TransientError) as failed:
        protocol.decode(status, body, retry_after_s=4)
    assert (failed.value.rate_limited, failed.value.retry_after_s) == (limited, 4)
    assert failed.value.evidence.http_status == status


@pytest.mark.parametrize("status", [301, 302, 307, 308, 401, 403, 404, 405, 407])
def test_decode__a_wrong_address_is_configuration(status: int) -> None:
    with pytest.raises(ConfigurationError, match=str(status)) as failed:
        protocol.decode(status, b"<html>")
    assert "NXCC_BASE_URL" in failed.value.cure


def test_decode__another_refusal_fails_this_order_only() -> None:
    with pytest.raises(ApiError, match="HTTP 418") as failed:
        protocol.decode(418, b"{}")
    assert type(failed.value) is ApiError


UNREADABLE = [
    b"", b"  ", b"<html></html>", b'{"code":0,"data":[', b"[]", b"0", b"null", b'"text"', b"{}", b'{"data":[]}',
    b'{"code":null,"data":[]}', b'{"code":true}', b'{"code":0.0}', b'{"code":"x"}', b'{"code":[]}', b"\xff\xfe",
    b'{"code":18446744073709551615}', b'{"code":"99999999999999999999"}', b'{"code":"' + b"9" * 5000 + b'"}',
    b'{"code":"\xc2\xb2"}', b'{"code":"--1"}',
]  # fmt: skip


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: repr(body[:30]))
def test_decode__what_cannot_be_read_is_asked_again(body: bytes) -> None:
    with pytest.raises(TransientError):
        protocol.decode(200, body)


def test_decode__code_0_under_an_error_status_is_no_success() -> None:
    with pytest.raises(ApiError):
        protocol.decode(400, envelope(0, data=[]))
    with pytest.raises(ConfigurationError):
        protocol.decode(302, envelope(0, data=[]))


def test_decode__half_an_emoji_does_not_lose_the_answer() -> None:
    body = rb'{"code":0,"data":[{"callId":"c","other":"cut \ud83d","intent":"\ud83d\ude00"}]}'
    assert protocol.decode(200, body).records == [{"callId": "c", "other": "cut \ufffd", "intent": "\U0001f600"}]


def test_decode__an_undocumented_code_is_told_in_the_same_words_for_each_id() -> None:
    with pytest.raises(ApiError, match="a code the vendor does not document") as raised:
        protocol.decode(200, b'{"reqId":"R1","code":77777,"msg":"odd","data":{}}')
    assert raised.value.evidence.req_id == "R1"  # the request to ask the vendor about
    assert "R1" not in raised.value.what  # else a million failures have a million reasons


CLEANED = [
    ("plain", "plain"),
    ("  two\r\n lines\t ", "two lines"),
    ("rtl \u202e over", "rtl over"),
    ("中文 说明", "中文 说明"),
    ("x" * 300, "x" * 199 + "…"),
    ("\x1b[31mred", "[31mred"),
    (None, ""),
    (5, ""),
]


@pytest.mark.parametrize(("value", "expected"), CLEANED)
def test_clean_text__one_line_cut_without_control_characters(value: object, expected: str) -> None:
    assert protocol.clean_text(value) == expected
