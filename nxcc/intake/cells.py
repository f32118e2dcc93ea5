"""The table of an uploaded file, kept as Parquet: its row numbers and every cell as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nxcc.intake.limits import MOST_CELLS, MOST_COLUMNS, MOST_ROWS, IntakeError

Row = Sequence[str | None]

GROUP_ROWS = 50_000
_GROUP_BYTES = 64_000_000
_SLICE_ROWS = 10_000  # held as Python objects at a time, and of wide tables so many
_SLICE_CELLS = 1_000_000


class WiderError(Exception):
    """A row has more cells than the table has columns: the file is to be written again with more."""


@dataclass(slots=True)
class Stored:
    """What was written, and the rows that differ in width: how many, and the first one's number and cells."""

    rows: int = 0
    filled: bool = False  # whether any cell holds something
    short: int = 0
    first_short: int = 0
    long: int = 0
    first_long: tuple[int, int] = field(default=(0, 0))


def store(rows: Iterator[Row], into: Path, *, name: str, first: int, width: int, usual: int) -> Stored:
    """Writes rows to the Parquet file `into`: `row` (int64, counted from `first`), `c0`, `c1` ... (text).

    `width` is how many columns, `usual` how many cells a row should have. A missing cell is null. Empty rows at the
    end are left out. Raises WiderError, and IntakeError at the row that is over a limit.
    """
    stored = Stored()
    schema = pa.schema([("row", pa.int64()), *((f"c{n}", pa.string()) for n in range(width))])
    with pq.ParquetWriter(into, schema, compression="zstd") as writer:
        group: list[pa.Table] = []
        waiting = 0  # bytes in it
        for slice_ in _slices(rows, max(1, min(_SLICE_ROWS, _SLICE_CELLS // width))):
            start = first + stored.rows
            _require_room(name, start, stored.rows, slice_, width)
            group.append(pa.Table.from_arrays(_arrays(slice_, start, width, usual, stored), schema=schema))
            stored.rows += len(slice_)
            waiting += group[-1].nbytes
            if len(group) * len(slice_) >= GROUP_ROWS or waiting >= _GROUP_BYTES:
                writer.write_table(pa.concat_tables(group), row_group_size=GROUP_ROWS)
                group, waiting = [], 0
        if group:
            writer.write_table(pa.concat_tables(group), row_group_size=GROUP_ROWS)
    return stored


def sample(cells: Path, n: int = 5) -> list[list[str | None]]:
    """The cells of the first `n` rows of a table written by `read`."""
    with pq.ParquetFile(cells) as file:
        columns = [column for column in file.schema_arrow.names if column != "row"]
        batch = next(file.iter_batches(batch_size=n, columns=columns), None)
    return [list(row) for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)] if batch else []


def _slices(rows: Iterator[Row], length: int) -> Iterator[list[Row]]:
    """Rows some at a time; empty ones wait until one follows that is not."""
    empty = 0
    while slice_ := list(islice(rows, length)):
        end = len(slice_)
        while end and not slice_[end - 1]:
            end -= 1
        waiting = empty if end else 0
        empty = len(slice_) - end + (0 if end else empty)
        for n in range(0, waiting, length):
            yield [()] * min(length, waiting - n)
        if end:
            yield slice_[:end]
        if empty > MOST_ROWS:
            raise IntakeError(f"The file has more than {MOST_ROWS:,} empty rows in sequence.", cure="Take them out.")


def _require_room(name: str, start: int, done: int, slice_: Sequence[Row], width: int) -> None:
    if done + len(slice_) > MOST_ROWS:
        row = start + MOST_ROWS - done
        raise IntakeError(
            f"{name} has more than {MOST_ROWS:,} rows; row {row:,} is the first too many.",
            cure="Split it into several files.",
            row=row,
        )
    if (done + len(slice_)) * width > MOST_CELLS:
        raise _too_many_cells(name, start, width)


def _arrays(rows: Sequence[Row], start: int, width: int, usual: int, stored: Stored) -> list[pa.Array]:
    lengths = set(map(len, rows))
    if max(lengths) > width:
        raise WiderError
    if lengths != {usual}:
        _count(rows, start, usual, stored)
    if lengths != {width}:
        rows = [(*row, *[None] * (width - len(row))) if len(row) < width else row for row in rows]
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    stored.filled = stored.filled or any(any(column) for column in zip(*rows, strict=True))
    return [pa.array(range(start, start + len(rows)), pa.int64()), *columns]


def _count(rows: Sequence[Row], start: int, usual: int, stored: Stored) -> None:
    for number, row in enumerate(rows, start):
        if 0 < len(row) < usual:
            stored.short += 1
            stored.first_short = stored.first_short or number
        elif len(row) > usual:
            stored.long += 1
            stored.first_long = stored.first_long if stored.first_long[0] else (number, len(row))


def widest(name: str, rows: Iterable[Row]) -> int:
    """The most cells that a row has. Raises IntakeError at a row that makes the table too wide."""
    most = 0
    for number, row in enumerate(rows, 1):
        if len(row) > most:
            most = len(row)
            if most > MOST_COLUMNS:
                raise IntakeError(
                    f"Row {number:,} of {name} has {most:,} cells; {MOST_COLUMNS:,} columns are the most.",
                    cure="Is the delimiter the right one?",
                    row=number,
                )
        if row and number * most > MOST_CELLS:
            raise _too_many_cells(name, number, most)
    return most


def _too_many_cells(name: str, row: int, width: int) -> IntakeError:
    return IntakeError(
        f"{name} has {width:,} columns, and so more than {MOST_CELLS:,} cells up to row {row:,}.",
        cure="Leave columns out.",
        row=row,
    )
