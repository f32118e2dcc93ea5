"""Pages of calls by time: as strict as the vendor, and the same calls as order by order."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable
from typing import Any

import orjson
import pytest

from nxcc.api.protocol import PAGE_BY_TIME, QUERY_BY_ORDER
from nxcc.sandbox import Sandbox
from nxcc.sandbox.calls import midnight_ms

from .conftest import TODAY, all_pages, ask, page_asked

Record = dict[str, Any]
TO_S = midnight_ms(TODAY) // 1000
DAY_S = 86_400
LATE_S = TO_S - 2 * DAY_S  # the two last days of the world

REFUSED: list[tuple[str, int, dict[str, Any]]] = [
    ("no_start", 41000, {"startTime": None}),
    ("no_end", 41000, {"endTime": None}),
    ("start_ms", 41000, {"startTime": LATE_S * 1000}),
    ("end_ms", 41000, {"endTime": TO_S * 1000}),
    ("start_text", 41000, {"startTime": str(LATE_S)}),
    ("start_float", 41000, {"startTime": float(LATE_S)}),
    ("start_bool", 41000, {"startTime": True}),
    ("start_negative", 41000, {"startTime": -1}),
    ("end_before_start", 41000, {"endTime": LATE_S - 1}),
    ("no_size", 41000, {"size": None}),
    ("size_0", 41000, {"size": 0}),
    ("size_101", 41000, {"size": 101}),
    ("size_text", 41000, {"size": "100"}),
    ("no_page", 41000, {"page": None}),
    ("page_0", 41000, {"page": 0}),
    ("page_float", 41000, {"page": 1.0}),
    ("answered_3", 41000, {"answered": 3}),
    ("answered_text", 41000, {"answered": "true"}),
    ("direction_4", 41000, {"direction": 4}),
    ("direction_negative", 41000, {"direction": -1}),
    ("direction_bool", 41000, {"direction": True}),
    *((f"{name}_number", 41000, {name: 7}) for name in ("name", "caller", "callee", "callId", "orderId")),
    ("tenant_of_others", 1005, {"tenantId": 1002}),
    ("tenant_text", 1002, {"tenantId": "1001"}),
]


@pytest.mark.parametrize(("code", "wrong"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_refusal__code(sandbox: Sandbox, code: int, wrong: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"from_s": LATE_S, "to_s": TO_S, **wrong}

    said = page_asked(sandbox, **asked).json()

    assert (said["code"], said["data"]) == (code, {})
    assert said["msg"]


@pytest.mark.parametrize(
    ("code", "wrong"),
    [(1001, {"unsigned": {"sign": None}}), (1003, {"secret": "other"}), (1004, {"headers": {"ts": "1700000000"}}),
     (1005, {"headers": {"accessKey": "somebody"}}), (1002, {"body": b"[]"}), (1002, {"body": b""})],
)  # fmt: skip
def test_refusal__headers_and_signature_as_for_orders(sandbox: Sandbox, code: int, wrong: dict[str, Any]) -> None:
    assert ask(sandbox, path=PAGE_BY_TIME, **wrong).json()["code"] == code


@pytest.mark.parametrize(
    "fields", [{}, {"tenantId": 1001}, {"answered": 0, "direction": 0}, {"name": "", "orderId": ""}, {"unknown": 1}]
)
def test_page__of_all_calls(sandbox: Sandbox, fields: dict[str, Any]) -> None:
    said = page_asked(sandbox, LATE_S, TO_S, **fields).json()

    assert (said["code"], said["msg"], len(said["data"])) == (0, "Success", 100)
    assert re.fullmatch("[0-9A-F]{32}", said["reqId"])
    assert said["data"] == page_asked(sandbox, LATE_S, TO_S).json()["data"]


def test_requests__tell_pages_from_orders(sandbox: Sandbox) -> None:
    before = len(sandbox.requests)
    page_asked(sandbox, LATE_S, TO_S, 2, orderId="A1", size=7)
    ask(sandbox, "A1")

    page, order = sandbox.requests[before:]

    assert (page.path, page.order_id, page.code) == (PAGE_BY_TIME, "", 0)
    assert page.asked == {"startTime": LATE_S, "endTime": TO_S, "size": 7, "page": 2, "orderId": "A1"}
    assert (order.path, order.order_id, order.asked["orderId"]) == (QUERY_BY_ORDER, "A1", "A1")


@pytest.mark.parametrize("seed", [7, 8])
def test_pages__hold_each_call_of_the_world_once_and_as_its_order_tells_it(seed: int) -> None:
    with Sandbox(today=TODAY, seed=seed) as running:
        world = running.world
        told = [(order_id, call) for order_id in world.orders() for call in orjson.loads(world.data(order_id))]
        pages = [
            ask(running, path=PAGE_BY_TIME, body=_body(page)).content
            for page in range(1, -(-len(told) // 100) + 2)
        ]  # fmt: skip

    found = [call for page in pages for call in orjson.loads(page)["data"]]
    assert len(found) == len(told) == len({call["callId"] for call in found})
    assert sorted(map(orjson.dumps, found)) == sorted(orjson.dumps(call) for _, call in told)
    assert [len(orjson.loads(page)["data"]) for page in pages[:-2]] == [100] * (len(pages) - 2)
    assert orjson.loads(pages[-1])["data"] == []
    moments = [(int(call["startTime"]), call["callId"]) for call in found]
    assert moments == sorted(moments, reverse=True)
    assert orjson.dumps(told[0][1]) in b"".join(pages)  # byte for byte


def _body(page: int) -> bytes:
    return orjson.dumps({"startTime": 0, "endTime": TO_S, "size": 100, "page": page})


def test_page__days_that_are_made_before_change_nothing() -> None:
    with Sandbox(today=TODAY) as one, Sandbox(today=TODAY) as other:
        page_asked(other, 0, TO_S)
        hours = range(LATE_S, TO_S, 7 * 3600)
        found, expected = ([_ids(all_pages(of, at, at + 3599)) for at in hours] for of in (one, other))
    assert found == expected
    assert any(found)


def test_page__both_ends_count_in_whole_seconds(sandbox: Sandbox) -> None:
    newest = page_asked(sandbox, LATE_S, TO_S).json()["data"]
    second = int(newest[50]["startTime"]) // 1000
    inside = [call["callId"] for call in newest if int(call["startTime"]) // 1000 == second]

    assert [call["callId"] for call in all_pages(sandbox, second, second)] == inside
    assert newest[50]["callId"] not in {call["callId"] for call in all_pages(sandbox, LATE_S, second - 1)}
    assert newest[50]["callId"] not in {call["callId"] for call in all_pages(sandbox, second + 1, TO_S)}
    assert newest[50]["callId"] in sandbox.calls_by_time(second, second + 1)
    assert newest[50]["callId"] not in sandbox.calls_by_time(second - 1, second)


def test_pages__behind_the_last_and_outside_the_world_are_empty(sandbox: Sandbox) -> None:
    for asked in ((LATE_S, TO_S, 10_000), (TO_S, TO_S + DAY_S, 1), (0, 1000, 1), (99_999_999_998, 99_999_999_999, 1)):
        assert page_asked(sandbox, *asked).json()["data"] == []


FILTERS: list[tuple[dict[str, Any], Callable[[Record], bool]]] = [
    ({"direction": 1}, lambda call: int(call["direction"]) == 0),
    ({"direction": 2}, lambda call: int(call["direction"]) == 1),
    ({"direction": 3}, lambda call: int(call["direction"]) == 2),
    ({"answered": 1}, lambda call: not call["answered"]),
    ({"answered": False}, lambda call: not call["answered"]),
    ({"answered": 2}, lambda call: bool(call["answered"])),
    ({"answered": True}, lambda call: bool(call["answered"])),
    ({"name": "NX094450006931"}, lambda call: call["agentName"] == "NX094450006931"),
    ({"caller": "442079460018"}, lambda call: call["caller"] == "442079460018"),
    ({"caller": "442079460018", "answered": 2, "direction": 2, "name": "NX094450006932"},
     lambda call: (call["caller"], call["agentName"], int(call["direction"])) == ("442079460018", "NX094450006932", 1)
     and call["answered"]),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "fits"), FILTERS, ids=[str(fields) for fields, _ in FILTERS])
def test_filter__gives_those_that_fit_and_no_others(
    sandbox: Sandbox, fields: dict[str, Any], fits: Callable[[Record], bool]
) -> None:
    expected = [call for call in all_pages(sandbox, LATE_S, TO_S) if fits(call)]

    assert expected
    assert all_pages(sandbox, LATE_S, TO_S, size=40, **fields) == expected


def test_filter__by_number_call_and_order_also_where_the_record_leaves_it_blank(sandbox: Sandbox) -> None:
    blank = 0
    for order_id in sandbox.world.orders()[-200:-180]:
        calls = orjson.loads(sandbox.world.data(order_id))
        blank += sum(call["orderId"] == "" for call in calls)
        assert all_pages(sandbox, 0, TO_S, orderId=order_id) == calls
        for call in calls[:1]:
            assert all_pages(sandbox, 0, TO_S, callId=call["callId"]) == [call]
            assert call in all_pages(sandbox, LATE_S - 5 * DAY_S, TO_S, callee=call["callee"], caller=call["caller"])
    assert blank
    assert all_pages(sandbox, 0, TO_S, orderId="NOBODY") == []


def test_page__is_limited_like_any_request() -> None:
    with Sandbox(today=TODAY, rate_limit=2) as limited:
        statuses = [page_asked(limited, LATE_S, TO_S).status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]


def test_page__fails_like_any_request() -> None:
    with Sandbox(today=TODAY, faults=1) as failing:
        answers = [_kind(failing) for _ in range(12)]
    assert len(set(answers)) > 2
    assert "calls" not in answers


def _kind(sandbox: Sandbox) -> object:
    try:
        answer = page_asked(sandbox, LATE_S, TO_S)
        return "calls" if answer.json().get("code") == 0 else answer.status_code
    except ValueError:
        return "no JSON"
    except OSError:
        return "broken"


def _starts(records: Iterable[Record]) -> list[int]:
    return [int(record["startTime"]) for record in records]


def _ids(records: Iterable[Record]) -> list[str]:
    return [record["callId"] for record in records]


def test_repeat__each_page_is_the_first() -> None:
    with Sandbox(today=TODAY, pages="repeat") as server:
        first, second, far = (page_asked(server, LATE_S, TO_S, page).json()["data"] for page in (1, 2, 99))
    assert len(first) == 100
    assert first == second == far


def test_cap50__gives_all_in_pages_of_50(sandbox: Sandbox) -> None:
    with Sandbox(today=TODAY, pages="cap50") as server:
        assert len(page_asked(server, LATE_S, TO_S).json()["data"]) == 50
        assert len(page_asked(server, LATE_S, TO_S, size=20).json()["data"]) == 20
        assert _ids(all_pages(server, LATE_S, TO_S)) == _ids(all_pages(sandbox, LATE_S, TO_S))


def test_ascending__oldest_first(sandbox: Sandbox) -> None:
    with Sandbox(today=TODAY, pages="ascending") as server:
        found = all_pages(server, LATE_S, TO_S)
    assert _ids(found) == _ids(all_pages(sandbox, LATE_S, TO_S))[::-1]


def test_unsorted__always_in_the_same_order_which_is_not_that_of_time(sandbox: Sandbox) -> None:
    with Sandbox(today=TODAY, pages="unsorted") as server:
        found, again = all_pages(server, LATE_S, TO_S), all_pages(server, LATE_S, TO_S, size=60)
    assert _ids(found) == _ids(again)
    assert sorted(_ids(found)) == sorted(_ids(all_pages(sandbox, LATE_S, TO_S)))
    falls = [earlier < later for earlier, later in itertools.pairwise(_starts(found))]
    assert 0.3 < sum(falls) / len(falls) < 0.7


def test_endless__full_pages_of_other_calls_go_on_for_ever(sandbox: Sandbox) -> None:
    real = _ids(all_pages(sandbox, LATE_S, TO_S))
    with Sandbox(today=TODAY, pages="endless") as server:
        pages = [page_asked(server, LATE_S, TO_S, page).json()["data"] for page in (1, 2, 3, 4, 5, 6, 700)]
    assert [len(page) for page in pages] == [100] * 7
    found = [call_id for page in pages for call_id in _ids(page)]
    assert found[: len(real)] == real
    assert len(set(found)) == len(found)
    assert all(1000 * LATE_S <= at < 1000 * TO_S for page in pages for at in _starts(page))
