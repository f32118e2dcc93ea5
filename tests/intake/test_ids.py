"""Pasted text -> order ids: text throughout, each problem told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nxcc.api.protocol import order_body
from nxcc.intake import LONGEST, PROBLEMS, Asked, asked, clean, problem, split

SPLIT = [
    ("A1", ["A1"]),
    ("A1,A2;A3\tA4 A5\nA6\r\nA7", ["A1", "A2", "A3", "A4", "A5", "A6", "A7"]),
    ("A1,, ;\n\nA2,", ["A1", "A2"]),
    ("A1，A2；A3、A4\u3000A5\u00a0A6", ["A1", "A2", "A3", "A4", "A5", "A6"]),
    ("CRM-1/2_3.4:5|6", ["CRM-1/2_3.4:5|6"]),
    (" \n,;", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "expected"), SPLIT, ids=repr)
def test_split__at_whatever_people_paste(text: str, expected: list[str]) -> None:
    assert split(text) == expected


CLEAN = [
    ("007", "007"),
    ("1E5", "1E5"),
    ("6912345678901234567", "6912345678901234567"),
    ("  A1\t", "A1"),
    ("ＳＯ１２３", "SO123"),
    ("A\u200b1\ufeff", "A1"),
    ("\u00a0A1\u3000", "A1"),
    ('="123"', "123"),
    ('="007" ', "007"),
    ("'0012", "0012"),
    ('=""', '=""'),
    ("A 1", "A 1"),
    ("\u200b \u3000", ""),
    ("回访", "回访"),
    ("A\udcff", "A\ufffd"),  # bytes that were no text
]


@pytest.mark.parametrize(("cell", "expected"), CLEAN, ids=ascii)
def test_clean__what_spreadsheets_add_is_taken_away(cell: str, expected: str) -> None:
    assert clean(cell) == expected


PROBLEM = [
    ("007", None),
    ("1E5", None),  # a plain id
    ("1e5", None),
    ("123.0", None),
    ("回访 1", None),
    ("x" * LONGEST, None),
    ("x" * (LONGEST + 1), "too_long"),
    ("A\x00B", "bad_characters"),
    ("A\x1b[31m", "bad_characters"),
    ("A\u2028B", "bad_characters"),
    ("A\ufffd", "bad_characters"),
    ("1.23457E+17", "excel_scientific"),
    ("1,23457e+17", "excel_scientific"),
    ("1E+17", "excel_scientific"),
]


@pytest.mark.parametrize(("order_id", "expected"), PROBLEM, ids=ascii)
def test_problem__code_or_none(order_id: str, expected: str | None) -> None:
    assert problem(order_id) == expected
    assert expected is None or PROBLEMS[expected]


def test_asked__sorted_into_valid_invalid_and_repeated() -> None:
    found = asked(["B", " A ", "B", "", "'A", "1.5E+17", "\u200b", "1.5E+17"])
    assert found == Asked(["B", "A", "1.5E+17"], {"1.5E+17": "excel_scientific"}, 3)
    assert found.valid == ["B", "A"]


def test_asked__leading_zeros_make_another_id() -> None:
    assert asked(["7", "07", "007"]).valid == ["7", "07", "007"]


@settings(deadline=None)
@given(st.lists(st.text()))
def test_asked__whatever_is_pasted_each_valid_id_can_be_sent_once(cells: list[str]) -> None:
    found = asked(cells)
    assert len(found.valid) == len(set(found.valid))
    assert len(found.order_ids) + found.repeated <= len(cells)
    for order_id in found.valid:
        assert order_body(1, order_id)
    for order_id in found.order_ids:
        assert order_id.encode()  # it can be written to a file


def test_split__the_comma_of_a_number_that_excel_has_cut_parts_no_ids() -> None:
    assert split("A1,1,23457E+17,A2") == ["A1", "1.23457E+17", "A2"]
    assert split("A1,2E5") == ["A1", "2E5"]


def test_clean__quotes_around_an_id_are_not_part_of_it() -> None:
    assert [clean(cell) for cell in ('"A1"', '="007"', '"', 'A"1"')] == ["A1", "007", '"', 'A"1"']
