"""The vendor's checks of a request, each with the code that it answers; pure."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from nxcc.api.protocol import ACTION, BIZ_TYPE, sign

CLOCK_TOLERANCE_MS = 60_000
_REQUIRED = (
    (b"accesskey", "accessKey"),
    (b"ts", "ts"),
    (b"biztype", "bizType"),
    (b"action", "action"),
    (b"sign", "sign"),
)


@dataclass(frozen=True, slots=True)
class SandboxCredentials:
    """What a client needs to be let in."""

    access_key: str
    access_secret: str
    tenant_id: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused: the vendor's code and words."""

    code: int
    msg: str


def order_id_in(body: bytes) -> str:
    """The order id that a body speaks of, "" when there is none; nothing is checked."""
    asked = parsed(body)
    order_id = asked.get("orderId") if isinstance(asked, dict) else None
    return order_id if isinstance(order_id, str) else ""


def refusal(
    headers: Mapping[bytes, bytes], body: bytes, now_ms: int, credentials: SandboxCredentials
) -> Refusal | None:
    """The first thing wrong with a request's headers, in the vendor's order, or None. Names are lower-case bytes."""
    for name, spelling in _REQUIRED:
        if not headers.get(name):
            return Refusal(1001, f"Request header {spelling} is missing")
    if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
        return Refusal(1003, "Sign error")  # that is what the vendor says of a wrong Content-Type
    algorithm = headers.get(b"algorithm", b"md5").decode("latin-1")
    if headers[b"biztype"] != BIZ_TYPE.encode():
        return Refusal(1002, "Parameter bizType is wrong")
    if headers[b"action"] != ACTION.encode():
        return Refusal(1002, "Parameter action is wrong")
    if algorithm not in ("md5", "sha256"):
        return Refusal(1002, "Parameter algorithm is wrong")
    if headers[b"accesskey"] != credentials.access_key.encode():
        return Refusal(1005, "accessKey is wrong or has no permission")
    ts = headers[b"ts"]
    if not ts.isdigit() or len(ts) > 15 or abs(int(ts) - now_ms) > CLOCK_TOLERANCE_MS:
        return Refusal(1004, "Timestamp expired")
    expected = sign(credentials.access_key, credentials.access_secret, ts.decode("ascii"), body, algorithm=algorithm)
    if not hmac.compare_digest(headers[b"sign"], expected.encode("ascii")):
        return Refusal(1003, "Sign error")
    return None


def order_in(body: bytes, tenant_id: int) -> str | Refusal:
    """The order id that a body asks for, or the first thing wrong with it."""
    asked = parsed(body)
    if not isinstance(asked, dict):
        return Refusal(1002, "The body is not a JSON object")
    if refused := tenant_refusal(asked, tenant_id):
        return refused
    order_id = asked.get("orderId")
    if not isinstance(order_id, str) or not order_id.strip():
        return Refusal(41000, "orderId cannot be empty")
    return order_id


def tenant_refusal(asked: Mapping[str, object], tenant_id: int) -> Refusal | None:
    """What is wrong with the tenant that a body names, or None."""
    tenant = asked.get("tenantId")
    if type(tenant) is not int:  # a bool, a float or digits in quotes are not an integer to the vendor
        return Refusal(1002, "Parameter tenantId is wrong")
    if tenant != tenant_id:
        return Refusal(1005, "The account has no permission for this tenantId")
    return None


def parsed(body: bytes) -> object:
    """A body's JSON; None when it is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
