"""Single values of a record, whatever type they come in. Each reader returns a value, None, or raises `ValueError`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

EARLIEST_MS = 946_684_800_000  # 2000-01-01; earlier "times" are seconds or noise
LONGEST_S = 366 * 86_400
MOST = 1e15  # of anything a record counts; beyond it is noise that would drown every sum
LATEST_MS = 4_102_444_800_000  # 2100-01-01

_NUMBER = (int, float, str)  # what can be one; not `int | float | str`, which is made anew wherever it stands
_NO_LINK = re.compile(r"[\s\\]")


def text(value: Any) -> str | None:
    """Text as it came; a whole number becomes its digits, blank text None."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError


def number(value: Any) -> float | None:
    """A number, also out of text."""
    if isinstance(value, bool) or not isinstance(value, _NUMBER):
        raise ValueError
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
        if "_" in value or not value.isascii():
            raise ValueError
    read = float(value)
    if not abs(read) <= MOST:  # nor is what is no number
        raise ValueError
    return read


def whole(value: Any) -> int | None:
    """A whole number of 64 bits, also out of text such as "1103" or "1103.0"."""
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal() and value.isascii():
        value = int(value)
    if type(value) is int:
        read = value
    else:
        real = number(value)
        if real is None:
            return None
        if not real.is_integer():
            raise ValueError
        read = int(real)
    if abs(read) >= 2**63:
        raise ValueError
    return read


def seconds(value: Any) -> float | None:
    """A duration that is not negative, and not longer than a year."""
    read = number(value)
    if read is not None and not 0 <= read <= LONGEST_S:
        raise ValueError
    return read


def time_ms(value: Any) -> int | None:
    """A time in epoch milliseconds; 0 means that it never happened."""
    read = whole(value)
    if not read:
        return None
    if not EARLIEST_MS <= read < LATEST_MS:
        raise ValueError
    return read


def truth(value: Any) -> bool | None:
    """true or false, also as 1 and 0 or as text."""
    if isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "false": False, "0": False}
    if not isinstance(value, _NUMBER):  # what is nested deep cannot even be written out
        raise ValueError
    word = str(value).strip().lower()
    if word not in known:
        raise ValueError
    return known[word]


def is_link(value: str | None) -> bool:
    """Whether text out of a record may be shown as a link: http or https, with a host, in one piece."""
    if not value or not value.isprintable() or _NO_LINK.search(value):
        return False
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises where it is no number
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
    except ValueError:
        return False
