"""One request and its retries, over HTTP."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import orjson
import pytest

from nxcc.api.client import Reply
from nxcc.api.protocol import QUERY_BY_ORDER, sign
from nxcc.errors import Cancelled, ConfigurationError, TransientError
from nxcc.sandbox import Sandbox

from ..conftest import TODAY, Waits, client_of, own, seen
from .wire import Wire, http

NO_CALLS = http(b'{"reqId":"R","code":0,"data":[]}')
BUSY = "503 Service Unavailable"


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


def parts_of(request: str) -> tuple[str, dict[str, str], str]:
    """Request line, headers and body of what came on the wire."""
    head, _, body = request.partition("\r\n\r\n")
    line, *headers = head.split("\r\n")
    return line, dict(header.split(": ", 1) for header in headers), body


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_query_by_order__what_is_signed_is_what_is_sent(stop: threading.Event, algorithm: str) -> None:
    with Wire(NO_CALLS) as wire:
        client = client_of(wire.url, now=lambda: 1700000000.123)
        object.__setattr__(client.credentials, "algorithm", algorithm)
        assert client.query_by_order('回访 "7"', stop) == Reply([], "R", 1)
    line, headers, body = parts_of(wire.asked[0])
    assert line == f"POST {QUERY_BY_ORDER} HTTP/1.1"
    assert body == '{"tenantId":1,"orderId":"回访 \\"7\\""}'
    assert headers == {
        "Host": wire.address,
        "User-Agent": "nxcc",
        "Accept-Encoding": "gzip, deflate",
        "Content-Type": "application/json",
        "Content-Length": str(len(body.encode())),
        "accessKey": "the-key",
        "ts": "1700000000123",
        "bizType": "8",
        "action": "cc",
        "algorithm": algorithm,
        "sign": sign("the-key", "the-secret", 1700000000123, body.encode(), algorithm=algorithm),
    }


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_query_by_order__the_strict_sandbox_lets_us_in(sandbox: Sandbox, stop: threading.Event, algorithm: str) -> None:
    order_id = own("SAMPLE-VENDOR")
    reply = client_of(sandbox, account={"algorithm": algorithm}).query_by_order(order_id, stop)
    assert (len(reply.records), reply.attempts) == (2, 1)
    assert [(request.algorithm, request.code) for request in seen(sandbox, order_id)] == [(algorithm, 0)]


def test_query_by_order__blank_id_is_never_sent(sandbox: Sandbox, stop: threading.Event) -> None:
    client = client_of(sandbox)
    with pytest.raises(ValueError, match="blank"):
        client.query_by_order("  ", stop)
    assert client.requests == 0


def test_query_by_order__signs_every_attempt_anew(sandbox: Sandbox, stop: threading.Event) -> None:
    order_id = own("FAIL-500")
    client = client_of(sandbox, attempts=4)
    with pytest.raises(TransientError, match="HTTP 500") as failed:
        client.query_by_order(order_id, stop)
    sent = seen(sandbox, order_id)
    assert (failed.value.attempts, client.requests, len(sent)) == (4, 4, 4)
    assert len({request.ts for request in sent}) == len({request.sign for request in sent}) == 4
    assert len({request.body for request in sent}) == 1


def test_query_by_order__waits_grow_and_differ(sandbox: Sandbox, stop: threading.Event) -> None:
    runs = []
    for _ in range(2):
        waits = Waits()
        with pytest.raises(TransientError):
            client_of(sandbox, attempts=9, wait=waits).query_by_order(own("FAIL-503"), stop)
        runs.append(waits.seconds)
    for seconds in runs:
        assert len(seconds) == 8
        for n, waited in enumerate(seconds):
            assert min(20, 0.5 * 2**n) <= waited <= min(20, 0.5 * 2**n + 0.5)
    assert runs[0] != runs[1]  # so that many do not come back together


AFTER = [
    ("7", 7, 7),
    ("0", 0.5, 1),
    ("3600", 60, 60),
    ("9" * 400, 60, 60),
    (formatdate(1_700_000_030, usegmt=True), 30, 30),
    (formatdate(1_600_000_000, usegmt=True), 0.5, 1),
    ("Thu, 01 Jan 9999 00:00:00 GMT", 60, 60),
    ("soon", 0.5, 1),
    ("-5", 0.5, 1),
    ("", 0.5, 1),
]


@pytest.mark.parametrize(("header", "least", "most"), AFTER, ids=lambda value: str(value)[:30])
def test_query_by_order__retry_after_is_honoured_up_to_a_minute(
    stop: threading.Event, header: str, least: float, most: float
) -> None:
    waits = Waits()
    with Wire(http(b"", f"Retry-After: {header}", status=BUSY)) as wire:
        client = client_of(wire.url, attempts=2, wait=waits, now=lambda: 1_700_000_000)
        with pytest.raises(TransientError):
            client.query_by_order("A", stop)
    assert len(wire.asked) == 2
    (waited,) = waits.seconds
    assert least <= waited <= most


@pytest.mark.parametrize("kind", ["FAIL-429", "FAIL-429S"])
def test_query_by_order__too_fast_slows_every_request(sandbox: Sandbox, stop: threading.Event, kind: str) -> None:
    client = client_of(sandbox, rate_per_second=1000)
    assert client.query_by_order(own(f"{kind}-1"), stop).attempts == 2
    assert client.pace.per_second == 500


def test_query_by_order__another_failure_slows_nothing(sandbox: Sandbox, stop: threading.Event) -> None:
    client = client_of(sandbox, rate_per_second=1000)
    assert client.query_by_order(own("FAIL-503-1"), stop).attempts == 2
    assert client.pace.per_second == 1000


def test_query_by_order__stopped_before_it_began(sandbox: Sandbox, stop: threading.Event) -> None:
    stop.set()
    client = client_of(sandbox)
    with pytest.raises(Cancelled):
        client.query_by_order("A", stop)
    assert client.requests == 0


def test_query_by_order__stopped_while_it_waits_for_the_next_attempt(sandbox: Sandbox, stop: threading.Event) -> None:
    def stopped(event: threading.Event, seconds: float) -> bool:
        event.set()
        return event.wait(seconds)

    client = client_of(sandbox, wait=stopped)
    with pytest.raises(Cancelled):
        client.query_by_order(own("FAIL-500"), stop)
    assert client.requests == 1


def test_query_by_order__never_more_at_once_than_allowed(stop: threading.Event) -> None:
    three, four, go = threading.Event(), threading.Event(), threading.Event()

    def answer(connection: socket.socket, _: threading.Event) -> None:
        (three if len(wire.asked) == 3 else four if len(wire.asked) > 3 else threading.Event()).set()
        assert go.wait(5)
        connection.sendall(NO_CALLS)

    with Wire(answer) as wire, ThreadPoolExecutor(9) as pool:
        client = client_of(wire.url, concurrency=3, attempts=1)
        replies = [pool.submit(client.query_by_order, f"A{n}", stop) for n in range(9)]
        assert three.wait(5)
        assert not four.wait(0.1)
        go.set()
        assert [reply.result().records for reply in replies] == [[]] * 9


@pytest.mark.parametrize(("off_s", "side"), [(300, "behind"), (-300, "ahead of")])
def test_query_by_order__a_wrong_clock_is_told_with_size_and_side(stop: threading.Event, off_s: int, side: str) -> None:
    with Sandbox(today=TODAY, clock=lambda: time.time() + off_s) as elsewhere:
        client = client_of(elsewhere, now=time.time)
        with pytest.raises(ConfigurationError) as failed:
            client.query_by_order("A", stop)
    assert failed.value.evidence.code == 1004
    assert any(f"clock is {s} s {side} the gateway's" in failed.value.what for s in (299, 300, 301))
    assert "time server" in failed.value.cure
    assert client.requests == 1


def test_clock_difference__follows_the_date_header(sandbox: Sandbox, stop: threading.Event) -> None:
    client = client_of(sandbox, now=time.time)
    assert client.clock_difference_s is None
    client.query_by_order("A", stop)
    assert client.clock_difference_s == pytest.approx(0, abs=1.5)  # the header has whole seconds


@pytest.mark.parametrize("date", ["yesterday", "0", "Mon, 99 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:00 +9999"])
def test_clock_difference__nonsense_in_the_header_harms_nothing(stop: threading.Event, date: str) -> None:
    with Wire(http(orjson.dumps({"code": 0}), f"Date: {date}")) as wire:
        client = client_of(wire.url)
        assert client.query_by_order("A", stop).records == []
    assert client.clock_difference_s is None
