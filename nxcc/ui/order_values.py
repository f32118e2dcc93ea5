"""A field of a call as it is read, whatever its kind. Plain text: markdown needs `wording.in_markdown` around it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import orjson

from nxcc import wording
from nxcc.palette import RESULTS
from nxcc.records import BY_NAME
from nxcc.wording import Money

LONGEST = 300  # characters of one field; the raw record has it whole


def shown(name: str, value: Any, zone: ZoneInfo, money: Money) -> str:
    """The value of a column of `records.COLUMNS`, or of a field that is in none."""
    kind = BY_NAME[name].kind if name in BY_NAME else ""
    if value is None or value in ("", []):
        return wording.NOTHING
    if kind == "time":
        return f"{value.astimezone(zone):%d %b %Y %H:%M:%S}"
    if kind == "seconds":
        return wording.duration(value)
    if kind == "money":
        return money.text(value)
    return _text(name, value)


def both(name: str, before: Any, after: Any, zone: ZoneInfo, money: Money) -> tuple[str, str]:
    """Two values that differ, written so that one sees it."""
    pair = shown(name, before, zone, money), shown(name, after, zone, money)
    return pair if pair[0] != pair[1] else (_exact(before), _exact(after))


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "result":
        return RESULTS[value].label if value in RESULTS else wording.plain(str(value))
    if isinstance(value, list) and name in BY_NAME:
        return ", ".join(value)
    said = value if isinstance(value, str) else _exact(value)
    return wording.cut(wording.plain(said), LONGEST)


def _exact(value: Any) -> str:
    return wording.plain(orjson.dumps(value, default=str).decode())
