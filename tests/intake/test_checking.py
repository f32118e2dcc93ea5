"""Each row of a column: sent, a duplicate, blank, or invalid; nothing else, and nothing twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nxcc import intake
from nxcc.intake import PROBLEMS, Check, IntakeError, cells

Column = list[str | None]
Checks = Callable[..., tuple[Check, list[dict[str, object]]]]


def check_column(folder: Path, column: Column, *, insist: bool = False) -> tuple[Check, list[dict[str, object]]]:
    rows = [["other", cell] for cell in column]
    cells.store(iter(rows), folder / "cells.parquet", name="a.csv", first=2, width=2, usual=2)
    found = intake.check(folder / "cells.parquet", 1, folder / "ids.parquet", insist=insist)
    return found, pq.read_table(folder / "ids.parquet").to_pylist()


@pytest.fixture
def checks(tmp_path: Path) -> Checks:
    return lambda column, **options: check_column(tmp_path, column, **options)


ROWS = [  # cell -> order_id, problem, first_row, sends; the first is row 2
    ("A1", "A1", None, None, True),
    (" A1 ", "A1", "duplicate_of_row_2", 2, False),
    (None, None, "blank", None, False),
    (" \u200b", None, "blank", None, False),
    ("1.23457E+17", "1.23457E+17", "excel_scientific", None, False),
    ("1.23457E+17", "1.23457E+17", "excel_scientific", None, False),  # a repeat of an invalid one is invalid
    ("x" * 129, "x" * 129, "too_long", None, False),
    ("A\x00", "A\x00", "bad_characters", None, False),
    ("123.0", "123.0", "decimal_suffix", None, True),
    ("123.0", "123.0", "duplicate_of_row_10", 10, False),  # before the warning
    ("1234567890123450000", "1234567890123450000", "excel_rounded", None, True),
    ("1234567890123456789", "1234567890123456789", None, None, True),
    ("007", "007", None, None, True),
    ('="008"', "008", None, None, True),
    ("'009", "009", None, None, True),
    ("ＳＯ１", "SO1", None, None, True),
    ("", None, "blank", None, False),
    ("[forgotten]", "[forgotten]", "forgotten", None, False),
]


def test_check__each_row_in_its_place(checks: Checks) -> None:
    found, rows = checks([cell for cell, *_ in ROWS])
    assert rows == [
        {"row": n, "raw": raw, "order_id": order_id, "problem": problem, "first_row": first, "sends": sends}
        for n, (raw, order_id, problem, first, sends) in enumerate(ROWS, start=2)
    ]
    assert found == Check(
        rows=18, blank=3, duplicate=2, invalid=5, ids=8,
        problems={"blank": 3, "duplicate_of_row": 2, "too_long": 1, "bad_characters": 1, "forgotten": 1,
                  "excel_scientific": 2, "excel_rounded": 1, "decimal_suffix": 1},
        cleaned={"trimmed": 2, "full_width": 1, "invisible": 1, "unwrapped": 1, "apostrophe": 1},
    )  # fmt: skip
    assert Check.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert list(found.problems) == list(PROBLEMS)


def test_check__insisting_sends_what_excel_has_cut(checks: Checks) -> None:
    found, rows = checks(["1E+17", "1E+17", "A\x00"], insist=True)
    assert [(row["problem"], row["sends"]) for row in rows] == [
        ("excel_scientific", True),
        ("duplicate_of_row_2", False),
        ("bad_characters", False),
    ]
    assert (found.ids, found.duplicate, found.invalid) == (1, 1, 1)


def test_check__a_folder_that_is_gone_is_told_in_words(tmp_path: Path) -> None:
    cells.store(iter([["A1"]]), tmp_path / "cells.parquet", name="a.csv", first=1, width=1, usual=1)
    with pytest.raises(IntakeError, match="cannot be kept"):
        intake.check(tmp_path / "cells.parquet", 0, tmp_path / "gone" / "ids.parquet")


ANY_CELL = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["A1", " A1", "a1", "1E+17", "123.0", "x" * 130, "1000000000000000", "'A1", '="A1"']
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ANY_CELL, min_size=1, max_size=40), st.booleans())
def test_check__whatever_is_in_the_column_every_row_is_counted_once(
    tmp_path: Path, column: Column, insist: bool
) -> None:
    found, rows = check_column(tmp_path, [*column, "end"], insist=insist)
    assert found.rows == found.ids + found.duplicate + found.blank + found.invalid == len(rows) == len(column) + 1
    sent = [row["order_id"] for row in rows if row["sends"]]
    assert len(sent) == len(set(sent)) == found.ids
    assert [row["raw"] for row in rows] == [*column, "end"]
    by_number = {row["row"]: row for row in rows}
    for row in rows:
        assert row["order_id"] == (intake.clean(str(row["raw"] or "")) or None)
        if row["first_row"]:
            assert row["problem"] == f"duplicate_of_row_{row['first_row']}"
            first = by_number[row["first_row"]]
            assert (first["order_id"], first["sends"]) == (row["order_id"], True)
    if not insist:
        asked = intake.asked(cell or "" for cell in [*column, "end"])
        assert sent == asked.valid
        assert found.invalid == sum(row["order_id"] in asked.invalid for row in rows)


def test_problems__some_of_them(checks: Checks, tmp_path: Path) -> None:
    checks([cell for cell, *_ in ROWS])
    ids = tmp_path / "ids.parquet"
    every = intake.problems(ids)
    assert every.column_names == ["row", "raw", "order_id", "problem"]
    assert every["row"].to_pylist() == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 18, 19]
    assert intake.problems(ids, "duplicate_of_row")["row"].to_pylist() == [3, 11]
    assert intake.problems(ids, "blank", limit=2)["row"].to_pylist() == [4, 5]
    assert intake.problems(ids, limit=0).num_rows == intake.problems(ids, "nothing").num_rows == 0
    assert isinstance(every, pa.Table)


def test_explain__effect_and_sentence_of_every_code() -> None:
    effects = {code: intake.explain(code)[0] for code in PROBLEMS}
    assert effects == {
        "blank": "Not counted",
        "duplicate_of_row": "Sent once",
        "too_long": "Invalid",
        "bad_characters": "Invalid",
        "forgotten": "Invalid",
        "excel_scientific": "Invalid",
        "excel_rounded": "Sent, warned",
        "decimal_suffix": "Sent, warned",
    }
    assert intake.explain("duplicate_of_row_17")[1].startswith("The same id stands in row 17;")
    assert intake.explain("excel_scientific")[1] == "Excel has cut its digits; take the id from the source."


def test_reason__code_and_why() -> None:
    assert (
        intake.reason("excel_scientific") == "excel_scientific: Excel has cut its digits; take the id from the source"
    )
    assert intake.reason("blank") == "blank: the cell is empty"
    assert intake.reason("duplicate_of_row_17").startswith("duplicate_of_row_17: the same id")


@pytest.mark.parametrize(
    ("order_id", "expected"),
    [
        ("123.0", "decimal_suffix"),
        ("123.00", None),
        ("1.2.0", None),
        ("A1.0", None),
        ("1234567890123450", "excel_rounded"),
        ("1234567890123000000", "excel_rounded"),
        ("123456789012340", None),  # 15 digits
        ("1234567890123456780", None),
        ("A234567890123450", None),
    ],
)
def test_warning__of_what_is_sent_all_the_same(order_id: str, expected: str | None) -> None:
    assert intake.ids.warning(order_id) == expected


def test_read_propose_check__a_list_out_of_a_crm(tmp_path: Path) -> None:
    source, table, ids = tmp_path / "upload", tmp_path / "cells.parquet", tmp_path / "ids.parquet"
    source.write_bytes(
        "七月订单;;\r\n客户;订单编号;金额\r\n王小明;6912345678901234567;1,50\r\n李雷;;2,00\r\n"
        "韩梅梅; 6912345678901234567;3,00\r\n王芳;1,23457E+17;4,00\r\n\r\n张伟;007;5,00\r\n".encode("gb18030")
    )
    reading = intake.read(source, "七月.csv", table)
    assert (reading.encoding, reading.delimiter, reading.header) == ("GB18030", ";", 2)
    column = intake.propose(reading.columns, intake.sample(table))
    assert column == 1
    found = intake.check(table, column, ids)
    assert (found.rows, found.ids, found.blank, found.duplicate, found.invalid) == (6, 2, 2, 1, 1)
    assert pq.read_table(ids)["problem"].to_pylist() == [
        None, "blank", "duplicate_of_row_3", "excel_scientific", "blank", None,
    ]  # fmt: skip
