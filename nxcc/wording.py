"""How figures, zones and foreign text are written for a reader. An en dash stands for nothing."""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import pandas as pd

NOTHING = "–"
MOST_DIGITS = 6
_WIDEST = 6  # characters of a number that still fit on a tile

# Characters that turn the direction of what follows: an id or a reason could pose as another one.
DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARKDOWN = frozenset("\\`*_{}[]()#+-.!|<>~$:&^=@/\"'")
# What Streamlit looks for in the text that is left when the escapes are gone: addresses, which it makes links; names
# of icons and emoji between colons (no times); and signs that it draws as one. A joiner, which is not seen, parts them.
_MEANT_LATER = re.compile(
    r"(https?:)(?=//)|(www)(?=\.)|(?<=[\w.+-])(@)(?=[-\w]+\.)|(:)(?=(?!\d{1,2}:)[\w+-]+:)"
    r"|(?<!\S)([<~>-])(?=(?:->|[->=])(?!\S))",
    re.IGNORECASE | re.ASCII,
)
JOINER = "\u2060"


def missing(value: float | None) -> bool:
    """Whether there is no number."""
    return value is None or not math.isfinite(value)


def duration(seconds: float | None) -> str:
    """`45 s`, `3 m 20 s`, `26 h 05 m`."""
    if seconds is None or missing(seconds):
        return NOTHING
    whole = round(abs(seconds))
    sign = "-" if seconds < 0 and whole else ""
    if whole < 60:
        return f"{sign}{whole} s"
    if whole < 3600:
        return f"{sign}{whole // 60} m {whole % 60:02d} s"
    return f"{sign}{whole // 3600} h {whole % 3600 // 60:02d} m"


def age(seconds: float | None) -> str:
    """How long ago, in one unit: `now`, `5 min`, `3 h`, `2 d`."""
    if seconds is None or missing(seconds):
        return NOTHING
    if seconds < 60:
        return "now"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min"
    return f"{seconds // 3600:.0f} h" if seconds < 2 * 86_400 else f"{seconds // 86_400:.0f} d"


def count(value: float | None) -> str:
    """A whole number with thousands apart."""
    return NOTHING if value is None or missing(value) else f"{value:,.0f}"


def compact(value: float) -> str:
    """A number in at most six signs: `999`, `77.4k`, `1.2M`."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            scaled = value / size
            return f"{scaled:.{0 if abs(scaled) >= 100 else 1}f}{unit}"
    return f"{value:,.0f}"


def share(part: float | None) -> str:
    """A share from 0 to 1 as whole per cent; a little is never written as nothing, nor nearly all as all."""
    if part is None or missing(part):
        return NOTHING
    if 0 < part < 0.01:
        return "<1 %"
    if 0.99 < part < 1:
        return ">99 %"
    return f"{round(100 * part):d} %"


@dataclass(frozen=True, slots=True)
class Money:
    """How amounts are written: the account's currency (empty when not configured) and digits after the point."""

    currency: str = ""
    digits: int = 2

    @classmethod
    def of(cls, amounts: Iterable[float], currency: str = "") -> Money:
        """As many digits as the amounts have: up to six, none when all are whole."""
        exponents = [
            Decimal(repr(round(float(amount), MOST_DIGITS))).normalize().as_tuple().exponent
            for amount in amounts
            if not missing(amount)
        ]
        most = max((-e for e in exponents if isinstance(e, int)), default=0)
        return cls(currency, min(max(most, 2), MOST_DIGITS) if most > 0 else 0)

    def number(self, amount: float | None) -> str:
        """The amount without its currency."""
        return NOTHING if amount is None or missing(amount) else f"{amount:,.{self.digits}f}"

    def text(self, amount: float | None) -> str:
        """The amount with its currency."""
        number = self.number(amount)
        return f"{number} {self.currency}" if self.currency and number != NOTHING else number

    def short(self, amount: float | None) -> str:
        """As `text`, rounded to what fits on a tile: `0.034 HKD`, `1,896 HKD`, `24.4k HKD`."""
        if amount is None or missing(amount):
            return NOTHING
        widest = _WIDEST - bool(self.currency)
        if abs(amount) >= 10 ** (widest - 1):
            number = compact(amount)
            return f"{number} {self.currency}" if self.currency else number
        spare = widest - 1 - len(f"{amount:,.0f}")
        digits = max(0, min(self.digits, spare))
        tiny = amount != 0 and abs(amount) < 10**-digits
        return self.text(amount) if tiny else Money(self.currency, digits).text(amount)

    def header(self, label: str) -> str:
        """A column's name with the currency."""
        return f"{label} ({self.currency})" if self.currency else label


def offset(zone: ZoneInfo, moment: datetime) -> str:
    """The zone's offset at that moment: `UTC+8`, `UTC-3:30`, `UTC`."""
    return _offset(moment.astimezone(zone).utcoffset() or timedelta(0))


def zone_name(zone: ZoneInfo, moment: datetime) -> str:
    """The zone and its offset at that moment: `Asia/Shanghai, UTC+8`."""
    return zone.key if zone.key == "UTC" else f"{zone.key}, {offset(zone, moment)}"


def zone_of(times: pd.Series[pd.Timestamp], zone: ZoneInfo, now: datetime) -> str:
    """What a header says of these UTC times: their offset, or the zone's name where the offset changes among them."""
    known = times.dropna()
    if known.empty:
        return offset(zone, now)
    local = known.dt.tz_convert(zone).dt.tz_localize(None)
    ahead_s = (local - known.dt.tz_localize(None)).dt.total_seconds().unique()
    return zone.key if len(ahead_s) > 1 else _offset(timedelta(seconds=float(ahead_s[0])))


def _offset(ahead: timedelta) -> str:
    minutes = round(ahead.total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}{f':{rest:02d}' if rest else ''}"


def plain(text: str) -> str:
    """Foreign text for display: a space for line breaks and tabs, a mark for other control and direction characters."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_plain(c) for c in text)


def _plain(c: str) -> str:
    if c in "\n\r\t\u2028\u2029":
        return " "
    return "\ufffd" if c in DIRECTION or unicodedata.category(c) in ("Cc", "Cs") else c


def cut(text: str, most: int) -> str:
    """`text`, shortened with an ellipsis; a Chinese character counts as two."""
    width = 0
    for n, c in enumerate(text):
        width += 2 if unicodedata.east_asian_width(c) in "WF" else 1
        if width > most:
            return text[:n].rstrip() + "…"
    return text


def in_chart(text: str) -> str:
    """Foreign text for plotly, which reads tags in labels and hovers."""
    return html.escape(plain(text), quote=False)


def in_markdown(text: str) -> str:
    """Foreign text for a markdown label: every sign of the language is escaped, what is found without one is parted.

    Spaces at its ends go: four of them would be a sign as well.
    """
    parted = _MEANT_LATER.sub(lambda found: found[0] + JOINER, plain(text).strip())
    return "".join("\\" + c if c in _MARKDOWN else c for c in parted)
