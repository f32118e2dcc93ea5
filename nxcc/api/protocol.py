"""The vendor's protocol without a network: sign, build, decode.

Source: the vendor's wiki pages "NXCC API cdrQueryByOrder", "NXCC API cdrQuery", "API Interface Invocation Convention"
and "API auth basics".
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from nxcc.account import Credentials
from nxcc.errors import ApiError, ConfigurationError, Evidence, TransientError
from nxcc.stretches import CallFilters

Record = dict[str, Any]

QUERY_BY_ORDER = "/saas/cc/openapi/cdr/queryByOrderId"
PAGE_BY_TIME = "/saas/cc/openapi/cdr/page"
MOST_ON_A_PAGE = 100
ACTION = "cc"
BIZ_TYPE = "8"
MAX_MESSAGE = 200  # characters of the vendor's words that are kept
THE_ORDER_ID = "the order id"  # what is to be checked when a question is refused
THE_PERIOD = "the period and its filters"
ALL_CALLS = CallFilters()

_RATE_WORDS = ("rate limit", "too many requests", "限流", "频繁")
_WRONG_ADDRESS = frozenset({401, 403, 404, 405, 407})
_MAY_PASS = frozenset({408, 425, 429})
_SURROGATES = re.compile(rb"\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(\\u[dD][89a-fA-F]..)")  # a half is in group 1
_WHOLE = re.compile(r"-?[0-9]{1,19}")
_DIRECTIONS = {"inbound": 1, "outbound": 2, "aicc": 3}  # as a request says them; a record says 0, 1, 2
_NO_SECONDS = 10**11  # an epoch time from here on is in milliseconds


@dataclass(frozen=True, slots=True)
class Answer:
    """A trusted answer: the records of one order or page (none = no calls) and the vendor's request id."""

    records: list[Record]
    req_id: str


def sign(
    access_key: str,
    access_secret: str,
    ts_ms: int | str,
    body: bytes,
    *,
    action: str = ACTION,
    biz_type: str = BIZ_TYPE,
    algorithm: str = "md5",
) -> str:
    """The signature of one request: lower-case hex of MD5 or SHA-256 over the vendor's text.

    `body` is the exact bytes that go on the wire, `ts_ms` epoch milliseconds; a signature is good for 60 s.
    """
    parts = [f"accessKey={access_key}&action={action}&bizType={biz_type}&ts={ts_ms}".encode()]
    if body:
        parts.append(b"&body=" + body)
    parts.append(f"&accessSecret={access_secret}".encode())
    return hashlib.new(algorithm, b"".join(parts), usedforsecurity=False).hexdigest()


def order_body(tenant_id: int, order_id: str) -> bytes:
    """The body that asks for one order, serialised once: these bytes are signed and these bytes are sent."""
    if not order_id.strip():
        raise ValueError("a blank order id is never sent")
    return orjson.dumps({"tenantId": tenant_id, "orderId": order_id})


def page_body(
    tenant_id: int, from_s: int, to_s: int, page: int, *, size: int = MOST_ON_A_PAGE, filters: CallFilters = ALL_CALLS
) -> bytes:
    """The body that asks for one page (from 1) of the calls that began from one epoch second to another, both included.

    The vendor's page does not list `tenantId` here. It is sent as in the sibling call: an account with several teams
    must be able to say which. Raises `ValueError` for what the vendor would refuse.
    """
    if not 0 <= from_s <= to_s < _NO_SECONDS:
        raise ValueError("a period is two epoch times in seconds, the later one last")
    if not 1 <= size <= MOST_ON_A_PAGE or page < 1:
        raise ValueError("pages count from 1 and hold 1 to 100 calls")
    asked: dict[str, int | str] = {
        "tenantId": tenant_id, "startTime": from_s, "endTime": to_s, "size": size, "page": page
    }  # fmt: skip
    if filters.direction:
        if filters.direction not in _DIRECTIONS:
            raise ValueError("a direction is inbound, outbound or aicc")
        asked["direction"] = _DIRECTIONS[filters.direction]
    if filters.answered is not None:
        asked["answered"] = 2 if filters.answered else 1
    texts = {"name": filters.agent, "caller": filters.caller, "callee": filters.callee,
             "callId": filters.call_id, "orderId": filters.order_id}  # fmt: skip
    return orjson.dumps(asked | {key: text for key, text in texts.items() if text})


def signed_headers(credentials: Credentials, body: bytes, ts_ms: int) -> dict[str, str]:
    """The vendor's headers for one attempt; made anew for every attempt, because `ts` and `sign` age."""
    return {
        "Content-Type": "application/json",
        "accessKey": credentials.access_key,
        "ts": str(ts_ms),
        "bizType": BIZ_TYPE,
        "action": ACTION,
        "algorithm": credentials.algorithm,
        "sign": sign(credentials.access_key, credentials.access_secret, ts_ms, body, algorithm=credentials.algorithm),
    }


