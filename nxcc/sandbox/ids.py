"""Order ids of the sandbox: several styles, each of which names its day, so that an order's calls never change.

`day` is a date in Asia/Shanghai, `n` the order's number within it. The first two of a day come from an old CRM
that counts with leading zeros.
"""

from __future__ import annotations

import re
import zlib
from datetime import date, timedelta

EPOCH = date(2020, 1, 1)  # day 0 of the old CRM
OLD_PER_DAY = 2
_OLD_LIMIT = 100_000  # five digits

_DATED = re.compile(r"(?:SO|HF|CRM-|BOT-|回访)([0-9]{6})-?([0-9]{4})")
_NUMBER = re.compile(r"([0-9]{6})([0-9]{4})[0-9]{8}")
_OLD = re.compile(r"[0-9]{5}")


def order_id(style: str, day: date, n: int) -> str:
    """The id of order `n` of `day` in one of the styles of `cast.Campaign`, or "OLD"."""
    if style == "OLD":
        return f"{(day - EPOCH).days * OLD_PER_DAY + n:05d}"
    stamp = f"{day:%y%m%d}"
    if style == "NUMBER":  # 18 digits: more than a spreadsheet or a double can hold
        tail = zlib.crc32(f"{stamp}/{n}".encode()) % 90_000_000 + 10_000_000
        return f"{stamp}{n:04d}{tail | 1}"
    return f"{style}{stamp}-{n:04d}" if style.endswith("-") else f"{style}{stamp}{n:04d}"


def is_old(day: date, n: int) -> bool:
    """Whether order `n` of `day` belongs to the old CRM."""
    return n < OLD_PER_DAY and 0 <= (day - EPOCH).days < _OLD_LIMIT // OLD_PER_DAY


def locate(text: str) -> tuple[date, int] | None:
    """The day and number that an id speaks of, None when it is none of ours; whether it exists is for the world."""
    if match := _DATED.fullmatch(text) or _NUMBER.fullmatch(text):
        stamp, n = match.groups()
        try:
            return date(2000 + int(stamp[:2]), int(stamp[2:4]), int(stamp[4:])), int(n)
        except ValueError:
            return None
    if _OLD.fullmatch(text):
        days, n_old = divmod(int(text), OLD_PER_DAY)
        return EPOCH + timedelta(days=days), n_old
    return None
