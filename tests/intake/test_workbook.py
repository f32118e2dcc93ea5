"""XLSX -> rows of text, in the numbers that the spreadsheet shows."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import xlsxwriter
from python_calamine import load_workbook

from nxcc.intake import IntakeError
from nxcc.intake.values import number
from tests.intake.conftest import Reads

Sheet = list[list[Any]]


def workbook(sheets: Mapping[str, Sheet], **options: Any) -> bytes:
    """A workbook as Excel would write it; dates get a date's format."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(
        file, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss", **options}
    ) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for y, row in enumerate(rows):
                for x, cell in enumerate(row):
                    if cell is not None:
                        sheet.write(y, x, cell)
    return file.getvalue()


def changed(data: bytes, path: str, change: Callable[[str], str]) -> bytes:
    """A workbook with one of its parts changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, change(content.decode()).encode() if member == path else content)
    return file.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
ROWS: Sheet = [["order_id", "name"], ["A1", "x"], ["A2", "y"]]


def test_read__first_sheet_or_the_one_asked_for(reads: Reads) -> None:
    data = workbook({"七月": ROWS, "八月": [["order_id"], ["B1"]]})
    found = reads(data, "orders.xlsx")
    assert (found.reading.format, found.reading.sheets, found.reading.sheet) == ("xlsx", ["七月", "八月"], "七月")
    assert (found.reading.encoding, found.reading.delimiter, found.reading.header) == ("", "", 1)
    assert found.cells == [["A1", "x"], ["A2", "y"]]
    assert reads(data, "orders.xlsx", sheet="八月").cells == [["B1"]]
    with pytest.raises(IntakeError, match="no sheet “九月”"):
        reads(data, "orders.xlsx", sheet="九月")


def test_read__by_content_not_by_name(reads: Reads) -> None:
    assert reads(workbook({"a": ROWS}), "orders.csv").reading.format == "xlsx"
    assert reads("order_id,name\nA1,x\n", "orders.xlsx").reading.format == "csv"


def test_read__row_numbers_and_columns_stay_those_of_the_sheet(reads: Reads) -> None:
    found = reads(workbook({"a": [[], [None, "Orders of July"], [], [None, "order_id", "name"], [None, "A1", "x"], [],
                                  [None, "A2"]]}), "orders.xlsx")  # fmt: skip
    assert (found.reading.header, found.numbers) == (4, [5, 6, 7])
    assert found.reading.columns == ["Column 1", "order_id", "name"]
    assert found.cells == [[None, "A1", "x"], [None, None, None], [None, "A2", None]]
    assert found.reading.notes == []


def test_read__numbers_dates_and_the_like_become_text_without_loss(reads: Reads) -> None:
    cells = [
        (20261104000123, "20261104000123"),
        (123.0, "123"),
        (0.1 + 0.2, "0.3"),  # as the file has it: 16 digits
        (-1.5, "-1.5"),
        (1e-7, "0.0000001"),
        (True, "TRUE"),
        (date(2026, 7, 1), "2026-07-01"),
        (datetime(2026, 7, 1, 10, 30, 5), "2026-07-01 10:30:05"),
        (time(10, 30), "10:30:00"),
        ("007", "007"),
        ("  x ", "  x "),
        ("line\nbreak & <tag>", "line\nbreak & <tag>"),
        ("回访", "回访"),
        ("", ""),
    ]
    found = reads(workbook({"a": [["order_id", "value"], *(["A1", cell] for cell, _ in cells)]}), "orders.xlsx")
    assert [row[1] for row in found.cells[:-1]] == [text for _, text in cells[:-1]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("123", "123"),
        ("6912345678901234567", "6912345678901234567"),
        ("123.0", "123"),
        ("1.23456789012345E+18", "1234567890123450000"),
        ("1E3", "1000"),
        ("2.5e-3", "0.0025"),
        ("100", "100"),
        ("-0.10", "-0.1"),
        ("1E+999", "1E+999"),
        ("NaN", "NaN"),
        ("x", "x"),
    ],
)
def test_number__digits_written_out(value: str, expected: str) -> None:
    assert number(value) == expected


def test_read__what_excel_has_rounded_is_warned_of_where_it_shows(reads: Reads) -> None:
    found = reads(workbook({"a": [["order_id"], [1234567890123450000]]}), "orders.xlsx")
    assert found.cells == [["1234567890123450000"]]


def test_read__number_formats(reads: Reads) -> None:
    file = io.BytesIO()
    codes = ["yyyy年m月d日", "[h]:mm:ss", '#,##0.00 "days"', "0.00E+00", "[$-804]d/m", "General", "h:mm AM/PM", "@"]
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for row, code in enumerate(codes):
            sheet.write(row, 0, f"A10{row}")
            sheet.write(row, 1, 1.25, book.add_format({"num_format": code}))
    assert [row[1] for row in reads(file.getvalue(), "a.xlsx").cells] == [
        "1900-01-01 06:00:00", "30:00:00", "1.25", "1.25", "1900-01-01 06:00:00", "1.25", "1900-01-01 06:00:00", "1.25",
    ]  # fmt: skip


def test_read__days_from_1904(reads: Reads) -> None:
    data = workbook({"a": [["order_id", "day"], ["A1", date(2026, 7, 1)]]}, date_1904=True)
    assert reads(data, "a.xlsx").cells == [["A1", "2026-07-01"]]


def test_read__formulas_and_errors_by_their_last_result(reads: Reads) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["order_id", "value"])
        for row, value in enumerate(["text", 42, "#N/A", True], start=1):
            sheet.write(row, 0, f"A{row}")
            sheet.write_formula(row, 1, "=1", None, value)
    assert [row[1] for row in reads(file.getvalue(), "a.xlsx").cells] == ["text", "42", "#N/A", "TRUE"]


def test_read__rich_text_without_its_pronunciation(reads: Reads) -> None:
    rich = (
        '<si><r><t>A</t></r><r><rPr><b/></rPr><t xml:space="preserve">1 </t></r><rPh sb="0" eb="1"><t>no</t></rPh></si>'
    )
    data = changed(workbook({"a": ROWS}), "xl/sharedStrings.xml", lambda xml: xml.replace("<si><t>A1</t></si>", rich))
    assert reads(data, "a.xlsx").cells[0] == ["A1 ", "x"]


def test_read__characters_that_xml_cannot_hold(reads: Reads) -> None:
    data = changed(workbook({"a": ROWS}), "xl/sharedStrings.xml", lambda xml: xml.replace("A1", "A_x0000_1_xD800_"))
    assert reads(data, "a.xlsx").cells[0] == ["A\x001_xD800_", "x"]


def test_read__cells_without_references_and_tags_with_a_prefix(reads: Reads) -> None:
    def other_writer(xml: str) -> str:
        bare = xml.replace(' r="A2"', "").replace(' r="B2"', "").replace('<row r="2"', "<row")
        for tag in ("worksheet", "sheetData", "row", "c", "v"):
            bare = (
                bare.replace(f"<{tag} ", f"<x:{tag} ")
                .replace(f"<{tag}>", f"<x:{tag}>")
                .replace(f"</{tag}>", f"</x:{tag}>")
            )
        return bare.replace("xmlns=", "xmlns:x=").replace("<", "<")

    data = changed(workbook({"a": ROWS}), SHEET, other_writer)
    assert reads(data, "a.xlsx").cells == [["A1", "x"], ["A2", "y"]]


def test_read__cells_that_are_only_coloured_make_no_columns(reads: Reads) -> None:
    empty = '<c r="C2" s="0"/><c r="XFD2" s="0"/></row>'
    data = changed(
        workbook({"a": ROWS}), SHEET, lambda xml: xml.replace("</row>", empty, 2).replace(empty, "</row>", 1)
    )
    assert reads(data, "a.xlsx").reading.columns == ["order_id", "name"]


@pytest.mark.parametrize("rows", [[], [["order_id"]], [[""]]], ids=["none", "header", "empty cells"])
def test_read__an_empty_sheet_is_refused(reads: Reads, rows: Sheet) -> None:
    with pytest.raises(IntakeError, match=r"empty|no rows"):
        reads(workbook({"a": rows}), "a.xlsx")


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (SHEET, "</row>", "</rows>"),
        (SHEET, 'r="A2"', 'r="ÄÖ2"'),
        (SHEET, 'r="B2"', 'r="XFE2"'),
        (SHEET, 'r="B2"', 'r="A2"'),
        (SHEET, '<row r="3"', '<row r="1"'),
        (SHEET, '<row r="3"', '<row r="4000000000"'),
        (SHEET, "<v>0</v>", "<v>99</v>"),
        (SHEET, "<v>0</v>", "<v>x</v>"),
        (SHEET, "<worksheet", '<!DOCTYPE a [<!ENTITY b "c">]><worksheet'),
        ("xl/workbook.xml", "<sheets>", "<sheets"),
        ("xl/styles.xml", 'numFmtId="0"', 'numFmtId="x"'),
        ("xl/_rels/workbook.xml.rels", "sheet1.xml", "gone.xml"),
        ("[Content_Types].xml", "", ""),
    ],
)
def test_read__damage_inside_is_told_in_words(reads: Reads, path: str, old: str, new: str) -> None:
    data = changed(workbook({"a": ROWS}), path, lambda xml: xml.replace(old, new, 1))
    if old:
        with pytest.raises(IntakeError, match="damaged workbook"):
            reads(data, "a.xlsx")
    else:
        assert reads(data, "a.xlsx").cells


def test_read__as_calamine_reads_it(reads: Reads) -> None:
    """An independent reader of the same file, for all that needs no conversion."""
    rows = [["order_id", "name", "note"]] + [
        [f"SO{n:06d}", "回访 " + "x" * (n % 7), f"{n}|\"'<&>"] for n in range(3_000)
    ]
    for options in ({}, {"in_memory": False, "constant_memory": True}):  # shared texts, and texts in the cells
        data = workbook({"a": rows}, **options)
        theirs = load_workbook(io.BytesIO(data)).get_sheet_by_index(0).to_python()
        assert reads(data, "a.xlsx").whole == theirs == rows


@pytest.mark.parametrize("far", [9, 199_999, 1_048_575])
def test_read__two_cells_in_far_corners(reads: Reads, far: int) -> None:
    """Six kilobytes that a reader of whole rectangles needs 550 GB for."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "order_id")
        sheet.write(far, 16_383, "far")
    if far < 1_000:
        found = reads(file.getvalue(), "a.xlsx", header=1)
        assert (found.reading.rows, found.numbers[-1], found.cells[-1][-1]) == (far, far + 1, "far")
    else:
        with pytest.raises(IntakeError, match=r"more than .* (rows|cells)"):
            reads(file.getvalue(), "a.xlsx")


