"""Bytes in, what `read` makes of them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from nxcc.intake import Overrides, Reading, read

Cells = list[list[str | None]]


@dataclass(frozen=True)
class Read:
    reading: Reading
    numbers: list[int]
    cells: Cells

    @property
    def whole(self) -> Cells:
        """The header, if there is one, and the rows."""
        return [self.reading.columns, *self.cells] if self.reading.header else self.cells


Reads = Callable[..., Read]


def read_bytes(folder: Path, data: bytes, name: str, **overrides: object) -> Read:
    source, into = folder / "upload", folder / "cells.parquet"
    source.write_bytes(data)
    reading = read(source, name, into, Overrides(**overrides))  # type: ignore[arg-type]
    table = pq.read_table(into)
    assert table.num_rows == reading.rows
    assert table.column_names == ["row", *(f"c{n}" for n in range(len(reading.columns)))]
    columns = [column.to_pylist() for column in table.columns[1:]]
    return Read(reading, table["row"].to_pylist(), [list(row) for row in zip(*columns, strict=True)])


@pytest.fixture
def reads(tmp_path: Path) -> Reads:
    """`reads(data, name="orders.csv", **overrides)`; text is written as UTF-8."""

    def reads(data: bytes | str, name: str = "orders.csv", **overrides: object) -> Read:
        return read_bytes(tmp_path, data.encode() if isinstance(data, str) else data, name, **overrides)

    return reads
