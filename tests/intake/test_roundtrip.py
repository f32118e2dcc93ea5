"""Any table that Python's csv module writes comes back cell for cell."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.intake.conftest import Cells, read_bytes

# Lines end in LF only where every cell is quoted: elsewhere Python's writer leaves a CR in a cell bare, up to 3.12, and
# not even its own reader gives that cell back.
DIALECTS: dict[str, dict[str, Any]] = {
    "excel": {},
    "excel-tab": {"delimiter": "\t"},
    "unix": {"quoting": csv.QUOTE_ALL, "lineterminator": "\n"},
    "semicolon": {"delimiter": ";"},
    "pipe": {"delimiter": "|"},
    "single quotes": {"quotechar": "'"},
    "backslash": {"doublequote": False, "escapechar": "\\"},
}
ENCODINGS = {
    "UTF-8": "utf-8",
    "UTF-8 with BOM": "utf-8-sig",
    "UTF-16": "utf-16",
    "GB18030": "gb18030",
    "Windows-1252": "cp1252",
}
BOTH = [(dialect, encoding) for dialect in DIALECTS for encoding in ENCODINGS]


def written(table: Cells, dialect: str, encoding: str) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, **DIALECTS[dialect]).writerows(table)
    return file.getvalue().encode(ENCODINGS[encoding])


def come_back(table: Cells, written_as: tuple[str, str], **overrides: Any) -> None:
    with TemporaryDirectory() as folder:
        found = read_bytes(Path(folder), written(table, *written_as), "orders.csv", header=0, **overrides)
    assert found.cells == table


def tables(cell: st.SearchStrategy[str], rows: int, columns: int) -> st.SearchStrategy[Cells]:
    return st.integers(columns, 5).flatmap(
        lambda width: st.lists(st.lists(cell, min_size=width, max_size=width), min_size=rows, max_size=8)
    )


def any_text(encoding: str) -> st.SearchStrategy[str]:
    codec = ENCODINGS[encoding].removesuffix("-sig")
    return st.text(
        st.characters(codec=codec, exclude_characters="\ufeff") | st.sampled_from(",;|\t\"'\\\n\r \x00"), max_size=8
    )


@pytest.mark.parametrize(("dialect", "encoding"), BOTH)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_read__any_table_at_all_when_it_is_said_how_it_is_written(dialect: str, encoding: str, data: Any) -> None:
    """A cell of this kind may look like any dialect and any encoding, so no reader could tell: both are given."""
    table = data.draw(tables(any_text(encoding), 1, 1).filter(lambda rows: any(map(any, rows))))
    options = DIALECTS[dialect]
    quote = "\\" * ("escapechar" in options) + options.get("quotechar", '"')
    come_back(table, (dialect, encoding), encoding=encoding, delimiter=options.get("delimiter", ","), quote=quote)


# What an analyst's file holds: ids, words, names, figures; quotes, breaks and the delimiter itself inside cells.
LATIN = ("Café Müller", "10 °C", "Größe", "Señor")
CHINESE = ("回访", "王小明，上海", "订单已发货", "客户说：“好”")
PLAIN = (
    "A1",
    "SO-20261104",
    "6912345678901234567",
    "x",
    "007",
    "2026-07-01 10:00",
    "say {q}hi{q}",
    "two\nlines",
    "a{d} b",
    "",
)


def plain_cell(dialect: str, encoding: str) -> st.SearchStrategy[str]:
    options = DIALECTS[dialect]
    fill = {"q": options.get("quotechar", '"'), "d": options.get("delimiter", ",")}
    return st.sampled_from([cell.format(**fill) for cell in PLAIN + (LATIN if encoding == "Windows-1252" else CHINESE)])


@pytest.mark.parametrize(("dialect", "encoding"), BOTH)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_read__plain_tables_without_being_told_anything(dialect: str, encoding: str, data: Any) -> None:
    table = data.draw(tables(plain_cell(dialect, encoding), 3, 2))
    sign = DIALECTS[dialect].get("quotechar", '"') + ("\\" if dialect == "backslash" else "")
    header = [f"field{n}" for n in range(len(table[0]))]
    if encoding == "GB18030":
        header[0] = "字段"  # else a table of ASCII alone: the encoding is UTF-8 as well
    if sign != '"' and sign in "".join(map("".join, table)):
        header[1] = f"a{sign[0]}b"
    come_back([header, *table], (dialect, encoding))
