"""A stream of batches in pieces of a good size: large ones fill memory, small ones cost time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

ROWS_AT_ONCE = 20_000
BYTES_AT_ONCE = 16 * 2**20


def pieces(batches: Iterable[pa.RecordBatch], rows: int = ROWS_AT_ONCE) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of about `rows` rows, never more, and fewer where they are heavy."""
    held: list[pa.RecordBatch] = []
    n = size = 0
    for batch in batches:
        for part in _slices(batch, rows):
            if held and n + part.num_rows > rows:
                yield pa.concat_batches(held)
                held, n, size = [], 0, 0
            held.append(part)
            n, size = n + part.num_rows, size + part.nbytes
            if n == rows or size > BYTES_AT_ONCE:
                yield pa.concat_batches(held)
                held, n, size = [], 0, 0
    if held:
        yield pa.concat_batches(held)


def _slices(batch: pa.RecordBatch, rows: int) -> Iterator[pa.RecordBatch]:
    if batch.num_rows:
        heavy = -(-batch.nbytes // BYTES_AT_ONCE)
        most = max(1, min(rows, batch.num_rows // max(heavy, 1)))
        for start in range(0, batch.num_rows, most):
            yield batch.slice(start, most)
