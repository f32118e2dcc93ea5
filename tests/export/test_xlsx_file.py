"""XLSX as an analyst opens it: ids stay text, dates are dates of the zone, nothing is lost in silence."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nxcc import records
from nxcc.export import RESULT_COLUMNS, ExportError, write
from nxcc.export.pieces import pieces
from nxcc.export.xlsx_file import write_xlsx

from ..conftest import at, sample
from .tables import NEW_YORK, SHANGHAI, one, orders, sheets

MS = pa.timestamp("ms", "UTC")


def cells(path: Path, values: list[Any], kind: pa.DataType | None = None) -> list[Any]:
    """One column of an XLSX file, read again."""
    write(one(values, kind), path, "xlsx", NEW_YORK)
    return [row[0] if row else "" for row in sheets(path)["orders"][1:]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.xlsx"


IDS = ["007", "1E5", "6912345678901234567", "+852 3575 7580", "1.10", "2026-01-01", "true", "https://x.example/?a=1"]


@pytest.mark.parametrize("text", [*IDS, "=1+1", "@SUM(A1)", "{=1}", " x ", "a\nb", "牛小信", "<b>&amp;</b>", "'x"])
def test_xlsx__text_stays_text(path: Path, text: str) -> None:
    assert cells(path, [text, "end"]) == [text, "end"]


@pytest.mark.parametrize("text", ["a\x07b", "\x00", "a\rb", "\x1f", "_x0041_", "_x005F_x0041_", "__x0007_", "\ta\t"])
def test_xlsx__control_characters_survive(path: Path, text: str) -> None:
    assert cells(path, [text]) == [text]


def test_xlsx__no_formula_and_no_link_is_in_the_file(path: Path) -> None:
    cells(path, ["=1+1", '=HYPERLINK("http://bad.example")', "http://bad.example", "+1", "{=A1}"])
    with zipfile.ZipFile(path) as file:
        assert b"<f>" not in file.read("xl/worksheets/sheet1.xml")
        assert b"hyperlink" not in file.read("xl/worksheets/sheet1.xml")


VALUES = [
    (pa.int64(), [5, -1, None, 0], [5, -1, "", 0]),
    (pa.int64(), [10**15 - 1, 10**15, 2**63 - 1], [10**15 - 1, "1000000000000000", "9223372036854775807"]),
    (pa.float64(), [0.035, None, -1.5, 1e-9, 5.0], [0.035, "", -1.5, 1e-9, 5]),
    (pa.float64(), [float("nan"), float("inf"), 1.0], ["", "", 1]),
    (pa.bool_(), [True, False, None, True], [True, False, "", True]),
    (pa.list_(pa.string()), [["=a", "b"], [], ["c"]], ["=a;b", "", "c"]),
    (pa.string(), ["", None, "x"], ["", "", "x"]),
]


@pytest.mark.parametrize(("kind", "values", "expected"), VALUES, ids=str)
def test_xlsx__values(path: Path, kind: pa.DataType, values: list[Any], expected: list[Any]) -> None:
    read = cells(path, values, kind)
    assert read == expected
    assert [isinstance(cell, bool) for cell in read] == [isinstance(cell, bool) for cell in expected]


def test_xlsx__times_are_dates_in_the_zone_through_summer_time(path: Path) -> None:
    spring = [at("2026-03-08T06:59:59"), at("2026-03-08T07:00:00.250"), None]  # 02:00 becomes 03:00
    write(one(spring, MS, "asked_at"), path, "xlsx", NEW_YORK)
    header, *rows = sheets(path)["orders"]
    assert header == ["asked_at (America/New_York)"]
    assert rows == [[datetime(2026, 3, 8, 1, 59, 59)], [datetime(2026, 3, 8, 3, 0, 0, 250_000)]]


def test_xlsx__a_time_that_excel_does_not_count_is_text(path: Path) -> None:
    times = [at("1899-12-31T12:00:00"), at("1900-02-28T12:00:00"), at("1900-03-02T12:00:00")]
    assert cells(path, times, MS) == ["1899-12-31T07:00:00-05:00", "1900-02-28T07:00:00-05:00", datetime(1900, 3, 2, 7)]


def test_xlsx__columns_of_a_job(path: Path) -> None:
    assert write(orders(7).to_reader(), path, "xlsx", SHANGHAI) == 7
    header, first, second, *_ = sheets(path)["orders"]
    times = {"first_answered_at": "first_answered_at (Asia/Shanghai)", "asked_at": "asked_at (Asia/Shanghai)"}
    assert header == ["order_id", "", "note", "note", "outcome", *(times.get(name, name) for name in RESULT_COLUMNS)]
    assert first[:8] == ["order_id 0", " 0", "note 0", "note 0", "outcome 0", f"69{0:017d}", "no_calls", "No calls."]
    assert second[8:11] == [1, 1, datetime(2026, 10, 31, 21, 0, 0, 1000)]
    assert second[11:] == [1, 0.001, "Normal call clearing", False, datetime(2026, 11, 1, 20)]


def test_xlsx__the_vendors_calls(path: Path) -> None:
    table = records.table(records.calls("007", sample("queryByOrderId-success")["data"]))
    write(table.to_reader(), path, "xlsx", SHANGHAI, sheet="calls")
    header, first, second = sheets(path)["calls"]
    read = dict(zip(header, first, strict=True))
    assert (read["order_id"], read["callee"], read["queue_s"]) == ("007", "85235757580", 5.139)
    assert read["started_at (Asia/Shanghai)"] == datetime(2023, 7, 27, 15, 21, 32, 841_000)
    assert second[header.index("flags")] == "hangup_party;order_blank"


def test_xlsx__of_nothing_is_its_header(path: Path) -> None:
    assert write(orders(0, ["id"]).to_reader(), path, "xlsx", SHANGHAI) == 0
    assert [len(rows) for rows in sheets(path).values()] == [1]


def test_xlsx__goes_on_in_a_next_sheet(path: Path) -> None:
    table = pa.table({"n": pa.array(range(1, 26)), "text": [f"t{n}" for n in range(1, 26)]})
    write_xlsx(
        pieces(table.to_batches(), 7), path, ["n", "text"], table.schema, zone=SHANGHAI, sheet="orders", rows_a_sheet=11
    )
    read = sheets(path)
    assert list(read) == ["orders", "orders 2", "orders 3"]
    assert [rows[0] for rows in read.values()] == [["n", "text"]] * 3
    assert [row for rows in read.values() for row in rows[1:]] == [[n, f"t{n}"] for n in range(1, 26)]


@pytest.mark.parametrize(("rows", "expected"), [(9, 1), (10, 1), (11, 2), (20, 2)])
def test_xlsx__a_full_sheet_is_not_followed_by_an_empty_one(path: Path, rows: int, expected: int) -> None:
    table = pa.table({"n": pa.array(range(rows))})
    write_xlsx(table.to_batches(), path, ["n"], table.schema, zone=SHANGHAI, sheet="orders", rows_a_sheet=11)
    assert len(sheets(path)) == expected


def test_xlsx__a_sheet_stays_below_the_size_that_a_zip_holds_plainly(path: Path) -> None:
    table = pa.table({"text": ["x" * 1000] * 10})
    options = {"zone": SHANGHAI, "sheet": "orders", "bytes_a_sheet": 4_500}
    write_xlsx(pieces(table.to_batches(), 1), path, ["text"], table.schema, **options)
    read = sheets(path)
    assert len(read) > 2
    assert sum(len(rows) - 1 for rows in read.values()) == 10


def test_xlsx__text_longer_than_a_cell_is_cut_and_noted(path: Path) -> None:
    whole, long, emoji = "x" * 32_767, "y" * 40_000, "😀" * 16_384
    table = pa.table({"a": ["short", whole, long], "b": [emoji, None, "b"]})
    assert write(table.to_reader(), path, "xlsx", SHANGHAI) == 3
    read = sheets(path)
    assert [row[0] for row in read["orders"][1:]] == ["short", whole, "y" * 32_766 + "…"]
    assert read["orders"][1][1] == "😀" * 16_383 + "…"
    assert "2 cells" in read["notes"][0][0]
    assert read["notes"][3:] == [["orders", "B2", "b", 32_768], ["orders", "A4", "a", 40_000]]


def test_xlsx__without_cuts_there_are_no_notes(path: Path) -> None:
    write(one(["x"]), path, "xlsx", SHANGHAI)
    assert list(sheets(path)) == ["orders"]


def test_xlsx__a_header_of_any_text(path: Path) -> None:
    names = ["=1+1", "a\x07b", "h" * 40_000, "a\nb"]
    table = pa.Table.from_arrays([pa.array(["x"])] * 4, names=["a", "b", "c", "d"])
    write(table.to_reader(), path, "xlsx", SHANGHAI, names=names)
    assert sheets(path)["orders"][0] == ["=1+1", "a\x07b", "h" * 32_766 + "…", "a\nb"]


def test_xlsx__more_columns_than_a_sheet_holds_are_refused(path: Path) -> None:
    table = pa.Table.from_arrays([pa.array(["x"])] * 16_385, names=["n"] * 16_385)
    with pytest.raises(ExportError, match="16,384 columns") as raised:
        write(table.to_reader(), path, "xlsx", SHANGHAI)
    assert "CSV" in raised.value.cure
    assert list(path.parent.iterdir()) == []


def test_xlsx__header_is_bold_frozen_filtered_and_wide_enough(path: Path) -> None:
    table = pa.table({"id": ["6912345678901234567"], "note": ["n" * 500], "名称": ["x"]})
    write(table.to_reader(), path, "xlsx", SHANGHAI)
    with zipfile.ZipFile(path) as file:
        sheet = file.read("xl/worksheets/sheet1.xml").decode()
        styles = file.read("xl/styles.xml").decode()
    assert 'state="frozen"' in sheet
    assert '<autoFilter ref="A1:C2"/>' in sheet
    assert "<b/>" in styles
    assert [width in sheet for width in ('width="20.7', 'width="60.7', 'width="8.7')] == [True] * 3


def test_xlsx__every_part_that_it_lists_is_in_the_zip_once(path: Path) -> None:
    write(one(["x"]), path, "xlsx", SHANGHAI)
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        names = file.namelist()
        types = file.read("[Content_Types].xml").decode()
    assert len(names) == len(set(names))
    assert [part for part in re.findall(r'PartName="/([^"]+)"', types) if part not in names] == []


def test_xlsx__sheet_names_that_excel_refuses_are_mended(path: Path) -> None:
    write(one(["x"]), path, "xlsx", SHANGHAI, sheet="a/b[c]:" + "x" * 40)
    (name,) = sheets(path)
    assert name == "a b c  xxxxxxxxxxxxx"


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=30)
ANY_TIME = st.datetimes(datetime(1900, 3, 3), datetime(2100, 1, 1)).map(lambda t: t.replace(microsecond=0, tzinfo=UTC))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(ANY_TEXT, ANY_TIME, st.floats(-1e15, 1e15)), min_size=1, max_size=30))
def test_xlsx__any_row_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, datetime, float]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "any.xlsx"
    texts, times, numbers = zip(*rows, strict=True)
    table = pa.table({"t": texts, "at": pa.array(times, MS), "n": pa.array(numbers), "end": ["end"] * len(rows)})
    write(table.to_reader(), path, "xlsx", NEW_YORK)
    local = [time.astimezone(NEW_YORK).replace(tzinfo=None) for time in times]
    for read, text, time, number in zip(sheets(path)["orders"][1:], texts, local, numbers, strict=True):
        assert (read[0], read[2], read[3]) == (text, number, "end")
        assert abs(read[1] - time) <= timedelta(milliseconds=1)
