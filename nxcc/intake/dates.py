"""Which columns of a file hold dates, and from when to when: a hint for when its orders were called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_LOOKED_AT = 300  # cells that tell whether a column is one of dates at all
_MOST_COLUMNS = 60
_SHARE = 0.9  # of the cells that are filled must be dates
_EARLIEST, _LATEST = date(2000, 1, 1), date(2100, 1, 1)
# Tried in this order; where days and months could be either, the one that fits more cells is taken, days first.
_FORMATS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y年%m月%d日",
    "%Y%m%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
)
_CALLED = ("call", "dial", "contact", "通话", "呼叫", "拨打", "外呼")
_MADE = ("order", "creat", "place", "订单", "下单", "创建")


@dataclass(frozen=True, slots=True)
class Dates:
    """A column of dates: its name in the file, and the days (both included) between which they lie."""

    column: str
    first: date
    last: date


def dates_in(cells: Path, columns: Sequence[str]) -> Dates | None:
    """The column that says best when orders were called: by its name, else the first one with dates; None without.

    `cells` is the file as text (`intake.read`), a column c0, c1, ... for each of `columns`.
    """
    with pq.ParquetFile(cells) as file:
        first = next(file.iter_batches(_LOOKED_AT), None)
        if first is None:
            return None
        found = [
            (_rank(name), n)
            for n, name in enumerate(columns[:_MOST_COLUMNS])
            if _format(first.column(f"c{n}")) is not None
        ]
        for _, n in sorted(found):
            if days := _days(file.read([f"c{n}"]).column(0)):
                return Dates(columns[n], *days)
    return None


def _rank(name: str) -> int:
    word = name.casefold()
    return 0 if any(part in word for part in _CALLED) else 1 if any(part in word for part in _MADE) else 2


def _days(cells: pa.ChunkedArray) -> tuple[date, date] | None:
    form = _format(cells)
    if form is None:
        return None
    ends = pc.min_max(_parsed(cells, form)).as_py()
    first, last = ends["min"].date(), ends["max"].date()
    return (first, last) if first >= _EARLIEST and last <= _LATEST else None


def _format(cells: pa.Array | pa.ChunkedArray) -> str | None:
    filled = len(cells) - cells.null_count - (pc.sum(pc.equal(pc.utf8_trim_whitespace(cells), "")).as_py() or 0)
    if not filled:
        return None
    fits = {form: len(cells) - _parsed(cells, form).null_count for form in _FORMATS}
    best = max(fits, key=lambda form: fits[form])
    return best if fits[best] >= _SHARE * filled else None


def _parsed(cells: pa.Array | pa.ChunkedArray, form: str) -> pa.Array | pa.ChunkedArray:
    day = pc.replace_substring_regex(pc.utf8_trim_whitespace(cells), r"[ T]+\d{1,2}:\d{2}.*$", "")
    whole = pc.if_else(pc.match_substring_regex(day, r"^\d[\d./\-年月日]{5,}$"), day, None)
    return pc.strptime(whole, form, "s", error_is_null=True)
