"""CSV that Excel opens well (UTF-8 with BOM) and that runs nothing.

Text that a spreadsheet would take for a formula (it begins with = + - @, their full-width forms, tab, CR or LF, also
behind blanks and what is not seen, which some spreadsheets trim) gets a leading apostrophe; a phone number such as
+852 3575 7580 stays readable behind it. Numbers and times are not text.

A column is made into fields by Arrow, and only what needs it, found by one pattern, passes through Python. The fields
of a batch are then joined by Arrow too, whose buffer is the file's text: 1 M rows of 17 columns take 6 s, and 47 s
cell by cell through `csv.writer`, whose text is the same (tests/export/test_csv_file.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
from pyarrow import compute as pc

from nxcc.export.pieces import pieces
from nxcc.export.texts import as_texts, content, replaced
from nxcc.export.times import iso_texts

BOM = "\ufeff"

# Blanks, controls and what is not seen, as a class that Python and Arrow's RE2 read the same.
_TRIMMED = "[\x01-\x20\x7f-\xa0\xad\u061c\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]*"
_LIVE = f"^(?:{_TRIMMED}[=+\\-@＝＋－＠]|[\\t\\r\\n])"
_UNSAFE = rf'{_LIVE}|[",\r\n\x00]'  # what safe_text or _quoted would change
_begins_live = re.compile(_LIVE).search


def safe_text(text: str) -> str:
    """`text` as a CSV cell that no spreadsheet runs."""
    text = text.replace("\x00", "")
    return "'" + text if _begins_live(text) else text


def csv_lines(table: pa.Table, zone: ZoneInfo, columns: Sequence[str] | None = None) -> Iterator[str]:
    """A table as CSV text, piece by piece; times as ISO 8601 in `zone` with its offset, lists joined by `;`."""
    chosen = table if columns is None else table.select(list(columns))
    for text in _texts(pieces(chosen.to_batches()), chosen.column_names, zone):
        yield str(text, "utf-8")


def csv_bytes(table: pa.Table, zone: ZoneInfo, columns: Sequence[str] | None = None) -> bytes:
    """The whole CSV file."""
    return "".join(csv_lines(table, zone, columns)).encode()


def write_csv(parts: Iterable[pa.RecordBatch], path: Path, names: Sequence[str], zone: ZoneInfo) -> None:
    """The file of these parts, whose columns are headed `names`. Raises `OSError`."""
    with path.open("wb") as file:
        for text in _texts(parts, names, zone):
            file.write(text)


def _texts(parts: Iterable[pa.RecordBatch], names: Sequence[str], zone: ZoneInfo) -> Iterator[bytes | memoryview]:
    """UTF-8: the header, then the lines of each part."""
    yield BOM.encode() + _lines([_fields(pa.array([name], pa.string()), zone) for name in names])
    for part in parts:
        yield _lines([_fields(column, zone) for column in part.columns])


def _lines(columns: Sequence[pa.Array]) -> memoryview:
    """Columns of fields as the bytes of lines."""
    if len(columns) == 1:  # a line of one empty field would be no line
        columns = [pc.if_else(pc.fill_null(pc.equal(columns[0], ""), True), '""', columns[0])]
    *others, last = columns
    ended = pc.binary_join_element_wise(last, "\r\n", "", null_handling="replace")
    return content(pc.binary_join_element_wise(*others, ended, ",", null_handling="replace"))


def _fields(column: pa.Array, zone: ZoneInfo) -> pa.Array:
    """A column as CSV fields: strings, null where the field is empty."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        return iso_texts(column, zone)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return column.cast(pa.string())
    if pa.types.is_floating(kind):
        return _floats(column)
    texts = as_texts(column)
    unsafe = pc.match_substring_regex(texts, _UNSAFE)
    return replaced(texts, unsafe, texts, lambda text: _quoted(safe_text(text)))


def _floats(column: pa.Array) -> pa.Array:
    """Every digit, and no exponent."""
    texts = column.cast(pa.float64()).cast(pa.string())
    worded = pc.match_substring_regex(texts, "[a-z]")  # 1e+22, inf
    return replaced(texts, worded, texts, lambda text: format(Decimal(text).normalize(), "f"))


def _quoted(text: str) -> str:
    needed = any(sign in text for sign in '",\r\n')
    return '"' + text.replace('"', '""') + '"' if needed else text
