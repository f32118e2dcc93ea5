"""Answers of a gateway that lies: each is calls, or an error that says what happened and what to do."""

from __future__ import annotations

import json
import unicodedata
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nxcc import records as calls_of
from nxcc.api import protocol
from nxcc.api.client import _retry_after_s
from nxcc.archive import Archive, Freshness
from nxcc.errors import ApiError, ConfigurationError
from nxcc.lookup import Lookup
from tests.conftest import client_of, outcomes_of
from tests.hostile import records, texts
from tests.hostile.conftest import Gateway


def understood(status: int, body: bytes) -> list[dict[str, Any]] | ApiError:
    """What the app makes of an answer."""
    try:
        rows = calls_of.calls("asked", protocol.decode(status, body).records)
    except ApiError as error:
        return error
    assert calls_of.frame(calls_of.table(rows)).shape == (len(rows), len(calls_of.COLUMNS))
    return rows


@pytest.mark.parametrize("name", records.BODIES)
def test_decode__any_body_is_calls_or_a_sentence(name: str) -> None:
    found = understood(*records.BODIES[name])
    if isinstance(found, ApiError):
        assert found.what.endswith(".")
        assert found.cure
        assert "<" not in found.what
        assert len(found.what) < 400


@pytest.mark.parametrize(
    ("name", "caller"),
    [
        ("half a character", "\ufffd"),
        ("the other half", "a\ufffdb"),
        ("halves in the wrong order", "\ufffd\ufffd"),
        ("half behind a backslash", "\\ud83d\ufffd"),
        ("escaped NUL", "\x00"),
    ],
)
def test_decode__half_a_character_loses_no_answer(name: str, caller: str) -> None:
    found = understood(*records.BODIES[name])
    assert not isinstance(found, ApiError)
    assert [row["caller"] for row in found] == [caller]


@pytest.mark.parametrize("name", ["1,000 deep where yes or no stands", "1,000 deep where a text stands"])
def test_decode__what_is_nested_too_deep_is_told(name: str) -> None:
    found = understood(*records.BODIES[name])
    assert isinstance(found, ApiError)
    assert "nested too deep" in found.what


@pytest.mark.parametrize("name", records.MESSAGES)
def test_decode__the_vendors_words_are_one_short_line(name: str) -> None:
    found = understood(*records.MESSAGES[name])
    assert isinstance(found, ApiError)
    assert not {unicodedata.category(c) for c in found.what} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert len(found.evidence.message) <= protocol.MAX_MESSAGE
    assert len(found.evidence.req_id) <= 64


def test_call__a_wrong_type_in_any_field_is_flagged_or_read() -> None:
    for what, record in records.wrongly_typed().items():
        row = calls_of.call("asked", orjson.loads(orjson.dumps(record)))
        assert set(row) == set(calls_of.BY_NAME), what
        assert orjson.loads(row["raw"]) == record, what
    assert calls_of.table([calls_of.call("asked", record) for record in records.wrongly_typed().values()]).num_rows


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(texts.SHORT)
    | st.text(st.characters(exclude_categories=[])),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=6,
)


@settings(max_examples=70, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(records.KEYS), _JSON, max_size=8))
def test_decode__any_record(record: dict[str, Any]) -> None:
    """As json writes it: with halves of characters, numbers of any length, NaN and Infinity."""
    understood(200, json.dumps({"code": 0, "data": [{"callId": "x"} | record]}).encode())


@settings(max_examples=70, deadline=None)
@given(st.binary(max_size=300) | st.sampled_from([body for _, body in records.BODIES.values()]), st.data())
def test_decode__any_bytes(body: bytes, data: st.DataObject) -> None:
    """Of answers, cut and changed anywhere."""
    at = data.draw(st.integers(0, min(len(body), 200)))
    understood(200, body[:at] + data.draw(st.binary(max_size=3)) + body[at + data.draw(st.integers(0, 3)) :])


@settings(max_examples=70, deadline=None)
@given(
    st.text(st.characters(max_codepoint=255))
    | st.from_regex(r"(Mon, )?[0-9]{1,5} Jan [0-9-]{1,6} [0-9:]{1,9} [A-Z+0-9-]{1,12}")
)
def test_retry_after__any_header(value: str) -> None:
    assert _retry_after_s(value, 0.0) is None or _retry_after_s(value, 0.0) >= 0  # type: ignore[operator]


def test_lookup__each_answer_over_the_wire_is_an_outcome(gateway: Gateway, tmp_path: Path) -> None:
    """But for those that stop every look up: a redirect, and one that lets us in nowhere."""
    answers = records.BODIES | records.MESSAGES
    said = {f"B-{n}": answer for n, (name, answer) in enumerate(answers.items()) if name not in records.STOPPING}
    gateway.replies |= said
    archive = Archive(tmp_path / "archive.duckdb", "gateway", 1)
    lookup = Lookup(client_of(gateway.sandbox, attempts=1), archive, Freshness(timedelta(days=1), timedelta(minutes=5)))
    outcomes = outcomes_of(lookup.run(said))
    assert {outcome.word for outcome in outcomes.values()} == {"found", "no_calls", "failed"}
    assert all(outcome.reason for outcome in outcomes.values() if outcome.word == "failed")
    assert len(archive.orders(list(outcomes.values()))) == len(said)
    archive.close()


@pytest.mark.parametrize("name", records.STOPPING)
def test_lookup__an_answer_that_stops_all(name: str) -> None:
    assert isinstance(understood(*records.BODIES[name]), ConfigurationError)
