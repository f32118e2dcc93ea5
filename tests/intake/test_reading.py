"""Delimited text -> rows of text: what is found, what is kept, what is refused and where."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from nxcc import intake
from nxcc.intake import IntakeError, Reading, cells, limits
from tests.intake.conftest import Reads

HEAD = "order_id,name\n"

# What is written, and the rows that come back (the header, if any, is the first).
TABLES = {
    "comma": ("order_id,name\nA1,x\nA2,y\n", [["order_id", "name"], ["A1", "x"], ["A2", "y"]]),
    "semicolon, decimal commas": ("id;price\nA1;1,5\nA2;2,5\n", [["id", "price"], ["A1", "1,5"], ["A2", "2,5"]]),
    "semicolon, decimal commas, no header": ("A1;1,5\nA2;2,5\n", [["A1", "1,5"], ["A2", "2,5"]]),
    "tab": ("order_id\tname\nA1\tx, y\n", [["order_id", "name"], ["A1", "x, y"]]),
    "pipe": ("order_id|name\nA1|x;y\n", [["order_id", "name"], ["A1", "x;y"]]),
    "CR": ("order_id,name\rA1,x\rA2,y", [["order_id", "name"], ["A1", "x"], ["A2", "y"]]),
    "CRLF": ("order_id,name\r\nA1,x\r\n", [["order_id", "name"], ["A1", "x"]]),
    "line ends mixed": (HEAD + "A1,x\r\nA2,y\rA3,z\n", [["order_id", "name"], ["A1", "x"], ["A2", "y"], ["A3", "z"]]),
    "one column": ("order_id\nA1\nA2\n", [["order_id"], ["A1"], ["A2"]]),
    "text stays text": (HEAD + "007,1E5\n6912345678901234567,TRUE\n", [["order_id", "name"], ["007", "1E5"],
                        ["6912345678901234567", "TRUE"]]),
    "spaces stay": (HEAD + " A1 , x\n", [["order_id", "name"], [" A1 ", " x"]]),
    "empty and missing are not the same": (HEAD + 'A1,""\nA2,\nA3\n', [["order_id", "name"], ["A1", ""], ["A2", ""],
                                           ["A3", None]]),
    "quotes inside": (HEAD + 'A1,"say ""hi"""\nA2,5" pipe\n', [["order_id", "name"], ["A1", 'say "hi"'],
                      ["A2", '5" pipe']]),
    "line breaks inside": (HEAD + '"A\r1","x\ny"\nA2,"a\r\nb"\n', [["order_id", "name"], ["A\r1", "x\ny"],
                           ["A2", "a\r\nb"]]),
    "empty lines stay, at the end they go": (HEAD + "A1,x\n\nA2,y\n\n\r\n\n", [["order_id", "name"], ["A1", "x"],
                                             [None, None], ["A2", "y"]]),
    "backslash": (HEAD + 'A1,"say \\"hi\\", then go"\nA2,"b"\n', [["order_id", "name"], ["A1", 'say "hi", then go'],
                  ["A2", "b"]]),
    "a path that ends in a backslash": (HEAD + 'A1,"C:\\dir\\"\nA2,"b"\n', [["order_id", "name"], ["A1", "C:\\dir\\"],
                                        ["A2", "b"]]),
    "single quotes": ("order_id,name\nA1,'x, y'\nA2,'it''s'\n", [["order_id", "name"], ["A1", "x, y"], ["A2", "it's"]]),
    "apostrophes of Excel": (HEAD + "'0012,x\n'0013,y\n", [["order_id", "name"], ["'0012", "x"], ["'0013", "y"]]),
    "control characters": (HEAD + "A\x001,\x1b[31m\n", [["order_id", "name"], ["A\x001", "\x1b[31m"]]),
    "text behind a closing quote": (HEAD + 'A1,"5" pipe"\nA2,y\n', [["order_id", "name"], ["A1", '5 pipe"'],
                                    ["A2", "y"]]),
    "Excel's own first line": ("sep=;\norder_id;name\nA1;x\n", [["order_id", "name"], ["A1", "x"]]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TABLES.values(), ids=TABLES)
def test_read__cell_for_cell(reads: Reads, text: str, expected: list[list[str | None]]) -> None:
    assert reads(text).whole == expected


