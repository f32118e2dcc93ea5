"""Takes an order id or a number out of the folder of a job or an upload.

Cells that hold it say `[forgotten]` then, in their rows: row numbers and all other cells stay. The list of ids is made
of the cells anew, so such a row is not asked any more. The uploaded file itself cannot be changed in place, whatever it
is (a workbook, a .gz, GB18030): where it holds the text, a plain CSV of the cells takes its place. An upload that was
never read as a table, and holds it, goes as a whole.

Every step can be done again after a process was killed: a folder is marked before the first one.
"""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nxcc import intake
from nxcc.intake import Check, Overrides, Reading
from nxcc.jobs.errors import JobsError
from nxcc.jobs.folder import Folder
from nxcc.jobs.unpacked import parts
from nxcc.traces import MARK, Trace

_ROWS = 50_000
_UNDER_WAY = "forgetting"  # in what is noted of a folder
_NOTE = "Parts of this file were forgotten; the uploaded file was replaced by what is left of its cells."
_NOTED = ("name", "columns", "sheet", "sheets", "notes")


@dataclass(frozen=True, slots=True)
class Held:
    """What of a folder holds it: cells, the uploaded file, what is noted of it (names). `whole`: all of it goes."""

    cells: int = 0
    upload: bool = False
    noted: bool = False
    whole: bool = False
    half_done: bool = False  # a process was killed in the middle

    def __bool__(self) -> bool:
        return bool(self.cells or self.upload or self.noted or self.whole or self.half_done)


def look(folder: Folder, trace: Trace) -> Held:
    """What would be changed. Raises `JobsError`."""
    with folder.lock, _quiet(folder):
        try:
            about = folder.about()
        except JobsError:  # damaged: nobody can use it
            return Held(whole=any(_in_file(path, trace) for path in folder.path.iterdir() if path.is_file()))
        upload = _NOTE not in _notes(about) and folder.upload.is_file() and _in_file(folder.upload, trace)
        if not folder.cells.is_file() or not about.get("reading"):
            return Held(whole=upload, noted=_without(about, trace) != about)
        cells = sum(pc.sum(mask).as_py() or 0 for _, masks in _masked(folder, about, trace) for mask in masks.values())
        listed = folder.ids.is_file() and _listed(folder.ids, trace)
        half_done = bool(about.get(_UNDER_WAY)) or (listed and not cells)
        return Held(cells, upload, _without(about, trace) != about, half_done=half_done)


def clean(folder: Folder, trace: Trace) -> tuple[Held, Check | None]:
    """Takes it out; returns what was held, and the list as it is then, where it has changed. Raises `JobsError`."""
    with folder.lock, _quiet(folder):
        held = look(folder, trace)
        _remove_scraps(folder)
        if held.whole:
            folder.remove()
        elif held and not folder.cells.is_file():
            folder.note(**_without(folder.about(), trace))
        elif held:
            return held, _clean(folder, trace)
        return held, None


def _clean(folder: Folder, trace: Trace) -> Check | None:
    folder.note(**{_UNDER_WAY: True})
    about = _without(folder.about(), trace)
    reading, checked = Reading.from_json(about["reading"]), about.get("checked")
    with tempfile.TemporaryDirectory(prefix=".intake-", dir=folder.path) as scratch:
        cells, upload = Path(scratch) / "cells.parquet", Path(scratch) / "upload"
        _write_cells(folder, about, trace, cells)
        _write_csv(cells, reading, upload)
        for made, place in ((cells, folder.cells), (upload, folder.upload)):
            _sync(made)
            made.replace(place)
    check = None
    if checked and folder.ids.is_file():
        check = intake.check(folder.cells, checked["column"], folder.ids, insist=checked["insist"])
        about["check"] = check.to_json()
    overrides = Overrides(encoding="UTF-8", delimiter=",", quote='"', header=reading.header)
    reading = replace(
        reading, format="csv", compressed=False, encoding="UTF-8", delimiter=",", quote='"', sheets=[], sheet="",
        notes=[*(note for note in reading.notes if note != _NOTE), _NOTE],
    )  # fmt: skip
    folder.note(**(about | {"overrides": asdict(overrides), "reading": reading.to_json(), _UNDER_WAY: False}))
    return check


