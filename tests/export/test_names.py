"""Names of files and of columns, whatever the uploaded file was called."""

from __future__ import annotations

import pytest

from nxcc.export import Format, file_name
from nxcc.export.names import unique

NAMES: list[tuple[str, str, Format, str]] = [
    ("crm/export nov.csv.gz", "orders", "xlsx", "export nov orders.xlsx"),
    ("C:\\Users\\me\\list.XLSX", "calls", "csv", "list calls.csv"),
    ("订单 11月.csv", "orders", "parquet", "订单 11月 orders.parquet"),
    ("ids", "orders", "csv", "ids orders.csv"),
    ("v1.2 final.txt", "orders", "csv", "v1.2 final orders.csv"),
    ("", "orders", "csv", "orders.csv"),
    ("", "", "csv", "orders.csv"),
    ("...", "", "csv", "orders.csv"),
    (".csv", "calls", "csv", "calls.csv"),
    ("../../etc/passwd", "orders", "csv", "passwd orders.csv"),
    ('a<b>:"c|d?e*.csv', "orders", "csv", "a b c d e orders.csv"),
    ("a\x00b\r\nc\x1f.csv", "orders", "csv", "ab c orders.csv"),
    ("invoice\u202exslx.csv", "orders", "csv", "invoicexslx orders.csv"),
    ("pasted", "orders\u2066/calls", "csv", "pasted orders calls.csv"),
]


@pytest.mark.parametrize(("base", "suffix", "format", "expected"), NAMES, ids=ascii)
def test_file_name__of_an_uploaded_file(base: str, suffix: str, format: Format, expected: str) -> None:
    assert file_name(base, suffix, format) == expected


@pytest.mark.parametrize("letter", ["x", "单", "😀"])
def test_file_name__a_long_one_is_cut_and_keeps_its_suffix(letter: str) -> None:
    name = file_name(letter * 500 + ".csv", "orders", "parquet")
    assert name.startswith(letter)
    assert name.endswith(" orders.parquet")
    assert len(name) <= 80
    assert len(name.encode()) <= 255


UNIQUE = [
    (["a", "b"], ["a", "b"]),
    (["name", "name", "name"], ["name", "name_2", "name_3"]),
    (["a", "a", "a_2"], ["a", "a_3", "a_2"]),
    (["Name", "name"], ["Name", "name_2"]),
    (["", " ", "a"], ["column_1", "column_2", "a"]),
    (["", "column_1"], ["column_1", "column_1_2"]),
    ([], []),
]


@pytest.mark.parametrize(("names", "expected"), UNIQUE, ids=str)
def test_unique__every_name_once(names: list[str], expected: list[str]) -> None:
    assert unique(names) == expected
