"""One sheet of a workbook -> rows of text. A number is written with all the digits that the file has of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import IO

from nxcc.intake.limits import LONGEST_CELL, MOST_COLUMNS, IntakeError
from nxcc.intake.ooxml import Attributes, MalformedError, feed, local, parser, unescaped

Row = list[str | None]

_LAST_ROW = 1_048_576  # of a sheet in Excel
_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))  # formats that need no code
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_NOT_FORMAT = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
_LARGEST_WRITTEN_OUT = Decimal("1E+40")


@dataclass(frozen=True, slots=True)
class Styles:
    """What a cell's style says of its number: `date`, `elapsed` (hours and minutes) or nothing."""

    kinds: list[str]
    epoch: datetime

    @classmethod
    def of(cls, used: list[int], formats: dict[int, str], epoch_1904: bool) -> Styles:
        """From the format of each cell style, and the codes of the formats that the workbook brings itself."""
        kinds = ["date" if n in _DATES and n not in formats else _kind(formats.get(n, "")) for n in used]
        return cls(kinds, datetime(1904, 1, 1) if epoch_1904 else datetime(1899, 12, 30))

    def text(self, value: str, style: str | None) -> str:
        """A number as its cell means it: `2026-07-01`, `2026-07-01 10:00:00`, `26:03:00`, or the number's digits."""
        index = int(style) if style else 0
        kind = self.kinds[index] if index < len(self.kinds) else ""
        if kind == "date":
            return self._date(value) or number(value)
        return _elapsed(value) if kind else number(value)

    def _date(self, value: str) -> str:
        days = float(value)
        if not 0 <= days < 2_958_466:  # 9999-12-31 is the last day that Excel knows
            return ""
        quirk = 1 if 1 <= days < 60 and self.epoch.year == 1899 else 0
        moment = self.epoch + timedelta(milliseconds=round((days + quirk) * 86_400_000))
        if days < 1:
            return moment.time().isoformat("auto")
        return moment.date().isoformat() if days.is_integer() else moment.isoformat(" ")


def number(value: str) -> str:
    """A number of a cell as digits: never 1.2E+18, no `.0` behind a whole one."""
    if value.isdecimal():
        return value
    try:
        exact = Decimal(value)
    except ArithmeticError:
        return value
    if not exact.is_finite() or abs(exact) > _LARGEST_WRITTEN_OUT or (exact and abs(exact) < 1 / _LARGEST_WRITTEN_OUT):
        return value
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def sheet_rows(file: IO[bytes], name: str, texts: list[str], styles: Styles) -> Iterator[Row]:
    """The rows of a sheet's XML from row 1. Raises IntakeError at what is over a limit, MalformedError."""
    reader = _Reader(name, texts, styles)
    expected = 1
    for _ in feed(reader.parser, file):
        for number_, row in reader.rows:
            if number_ < expected:
                raise MalformedError("rows out of order")
            for _ in range(number_ - expected):
                yield []
            yield row
            expected = number_ + 1
        reader.rows.clear()


class _Reader:
    """Collects `rows` (number, cells) while the parser goes through a sheet."""

    def __init__(self, name: str, texts: list[str], styles: Styles) -> None:
        self.rows: list[tuple[int, Row]] = []
        self.parser = parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self._name, self._texts, self._styles = name, texts, styles
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
            if not 0 < self._number <= _LAST_ROW:
                raise MalformedError("a row that no sheet has")
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
                self._put(self._text("".join(self._parts)))
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

    def _text(self, value: str) -> str:
        kind = self._cell.get("t", "n")
        if kind == "s":
            return self._texts[int(value)]
        if kind == "n":
            return self._styles.text(value, self._cell.get("s"))
        if kind == "b":
            return {"1": "TRUE", "0": "FALSE"}.get(value, value)
        return unescaped(value)  # str, inlineStr, e (#N/A), d (a date as text)


@lru_cache(maxsize=MOST_COLUMNS)
def _column(letters: str) -> int:
    """`A` -> 1, `XFD` -> 16,384."""
    number_ = 0
    for letter in letters[:4].upper():
        number_ = number_ * 26 + ord(letter) - ord("A") + 1
    return number_


def _kind(code: str) -> str:
    if _ELAPSED.search(code):
        return "elapsed"
    bare = _NOT_FORMAT.sub("", code.partition(";")[0]).lower()
    return "date" if bare != "general" and any(sign in bare for sign in "ymdhs") else ""


def _elapsed(value: str) -> str:
    seconds = round(float(value) * 86_400)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{abs(seconds) // 3600}:{abs(seconds) // 60 % 60:02d}:{abs(seconds) % 60:02d}"
