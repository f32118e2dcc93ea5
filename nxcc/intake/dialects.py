"""How a delimited text is written: which sign parts the cells, which one quotes them. Found by what is consistent."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nxcc.intake.limits import LONGEST_CELL

if TYPE_CHECKING:
    from _csv import Reader

DELIMITERS = (",", ";", "\t", "|")
QUOTES = ('"', "'", '\\"', "")  # doubled inside a quoted cell; the third is escaped by a backslash; none

_RARER_IN_CELLS = ("\t", "|", ";", ",")  # of two that fit as well, the one that prose has less often

csv.field_size_limit(LONGEST_CELL)  # Python's own limit is 131,072; it is one for the process


@dataclass(frozen=True, slots=True)
class Dialect:
    """`delimiter` one of `DELIMITERS`, `quote` one of `QUOTES`."""

    delimiter: str = ","
    quote: str = '"'

    def rows(self, lines: Iterable[str], *, strict: bool = True) -> Reader:
        """The cells of each row; `strict` raises csv.Error at text behind a closing quote and at an open quote."""
        if not self.quote:
            return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE)
        backslash = self.quote.startswith("\\")
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote[-1],
            doublequote=not backslash,
            escapechar="\\" if backslash else None,
            strict=strict,
        )


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well a dialect explains a text: `width` cells in `share` of its rows; `broken` when it meets an error."""

    dialect: Dialect
    width: int
    share: float
    broken: bool

    @property
    def rank(self) -> tuple[int, float, int]:
        several = self.width > 1
        sign = _RARER_IN_CELLS.index(self.dialect.delimiter)
        return (0 if not several else 1 if self.broken else 2), self.share, -sign if several else sign


def find(text: str, *, whole: bool = True, delimiter: str | None = None, quote: str | None = None) -> Dialect:
    """The dialect of a text (its beginning, when not `whole`), with what is given kept.

    One column without a sign is taken as parted by commas and quoted by `"`.
    """
    delimiters = (delimiter,) if delimiter else DELIMITERS
    if quote is not None:
        return _best(_fit(text, Dialect(d, quote), whole) for d in delimiters).dialect
    best = _best(_fit(text, Dialect(d), whole) for d in delimiters)
    for other in ('\\"', "'"):
        fits = [_fit(text, Dialect(d, other), whole) for d in delimiters if _used(text, d, other)]
        fits = [fit for fit in fits if not fit.broken]
        if fits and _best(fits).rank[:2] >= best.rank[:2]:
            best = _best(fits)
    return best.dialect


def same_width(text: str, *, whole: bool = True) -> Dialect | None:
    """The dialect of a text whose lines all have the same number of cells, two or more; None when no sign does that."""
    fits = [_fit(text, Dialect(d), whole) for d in DELIMITERS]
    clear = [fit for fit in fits if fit.width > 1 and fit.share == 1 and not fit.broken]
    return _best(clear).dialect if clear else None


def _best(fits: Iterable[_Fit]) -> _Fit:
    return max(fits, key=lambda fit: fit.rank)


def _fit(text: str, dialect: Dialect, whole: bool) -> _Fit:
    broken = False
    try:
        widths = _widths(dialect.rows(io.StringIO(text, newline="")))
    except csv.Error as error:
        broken = whole or "end of data" not in str(error)
        widths = _widths(dialect.rows(io.StringIO(text, newline=""), strict=False))
    if not widths:
        return _Fit(dialect, 1, 0.0, broken)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    return _Fit(dialect, width, count / widths.total(), broken)


def _widths(rows: Iterable[list[str]]) -> Counter[int]:
    try:
        return Counter(len(row) for row in rows if row)
    except csv.Error as error:
        if "field larger" in str(error):
            return Counter()
        raise


def _used(text: str, delimiter: str, quote: str) -> bool:
    """Whether a text shows that it quotes that way: it needs the quotes, or has them in nearly every line."""
    if quote != "'":
        return '\\"' in text and '""' not in text.replace('\\"', "") and _doubling_fails(text, delimiter)
    if _cells_quoted_by('"', delimiter).search(text):
        return False
    found = [match[1] for match in _cells_quoted_by("'", delimiter).finditer(text)]
    needed = any(delimiter in cell or "\n" in cell or "\r" in cell or "''" in cell for cell in found)
    lines = text.count("\n") + text.count("\r") - text.count("\r\n")
    return needed or (len(found) >= 2 and len(found) >= 0.9 * lines)


def _doubling_fails(text: str, delimiter: str) -> bool:
    """Whether `"` doubled explains no `\\"` of a text: `"C:\\dir\\"` is a path, `5\\" pipe` is an escape."""
    try:
        rows = Dialect(delimiter).rows(io.StringIO(text, newline=""))
        return any('\\"' in cell for row in rows for cell in row)
    except csv.Error:
        return True


def _cells_quoted_by(quote: str, delimiter: str) -> re.Pattern[str]:
    """A quoted cell of up to 500 characters; possessive, so that a text of quotes takes no longer than another."""
    d = re.escape(delimiter)
    inside = f"(?:[^{quote}]|{quote}{quote}){{0,500}}+"
    return re.compile(f"(?:^|{d}|(?<=[\r\n])){quote}({inside}){quote}(?={d}|[\r\n]|$)")
