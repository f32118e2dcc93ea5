"""One column of an uploaded table -> what each of its rows asks for, before anything is spent."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nxcc.intake import ids
from nxcc.intake.limits import IntakeError

CLEANINGS = ("trimmed", "full_width", "invisible", "unwrapped", "apostrophe")

_BATCH_ROWS = 50_000
_SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("raw", pa.string()),
        ("order_id", pa.string()),
        ("problem", pa.string()),
        ("first_row", pa.int64()),
        ("sends", pa.bool_()),
    ]
)


@dataclass(frozen=True, slots=True)
class Check:
    """What a list asks for. Each row is one of ids, duplicate, blank, invalid: they add up to `rows`."""

    rows: int
    blank: int
    duplicate: int
    invalid: int
    ids: int  # distinct ids that will be sent
    problems: dict[str, int]  # code -> rows, in the order of PROBLEMS, those that occur; warnings as well
    cleaned: dict[str, int]  # what cleaning did -> cells, in the order of CLEANINGS, those that occur

    def to_json(self) -> dict[str, Any]:
        """Plain values, to be kept in a file."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Check:
        """What `to_json` gave."""
        return cls(**values)


def check(cells: Path, column: int, into: Path, *, insist: bool = False) -> Check:
    """Goes through column `c<column>` of a table written by `read`, and writes `into`, one line a data row, in order.

    `into` becomes Parquet: `row`, `raw` (the cell), `order_id` (cleaned; null when blank), `problem` (code or null; a
    duplicate's names the row: `duplicate_of_row_17`), `first_row` (that row; else null), `sends` (whether this row is
    the first of an id that is asked). Invalid before duplicate before warnings: a repeated invalid id is invalid.
    `insist` sends what Excel has cut (`excel_scientific` becomes a warning). Raises IntakeError: cannot be written.
    """
    rows = _Rows(insist)
    try:
        with (
            pq.ParquetFile(cells) as file,
            tempfile.TemporaryDirectory(prefix=".intake-", dir=into.parent) as scratch,
        ):
            stored = Path(scratch) / "ids.parquet"
            with pq.ParquetWriter(stored, _SCHEMA, compression="zstd") as writer:
                for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=["row", f"c{column}"]):
                    writer.write_batch(rows.sorted_out(*batch.columns))
            stored.replace(into)
    except OSError as error:
        raise IntakeError(f"The check cannot be kept: {error.strerror}.", cure="Is the disk full?") from error
    return rows.summary()


class _Rows:
    """Sorts cells out, remembering which row was the first to hold each id."""

    def __init__(self, insist: bool) -> None:
        self._insist = insist
        self._first: dict[str, int] = {}
        self._problems: Counter[str] = Counter()
        self._cleaned: Counter[str] = Counter()
        self._rows = self._invalid = 0

    def sorted_out(self, numbers: pa.Array, raw: pa.Array) -> pa.RecordBatch:
        order_ids: list[str | None] = []
        problems: list[str | None] = []
        first_rows: list[int | None] = []
        sends: list[bool] = []
        first = self._first
        for number, cell in zip(numbers.to_pylist(), raw.to_pylist(), strict=True):
            order_id = self._clean(cell)
            code, invalid = self._problem(order_id)
            row = None if invalid else first.setdefault(order_id, number)
            if row is not None and row != number:
                code = f"duplicate_of_row_{row}"
                self._problems["duplicate_of_row"] += 1
            elif code:
                self._problems[code] += 1
            order_ids.append(order_id or None)
            problems.append(code)
            first_rows.append(None if row == number else row)
            sends.append(row == number)
        self._rows += len(sends)
        arrays = [
            numbers,
            raw,
            pa.array(order_ids, pa.string()),
            pa.array(problems, pa.string()),
            pa.array(first_rows, pa.int64()),
            pa.array(sends, pa.bool_()),
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA)

    def _clean(self, cell: str | None) -> str:
        if not cell or ids.is_plain(cell):
            return cell or ""
        order_id, done = ids.cleaning(cell)
        self._cleaned.update(done)
        return order_id

    def _problem(self, order_id: str) -> tuple[str | None, bool]:
        """The code, and whether the row is left out for it."""
        if not order_id:
            return "blank", True
        code = ids.problem(order_id)
        if code and not (self._insist and code == "excel_scientific"):
            self._invalid += 1
            return code, True
        return code or ids.warning(order_id), False

    def summary(self) -> Check:
        return Check(
            rows=self._rows,
            blank=self._problems["blank"],
            duplicate=self._problems["duplicate_of_row"],
            invalid=self._invalid,
            ids=len(self._first),
            problems={code: self._problems[code] for code in ids.PROBLEMS if self._problems[code]},
            cleaned={what: self._cleaned[what] for what in CLEANINGS if self._cleaned[what]},
        )


def problems(checked: Path, code: str | None = None, limit: int | None = None) -> pa.Table:
    """The rows of a checked list that have a problem: `row`, `raw`, `order_id`, `problem`, in the order of the file.

    `code` keeps one problem (`duplicate_of_row` all duplicates); `limit` the first so many.
    """
    columns = ["row", "raw", "order_id", "problem"]
    found = [pa.Table.from_batches([], schema=pa.schema([_SCHEMA.field(name) for name in columns]))]
    for batch in _with_problem(checked, columns, code):
        room = None if limit is None else limit - sum(table.num_rows for table in found)
        if room is not None and room <= 0:
            break
        found.append(pa.Table.from_batches([batch.slice(0, room)]))
    return pa.concat_tables(found)


def _with_problem(checked: Path, columns: list[str], code: str | None) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(checked) as file:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
            problem = batch.column("problem")
            if code is None:
                yield batch.filter(pc.is_valid(problem))
            elif code == "duplicate_of_row":
                yield batch.filter(pc.starts_with(problem, code))
            else:
                yield batch.filter(pc.equal(problem, code))
