"""Parquet with proper types; the columns' true names, which may repeat, travel in the file's metadata."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
from pyarrow import parquet

from nxcc.export.names import unique

ROWS_A_GROUP = 100_000
BYTES_A_GROUP = 32 * 2**20
_NAMES = b"nxcc.names"


def write_parquet(
    parts: Iterable[pa.RecordBatch], path: Path, names: Sequence[str], schema: pa.Schema, zone: ZoneInfo
) -> None:
    """The file: a row group a part, times in `zone`, columns named uniquely. Raises `OSError`."""
    stored = pa.schema(
        [pa.field(name, _in_zone(kind, zone)) for name, kind in zip(unique(names), schema.types, strict=True)],
        metadata={_NAMES: json.dumps(list(names))},
    )
    with parquet.ParquetWriter(path, stored, compression="zstd") as writer:
        for part in parts:
            columns = [column.cast(kind) for column, kind in zip(part.columns, stored.types, strict=True)]
            writer.write_batch(pa.record_batch(columns, schema=stored), row_group_size=ROWS_A_GROUP)


def true_names(schema: pa.Schema) -> list[str]:
    """The columns' names before they were made unique."""
    kept = (schema.metadata or {}).get(_NAMES)
    names: list[str] = schema.names if kept is None else json.loads(kept)
    return names if len(names) == len(schema) else schema.names


def read_parquet(file: parquet.ParquetFile, rows: int) -> pa.RecordBatchReader:
    """The file's rows in batches of at most `rows`, group by group: a batch across groups could be of any size."""

    def batches() -> Iterator[pa.RecordBatch]:
        for group in range(file.num_row_groups):
            yield from file.iter_batches(batch_size=rows, row_groups=[group])

    return pa.RecordBatchReader.from_batches(file.schema_arrow, batches())


def _in_zone(kind: pa.DataType, zone: ZoneInfo) -> pa.DataType:
    return pa.timestamp(kind.unit, zone.key) if pa.types.is_timestamp(kind) else kind
