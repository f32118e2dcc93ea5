"""The files of a job: the uploaded rows with what became of each, and one row a call. Made piece by piece."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from nxcc import export, intake, masking, records
from nxcc.archive import Archive, Listed
from nxcc.export import RESULT_COLUMNS, Format
from nxcc.jobs.folder import Folder
from nxcc.jobs.job import Job

Kind = Literal["orders", "calls"]
# Numbers whole; masked but in the uploaded rows; masked everywhere, and recordings left out.
Seen = Literal["whole", "own rows", "masked"]

ROWS_AT_ONCE = 50_000
FEW_CELLS = 100_000  # made in 0.03 s (CSV) or 0.1 s (XLSX); to start a process for it takes 0.6 s
FEW_BYTES = 10_000_000  # of them, unpacked
REASONS = {code: intake.reason(code) for code in intake.PROBLEMS}
_RESULTS = pa.schema(
    [
        ("order_id_sent", pa.string()),
        ("outcome", pa.string()),
        ("reason", pa.string()),
        ("calls", pa.int64()),
        ("answered_calls", pa.int64()),
        ("first_answered_at", pa.timestamp("us", tz="UTC")),
        ("talk_s", pa.float64()),
        ("cost", pa.float64()),
        ("last_hangup_reason", pa.string()),
        ("from_archive", pa.bool_()),
        ("asked_at", pa.timestamp("us", tz="UTC")),
    ]
)
_SOURCE = pa.field("source", pa.string())  # of a job whose calls were read by time: how each order was answered
_CALLS = pa.schema([field for field in records.SCHEMA if field.name != "raw"])  # JSON is no cell of a spreadsheet


@dataclass(frozen=True, slots=True)
class FileRequest:
    """Which file of a job is wanted, with its times in which zone, as who may see it."""

    kind: Kind
    format: Format
    zone: str
    seen: Seen = "whole"


def build(job: Job, folder: Folder, archive: Archive, wanted: FileRequest) -> Path:
    """The file that is wanted, as things stand now; made once for as long as nothing changes.

    The orders file holds the uploaded rows, untouched and in their order, with `RESULT_COLUMNS` added; the calls file
    one row a call, in the order of the rows. Raises `ArchiveError`, `ExportError` or `JobsError`.
    """
    kind, zone = wanted.kind, ZoneInfo(wanted.zone)
    path = folder.path / "files" / f"{kind}-{_version(job, wanted)}.{wanted.format}"
    with folder.lock, folder.sentences():
        if path.is_file():
            return path
        path.parent.mkdir(exist_ok=True)
        parquet = path.with_suffix(".parquet")
        if not parquet.is_file():
            for old in path.parent.glob(f"{kind}-*"):
                old.unlink(missing_ok=True)
            _write(job, folder, archive, wanted, parquet)
        if wanted.format != "parquet":
            convert = export.convert if _is_small(parquet) else export.convert_apart
            convert(parquet, path, wanted.format, zone, sheet=kind)
    return path


def download_name(job: Job, kind: Kind, format: Format) -> str:
    """What a browser calls the file."""
    return export.file_name(job.file_name, kind, format)


def orders_with_cells(
    listed: Listed, archive: Archive, cells: Path, seen: Seen = "whole", ids: int = -1, *, source: bool = False
) -> Iterator[pa.RecordBatch]:
    """The rows of the orders file, some at a time; `ids` is the column of order ids, which is never masked. With a
    column `source` where orders may be answered in two ways."""
    first = 0
    with pq.ParquetFile(cells) as file:
        for batch in file.iter_batches(ROWS_AT_ONCE):
            result = _results(listed, archive, range(first, first + len(batch)), source=source)
            first += len(batch)
            if seen != "whole":
                result = masking.cells(result, ["reason", "last_hangup_reason"])
            if seen == "masked":
                batch = masking.cells(batch, [name for name in batch.schema.names if name not in ("row", f"c{ids}")])  # noqa: PLW2901
            columns = [batch.column(name) for name in batch.schema.names if name != "row"]
            yield pa.record_batch(columns + result.columns, schema=_orders_schema(len(columns), source=source))


def _write(job: Job, folder: Folder, archive: Archive, wanted: FileRequest, path: Path) -> None:
    listed = Listed(archive, folder.ids, job.window)
    if wanted.kind == "orders":
        columns, source = folder.read().columns, job.period is not None
        schema = _orders_schema(len(columns), source=source)
        names = [*columns, *schema.names[len(columns) :]]
        ids = folder.about()["checked"]["column"] if wanted.seen == "masked" else -1
        stream = orders_with_cells(listed, archive, folder.cells, wanted.seen, ids, source=source)
    else:
        names, schema, stream = list(_CALLS.names), _CALLS, _calls(listed, archive, whole=wanted.seen == "whole")
    export.write(pa.RecordBatchReader.from_batches(schema, stream), path, "parquet", ZoneInfo(wanted.zone), names=names)


def _results(listed: Listed, archive: Archive, places: range, *, source: bool) -> pa.RecordBatch:
    outcomes = listed.outcomes(places, REASONS)
    table = archive.orders(outcomes)
    sent = [None if outcome.word == "invalid" else outcome.order_id for outcome in outcomes]
    columns = [pa.array(sent, pa.string())]
    columns += [table[name].combine_chunks().cast(_RESULTS.field(name).type) for name in RESULT_COLUMNS[1:]]
    if source:
        columns.append(table["source"].combine_chunks().cast(pa.string()))
    return pa.record_batch(columns, schema=_orders_schema(0, source=source))


def _calls(listed: Listed, archive: Archive, *, whole: bool) -> Iterator[pa.RecordBatch]:
    sent = [place for place, sends in enumerate(listed.rows["sends"].to_pylist()) if sends]
    for first in range(0, len(sent), ROWS_AT_ONCE):
        outcomes = listed.outcomes(sent[first : first + ROWS_AT_ONCE], REASONS)
        found = archive.calls([o for o in outcomes if o.word == "found"]).select(_CALLS.names)
        yield from masking.calls(found, numbers=whole, recordings=whole).to_batches()


def _orders_schema(cells: int, *, source: bool) -> pa.Schema:
    said = [*_RESULTS, _SOURCE] if source else list(_RESULTS)
    return pa.schema([pa.field(f"c{n}", pa.string()) for n in range(cells)] + said)


def _is_small(parquet: Path) -> bool:
    try:
        said = pq.read_metadata(parquet)
    except (OSError, pa.ArrowInvalid):  # whoever converts it says so
        return False
    size = sum(said.row_group(n).total_byte_size for n in range(said.num_row_groups))
    return bool(said.num_rows * said.num_columns <= FEW_CELLS and size <= FEW_BYTES)


def _version(job: Job, wanted: FileRequest) -> str:
    counts = (job.found, job.no_calls, job.failed, job.calls)
    parts = (job.state, job.finished_at, *counts, job.window, wanted.zone, wanted.seen)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
