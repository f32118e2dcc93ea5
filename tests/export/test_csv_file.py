"""CSV that spreadsheets open well and that runs nothing; made by columns as it would be made cell by cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nxcc import records
from nxcc.export import BOM, ROWS_AT_ONCE, csv_bytes, csv_lines, safe_text

from ..conftest import at, sample

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


def naive(columns: Sequence[Sequence[Any]], names: Sequence[str], zone: ZoneInfo) -> str:
    """The same file made cell by cell, by Python's csv."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([safe_text(name) for name in names])
    writer.writerows([naive_cell(value, zone) for value in row] for row in zip(*columns, strict=True))
    return BOM + text.getvalue()


def naive_cell(value: Any, zone: ZoneInfo) -> Any:
    match value:
        case str():
            return safe_text(value)
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return format(Decimal(repr(value)).normalize(), "f")
        case datetime():
            return value.astimezone(zone).isoformat(timespec="milliseconds" if value.microsecond else "seconds")
        case list():
            return safe_text(";".join(value))
    return value


CELL_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    [*FORMULAS, '"', ",", "\r", ""]
)
CELL_TIME = st.datetimes(datetime(1850, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC))
ZONES = st.sampled_from(
    [
        "UTC",
        "Asia/Shanghai",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "Africa/Monrovia",
        "Europe/Dublin",
    ]
).map(ZoneInfo)
ROWS = st.lists(
    st.tuples(
        st.none() | CELL_TEXT,
        CELL_TEXT,
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.floats(),
        st.none() | st.booleans(),
        st.none() | CELL_TIME,
        st.none() | CELL_TIME.map(lambda time: time.replace(microsecond=time.microsecond // 1000 * 1000)),
        st.none() | st.lists(CELL_TEXT, max_size=3),
    ),
    min_size=1,
    max_size=20,
)
KINDS = [
    *(pa.string(), pa.string(), pa.int64(), pa.float64(), pa.bool_()),
    *(pa.timestamp("us", "UTC"), pa.timestamp("ms", "UTC"), pa.list_(pa.string())),
]


@settings(deadline=None, max_examples=150)
@given(ROWS, st.lists(CELL_TEXT, min_size=len(KINDS), max_size=len(KINDS)), ZONES, st.integers(0, 5))
def test_csv__is_what_it_would_be_cell_by_cell(
    rows: list[tuple[Any, ...]], names: list[str], zone: ZoneInfo, skipped: int
) -> None:
    columns = list(zip(*rows, strict=True))
    arrays = [pa.array(column, kind) for column, kind in zip(columns, KINDS, strict=True)]
    table = pa.Table.from_arrays(arrays, names=names).slice(skipped)  # a slice shares its buffers with the whole
    expected = naive([column[skipped:] for column in columns], names, zone)
    assert csv_bytes(table, zone).decode() == expected


@settings(deadline=None, max_examples=50)
@given(st.lists(st.none() | CELL_TEXT, min_size=1))
def test_csv__one_column_is_what_it_would_be_cell_by_cell(texts: list[str | None]) -> None:
    assert csv_bytes(pa.table({"": pa.array(texts, pa.string())}), HONG_KONG).decode() == naive(
        [texts], [""], HONG_KONG
    )


def test_csv__offsets_on_the_days_on_which_clocks_change() -> None:
    zone = ZoneInfo("America/New_York")
    start = datetime(2026, 3, 7, 12, tzinfo=UTC)
    times = [start + timedelta(minutes=7 * n) for n in range(400)]
    assert written(times, pa.timestamp("ms", "UTC"), zone) == [time.astimezone(zone).isoformat() for time in times]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone_of_type", ["UTC", "Asia/Tokyo", None])
def test_csv__times_of_any_unit_and_zone(unit: str, zone_of_type: str | None) -> None:
    kind = pa.timestamp(unit, zone_of_type)
    column = pa.array([1_790_000_000], pa.timestamp("s", zone_of_type)).cast(kind)
    expected = datetime.fromtimestamp(1_790_000_000, timezone(timedelta(hours=8))).isoformat()
    assert csv_bytes(pa.table({"t": column}), HONG_KONG).decode().split() == [BOM + "t", expected]


def test_csv__names_that_repeat_and_run_nothing() -> None:
    table = pa.Table.from_arrays([pa.array(["1"])] * 4, names=["a", "a", "=1", ""])
    assert csv_bytes(table, HONG_KONG).decode() == BOM + "a,a,'=1,\r\n1,1,1,1\r\n"


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.string_view()], ids=str)
def test_csv__text_of_any_arrow_type(kind: pa.DataType) -> None:
    assert written(["=1", None, "a,b"], kind) == ["'=1", "", "a,b"]
