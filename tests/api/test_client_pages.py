"""Pages of calls by time, over HTTP: the same path as for orders."""

from __future__ import annotations

import logging
import threading
import traceback
from typing import Any

import orjson
import pytest

from nxcc.api.client import Client, Reply
from nxcc.api.protocol import PAGE_BY_TIME, QUERY_BY_ORDER, sign
from nxcc.errors import ApiError, Cancelled, ConfigurationError, TransientError
from nxcc.sandbox import Crowd, Sandbox
from nxcc.sandbox.calls import midnight_ms
from nxcc.stretches import CallFilters

from ..conftest import TODAY, client_of, own
from .wire import Wire, http

TO_S = midnight_ms(TODAY) // 1000
FROM_S = TO_S - 86_400
ALL = CallFilters()
NUMBER = "447700900123"
ONE = b'{"reqId":"R","code":0,"data":[{"callId":"c"}]}'


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


def pages_of(client: Client, filters: CallFilters = ALL, **more: Any) -> list[list[dict[str, Any]]]:
    """All pages of the world's last day, the one that is not full last."""
    found: list[list[dict[str, Any]]] = []
    size = more.get("size", 100)
    while not found or len(found[-1]) == size:
        found.append(client.query_page(FROM_S, TO_S - 1, len(found) + 1, filters, threading.Event(), **more).records)
        assert len(found) < 100, "the pages come to no end"
    return found


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_query_page__what_is_signed_is_what_is_sent(stop: threading.Event, algorithm: str) -> None:
    with Wire(http(ONE)) as wire:
        client = client_of(f"{wire.url}/gate", now=lambda: 1700000000.123)
        object.__setattr__(client.credentials, "algorithm", algorithm)
        reply = client.query_page(1_690_000_000, 1_690_003_599, 2, CallFilters(agent="王"), stop)
        client.query_by_order("A", stop)
    assert reply == Reply([{"callId": "c"}], "R", 1)
    head, _, body = wire.asked[0].partition("\r\n\r\n")
    assert body == '{"tenantId":1,"startTime":1690000000,"endTime":1690003599,"size":100,"page":2,"name":"王"}'
    assert head.startswith(f"POST /gate{PAGE_BY_TIME} HTTP/1.1\r\nHost: {wire.address}\r\n")
    assert f"Content-Length: {len(body.encode())}\r\n" in f"{head}\r\n"
    assert f"sign: {sign('the-key', 'the-secret', 1700000000123, body.encode(), algorithm=algorithm)}\r\n" in head
    assert wire.asked[1].startswith(f"POST /gate{QUERY_BY_ORDER} HTTP/1.1\r\n")


