"""The words that head a column, and the shapes of what stands below: where the header is, which column holds ids."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

Cells = Sequence[str | None]


def _words(text: str) -> list[str]:
    return text.split()


# As `_word` writes them; the earlier one wins.
_ORDER_ID = _words(
    "orderid orderids ordernumber orderno ordernum orderref orderreference ordercode ordersn "
    "订单号 订单编号 订单id 订单号码 订单编码 订单单号 訂單號 訂單編號 訂單id "
    "业务id 业务单号 业务编号 业务号 业务订单号 業務id 業務單號 bizid bizno bizorderid businessid businessno "
    "order orders 订单 訂單 单号 單號 单据号 单据编号 工单号"
)
_ORDER_ID_PART = _words(
    "orderid ordernumber orderno ordernum orderref ordercode 订单号 订单编号 订单id 訂單號 訂單編號 "
    "业务id 业务单号 bizid businessid 单号 單號"
)
_ANY_ID = ("id", "ids", "no", "number", "ref", "reference", "编号", "編號", "号码", "key")
# Whatever else heads a column: a row with such a word is a header, and a column with one holds no order ids.
_OTHER = _words(
    "name date time day created updated amount price cost total sum status state type phone mobile tel telephone email "
    "mail address city region country comment comments note notes remark remarks agent customer client count quantity "
    "qty currency channel source reason duration "
    "姓名 名称 客户 日期 时间 金额 价格 费用 状态 类型 电话 手机 手机号 邮箱 地址 城市 地区 "
    "备注 坐席 客服 数量 渠道 来源 原因"
)
_OTHER_PART = tuple(word for word in _OTHER if len(word) > 3 or not word.isascii())

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_WORD = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"[-+]?[\d.,  ]*\d%?")
_DATE = re.compile(r"\d{1,4}([-/.年])\d{1,2}[-/.月]\d{1,4}日?([ T]+\d{1,2}:\d{2}.*)?|\d{1,2}:\d{2}(:\d{2})?")
_PHONE = re.compile(r"\+\d[\d ()-]{6,}|(86)?1[3-9]\d{9}|0\d{2,3}-\d{7,8}|\(?\d{3}\)?[ -]\d{3}-\d{4}")
_MONEY = re.compile(r"[-+]?[¥$€£]?\s?[\d,]*\d[.,]\d{1,2}")
_ID = re.compile(r"(?=[^\d]*\d)[^\W_][\w\-./:#]{2,127}")


def find_header(rows: Sequence[Cells]) -> int:
    """The row number (1 = first) of the header among the first rows of a table; 0 when there is none.

    Lines above it have few cells filled (a title); a header has words above values of another shape.
    """
    filled = [sum(1 for cell in row if cell and cell.strip()) for row in rows]
    if not any(filled):
        return 0
    usual = max(Counter(n for n in filled if n).items(), key=lambda item: (item[1], item[0]))[0]
    for index, row in enumerate(rows[:20]):
        if not filled[index] or (filled[index] < usual and filled[index] < max(2, usual / 2)):
            continue
        if _heads(row, rows[index + 1 :]):
            return index + 1
        if usual > 1 or filled[:index].count(0) < index:
            return 0
        below = [n for n in range(index + 1, min(len(rows), index + 5)) if _is_order_id_word(rows[n])]
        return below[0] + 1 if below else 0
    return 0


def names(header: Cells, width: int) -> list[str]:
    """A name for each of `width` columns: as the file has it, `Column 3` where it has none."""
    given = [cell or "" for cell in header]
    given += [""] * (width - len(given))
    return [name if name.strip() else f"Column {n}" for n, name in enumerate(given, start=1)]


def propose(columns: Sequence[str], sample: Sequence[Cells]) -> int | None:
    """The index of the column that holds order ids: by its name, then by its values; None when none looks like it.

    `sample` is some rows as lists of cells, in the order of `columns`. A single column is always the one.
    """
    if len(columns) == 1:
        return 0
    words = [_word(name) for name in columns]
    ranked = [(_ORDER_ID.index(word), n) for n, word in enumerate(words) if word in _ORDER_ID]
    if ranked:
        return min(ranked)[1]
    parts = [
        (_ORDER_ID_PART.index(part), n)
        for n, word in enumerate(words)
        for part in _ORDER_ID_PART
        if part in word and not word.endswith(_OTHER_PART)
    ]
    if parts:
        return min(parts)[1]
    shaped = {n: score for n, word in enumerate(words) if word not in _OTHER and (score := _ids(_column(sample, n)))}
    named = [n for n in shaped if words[n] in _ANY_ID]
    return named[0] if named else max(shaped, key=lambda n: (shaped[n], -n), default=None)


def _word(name: str | None) -> str:
    """A column's name as it is compared: `Order No.`, `order_no` and `orderNo` are one."""
    text = unicodedata.normalize("NFKC", name or "")
    return _NOT_WORD.sub("", _CAMEL.sub(" ", text)).casefold()


def _is_order_id_word(row: Cells) -> bool:
    return any(_word(cell) in _ORDER_ID for cell in row)


def _heads(row: Cells, below: Sequence[Cells]) -> bool:
    words = [_word(cell) for cell in row if cell and cell.strip()]
    if any(word in _ORDER_ID or word in _OTHER for word in words):
        return True
    if any(_value(cell) for cell in row if cell) or len(set(words)) < len(words):
        return False
    if any(word in _ANY_ID for word in words):
        return True
    columns = [(cell or "", _column(below, n)) for n, cell in enumerate(row)]
    if any(_shape(cell) == _shape(other) and _has_digit(cell) for cell, column in columns for other in column):
        return False
    if any(column and sum(map(_value, column)) >= 0.8 * len(column) for _, column in columns):
        return True
    return len(row) > 1 and bool(below) and not any(_has_digit(cell or "") for cell in row)


def _column(rows: Sequence[Cells], n: int) -> list[str]:
    return [cell for row in rows if n < len(row) and (cell := row[n]) and cell.strip()]


def _value(cell: str) -> bool:
    """Whether a cell is a number, a date, a phone number or an id, not a word."""
    text = cell.strip()
    return any(kind.fullmatch(text) for kind in (_NUMBER, _DATE, _PHONE)) or (
        bool(_ID.fullmatch(text)) and sum(map(str.isdecimal, text)) >= 3
    )


def _has_digit(cell: str) -> bool:
    return any(map(str.isdecimal, cell))


def _shape(cell: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d", "9", cell))


def _ids(column: Sequence[str]) -> float:
    """How much a column's values look like ids that tell rows apart, 0 for not at all."""
    values = [unicodedata.normalize("NFKC", cell).strip().strip("'\"=") for cell in column]
    if not values or len(set(values)) < 0.9 * len(values):
        return 0
    like = [v for v in values if _ID.fullmatch(v) and not any(k.fullmatch(v) for k in (_DATE, _PHONE, _MONEY))]
    if len(like) < 0.8 * len(values):
        return 0
    length = sum(map(len, like)) / len(like)
    same_length = len({len(v) for v in like}) == 1
    return min(length, 20) + 5 * same_length if length >= 4 else 0