def _masked(
    folder: Folder, about: dict[str, Any], trace: Trace
) -> Iterator[tuple[pa.RecordBatch, dict[str, pa.Array]]]:
    """The cells some rows at a time, and for each column which of them hold it, where any do."""
    rows, column = _rows_that_ask(folder, trace), (about.get("checked") or {}).get("column")
    with pq.ParquetFile(folder.cells) as file:
        for group in range(file.num_row_groups):
            for batch in file.iter_batches(_ROWS, row_groups=[group]):
                masks = {}
                for name in batch.schema.names:
                    if name == "row":
                        continue
                    mask = pc.fill_null(pc.match_substring_regex(batch.column(name), trace.pattern), False)
                    if name == f"c{column}" and len(rows):
                        mask = pc.or_(mask, pc.is_in(batch.column("row"), rows))
                    if pc.any(mask).as_py():
                        masks[name] = mask
                yield batch, masks


def _rows_that_ask(folder: Folder, trace: Trace) -> pa.Array:
    """Rows that ask for the order, in whatever way their cell writes it."""
    if trace.kind != "order" or not folder.ids.is_file():
        return pa.array([], pa.int64())
    table = pq.read_table(folder.ids, columns=["row", "order_id"])
    return table.filter(pc.equal(table["order_id"], trace.whole))["row"].combine_chunks()


def _listed(ids: Path, trace: Trace) -> bool:
    """Whether the list of ids holds it: it is written after the cells."""
    table = pq.read_table(ids, columns=["raw", "order_id"])
    if trace.kind == "order" and pc.any(pc.equal(table["order_id"], trace.whole)).as_py():
        return True
    return any(pc.any(pc.match_substring_regex(column, trace.pattern)).as_py() for column in table.columns)


def _write_cells(folder: Folder, about: dict[str, Any], trace: Trace, into: Path) -> None:
    with pq.ParquetFile(folder.cells) as file, pq.ParquetWriter(into, file.schema_arrow, compression="zstd") as writer:
        for batch, masks in _masked(folder, about, trace):
            columns = [
                pc.if_else(masks[name], MARK, column) if name in masks else column
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            ]
            writer.write_batch(pa.record_batch(columns, schema=file.schema_arrow), row_group_size=_ROWS)


def _write_csv(cells: Path, reading: Reading, into: Path) -> None:
    """The header in the row in which it was, so that row numbers stay what they are."""
    with pq.ParquetFile(cells) as file, into.open("w", encoding="utf-8", newline="") as out:
        write = csv.writer(out)
        if reading.header:
            out.write("\r\n" * (reading.header - 1))
            write.writerow(reading.columns)
        names = [name for name in file.schema_arrow.names if name != "row"]
        for batch in file.iter_batches(_ROWS, columns=names):
            write.writerows(zip(*(column.to_pylist() for column in batch.columns), strict=True))


def _without(about: dict[str, Any], trace: Trace) -> dict[str, Any]:
    """What is noted of an upload, with a mark in the place of what is forgotten in names."""

    def clean(key: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: clean(name, each) for name, each in value.items()}
        if isinstance(value, list):
            return [clean(key, each) for each in value]
        return trace.without(value) if key in _NOTED and isinstance(value, str) else value

    return {key: clean(key, value) for key, value in about.items()}


def _notes(about: dict[str, Any]) -> list[str]:
    return (about.get("reading") or {}).get("notes") or []


def _in_file(path: Path, trace: Trace) -> bool:
    """A short id is looked for in cells only: in whole files it would be found everywhere."""
    return not trace.only_whole and any(trace.may_be_in(part) for part in parts(path))


def _remove_scraps(folder: Folder) -> None:
    """What a killed process left half made; nobody in this process makes anything here: we hold the lock."""
    for scrap in (*folder.path.glob(".intake-*"), *folder.path.glob("about.*")):
        if scrap.is_dir():
            shutil.rmtree(scrap, ignore_errors=True)
        elif scrap.suffix != ".json":
            scrap.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextmanager
def _quiet(folder: Folder) -> Iterator[None]:
    """As `Folder.sentences`, without what came before: it may say what is to be forgotten."""
    try:
        with folder.sentences():
            yield
    except JobsError as error:
        raise JobsError(error.what, cure=error.cure) from None
