"""CSV that spreadsheets open well and that runs nothing."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nxcc import records
from nxcc.export import BOM, ROWS_AT_ONCE, csv_bytes, csv_lines, safe_text

from .conftest import at, sample

HONG_KONG = ZoneInfo("Asia/Hong_Kong")


def written(values: list[Any], kind: pa.DataType, zone: ZoneInfo = HONG_KONG) -> list[str]:
    """One column of a CSV file, read again."""
    content = csv_bytes(pa.table({"column": pa.array(values, kind)}), zone).decode()
    assert content.startswith(BOM + "column\r\n")
    return [row[0] if row else "" for row in csv.reader(io.StringIO(content[1:], newline=""))][1:]


FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", "=", "-",
    '=HYPERLINK("http://bad.example","x")', "=cmd|' /C calc'!A0",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
def test_safe_text__a_formula_gets_an_apostrophe(text: str) -> None:
    assert safe_text(text) == "'" + text


@pytest.mark.parametrize("text", ["", "A1", "a=b", "1+1", "85235757580", " x", "'x", "007", "https://x/?a=1"])
def test_safe_text__anything_else_stays(text: str) -> None:
    assert safe_text(text) == text


def test_safe_text__a_phone_number_stays_readable() -> None:
    assert safe_text("+852 3575 7580") == "'+852 3575 7580"


@pytest.mark.parametrize(("text", "expected"), [("a\x00b", "ab"), ("\x00=1", "'=1"), ("\x00\x00-1", "'-1")])
def test_safe_text__nul_hides_nothing(text: str, expected: str) -> None:
    assert safe_text(text) == expected


VALUES = [
    (pa.string(), "6912345678901234567", "6912345678901234567"),
    (pa.string(), "007", "007"),
    (pa.string(), 'a "b", c\nd', 'a "b", c\nd'),
    (pa.string(), "牛小信", "牛小信"),
    (pa.string(), "=1", "'=1"),
    (pa.string(), None, ""),
    (pa.int64(), 2**63 - 1, "9223372036854775807"),
    (pa.int64(), -5, "-5"),  # a number runs nothing
    (pa.float64(), 0.035, "0.035"),
    (pa.float64(), 5.0, "5"),
    (pa.float64(), -1.5, "-1.5"),
    (pa.float64(), None, ""),
    (pa.bool_(), True, "true"),
    (pa.bool_(), False, "false"),
    (pa.bool_(), None, ""),
    (pa.list_(pa.string()), ["queue_unit", "order_blank"], "queue_unit;order_blank"),
    (pa.list_(pa.string()), ["=1", "x"], "'=1;x"),
    (pa.list_(pa.string()), [], ""),
    (pa.timestamp("ms", "UTC"), at("2026-01-01T00:00:00"), "2026-01-01T08:00:00+08:00"),
    (pa.timestamp("ms", "UTC"), at("2026-01-01T00:00:00.250"), "2026-01-01T08:00:00.250+08:00"),
    (pa.timestamp("us", "UTC"), at("2026-01-01T00:00:00.123456"), "2026-01-01T08:00:00.123+08:00"),
]


@pytest.mark.parametrize(("kind", "value", "expected"), VALUES, ids=str)
def test_csv__values(kind: pa.DataType, value: Any, expected: str) -> None:
    assert written([value, None], kind) == [expected, ""]


def test_csv__times_follow_the_zone_through_summer_time() -> None:
    winter = datetime(2026, 1, 15, 12, tzinfo=UTC)
    zones = {"UTC": "+00:00", "America/New_York": "-05:00", "Asia/Kolkata": "+05:30"}
    for name, offset in zones.items():
        (cell,) = written([winter], pa.timestamp("ms", "UTC"), ZoneInfo(name))
        assert cell.endswith(offset)
        assert datetime.fromisoformat(cell) == winter
    (summer,) = written([winter + timedelta(days=181)], pa.timestamp("ms", "UTC"), ZoneInfo("America/New_York"))
    assert summer.endswith("-04:00")


def test_csv__begins_with_one_mark_and_ends_its_lines_as_excel_does() -> None:
    content = csv_bytes(pa.table({"a": ["1", "2"], "b": ["x", None]}), HONG_KONG)
    assert content == b"\xef\xbb\xbfa,b\r\n1,x\r\n2,\r\n"


def test_csv__chosen_columns_in_the_order_chosen() -> None:
    table = pa.table({"a": ["1"], "b": ["2"], "c": ["3"]})
    assert csv_bytes(table, HONG_KONG, ("c", "a")).decode() == BOM + "c,a\r\n3,1\r\n"


def test_csv__of_nothing_is_its_header() -> None:
    content = csv_bytes(records.SCHEMA.empty_table(), HONG_KONG).decode()
    assert content == BOM + ",".join(records.SCHEMA.names) + "\r\n"


def test_csv_lines__a_large_table_comes_in_pieces() -> None:
    table = pa.table({"n": pa.array(range(2 * ROWS_AT_ONCE + 1))})
    pieces = list(csv_lines(table, HONG_KONG))
    assert len(pieces) == 4
    assert "".join(pieces).split() == [BOM + "n", *map(str, range(2 * ROWS_AT_ONCE + 1))]


def test_csv__the_vendors_calls() -> None:
    table = records.table(records.calls("007", sample("queryByOrderId-success")["data"]))
    first, second = csv.DictReader(io.StringIO(csv_bytes(table, HONG_KONG).decode("utf-8-sig"), newline=""))
    assert (first["order_id"], first["callee"], first["queue_s"]) == ("007", "85235757580", "5.139")
    assert (first["started_at"], first["answered"]) == ("2023-07-27T15:21:32.841+08:00", "false")
    assert (second["cost"], second["flags"]) == ("0.035", "hangup_party;order_blank")


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_csv__any_text_comes_back_and_no_cell_begins_a_formula(texts: list[str]) -> None:
    cells = written(texts, pa.string())
    assert [cell.removeprefix("'") for cell in cells] == [text.replace("\x00", "").removeprefix("'") for text in texts]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in cells)