def test_query_page__through_a_proxy_by_the_whole_address(
    stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Wire(http(ONE)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert client_of("http://gateway.invalid").query_page(0, 1, 1, ALL, stop).req_id == "R"
    assert proxy.asked[0].startswith(f"POST http://gateway.invalid{PAGE_BY_TIME} HTTP/1.1\r\nHost: gateway.invalid\r\n")


@pytest.mark.parametrize("size", [100, 7])
def test_query_page__all_pages_are_all_calls(sandbox: Sandbox, size: int) -> None:
    client = client_of(sandbox)
    pages = pages_of(client, size=size)
    there = sandbox.calls_by_time(FROM_S, TO_S)
    assert [record["callId"] for page in pages for record in page] == there[::-1]
    assert [len(page) for page in pages[:-1]] == [size] * (len(there) // size)
    assert client.requests == len(pages) == len(there) // size + 1


def test_query_page__behind_the_last_page_and_in_the_future_is_nothing(sandbox: Sandbox, stop: threading.Event) -> None:
    client = client_of(sandbox)
    assert client.query_page(FROM_S, TO_S, 99, ALL, stop).records == []
    assert client.query_page(TO_S, TO_S + 10, 1, ALL, stop).records == []


@pytest.mark.parametrize(
    "filters",
    [
        CallFilters(direction="inbound"),
        CallFilters(direction="outbound"),
        CallFilters(direction="aicc"),
        CallFilters(answered=True),
        CallFilters(answered=False),
        CallFilters(agent="NX094450006931"),
        CallFilters(caller="442079460018"),
        CallFilters(direction="outbound", answered=True, agent="NX094450006932"),
    ],
    ids=lambda filters: filters.text,
)
def test_query_page__filters_say_what_they_mean(sandbox: Sandbox, filters: CallFilters) -> None:
    client = client_of(sandbox)

    def fits(record: dict[str, Any]) -> bool:
        direction = ("inbound", "outbound", "aicc")[int(record["direction"])]
        return (
            filters.direction in ("", direction)
            and filters.answered in (None, record["answered"])
            and filters.agent in ("", record["agentName"])
            and filters.caller in ("", record["caller"])
        )

    expected = [record for page in pages_of(client) for record in page if fits(record)]
    assert expected
    assert [record for page in pages_of(client, filters) for record in page] == expected


def test_query_page__one_call_by_its_callee_its_id_or_its_order(sandbox: Sandbox) -> None:
    client = client_of(sandbox)
    for order_id in sandbox.world.orders()[-12:]:
        calls = client.query_by_order(order_id, threading.Event()).records
        found = pages_of(client, CallFilters(order_id=order_id))[0]
        assert found == [call for call in calls if int(call["startTime"]) >= FROM_S * 1000]
        for call in found:
            assert pages_of(client, CallFilters(call_id=call["callId"])) == [[call]]
            assert call in pages_of(client, CallFilters(callee=call["callee"], caller=call["caller"]))[0]


def test_query_page__nonsense_is_never_sent(sandbox: Sandbox, stop: threading.Event) -> None:
    client = client_of(sandbox)
    for from_s, to_s, page in ((2, 1, 1), (1, 2, 0), (FROM_S * 1000, TO_S * 1000, 1)):
        with pytest.raises(ValueError):
            client.query_page(from_s, to_s, page, ALL, stop)
    assert client.requests == 0


def test_query_page__a_wrong_secret_stops_everything(sandbox: Sandbox, stop: threading.Event) -> None:
    client = client_of(sandbox, account={"access_secret": "another-secret"})
    with pytest.raises(ConfigurationError, match="1003") as failed:
        client.query_page(FROM_S, TO_S, 1, ALL, stop)
    assert "NXCC_ACCESS_SECRET" in failed.value.cure
    assert (client.requests, failed.value.attempts) == (1, 1)


def test_query_page__a_wrong_parameter_is_not_about_an_order(stop: threading.Event) -> None:
    refused = http(b'{"reqId":"R1","code":41000,"msg":"End date cannot be empty","data":{}}')
    with Wire(refused) as wire, pytest.raises(ApiError, match="41000: End date cannot be empty") as failed:
        client_of(wire.url).query_page(FROM_S, TO_S, 1, ALL, stop)
    assert type(failed.value) is ApiError
    assert failed.value.cure == "Check the period and its filters."
    assert (failed.value.attempts, len(wire.asked)) == (1, 1)


@pytest.mark.parametrize("data", ['{"list":[{"callId":"c"}]}', '{"records":[]}', '"text"', "[1]"])
def test_query_page__data_of_another_shape_is_a_failure_not_no_calls(stop: threading.Event, data: str) -> None:
    with Wire(http(f'{{"code":0,"data":{data}}}'.encode())) as wire, pytest.raises(ApiError, match="shape"):
        client_of(wire.url).query_page(FROM_S, TO_S, 1, ALL, stop)


def test_query_page__faults_are_asked_again_with_another_signature() -> None:
    with Sandbox(seed=8, faults=0.4, crowd=Crowd(1500, days=1, today=TODAY)) as failing:
        client = client_of(failing, attempts=12)
        found = [record["callId"] for page in pages_of(client) for record in page]
        assert found == failing.calls_by_time(FROM_S, TO_S)[::-1]
        asked = failing.requests
    assert client.requests == len(asked) == 16 + sum(request.code != 0 for request in asked)
    assert len(asked) > 16
    assert len({request.sign for request in asked}) == len({request.ts for request in asked}) == len(asked)
    assert {request.path for request in asked} == {PAGE_BY_TIME}


def test_query_page__too_fast_slows_orders_too(stop: threading.Event) -> None:
    with Sandbox(today=TODAY, rate_limit=1) as limited:
        client = client_of(limited, rate_per_second=1000, attempts=1)
        client.query_page(FROM_S, TO_S, 1, ALL, stop)
        with pytest.raises(TransientError) as failed:
            client.query_page(FROM_S, TO_S, 2, ALL, stop)
    assert failed.value.rate_limited
    assert client.pace.per_second == 500


def test_query_page__says_when_it_waits_and_can_be_stopped_then(stop: threading.Event) -> None:
    said: list[bool] = []

    def stopped(event: threading.Event, seconds: float) -> bool:
        event.set()
        return event.wait(seconds)

    with Wire(http(b"", status="503 Service Unavailable")) as wire:
        client = client_of(wire.url, wait=stopped)
        with pytest.raises(Cancelled):
            client.query_page(FROM_S, TO_S, 1, ALL, stop, said.append)
        with pytest.raises(Cancelled):
            client.query_page(FROM_S, TO_S, 1, ALL, stop)
    assert said == [True, False]
    assert (client.requests, len(wire.asked)) == (1, 1)


def test_query_page__neither_secrets_nor_numbers_are_told(
    stop: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    said = f"caller {NUMBER} of the-key with the-secret is wrong"
    refused = http(orjson.dumps({"reqId": "R1", "code": 41000, "msg": said, "data": {}}))
    filters = CallFilters(caller=NUMBER, callee="NX1@host:5060", agent="Amy", order_id="A-77")
    caplog.set_level(logging.DEBUG)
    with Wire(refused) as wire, pytest.raises(ApiError) as failed:
        client_of(wire.url).query_page(FROM_S, TO_S, 1, filters, stop)
    with Wire(http(ONE)) as wire:
        client_of(wire.url).query_page(FROM_S, TO_S, 1, filters, stop)
    assert NUMBER in wire.asked[0]
    assert failed.value.evidence.message == "caller *** of *** with *** is wrong"
    told = "".join(traceback.format_exception(failed.value)) + repr(failed.value.evidence)
    logged = "".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "request answered" in logged
    assert "request failed" in logged
    for secret in (NUMBER, "NX1@host", "Amy", "A-77", "the-secret", "the-key"):
        assert secret not in told.replace(str(filters), "")
        assert secret not in logged


def test_query_page__a_short_number_hides_no_words_and_lets_no_secret_through(stop: threading.Event) -> None:
    refused = http(b'{"code":41000,"msg":"the-secret is e","data":{}}')
    with Wire(refused) as wire, pytest.raises(ApiError) as failed:
        client_of(wire.url).query_page(FROM_S, TO_S, 1, CallFilters(caller="e", callee="secr"), stop)
    assert failed.value.evidence.message == "*** is e"


def test_query_page__a_hundred_long_records_fit_the_largest_answer(stop: threading.Event) -> None:
    records = [{"callId": f"c{n}", "other": "x" * 50_000} for n in range(100)]
    with Wire(http(orjson.dumps({"code": 0, "data": records}))) as wire:
        assert client_of(wire.url).query_page(FROM_S, TO_S, 1, ALL, stop).records == records


def test_query_by_order__is_asked_beside_pages_on_the_same_connections(sandbox: Sandbox, stop: threading.Event) -> None:
    client = client_of(sandbox, concurrency=1)
    order_id = own("SHAPE-ONE")
    for _ in range(3):
        assert len(client.query_page(FROM_S, TO_S, 1, ALL, stop).records) > 50
        assert len(client.query_by_order(order_id, stop).records) == 1
    assert client.requests == 6
