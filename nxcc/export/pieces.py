"""A stream of batches in pieces of a good size: large ones fill memory, small ones cost time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

ROWS_AT_ONCE = 20_000
CELLS_AT_ONCE = 500_000  # of a table with many columns; short ones take twenty times their bytes as XML
BYTES_AT_ONCE = 8 * 2**20


def pieces(
    batches: Iterable[pa.RecordBatch], rows: int = ROWS_AT_ONCE, most_bytes: int = BYTES_AT_ONCE
) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of `rows` rows, or of fewer that weigh about `most_bytes`."""
    held: list[pa.RecordBatch] = []
    n = size = 0
    for batch in batches:
        for part in _slices(batch, rows, most_bytes):
            if held and n + part.num_rows > rows:
                yield pa.concat_batches(held)
                held, n, size = [], 0, 0
            held.append(part)
            n, size = n + part.num_rows, size + part.nbytes
            if n == rows or size > most_bytes:
                yield pa.concat_batches(held)
                held, n, size = [], 0, 0
    if held:
        yield pa.concat_batches(held)


def rows_at_once(columns: int) -> int:
    """How many rows of so many columns are handled at once."""
    return max(1, min(ROWS_AT_ONCE, CELLS_AT_ONCE // max(columns, 1)))


def _slices(batch: pa.RecordBatch, rows: int, most_bytes: int) -> Iterator[pa.RecordBatch]:
    if batch.num_rows:
        heavy = -(-batch.nbytes // most_bytes)
        most = max(1, min(rows, batch.num_rows // max(heavy, 1)))
        for start in range(0, batch.num_rows, most):
            yield batch.slice(start, most)