def test_read__says_what_it_found(reads: Reads) -> None:
    found = reads("订单号;客户\r\nA1;王\r\n".encode("utf-8-sig"), "客户.csv")
    assert found.reading == Reading(
        "客户.csv", "csv", False, "UTF-8 with BOM", ";", '"', header=1, columns=["订单号", "客户"], rows=1
    )
    assert Reading.from_json(json.loads(json.dumps(found.reading.to_json()))) == found.reading


def test_read__row_numbers_are_those_of_a_spreadsheet(reads: Reads) -> None:
    found = reads('Orders of July\n\norder_id,name,city\nA1,"x\ny",z\n\nA2,y,z\n')
    assert (found.reading.header, found.numbers) == (3, [4, 5, 6])
    assert found.cells == [["A1", "x\ny", "z"], [None, None, None], ["A2", "y", "z"]]


def test_read__a_title_of_two_cells(reads: Reads) -> None:
    found = reads("Report,2026-07-01,,,\norder_id,name,city,phone,amount\nA1,x,y,1,2\nA2,x,y,1,2\n")
    assert (found.reading.header, found.reading.columns[0]) == (2, "order_id")


def test_read__names_are_kept_blank_ones_get_a_number(reads: Reads) -> None:
    assert reads("order_id,name,name, \nA1,x,y,z\n").reading.columns == ["order_id", "name", "name", "Column 4"]
    assert reads("A-100,5\nA-101,6\n").reading.columns == ["Column 1", "Column 2"]


def test_read__fewer_cells_are_missing_ones(reads: Reads) -> None:
    found = reads("order_id,name,city\nA1,x,y\nA2\n\nA3,x\n")
    assert found.cells[1] == ["A2", None, None]
    assert found.reading.notes == [
        "2 rows have fewer cells than the header (first: row 3): the missing cells are empty."
    ]


@pytest.mark.parametrize("at", [1, 5_000], ids=["near", "far"])
def test_read__more_cells_get_columns_of_their_own(reads: Reads, at: int) -> None:
    rows = [f"A{n},x\n" for n in range(6_000)]
    rows[at] = "B1,x,,surplus\n"
    found = reads(HEAD + "".join(rows))
    assert found.reading.columns == ["order_id", "name", "Column 3", "Column 4"]
    assert found.cells[at] == ["B1", "x", "", "surplus"]
    assert found.cells[0] == ["A0", "x", None, None]
    assert found.reading.notes == [
        f"1 row has more cells than the header (first: row {at + 2:,} with 4): columns were added for them."
    ]


@pytest.mark.parametrize(
    ("text", "row", "says"),
    [
        (HEAD + 'A1,x\n"A2,y\nA3,z\n' + "A4,z\n" * 50_000, 3, "quote"),
        (HEAD + 'A1,x\n"A2,y\nA3,z\n', 3, "never closed"),
        (HEAD + 'A1,"5" pipe"\nA2,"y\n', 3, "never closed"),
        (HEAD + 'A1,"x" y\nA2,"a\nb"\n', 2, "behind a closing quote"),  # a line break inside: cells may have moved
        (HEAD + 'A1,"x, "y", z"\nA2,y\n', 2, "behind a closing quote"),
        (HEAD + "A1," + "x" * (limits.LONGEST_CELL + 1), 2, "1,000,000 characters"),
        (HEAD + "A1" + "," * limits.MOST_COLUMNS + "\n", 2, "16,385 cells"),
    ],
    ids=["swallows much", "swallows the end", "both", "moved", "split", "long", "wide"],
)
def test_read__refused_with_the_row(reads: Reads, text: str, row: int, says: str) -> None:
    with pytest.raises(IntakeError, match=says) as refused:
        reads(text)
    assert refused.value.row == row
    assert f"{row:,}" in refused.value.what
    assert refused.value.cure


