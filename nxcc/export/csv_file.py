"""Tables as files: CSV that Excel opens well (UTF-8 with BOM) and that runs nothing.

Text that a spreadsheet would take for a formula (it begins with = + - @, their full-width forms, tab, CR or LF) gets
a leading apostrophe; a phone number such as +852 3575 7580 stays readable behind it. Numbers and times are not text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

BOM = "\ufeff"
ROWS_AT_ONCE = 20_000
ORDER_COLUMNS = (
    "order_id",
    "outcome",
    "reason",
    "calls",
    "answered_calls",
    "first_answered_at",
    "talk_s",
    "cost",
    "last_hangup_reason",
    "from_archive",
    "asked_at",
)

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_text(text: str) -> str:
    """`text` as a CSV cell that no spreadsheet runs."""
    text = text.replace("\x00", "")
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def csv_lines(table: pa.Table, zone: ZoneInfo, columns: Sequence[str] | None = None) -> Iterator[str]:
    """A table as CSV text, piece by piece; times as ISO 8601 in `zone` with its offset, lists joined by `;`."""
    names = list(columns or table.column_names)
    yield BOM + _csv([names])
    for batch in table.select(names).to_batches(max_chunksize=ROWS_AT_ONCE):
        plain = [[_cell(value, zone) for value in column.to_pylist()] for column in batch.columns]
        yield _csv(zip(*plain, strict=True))


def csv_bytes(table: pa.Table, zone: ZoneInfo, columns: Sequence[str] | None = None) -> bytes:
    """The whole CSV file."""
    return "".join(csv_lines(table, zone, columns)).encode()


def _cell(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, str):
        return safe_text(value)
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    if isinstance(value, float):
        return format(Decimal(repr(value)).normalize(), "f")  # every digit, and no exponent
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="milliseconds" if value.microsecond else "seconds")
    return safe_text(";".join(value)) if isinstance(value, list) else value


def _csv(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
