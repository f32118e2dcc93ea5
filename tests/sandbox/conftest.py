"""A running sandbox, and a way to ask it that can be wrong in any one respect."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import orjson
import pytest
import requests

from nxcc.api.protocol import PAGE_BY_TIME, QUERY_BY_ORDER, sign
from nxcc.sandbox import Sandbox, World

TODAY = date(2026, 11, 24)  # a Tuesday
Ask = Callable[..., requests.Response]


def ask(sandbox: Sandbox, order_id: object = "NOBODY", **wrong: Any) -> requests.Response:
    """One signed request. `wrong` replaces a header before signing (None drops it), or `body`, `sign`, `secret`,
    `content_type`, `unsigned` (headers after signing), `timeout_s`, `path`."""
    credentials = sandbox.credentials
    body: bytes = wrong.get("body", orjson.dumps({"tenantId": credentials.tenant_id, "orderId": order_id}))
    headers: dict[str, str | None] = {
        "Content-Type": "application/json",
        "accessKey": credentials.access_key,
        "ts": str(int(time.time() * 1000)),
        "bizType": "8",
        "action": "cc",
    }
    headers |= {name: value() if callable(value) else value for name, value in wrong.get("headers", {}).items()}
    algorithm = headers.get("algorithm") or "md5"
    headers["sign"] = sign(
        headers["accessKey"] or "", wrong.get("secret", credentials.access_secret), headers["ts"] or "", body,
        algorithm=algorithm if algorithm in ("md5", "sha256") else "md5",
    )  # fmt: skip
    headers |= {name: value() if callable(value) else value for name, value in wrong.get("unsigned", {}).items()}
    kept = {name: value for name, value in headers.items() if value is not None}
    sent = wrong.get("sent", body)
    with requests.Session() as session:
        session.trust_env = False
        return session.post(
            sandbox.base_url + wrong.get("path", QUERY_BY_ORDER), data=sent, headers=kept,
            timeout=wrong.get("timeout_s", 5), allow_redirects=wrong.get("follow", False),
        )  # fmt: skip


def page_asked(sandbox: Sandbox, from_s: int, to_s: int, page: int = 1, **more: Any) -> requests.Response:
    """One page of calls by time; `more` are fields of the body, those that are None are left out."""
    fields = {"startTime": from_s, "endTime": to_s, "size": 100, "page": page, **more}
    body = orjson.dumps({name: value for name, value in fields.items() if value is not None})
    return ask(sandbox, body=body, path=PAGE_BY_TIME)


def all_pages(sandbox: Sandbox, from_s: int, to_s: int, **more: Any) -> list[dict[str, Any]]:
    """The records on all pages, up to the first that is empty."""
    records: list[dict[str, Any]] = []
    for page in range(1, 500):
        found = page_asked(sandbox, from_s, to_s, page, **more).json()["data"]
        if not found:
            return records
        records += found
    raise AssertionError("the pages come to no end")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(today=TODAY) as running:
        yield running


@pytest.fixture(scope="session")
def world() -> World:
    return World(7, TODAY)
