"""An uploaded file -> a table of text, with what was found on the way: the door of this package."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from nxcc.intake import cells, content, delimited, headers, workbook
from nxcc.intake.cells import Row, Stored, WiderError
from nxcc.intake.delimited import Delimited, StrayTextError
from nxcc.intake.dialects import DELIMITERS, QUOTES
from nxcc.intake.encodings import ENCODINGS
from nxcc.intake.limits import MOST_ROWS, IntakeError

_HEAD = 200  # rows that are looked at to find the header


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a person knows better; None = find out."""

    encoding: str | None = None  # one of ENCODINGS
    delimiter: str | None = None  # one of DELIMITERS
    quote: str | None = None  # one of QUOTES
    header: int | None = None  # its row number as a spreadsheet shows it, 1 = the first row; 0 = no header
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a file."""

    name: str  # as uploaded, for display
    format: str  # "csv" (any delimited text), "txt" (one id a line), "xlsx"
    compressed: bool  # it came as .gz
    encoding: str = ""  # a key of ENCODINGS; "" for xlsx
    delimiter: str = ""  # "" for txt and xlsx
    quote: str = ""  # one of QUOTES
    header: int = 0  # row number, 0 = none
    columns: list[str] = field(default_factory=list)  # as in the file, so a name may come twice; "Column 3" for none
    rows: int = 0  # data rows kept
    sheets: list[str] = field(default_factory=list)
    sheet: str = ""
    notes: list[str] = field(default_factory=list)  # a sentence each: what was odd, and how it was read

    def to_json(self) -> dict[str, Any]:
        """Plain values, to be kept in a file."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Reading:
        """What `to_json` gave."""
        return cls(**values)


def read(source: Path, name: str, into: Path, overrides: Overrides = Overrides()) -> Reading:
    """Reads the uploaded bytes in `source` and writes its data rows to `into`; `name` is the file's own name.

    `into` becomes Parquet: `row` (int64, the row's number as a spreadsheet shows it) and `c0`, `c1` ... (text, each
    cell exactly as in the file; a missing cell is null, an empty one ""). It appears complete or not at all.
    Raises IntakeError, whatever the bytes are: what is wrong, at which row, and the cure.
    """
    _require_known(overrides)
    try:
        with tempfile.TemporaryDirectory(prefix=".intake-", dir=into.parent) as scratch:
            stored = Path(scratch) / "cells.parquet"
            reading = _read(source, name, stored, overrides)
            stored.replace(into)
            return reading
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise IntakeError(f"{name} cannot be read or kept: {reason}.", cure="Is the disk full?") from error


def _read(source: Path, name: str, into: Path, overrides: Overrides) -> Reading:
    found = content.unpack(source, name, into.parent)
    if found.format == "xlsx":
        with workbook.opened(found.path, name, overrides.sheet) as book:
            try:
                header, columns, kept = _store(book.rows, name, into, overrides.header)
            except IntakeError as error:
                error.sheets = book.sheets
                raise
            return Reading(
                name,
                "xlsx",
                found.compressed,
                header=header,
                columns=columns,
                rows=kept.rows,
                sheets=book.sheets,
                sheet=book.sheet,
            )
    text = delimited.opened(
        found.path, name, encoding=overrides.encoding, delimiter=overrides.delimiter, quote=overrides.quote
    )
    header, columns, kept, notes = _store_text(text, into, overrides.header)
    return Reading(
        name,
        "csv" if text.dialect else "txt",
        found.compressed,
        text.encoding,
        text.delimiter,
        text.quote,
        header,
        columns,
        kept.rows,
        notes=notes,
    )


def _require_known(overrides: Overrides) -> None:
    known = (
        ("encoding", overrides.encoding, tuple(ENCODINGS)),
        ("delimiter", overrides.delimiter, DELIMITERS),
        ("quote", overrides.quote, QUOTES),
    )
    for what, value, allowed in known:
        if value is not None and value not in allowed:
            raise IntakeError(f"There is no {what} {value!r} here.", cure=f"Choose one of {', '.join(allowed)}.")
    if overrides.header is not None and not 0 <= overrides.header <= MOST_ROWS:
        raise IntakeError(f"There is no row {overrides.header:,} to be the header.", cure="Choose another row.")


def _store_text(text: Delimited, into: Path, asked: int | None) -> tuple[int, list[str], Stored, list[str]]:
    """Text behind a closing quote is read as it stands where the rows show that it moved no cell."""
    notes = []
    if text.separator_line:
        notes.append(f"The first line, sep={text.delimiter}, names the delimiter; it is not counted as a row.")
    try:
        header, columns, kept = _store(text.rows, text.name, into, asked)
    except StrayTextError as stray:
        try:
            header, columns, kept = _store(replace(text, strict=False).rows, text.name, into, asked)
        except StrayTextError:
            raise stray from None
        if kept.short or kept.long:
            raise
        notes.append(f"Row {stray.row:,} has text behind a closing quote; it is read as it stands, like all that do.")
    return header, columns, kept, notes + _ragged(kept, bool(header))


def _store(
    rows: Callable[[], Iterator[Row]], name: str, into: Path, asked: int | None
) -> tuple[int, list[str], Stored]:
    """Finds the header in the first rows and writes those behind it: header row, column names, what was written."""
    head = list(islice(rows(), max(_HEAD, asked or 0)))
    header = headers.find_header(head[:_HEAD]) if asked is None else asked
    if header > len(head):
        raise IntakeError(f"{name} has no row {header:,} to be the header.", cure="Choose another row.", row=header)
    named = head[header - 1] if header else ()
    usual = len(named) or max(map(len, head), default=0)
    width = max(1, usual, cells.widest(name, head))
    while True:
        try:
            kept = cells.store(
                islice(rows(), header, None), into, name=name, first=header + 1, width=width, usual=usual
            )
        except WiderError:  # a surprise far down: the file is gone through once to know, and written again
            width = max(width + 1, cells.widest(name, rows()))
        else:
            break
    if not kept.filled:
        raise _without_rows(name, kept, header)
    return header, headers.names(named, width), kept


def _without_rows(name: str, kept: Stored, header: int) -> IntakeError:
    if header:
        what = f"{name} has no rows below its header in row {header:,}."
        return IntakeError(what, cure="Choose a file with order ids, or say that it has no header.")
    return IntakeError(f"{name} holds only empty cells." if kept.rows else f"{name} holds only empty lines.")


def _ragged(kept: Stored, header: bool) -> list[str]:
    notes = []
    than = "the header" if header else "others"
    if kept.short:
        have = "row has" if kept.short == 1 else "rows have"
        notes.append(
            f"{kept.short:,} {have} fewer cells than {than} (first: row {kept.first_short:,}): "
            "the missing cells are empty."
        )
    if kept.long:
        have = "row has" if kept.long == 1 else "rows have"
        number, width = kept.first_long
        notes.append(
            f"{kept.long:,} {have} more cells than {than} (first: row {number:,} with {width:,}): "
            "columns were added for them."
        )
    return notes
