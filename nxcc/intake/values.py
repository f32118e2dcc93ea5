"""A cell of a workbook -> its text. A number is written with all the digits that the file has of it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from nxcc.intake.ooxml import unescaped

_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))  # formats that need no code
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_NOT_FORMAT = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
_LARGEST_WRITTEN_OUT = Decimal("1E+40")


@dataclass(frozen=True, slots=True)
class Values:
    """What cells only point to: the shared texts of the workbook, and its styles."""

    texts: list[str]
    styles: Styles

    def text(self, value: str, kind: str | None, style: str | None) -> str:
        """The text of a cell by its attributes `t` and `s`. Raises ValueError, IndexError: the workbook is damaged."""
        if kind == "s":
            return self.texts[int(value)]
        if kind is None or kind == "n":
            return self.styles.text(value, style) if style else number(value)
        if kind == "b":
            return {"1": "TRUE", "0": "FALSE"}.get(value, value)
        return unescaped(value)  # str, inlineStr, e (#N/A), d (a date as text)


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
    size = exact.copy_abs()  # abs() would round, and fail over an exponent of a million
    if not exact.is_finite() or size > _LARGEST_WRITTEN_OUT or (exact and size < 1 / _LARGEST_WRITTEN_OUT):
        return value
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _kind(code: str) -> str:
    if _ELAPSED.search(code):
        return "elapsed"
    bare = _NOT_FORMAT.sub("", code.partition(";")[0]).lower()
    return "date" if bare != "general" and any(sign in bare for sign in "ymdhs") else ""


def _elapsed(value: str) -> str:
    days = float(value)
    if not math.isfinite(days):
        return value
    seconds = round(days * 86_400)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{abs(seconds) // 3600}:{abs(seconds) // 60 % 60:02d}:{abs(seconds) % 60:02d}"
