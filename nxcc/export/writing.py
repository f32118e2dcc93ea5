"""A stream of batches into a file, whole or not at all."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
from pyarrow import parquet

from nxcc.export.csv_file import write_csv
from nxcc.export.formats import ExportError, Format
from nxcc.export.parquet_file import BYTES_A_GROUP, ROWS_A_GROUP, read_parquet, true_names, write_parquet
from nxcc.export.pieces import pieces, rows_at_once

UNDER_WAY = ".nxcc-"  # how folders begin in which files are being made; what a killed process left can be removed
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write(
    batches: pa.RecordBatchReader,
    path: Path,
    format: Format,
    zone: ZoneInfo,
    *,
    sheet: str = "orders",
    names: Sequence[str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Writes the rows of `batches` to `path` and returns their number; memory does not grow with it.

    `names` are the headers, where they are not the schema's: they may be empty and may repeat. Times are written in
    `zone`. `sheet` names the first sheet of an XLSX file. `progress` hears how many rows are written so far.

    Raises `ExportError` when the file cannot be written or its format cannot hold the table; then nothing is left
    behind and a file that stood at `path` stays. Errors of the stream itself pass through.
    """
    schema, names = batches.schema, list(batches.schema.names if names is None else names)
    if len(names) != len(schema):
        raise ValueError(f"{len(names)} names for {len(schema)} columns")
    count = _Count(progress)
    if format == "parquet":
        parts = count.of(pieces(batches, ROWS_A_GROUP, BYTES_A_GROUP))
    else:
        parts = count.of(pieces(batches, rows_at_once(len(names))))
    with making(path) as made:
        if format == "csv":
            write_csv(parts, made, names, zone)
        elif format == "parquet":
            write_parquet(parts, made, names, schema, zone)
        else:
            from nxcc.export.xlsx_file import write_xlsx  # here, because most who export never need xlsxwriter

            write_xlsx(parts, made, names, schema, zone=zone, sheet=sheet)
    return count.rows


def convert(source: Path, path: Path, format: Format, zone: ZoneInfo, *, sheet: str = "orders") -> int:
    """A Parquet file that `write` made, in another format, with the true names of its columns; returns its rows.

    Raises `ExportError` as `write` does, and when `source` cannot be read.
    """
    try:
        file = parquet.ParquetFile(source)
    except (OSError, pa.ArrowInvalid) as error:
        raise ExportError(f"{source.name} cannot be read as Parquet.", cure="Make the files again.") from error
    with file:
        names = true_names(file.schema_arrow)
        return write(read_parquet(file, rows_at_once(len(names))), path, format, zone, sheet=sheet, names=names)


@contextmanager
def making(path: Path) -> Iterator[Path]:
    """Where to write what shall stand at `path`: in a folder of its own beside it, moved when the block ends well.

    The folder goes in any case, with all that was put into it. Raises `ExportError` in place of `OSError`.
    """
    folder = None
    try:
        folder = Path(tempfile.mkdtemp(prefix=UNDER_WAY, dir=path.parent))
        yield folder / path.name
        (folder / path.name).replace(path)
    except OSError as error:
        raise _cannot(path, error) from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


class _Count:
    """Counts the rows of the parts that pass; a part counts when the next one is asked for, so when it is written."""

    def __init__(self, progress: Callable[[int], None] | None) -> None:
        self.rows = 0
        self._progress = progress

    def of(self, parts: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for part in parts:
            yield part
            self.rows += part.num_rows
            if self._progress is not None:
                self._progress(self.rows)


def _cannot(path: Path, error: OSError) -> ExportError:
    if error.errno in _FULL:
        return ExportError(
            f"There is no room to write {path.name}: {error.strerror}.",
            cure="Free some space on the disk of the data folder and ask for the file again; no answer is lost.",
        )
    return ExportError(
        f"{path.name} cannot be written: {error.strerror or error}.",
        cure="Check that the folder is there and may be written to, and ask for the file again.",
    )
