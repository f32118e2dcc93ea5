"""One sheet of a workbook -> rows of text, as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import IO

from nxcc.intake import plain_sheet
from nxcc.intake.limits import LONGEST_CELL, MOST_COLUMNS, IntakeError
from nxcc.intake.ooxml import Attributes, MalformedError, feed, local, parser
from nxcc.intake.plain_sheet import NotPlainError
from nxcc.intake.values import Values

Row = list[str | None]

_LAST_ROW = 1_048_576  # of a sheet in Excel


def sheet_rows(opened: Callable[[], IO[bytes]], name: str, values: Values) -> Iterator[Row]:
    """The rows of a sheet's XML from row 1; `opened` opens it anew. Raises IntakeError over a limit, MalformedError.

    As Excel and most others write it, it is read at two and a half times the speed of an XML parser; what is written in
    another way is given to the parser.
    """
    done = 0
    try:
        with opened() as file:
            for row in _numbered(plain_sheet.rows(file, values)):
                yield row
                done += 1
            return
    except NotPlainError:
        pass
    with opened() as file:
        yield from islice(_numbered(_parsed(file, name, values)), done, None)


def _numbered(rows: Iterable[tuple[int, Row]]) -> Iterator[Row]:
    """Rows by their numbers, with empty ones for those that are not there."""
    expected = 1
    for number, row in rows:
        if not expected <= number <= _LAST_ROW:
            raise MalformedError("a row that no sheet has, or out of order")
        for _ in range(number - expected):
            yield []
        yield row
        expected = number + 1


def _parsed(file: IO[bytes], name: str, values: Values) -> Iterator[tuple[int, Row]]:
    reader = _Reader(name, values)
    for _ in feed(reader.parser, file):
        yield from reader.rows
        reader.rows.clear()


class _Reader:
    """Collects `rows` (number, cells) while the parser goes through a sheet."""

    def __init__(self, name: str, values: Values) -> None:
        self.rows: list[tuple[int, Row]] = []
        self.parser = parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self._name, self._values = name, values
        self._number = self._column = self._length = 0
        self._row: Row = []
        self._cell: Attributes = {}
        self._parts: list[str] = []
        self._reading = False
        self._phonetic = 0

    def _start(self, tag: str, attributes: Attributes) -> None:
        tag = local(tag) if ":" in tag else tag
        if tag == "c":
            self._cell = attributes
            self._parts = []
            self._length = 0
            reference = attributes.get("r")
            self._column = _column(reference.rstrip("0123456789")) if reference else self._column + 1
        elif tag in ("v", "t"):
            self._reading = not self._phonetic
        elif tag == "row":
            self._number = int(attributes.get("r", self._number + 1))
            self._column = 0
            self._row = []
        elif tag == "rPh":
            self._phonetic += 1

    def _data(self, data: str) -> None:
        if self._reading:
            self._parts.append(data)
            self._length += len(data)
            if self._length > LONGEST_CELL:
                raise IntakeError(
                    f"Row {self._number:,} of {self._name} has a cell of more than {LONGEST_CELL:,} characters.",
                    cure="Leave that text out.",
                    row=self._number,
                )

    def _end(self, tag: str) -> None:
        tag = local(tag) if ":" in tag else tag
        if tag in ("v", "t"):
            self._reading = False
        elif tag == "c":
            if self._parts or self._cell.get("t") in ("str", "inlineStr"):
                self._put(self._values.text("".join(self._parts), self._cell.get("t"), self._cell.get("s")))
        elif tag == "row":
            self.rows.append((self._number, self._row))
        elif tag == "rPh":
            self._phonetic -= 1

    def _put(self, text: str) -> None:
        missing = self._column - 1 - len(self._row)
        if missing < 0 or self._column > MOST_COLUMNS:
            raise MalformedError("a cell out of place")
        self._row += [None] * missing
        self._row.append(text)


@lru_cache(maxsize=MOST_COLUMNS)
def _column(letters: str) -> int:
    """`A` -> 1, `XFD` -> 16,384."""
    number = 0
    for letter in letters[:4].upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
