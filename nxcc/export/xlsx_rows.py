"""Rows of an XLSX sheet as XML, a batch at once: no cell passes through Python but those whose text needs it.

A cell is `<c r="B7"` and its inside: `><v>1.5</v></c>` for a number, ` t="inlineStr"><is><t>text</t></is></c>` for
text; nothing can become a formula. Source: ECMA-376 part 1, 18.3.1.4 (c) and 22.9.2.19 (ST_Xstring).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from pyarrow import compute as pc
from xlsxwriter.utility import xl_col_to_name

from nxcc.export.texts import as_texts, content, joined, replaced
from nxcc.export.times import iso_texts, local_us

CHARACTERS_A_CELL = 32_767  # UTF-16 units

_FIRST_DAY = 61  # 1900-03-01: before it Excel counts a 29 February that never was
_END_DAY = 2_958_466  # 10000-01-01
_UNIX_DAY = 25_569  # 1970-01-01 as Excel counts days
_DAY_US = 86_400_000_000
_EXACT = 10**15 - 1  # Excel keeps 15 digits of a number

_ODD = r"[&<>\x00-\x08\x0b-\x1f\x{FFFE}\x{FFFF}]|_x[0-9a-fA-F]{4}_|^[\s]|[\s]$"  # what _text_inside would change
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9a-fA-F]{4}_)")
_TEXT, _TEXT_END = ' t="inlineStr"><is><t>', "</t></is></c>"
_SPACED = ' t="inlineStr"><is><t xml:space="preserve">'
_NUMBER, _NUMBER_END = "><v>", "</v></c>"


@dataclass(frozen=True, slots=True, order=True)
class Cut:
    """A text that was cut: its row (from 1) and column (from 0) in the sheet, and how many characters it has."""

    row: int
    column: int
    characters: int


def sheet_rows(part: pa.RecordBatch, row: int, zone: ZoneInfo, date_style: int) -> tuple[memoryview, list[Cut]]:
    """The rows of `part` as XML in UTF-8, of which the first is the sheet's row `row`, and what was cut.

    Times become dates of `zone` in the style with that number; where there is no value, there is no cell.
    """
    numbers = pa.array(np.arange(row, row + part.num_rows)).cast(pa.string())
    cells = [joined('<row r="', numbers, '">')]
    cut = []
    for n, column in enumerate(part.columns):
        inside = _inside(column, zone, date_style)
        cells.append(joined(f'<c r="{xl_col_to_name(n)}', numbers, '"', inside))
        cut += [Cut(row + at, n, length) for at, length in _too_long(column)]
    return content(pc.binary_join_element_wise(*cells, "</row>", "", null_handling="replace")), sorted(cut)


def shortened(text: str) -> str:
    """`text` as far as a cell holds it, with an ellipsis where it was longer."""
    if len(text) <= CHARACTERS_A_CELL // 2 or _utf16(text) <= CHARACTERS_A_CELL:
        return text
    return text.encode("utf-16-le")[: 2 * (CHARACTERS_A_CELL - 1)].decode("utf-16-le", "ignore") + "…"


def _inside(column: pa.Array, zone: ZoneInfo, date_style: int) -> pa.Array:
    kind = column.type
    if pa.types.is_timestamp(kind):
        return _dates(column, zone, date_style)
    if pa.types.is_boolean(kind):
        return joined(' t="b"><v>', column.cast(pa.int8()).cast(pa.string()), _NUMBER_END)
    if pa.types.is_floating(kind):
        finite = pc.if_else(pc.is_finite(column), column, None)
        return joined(_NUMBER, finite.cast(pa.float64()).cast(pa.string()), _NUMBER_END)
    if pa.types.is_integer(kind):
        return _whole_numbers(column)
    return _texts(as_texts(column))


def _whole_numbers(column: pa.Array) -> pa.Array:
    """Those with more digits than Excel keeps are text."""
    texts = column.cast(pa.string())
    exact = pc.and_(pc.greater_equal(column, -_EXACT), pc.less_equal(column, _EXACT))
    numbers = joined(_NUMBER, texts, _NUMBER_END)
    return numbers if pc.all(exact).as_py() else pc.if_else(exact, numbers, _texts(texts))


def _dates(column: pa.Array, zone: ZoneInfo, style: int) -> pa.Array:
    """Days since 1900 as Excel counts them; a time that it does not count is text."""
    days = local_us(column, zone) / _DAY_US + _UNIX_DAY
    counted = pa.array((days >= _FIRST_DAY) & (days < _END_DAY))
    dates = joined(f' s="{style}"><v>', pa.array(days).cast(pa.string()), _NUMBER_END)
    dates = pc.if_else(column.is_valid(), dates, None)
    return dates if pc.all(counted).as_py() else pc.if_else(counted, dates, _texts(iso_texts(column, zone)))


def _texts(texts: pa.Array) -> pa.Array:
    """Of empty text there is no cell, so that Excel counts it as blank."""
    texts = pc.if_else(pc.equal(texts, ""), None, texts)
    odd = pc.or_(pc.match_substring_regex(texts, _ODD), _maybe_too_long(texts))
    return replaced(joined(_TEXT, texts, _TEXT_END), odd, texts, _text_inside)


def _text_inside(text: str) -> str:
    """With `_x0007_` for what XML cannot hold, as Excel writes it, and the escape itself escaped."""
    text = _ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", shortened(text))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return (_TEXT if text == text.strip() else _SPACED) + text + _TEXT_END


def _too_long(column: pa.Array) -> list[tuple[int, int]]:
    """Place and length of the texts of a column that were cut."""
    if pa.types.is_temporal(column.type) or pa.types.is_primitive(column.type):
        return []
    texts = as_texts(column)
    places = pc.indices_nonzero(_maybe_too_long(texts))
    if not len(places):
        return []
    lengths = [_utf16(text) for text in texts.take(places).to_pylist()]
    return [(at, n) for at, n in zip(places.to_pylist(), lengths, strict=True) if n > CHARACTERS_A_CELL]


def _maybe_too_long(texts: pa.Array) -> pa.Array:
    return pc.greater(pc.utf8_length(texts), CHARACTERS_A_CELL // 2)


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
