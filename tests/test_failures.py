"""Every failure of the contract over HTTP: the right outcome, the right number of requests, the others unharmed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import orjson
import pytest

from nxcc.errors import ConfigurationError
from nxcc.lookup import Lookup
from nxcc.outcome import Outcome
from nxcc.sandbox import Sandbox

from .api.wire import Wire, http
from .conftest import TODAY, outcomes_of, own, sample, seen

LookupOn = Callable[..., Lookup]

TRANSIENT = [
    ("FAIL-429", "HTTP 429", None),
    ("FAIL-429S", "appkey access rate limit", 1),
    ("FAIL-500", "HTTP 500", None),
    ("FAIL-503", "HTTP 503", None),
    ("FAIL-TIMEOUT", "No answer within 0.5 s", None),
    ("FAIL-SLOW", "within 0.5 s", None),
    ("FAIL-RESET", "broke", None),
    ("FAIL-TRUNCATED", "broke", None),
    ("FAIL-CUTJSON", "not the JSON", None),
    ("FAIL-HTML", "not the JSON", None),
    ("FAIL-EMPTY", "empty", None),
    ("FAIL-CODE-88", "88: Request failed", 88),
    ("FAIL-CODE-99", "99: System error", 99),
]
PATIENCE_S = dict.fromkeys(["FAIL-TIMEOUT", "FAIL-SLOW"], 0.5)  # of what never ends; else as long as it takes
FOR_THIS_ORDER = [
    ("FAIL-BIG", "larger than 5 MB", None),
    ("FAIL-CODE-41000", "41000: Order id is wrong", 41000),
    ("FAIL-CODE-77777", "77777: Unknown error 77777", 77777),
    ("SHAPE-TEXT", "shape", 0),
]
FOR_EVERY_ORDER = [
    ("FAIL-REDIRECT", "redirects (HTTP 302)", "NXCC_BASE_URL"),
    ("FAIL-403", "HTTP 403", "NXCC_BASE_URL"),
    ("FAIL-404", "HTTP 404", "NXCC_BASE_URL"),
    ("FAIL-CODE-1000", "1000", "NXCC_ACCESS_KEY"),
    ("FAIL-CODE-1001", "1001", "proxy"),
    ("FAIL-CODE-1002", "1002", "NXCC_TENANT_ID"),
    ("FAIL-CODE-1003", "1003", "NXCC_ACCESS_SECRET"),
    ("FAIL-CODE-1004", "1004", "clock"),
    ("FAIL-CODE-1005", "1005", "NXCC_ACCESS_KEY"),
    ("FAIL-CODE-1009", "1009", "NXCC_ACCESS_KEY"),
]
NO_CALLS = ["SHAPE-NULL", "SHAPE-OBJECT", "SHAPE-MISSING", "SHAPE-LIST", "NOBODY"]
FOUND = [("SHAPE-ONE", 1), ("SHAPE-ODD", 4), ("SAMPLE-VENDOR", 2)]


def gather(batches: Iterable[list[Outcome]], into: list[Outcome]) -> None:
    """Takes what comes until something is raised."""
    for batch in batches:
        into += batch


def ask_among_others(lookup: Lookup, sandbox: Sandbox, order_id: str) -> Outcome:
    """The outcome of one id, having seen that those beside it fare well."""
    before, after, silent = own("SAMPLE-VENDOR"), own("SAMPLE-VENDOR"), own("SHAPE-LIST")
    outcomes = outcomes_of(lookup.run([before, order_id, silent, after]))
    assert [(outcomes[o].word, outcomes[o].attempts) for o in (before, silent, after)] == [
        ("found", 1),
        ("no_calls", 1),
        ("found", 1),
    ]
    assert len(seen(sandbox, before, silent, after)) == 3
    return outcomes[order_id]


@pytest.mark.parametrize(("kind", "reason", "code"), TRANSIENT, ids=[kind for kind, *_ in TRANSIENT])
def test_run__what_may_pass_is_asked_again_and_then_failed(
    sandbox: Sandbox, lookup_on: LookupOn, kind: str, reason: str, code: int | None
) -> None:
    order_id = own(kind)
    lookup = lookup_on(sandbox, attempts=3, timeout_s=PATIENCE_S.get(kind, 5))
    outcome = ask_among_others(lookup, sandbox, order_id)
    assert (outcome.word, outcome.attempts, outcome.calls, outcome.code) == ("failed", 3, 0, code)
    assert reason in outcome.reason
    sent = seen(sandbox, order_id)
    assert len(sent) == 3
    assert len({request.ts for request in sent}) == len({request.sign for request in sent}) == 3


@pytest.mark.parametrize("kind", [kind for kind, *_ in TRANSIENT])
def test_run__what_passes_is_found(sandbox: Sandbox, lookup_on: LookupOn, kind: str) -> None:
    order_id = own(f"{kind}-2")
    lookup = lookup_on(sandbox, attempts=5, timeout_s=PATIENCE_S.get(kind, 5))
    outcome = ask_among_others(lookup, sandbox, order_id)
    assert (outcome.word, outcome.attempts, outcome.calls, outcome.reason) == ("found", 3, 1, "")
    sent = seen(sandbox, order_id)
    assert len(sent) == 3
    assert len({request.ts for request in sent}) == len({request.sign for request in sent}) == 3
    assert lookup.archive.calls([outcome]).num_rows == 1


@pytest.mark.parametrize(("kind", "reason", "code"), FOR_THIS_ORDER, ids=[kind for kind, *_ in FOR_THIS_ORDER])
def test_run__what_will_not_pass_is_asked_once(
    sandbox: Sandbox, lookup_on: LookupOn, kind: str, reason: str, code: int | None
) -> None:
    order_id = own(kind)
    outcome = ask_among_others(lookup_on(sandbox), sandbox, order_id)
    assert (outcome.word, outcome.attempts, outcome.calls, outcome.code) == ("failed", 1, 0, code)
    assert reason in outcome.reason
    assert len(seen(sandbox, order_id)) == 1


@pytest.mark.parametrize("kind", NO_CALLS)
def test_run__empty_is_no_calls(sandbox: Sandbox, lookup_on: LookupOn, kind: str) -> None:
    order_id = own(kind)
    outcome = ask_among_others(lookup_on(sandbox), sandbox, order_id)
    assert (outcome.word, outcome.attempts, outcome.calls, outcome.reason) == ("no_calls", 1, 0, "")
    assert len(outcome.req_id) == 32


@pytest.mark.parametrize(("kind", "calls"), FOUND)
def test_run__calls_of_every_shape_are_found(sandbox: Sandbox, lookup_on: LookupOn, kind: str, calls: int) -> None:
    lookup = lookup_on(sandbox)
    outcome = ask_among_others(lookup, sandbox, own(kind))
    assert (outcome.word, outcome.calls) == ("found", calls)
    assert lookup.archive.calls([outcome]).num_rows == calls


@pytest.mark.parametrize(("kind", "reason", "cure"), FOR_EVERY_ORDER, ids=[kind for kind, *_ in FOR_EVERY_ORDER])
def test_run__a_configuration_failure_stops_the_rest(
    sandbox: Sandbox, lookup_on: LookupOn, kind: str, reason: str, cure: str
) -> None:
    first, stopping, never = own("FAIL-CODE-41000"), own(kind), own("SAMPLE-VENDOR")
    lookup = lookup_on(sandbox, concurrency=1)
    visits = sandbox.elsewhere
    came: list[Outcome] = []
    with pytest.raises(ConfigurationError) as failed:
        gather(lookup.run([first, stopping, never]), came)
    assert [(outcome.order_id, outcome.word) for outcome in came] == [(first, "failed")]
    assert failed.value.order_id == stopping
    assert reason in failed.value.what
    assert cure in failed.value.cure
    assert failed.value.attempts == 1
    assert [request.order_id for request in seen(sandbox, first, stopping, never)] == [first, stopping]
    assert sandbox.elsewhere == visits
    assert outcomes_of(lookup.run([first, never])).keys() == {first, never}  # it goes on after the cure


@pytest.mark.parametrize("kind", ["FAIL-REDIRECT", "FAIL-403", "FAIL-404"])
def test_run__a_status_that_refuses_one_id_after_others_were_let_in_fails_that_id(
    sandbox: Sandbox, lookup_on: LookupOn, kind: str
) -> None:
    first, refused, last = own("SAMPLE-VENDOR"), own(kind), own("SAMPLE-VENDOR")
    visits = sandbox.elsewhere
    outcomes = outcomes_of(lookup_on(sandbox, concurrency=1).run([first, refused, last]))
    assert [outcomes[order_id].word for order_id in (first, refused, last)] == ["found", "failed", "found"]
    assert outcomes[refused].attempts == 1
    assert sandbox.elsewhere == visits


@pytest.mark.parametrize(
    ("wrong", "cure"),
    [
        ({"access_secret": "not-the-secret"}, "NXCC_ACCESS_SECRET"),
        ({"access_key": "not-the-key"}, "NXCC_ACCESS_KEY"),
        ({"tenant_id": 999}, "NXCC_ACCESS_KEY"),
    ],
    ids=str,
)
def test_run__wrong_credentials_send_no_more_than_one_request_a_thread(
    lookup_on: LookupOn, wrong: dict[str, object], cure: str
) -> None:
    with Sandbox(today=TODAY, delay_s=0.02) as strict:
        lookup = lookup_on(strict, account=wrong, concurrency=6)
        came: list[Outcome] = []
        with pytest.raises(ConfigurationError) as failed:
            gather(lookup.run(f"A{n}" for n in range(100)), came)
        assert 1 <= len(strict.requests) <= 6
        assert lookup.client.requests == len(strict.requests)
    assert came == []  # no id has an outcome: none is "failed"
    assert lookup.archive.size().lookups == 0
    assert cure in failed.value.cure


def test_run__a_wrong_clock_stops_everything_and_says_by_how_much(lookup_on: LookupOn) -> None:
    with Sandbox(today=TODAY, clock=lambda: time.time() - 600) as strict:
        lookup = lookup_on(strict, now=time.time)
        with pytest.raises(ConfigurationError, match=r"clock is (599|600|601) s ahead of the gateway's") as failed:
            outcomes_of(lookup.run(["A1", "A2"]))
    assert failed.value.evidence.code == 1004


def test_run__a_gateway_full_of_faults_answers_in_the_end(lookup_on: LookupOn) -> None:
    with Sandbox(today=TODAY, faults=0.3) as faulty:
        lookup = lookup_on(faulty, attempts=15, concurrency=8)
        outcomes = outcomes_of(lookup.run(f"SAMPLE-VENDOR~f{n}" for n in range(120)))
        assert {(outcome.word, outcome.calls) for outcome in outcomes.values()} == {("found", 2)}
        assert sum(outcome.attempts for outcome in outcomes.values()) == len(faulty.requests) > 120


DEEP = b'{"code":0,"data":[{"callId":"c","other":' + b"[" * 500 + b"]" * 500 + b"}]}"
HUGE = b'{"code":18446744073709551615,"msg":"x","data":{}}'


@pytest.mark.parametrize(("body", "reason"), [(DEEP, "too deep"), (HUGE, "not the JSON")], ids=["deep", "huge code"])
def test_run__an_answer_that_cannot_be_kept_fails_its_order_only(lookup_on: LookupOn, body: bytes, reason: str) -> None:
    with Wire(lambda connection, _: connection.sendall(http(body))) as wire:
        outcomes = outcomes_of(lookup_on(wire.url, attempts=2).run(["A", "B"]))
    assert {outcome.word for outcome in outcomes.values()} == {"failed"}
    assert all(reason in outcome.reason and outcome.attempts >= 1 for outcome in outcomes.values())


def test_run__the_vendors_failure_keeps_its_words(lookup_on: LookupOn) -> None:
    with Wire(http(orjson.dumps(sample("failure-41000")))) as wire:
        (outcome,) = outcomes_of(lookup_on(wire.url).run(["A"])).values()
    assert (outcome.word, outcome.code, outcome.req_id) == ("failed", 41000, "FFDD1791E22F4D9DBA967C245C58E544")
    assert "End date cannot be empty" in outcome.reason
