"""What every client needs: the account, the ids, a signed request for each, and whether an answer is one."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable

import orjson

from nxcc.account import Credentials
from nxcc.api import protocol

_ACCOUNT = [os.environ[f"NXCC_{name}"] for name in ("BASE_URL", "ACCESS_KEY", "ACCESS_SECRET", "TENANT_ID")]
CREDENTIALS = Credentials(_ACCOUNT[0], _ACCOUNT[1], _ACCOUNT[2], int(_ACCOUNT[3]))
URL = CREDENTIALS.base_url + protocol.QUERY_BY_ORDER
TIMEOUT_S = 10


def concurrency() -> int:
    """How many may be asked at once."""
    return int(sys.argv[1])


def ids() -> list[str]:
    """The order ids to ask for."""
    return sys.stdin.read().split()


def signed(order_id: str) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a request, signed now."""
    body = protocol.order_body(CREDENTIALS.tenant_id, order_id)
    return body, protocol.signed_headers(CREDENTIALS, body, int(time.time() * 1000))


def code_of(answer: bytes) -> int:
    """The business code of an answer."""
    return int(orjson.loads(answer)["code"])


def require_answers(codes: Iterable[int]) -> None:
    """A client that is fast because it is refused is no measure."""
    assert set(codes) == {0}, "every order must be answered"
