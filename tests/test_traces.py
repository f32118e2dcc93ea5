"""How what is to be forgotten is recognised, and that it never shows."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from nxcc import traces
from nxcc.jobs.unpacked import parts
from nxcc.traces import MARK, LeftOut, TraceError

WHO = "+852 9876 5432"


def test_repr__holds_nothing_of_it() -> None:
    for trace in (traces.number(WHO), traces.order("SO-12345"), traces.number("NX09445G000025@host")):
        assert repr(trace) == f"<Trace of one {trace.kind}>"


WITHOUT = [
    (WHO, "call +85298765432, or 00852-9876 5432!", f"call {MARK}, or {MARK}!"),
    (WHO, "85298765432,85298765432", f"{MARK},{MARK}"),
    (WHO, "185298765432 852987654321 98765432", "185298765432 852987654321 98765432"),
    (WHO, "x_85298765432.wav", f"x_{MARK}.wav"),
    ("NX09445G000025@host", "by NX09445G000025@host:5060", f"by {MARK}:5060"),
]


@pytest.mark.parametrize(("given", "text", "left"), WITHOUT)
def test_without__a_mark_in_its_place(given: str, text: str, left: str) -> None:
    trace = traces.number(given)
    assert trace.without(text) == left
    assert not trace.holds(left)
    assert trace.holds(text) == (left != text)


WORDS = [
    ("SO-12345", "SO-12345", True), ("SO-12345", "see SO-12345.", True), ("SO-12345", "订单SO-12345已", True),
    ("SO-12345", "ＳＯ－１２３４５", True), ("SO-12345", "SO-123456", False), ("SO-12345", "SO-12345-2", False),
    ("SO-12345", "XSO-12345", False), ("A.1+x", "A.1+x", True), ("A.1+x", "AA1+x", False),
    ("17", "17", True), ("17", '="17"', True), ("17", " 17 ", True), ("17", "17 calls", False), ("17", "171", False),
]  # fmt: skip


@pytest.mark.parametrize(("order_id", "text", "held"), WORDS)
def test_order__as_a_word_and_a_short_one_as_a_whole_cell(order_id: str, text: str, held: bool) -> None:
    trace = traces.order(order_id)
    assert trace.holds(text) is held
    assert (MARK in trace.without(text)) is held
    assert not trace.holds(trace.without(text))


def packed(content: bytes, kind: str) -> bytes:
    if kind == "gz":
        return gzip.compress(content)
    if kind == "zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
            book.writestr("xl/other.xml", "<a/>")
            book.writestr("xl/sheet.xml", content)
        return out.getvalue()
    return packed(packed(content, "zip"), "gz") if kind == "zip.gz" else content


IN_BYTES = [
    (traces.number(WHO), "他 +852 9876-5432", "他 +852 9876-54321", ("utf-8", "gb18030", "utf-16")),
    (traces.number(WHO), "<v>8.5298765432E10</v>", "<v>8.5298765433E10</v>", ("utf-8",)),
    (traces.number(WHO), "852&#160;9876&#160;5432", "1852&#160;9876&#160;5432", ("utf-8",)),
    (traces.number("98765432", national=True), "+45 98765432", "12398765432", ("utf-8", "utf-16")),
    (traces.order("订单-1&2"), "x,订单-1&2,y", "x,订单-1&23,y", ("utf-8", "gb18030", "utf-16-le")),
    (traces.order("订单-1&2"), "<t>订单-1&amp;2</t>", "<t>订单-1</t>", ("utf-8",)),
]


@pytest.mark.parametrize("kind", ["plain", "gz", "zip", "zip.gz"])
@pytest.mark.parametrize(("trace", "held", "other", "encodings"), IN_BYTES)
def test_files__in_any_encoding_and_packing(
    tmp_path: Path, trace: traces.Trace, held: str, other: str, encodings: tuple[str, ...], kind: str
) -> None:
    for encoding in encodings:
        for text, expected in ((held, True), (other, False)):
            path = tmp_path / "upload"
            path.write_bytes(packed(("filler " * 50 + text).encode(encoding), kind))
            assert any(trace.may_be_in(part) for part in parts(path)) is expected, (text, encoding)


def test_files__across_the_parts_that_are_read_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nxcc.jobs.unpacked._CHUNK", 10)
    path = tmp_path / "upload"
    path.write_bytes(b"......85298765432......")
    assert any(traces.number(WHO).may_be_in(part) for part in parts(path))


@pytest.mark.parametrize("content", [b"PK\x03\x04 damaged", b"\x1f\x8b damaged", b""])
def test_files__damaged_ones_as_they_are(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    assert not any(traces.number(WHO).may_be_in(part) for part in parts(path))
    path.write_bytes(content + b" 85298765432")
    assert any(traces.number(WHO).may_be_in(part) for part in parts(path))


CODES = [("85298765432", "852"), ("14155550123", "1"), ("8613800000000", "86"), ("0123", ""), ("", "")]


@pytest.mark.parametrize(("digits", "code"), CODES)
def test_country_code(digits: str, code: str) -> None:
    assert traces.country_code(digits) == code


@pytest.mark.parametrize("text", ["", " \t", "1" * 19, "+852 9876 5432\n+852 9876 5433"])
def test_number__what_cannot_be_one_is_told_without_it(text: str) -> None:
    with pytest.raises(TraceError) as told:
        traces.number(text)
    assert told.value.cure
    assert not text.strip() or text.strip() not in str(told.value)


def test_left_out__orders_and_ids_that_hold_a_number() -> None:
    left_out = LeftOut()
    assert not left_out.is_order("A-1")
    for _ in range(2):
        left_out.add(traces.order("A-1"))
        left_out.add(traces.number(WHO))
    assert len(left_out.traces) == 2
    assert [left_out.is_order(each) for each in ("A-1", "A-11", "X-85298765432", "85298765432")] == [1, 0, 1, 1]