def test_elapsed__over_a_day(reads: Reads) -> None:
    data = workbook({"a": [["order_id", "talk"], ["A1", timedelta(hours=26, minutes=3)]]}, default_date_format="[h]:mm")
    assert reads(data, "a.xlsx").cells == [["A1", "26:03:00"]]


PLAIN_OR_NOT = [
    lambda xml: xml.replace("<sheetData>", "<sheetData><!-- read by the parser -->"),
    lambda xml: xml.replace("<sheetData>", "<sheetData >"),
    lambda xml: xml.replace("<c ", "<c  "),
    lambda xml: xml.replace('<row r="900"', "<row  r='900'"),  # from here on
    lambda xml: xml.replace('<c r="B900"', "<c  r='B900'"),
    lambda xml: xml.replace("</c></row>", "</c> </row>"),
]


@pytest.mark.parametrize("change", PLAIN_OR_NOT)
@pytest.mark.parametrize("memory", [False, True], ids=["shared", "inline"])
def test_read__the_pattern_and_the_parser_read_the_same(
    reads: Reads, change: Callable[[str], str], memory: bool
) -> None:
    cells = ["A&B <i>", " x ", 5, 1.5, True, date(2026, 7, 1), None, "_x0041_", "a\nb", 'q"q', ""]
    rows: Sheet = [["order_id", "name", "c"], *([f"A{n}", cells[n % 11], cells[n % 7]] for n in range(1_500))]
    data = workbook({"a": rows}, in_memory=not memory, constant_memory=memory)
    other = changed(data, SHEET, change)
    assert other != data
    assert reads(other, "a.xlsx").whole == reads(data, "a.xlsx").whole
