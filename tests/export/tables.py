"""Tables as a job's files have them, and files read back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from python_calamine import CalamineWorkbook

from nxcc.export import BOM, RESULT_COLUMNS

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
_TIME = pa.timestamp("us", "UTC")
_KINDS = (
    *(pa.string(), pa.string(), pa.string(), pa.int64(), pa.int64()),
    *(_TIME, pa.float64(), pa.float64(), pa.string(), pa.bool_(), _TIME),
)
UPLOADED = ("order_id", "", "note", "note", "outcome")  # blank, twice, and as one of ours


def orders(rows: int, uploaded: Iterable[str] = UPLOADED) -> pa.Table:
    """The orders file of a job: uploaded columns, then ours; every third row has no call."""
    uploaded = tuple(uploaded)
    start = datetime(2026, 10, 31, 12, tzinfo=UTC)
    made = [
        (
            *(f"{name} {n}" for name in uploaded),
            f"69{n:017d}",
            "found" if n % 3 else "no_calls",
            None if n % 3 else "No calls.",
            n % 3,
            1,
            start + timedelta(hours=n, milliseconds=n) if n % 3 else None,
            float(n),
            n / 1000,
            "Normal call clearing",
            n % 2 == 0,
            start + timedelta(days=n % 500),
        )
        for n in range(rows)
    ]
    columns = list(zip(*made, strict=True)) if made else [()] * (len(uploaded) + len(_KINDS))
    kinds = (*[pa.string()] * len(uploaded), *_KINDS)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.Table.from_arrays(arrays, names=[*uploaded, *RESULT_COLUMNS])


def one(values: list[Any], kind: pa.DataType | None = None, name: str = "column") -> pa.RecordBatchReader:
    """A stream of one column."""
    return pa.table({name: pa.array(values, kind)}).to_reader()


def csv_rows(path: Path) -> list[list[str]]:
    """The header and the rows of a CSV file."""
    text = path.read_bytes().decode()
    assert text.startswith(BOM)
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def sheets(path: Path) -> dict[str, list[list[Any]]]:
    """The header and the rows of each sheet, as calamine reads them."""
    with CalamineWorkbook.from_path(path) as book:
        return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