def decode(
    http_status: int,
    body: bytes,
    *,
    retry_after_s: float | None = None,
    redact: Callable[[str], str] = str,
    check: str = THE_ORDER_ID,
) -> Answer:
    """The records in an answer, or the error that it stands for.

    Raises `TransientError` (ask again), `ConfigurationError` (stop everything) or `ApiError` (this order id or page
    fails). An answer that cannot be understood is an error, never "no calls". `redact` takes secrets out of the
    vendor's words before they are cut, so that no part of one is left. `check` is what to look at when the vendor
    refuses what was asked.
    """
    if http_status in _MAY_PASS or http_status >= 500:
        limited = http_status == 429
        raise TransientError(
            "The API said that requests come too fast (HTTP 429)."
            if limited
            else f"The API answered HTTP {http_status}.",
            cure="Ask again later.",
            evidence=Evidence(http_status=http_status, req_id=_req_id(_json(body), redact)),
            retry_after_s=retry_after_s,
            rate_limited=limited,
        )
    envelope = _json(body)
    code = _code(envelope) if isinstance(envelope, dict) else None
    if isinstance(envelope, dict) and code is not None and not (code == 0 and http_status >= 300):
        req_id = _req_id(envelope, redact)
        if code == 0 and (records := _records(envelope.get("data"))) is not None:
            return Answer(records, req_id)
        evidence = Evidence(code, clean_text(envelope.get("msg"), redact=redact), req_id, http_status)
        raise _failure(code, evidence, retry_after_s, check)
    evidence = Evidence(http_status=http_status)
    if 300 <= http_status < 400:
        raise ConfigurationError(
            f"The gateway redirects (HTTP {http_status}); a signed request is not sent elsewhere.",
            cure="Set NXCC_BASE_URL to the gateway's own address, with https.",
            evidence=evidence,
        )
    if http_status in _WRONG_ADDRESS:
        raise ConfigurationError(
            f"The gateway does not let us in (HTTP {http_status}).",
            cure="Check NXCC_BASE_URL, and whether a proxy or firewall stands in between.",
            evidence=evidence,
        )
    if http_status < 300:
        what = "The API's answer was empty." if not body.strip() else "The API's answer is not the JSON it promises."
        raise TransientError(what, cure="Ask again later.", evidence=evidence, retry_after_s=retry_after_s)
    raise ApiError(f"The API answered HTTP {http_status}.", cure=f"Check {check}.", evidence=evidence)


def clean_text(value: object, limit: int = MAX_MESSAGE, redact: Callable[[str], str] = str) -> str:
    """Text of the vendor's on one line: control and invisible characters out, cut to `limit` characters."""
    text = redact(value) if isinstance(value, str) else ""
    if text.isprintable() and len(text) <= limit:
        return text.strip()
    shown = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text[: limit * 4])
    flat = " ".join("".join(c for c in shown if unicodedata.category(c) != "Cf").split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def _failure(code: int, evidence: Evidence, retry_after_s: float | None, check: str) -> ApiError:
    if code == 0:
        return ApiError(
            "The API's answer holds data of a shape that its documentation does not have.",
            cure="Nothing was taken from it; show it to the vendor.",
            evidence=evidence,
        )
    said = f"{code}: {evidence.message}" if evidence.message else f"Code {code}"
    if any(word in evidence.message.lower() for word in _RATE_WORDS):
        return TransientError(
            f"{said} (requests come too fast).",
            cure="Ask again later, or lower NXCC_RATE_PER_SECOND.",
            evidence=evidence,
            retry_after_s=retry_after_s,
            rate_limited=True,
        )
    if code in (88, 99):
        return TransientError(f"{said} (the vendor's system failed).", cure="Ask again later.", evidence=evidence)
    if 1000 <= code <= 1009:
        cure = _CURES.get(code, _CURES[1000]).format(check=check)
        return ConfigurationError(f"The API refuses us, {said}.", cure=cure, evidence=evidence)
    if code == 41000:
        return ApiError(f"{said} (a parameter is wrong or empty).", cure=f"Check {check}.", evidence=evidence)
    undocumented = f"{said} (a code the vendor does not document)."  # in the same words for each id, to be counted
    return ApiError(undocumented, cure="Ask the vendor about it.", evidence=evidence)


_CURES = {
    1000: "Check NXCC_ACCESS_KEY, NXCC_ACCESS_SECRET and NXCC_TENANT_ID.",
    1001: "A proxy between here and the gateway may drop headers; check NXCC_BASE_URL and the proxy.",
    1002: "Check NXCC_TENANT_ID and {check}.",
    1003: "Check NXCC_ACCESS_SECRET and NXCC_SIGN_ALGORITHM.",
    1004: "Set this machine's clock by a time server.",
    1005: "Check NXCC_ACCESS_KEY and NXCC_TENANT_ID, and that the account may read this team's call records.",
}


def _records(data: object) -> list[Record] | None:
    """The records in an answer's data; None for a shape that the vendor's documentation does not have."""
    if data is None or data in ({}, []):
        return []
    if isinstance(data, dict) and data.get("callId"):
        return [data]
    if isinstance(data, list) and all(isinstance(record, dict) and record for record in data):
        return data
    return None


def _json(body: bytes) -> object:
    text = body.removeprefix(b"\xef\xbb\xbf")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:  # a character that was cut in the middle is no reason to lose the answer
        whole = text.decode("utf-8", "replace").encode()
        return orjson.loads(_SURROGATES.sub(lambda found: rb"\ufffd" if found[1] else found[0], whole))
    except orjson.JSONDecodeError:
        return None


def _code(envelope: dict[str, Any]) -> int | None:
    code = envelope.get("code")
    if isinstance(code, str) and _WHOLE.fullmatch(code.strip()):
        code = int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) and abs(code) < 2**63 else None


def _req_id(envelope: object, redact: Callable[[str], str]) -> str:
    return clean_text(envelope.get("reqId"), 64, redact) if isinstance(envelope, dict) else ""