def test_read__more_rows_than_are_taken(reads: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_ROWS", 20_000)
    assert reads("order_id\n" + "A\n" * 20_000).reading.rows == 20_000
    with pytest.raises(IntakeError, match="row 20,002 is the first too many") as refused:
        reads("order_id\n" + "A\n" * 20_001)
    assert refused.value.row == 20_002
    with pytest.raises(IntakeError, match="20,000 empty rows"):
        reads("order_id\nA\n" + "\n" * 40_000)


@pytest.mark.parametrize("text", ["", "\n\r\n\n", "order_id\n", ",,\n,,\n"], ids=["empty", "lines", "header", "cells"])
def test_read__nothing_in_it_is_refused(reads: Reads, text: str) -> None:
    with pytest.raises(IntakeError, match=r"empty|no rows"):
        reads(text)


def test_read__txt_is_an_id_a_line(reads: Reads) -> None:
    found = reads('A1, "the first"\n\nA2; the second\nA3\n', "ids.txt")
    assert (found.reading.format, found.reading.delimiter, found.reading.header) == ("txt", "", 0)
    assert found.cells == [['A1, "the first"'], [None], ["A2; the second"], ["A3"]]


def test_read__txt_that_is_clearly_delimited(reads: Reads) -> None:
    found = reads("order_id\tname\nA1\tx\nA2\ty\n", "orders.txt")
    assert (found.reading.format, found.reading.delimiter, found.reading.header) == ("csv", "\t", 1)
    assert reads("A1,x\nA2\n", "orders.txt", delimiter=",").cells == [["A1", "x"], ["A2", None]]


def test_read__overrides_are_obeyed(reads: Reads) -> None:
    assert reads("order_id\nA1,2\n", delimiter=";").cells == [["A1,2"]]
    assert reads("A1,x\nA2,y\n", header=1).reading.columns == ["A1", "x"]
    assert reads("order_id,name\nA2,y\n", header=0).cells == [["order_id", "name"], ["A2", "y"]]
    assert reads('order_id,name\n"A2",y\n', quote="").cells == [['"A2"', "y"]]
    with pytest.raises(IntakeError, match="no row 9"):
        reads("A1,x\nA2,y\n", header=9)
    for wrong in ({"encoding": "latin-9"}, {"delimiter": "x"}, {"quote": "x"}, {"header": -1}):
        with pytest.raises(IntakeError, match="There is no"):
            reads("A1,x\nA2,y\n", **wrong)


def test_read__500_columns(reads: Reads) -> None:
    names = [f"field {n}" for n in range(500)]
    found = reads("\n".join([",".join(["order_id", *names]), *(",".join([f"A{n}"] * 501) for n in range(300))]))
    assert (len(found.reading.columns), found.reading.rows, found.cells[299][500]) == (501, 300, "A299")


@pytest.mark.parametrize("name", ["orders.csv.gz", "orders.csv"])
def test_read__gz_of_any_name(reads: Reads, name: str) -> None:
    found = reads(gzip.compress(b"order_id,name\nA1,x\n"), name)
    assert (found.reading.compressed, found.reading.format, found.cells) == (True, "csv", [["A1", "x"]])
    assert reads(gzip.compress(b"A1,2\nA2\n"), "ids.txt.gz").reading.format == "txt"


def test_read__row_groups_are_bounded_and_nothing_else_is_left(tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_text("order_id,name\n" + "A1,x\n" * 120_000)
    intake.read(source, "orders.csv", tmp_path / "cells.parquet")
    with pq.ParquetFile(tmp_path / "cells.parquet") as file:
        groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
        assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert max(groups) <= 50_000
    assert sum(groups) == 120_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells.parquet", "upload"]


def test_read__a_refusal_leaves_nothing_behind_and_what_was_there(tmp_path: Path) -> None:
    source, into = tmp_path / "upload", tmp_path / "cells.parquet"
    source.write_text(HEAD + "A1,x\n" * 60_000 + '"open')
    into.write_bytes(b"before")
    with pytest.raises(IntakeError, match="never closed"):
        intake.read(source, "orders.csv", into)
    assert into.read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells.parquet", "upload"]


def test_read__a_file_that_cannot_be_kept_is_told_in_words(tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_text("order_id\nA1\n")
    with pytest.raises(IntakeError, match="cannot be read or kept"):
        intake.read(source, "orders.csv", tmp_path / "gone" / "cells.parquet")


def test_sample__the_first_rows(tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_text("order_id,name\nA1,x\nA2\n\nA4,y\n")
    intake.read(source, "orders.csv", tmp_path / "cells.parquet")
    assert intake.sample(tmp_path / "cells.parquet", 3) == [["A1", "x"], ["A2", None], [None, None]]
    assert len(intake.sample(tmp_path / "cells.parquet")) == 4
