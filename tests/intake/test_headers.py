"""Where the header is, and which column holds the order ids."""

from __future__ import annotations

import pytest

from nxcc.intake import propose
from nxcc.intake.headers import find_header, names

HEADERS = [
    ([["order_id", "name"], ["A1", "x"]], 1),
    ([["订单号"], ["A1"]], 1),
    ([["A-100", "x"], ["A-101", "y"]], 0),
    ([["20261104000123"], ["20261104000124"]], 0),
    ([["SO1"], ["SO2"]], 0),
    ([["alice"], ["bob"]], 0),  # names or a header: no row is lost
    ([["who", "where"], ["Ann", "Rome"], ["Bob", "Bonn"]], 1),
    ([["Ref A", "Sum"], ["A-100", "1.50"]], 1),
    ([["Report of July", None, None], ["order_id", "name", "city"], ["A1", "x", "y"]], 2),
    ([["Report"], [], ["By", "Ann"], ["order_id", "name", "city", "phone", "sum"], ["A1", "x", "y", "1", "2"]], 4),
    ([[], ["order_id", "name"], ["A1", "x"]], 2),
    ([["Export of CRM"], ["order_id"], ["A1"], ["A2"]], 2),
    ([["2026-07-01", "12"], ["2026-07-02", "13"]], 0),
    ([["field1", "field2"], ["A-100", "x"], ["A-101", "y"]], 1),
    ([["id", "id"], ["A-1", "x"]], 0),  # unknown words twice
    ([["order_id", "A1"], ["order_id", "A2"]], 1),
    ([], 0),
    ([[None, ""], []], 0),
]


@pytest.mark.parametrize(("rows", "expected"), HEADERS, ids=str)
def test_find_header__by_words_and_shapes(rows: list[list[str | None]], expected: int) -> None:
    assert find_header(rows) == expected


def test_names__as_in_the_file() -> None:
    assert names(["a", "", None, "a"], 5) == ["a", "Column 2", "Column 3", "a", "Column 5"]


BY_NAME = [
    (["name", "order_id"], 1),
    (["Name", "orderId"], 1),
    (["date", "Order No."], 1),
    (["date", "ORDER  NUMBER"], 1),
    (["客户", "订单号"], 1),
    (["客户", "订单编号", "快递单号"], 1),
    (["客户", "业务ID"], 1),
    (["客户", "业务单号"], 1),
    (["客户", "ｏｒｄｅｒ＿ｉｄ"], 1),
    (["客户", "订单 ID"], 1),
    (["order date", "order status", "order"], 2),
    (["order date", "customer order id (CRM)"], 1),
    (["订单金额", "下单时间", "平台订单号"], 2),
    (["biz id", "order_id"], 1),
    (["order_id", "order_id"], 0),
    (["anything"], 0),
    (["name", "city"], None),
]


@pytest.mark.parametrize(("columns", "expected"), BY_NAME, ids=str)
def test_propose__by_name(columns: list[str], expected: int | None) -> None:
    assert propose(columns, []) == expected


ROWS = [
    ["Ann", "2026-07-01", "+8613812345678", "12.50", "SO-20261", "ok", "1"],
    ["Bob", "2026-07-01", "13812345679", "13.50", "SO-20262", None, "2"],
    ["Cid", "2026-07-02", "13812345670", "9.99", "SO-20263", "ok", "3"],
]


def test_propose__by_shape() -> None:
    columns = [f"Column {n}" for n in range(1, 8)]
    assert propose(columns, ROWS) == 4
    assert propose(columns[:4], [row[:4] for row in ROWS]) is None
    assert propose(["phone", "id"], [["6912345678901234567", "A-17"], ["6912345678901234568", "A-18"]]) == 1
    assert propose(["a", "b"], [["A-1000", "x"], ["A-1000", "y"], ["A-1000", "z"]]) is None  # all the same
