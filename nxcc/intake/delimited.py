"""A text file as rows of cells: exactly what is in it, row by row, or a refusal that names the row.

Python's csv module, not DuckDB's reader: that one drops empty lines, knows no difference between an empty cell and a
missing one, and after a mixed line end moves cells to another column without a word (1.5.5, every option tried).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TextIO

from nxcc.intake import dialects, encodings
from nxcc.intake.dialects import Dialect
from nxcc.intake.limits import LONGEST_CELL, IntakeError

Row = list[str]

_SAMPLE = 1 << 18  # characters that are looked at to find the dialect
_END = "\x00end of the file\x00"  # a last line of our own: an open quote would swallow it
_SEPARATOR = {f"sep={delimiter}": delimiter for delimiter in dialects.DELIMITERS}  # Excel's own first line


class StrayTextError(IntakeError):
    """Text behind a closing quote: where the cell ends is a guess."""


@dataclass(frozen=True, slots=True)
class Delimited:
    """A text file whose encoding and dialect are known; `dialect` is None where each line is one cell."""

    path: Path
    name: str
    encoding: str
    codec: str
    dialect: Dialect | None
    separator_line: bool = False  # `sep=;` comes first: no row, as in Excel
    strict: bool = True  # False: text behind a closing quote is read as it stands, if no cell holds a line break

    @property
    def delimiter(self) -> str:
        return self.dialect.delimiter if self.dialect else ""

    @property
    def quote(self) -> str:
        return self.dialect.quote if self.dialect else ""

    def rows(self) -> Iterator[Row]:
        """Every row from the first one; an empty line is an empty row.

        Raises IntakeError with the row: a quote that is never closed, a cell over the limit, and (StrayTextError)
        text behind a closing quote.
        """
        with self.path.open(encoding=self.codec, newline="") as file:
            if self.separator_line:
                file.readline()
            if self.dialect is None:
                yield from ([line] if (line := ended.rstrip("\r\n")) else [] for ended in file)
            elif self.strict:
                yield from self._strict(self.dialect, file)
            else:
                yield from self._lenient(self.dialect, file)

    def _strict(self, dialect: Dialect, file: TextIO) -> Iterator[Row]:
        rows = dialect.rows(file)
        done = 0
        try:
            for row in rows:
                yield row
                done += 1
        except csv.Error as error:
            raise self._refusal(error, done + 1) from error

    def _lenient(self, dialect: Dialect, file: TextIO) -> Iterator[Row]:
        rows = dialect.rows(chain(file, [_END]), strict=False)
        done = 0
        try:
            for row in rows:
                if row == [_END]:
                    return
                done += 1
                if row and row[-1].endswith(_END):
                    raise _open_quote(self.name, done)
                if rows.line_num != done:
                    raise _stray(self.name, done)
                yield row
        except csv.Error as error:
            raise self._refusal(error, done + 1) from error

    def _refusal(self, error: csv.Error, row: int) -> IntakeError:
        message = str(error)
        if "end of data" in message:
            return _open_quote(self.name, row)
        if "field larger" in message:
            return IntakeError(
                f"Row {row:,} of {self.name} has a cell of more than {LONGEST_CELL:,} characters.",
                cure="Look for a quote that is never closed there.",
                row=row,
            )
        return _stray(self.name, row)


def _stray(name: str, row: int) -> StrayTextError:
    return StrayTextError(
        f"Row {row:,} of {name} has text behind a closing quote.",
        cure="Double the quotes inside that cell, or save the file again.",
        row=row,
    )


def _open_quote(name: str, row: int) -> IntakeError:
    return IntakeError(
        f"Row {row:,} of {name} opens a quote that is never closed.",
        cure="Close it or take it out; the rows behind it would all be lost in one cell.",
        row=row,
    )


def opened(
    path: Path,
    name: str,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
) -> Delimited:
    """Finds the encoding and the dialect of a text file, or takes those given. Raises IntakeError: no text."""
    encoding, codec = encodings.find(path, name, encoding)
    with path.open(encoding=codec, newline="") as file:
        text = file.read(_SAMPLE)
        whole = not file.read(1)
    if not whole:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    first, line_end, rest = text.partition("\n")
    separator = _SEPARATOR.get(first.rstrip("\r").lower())
    if separator and delimiter is None:
        dialect = dialects.find(rest, whole=whole, delimiter=separator, quote=quote)
        return Delimited(path, name, encoding, codec, dialect, separator_line=bool(line_end))
    if name.lower().removesuffix(".gz").endswith(".txt") and delimiter is None and quote is None:
        return Delimited(path, name, encoding, codec, dialects.same_width(text, whole=whole))
    dialect = dialects.find(text, whole=whole, delimiter=delimiter, quote=quote)
    return Delimited(path, name, encoding, codec, dialect)
