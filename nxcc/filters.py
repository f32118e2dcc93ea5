"""Which calls one looks at: a set of filters, as it stands in an address and as it is said in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from nxcc import wording

Days = tuple[date, date]  # both included, in the analyst's zone
Range = tuple[float | None, float | None]  # from, up to but not including; None = open
Texts = tuple[str, ...]  # "" = calls where nothing is said
LONGEST = 200  # characters of a value out of an address
EARLIEST, LATEST = date(1970, 1, 2), date(2999, 12, 30)  # a zone's day before and after is still a date

_TEXTS = ("direction", "result", "agent", "account", "reason", "party", "status", "flag", "hour", "slot", "attempt")
FOREIGN = (
    "agent",
    "account",
    "reason",
    "status",
    "find",
    "caller",
    "callee",
    "order",
)  # what these hold comes out of records, or was typed
_DAYS = ("period", "days")
_ALL_TIME = "all"
_RANGES = ("cost", "talk", "queue", "ring")


@dataclass(frozen=True, slots=True)
class Filters:
    """Calls pass that fit every filter that is set; within one filter, any of its values.

    `period` is the time looked at, None = all of it; `days` a part of it, picked in a chart. `hour` holds hours of the
    local day ("0" to "23"), `slot` hours of the week ("0-9" = Mondays from 09:00), `attempt` the place of a call among
    those of its order. `find` is a piece of an order id or of a number; `caller`, `callee` and `order` are whole ones.
    `agent` is a nickname, or the account where there is none; `account` always the account.
    """

    period: Days | None = None
    days: Days | None = None
    direction: Texts = ()
    answered: bool | None = None
    result: Texts = ()
    agent: Texts = ()
    account: Texts = ()
    reason: Texts = ()
    party: Texts = ()
    status: Texts = ()
    flag: Texts = ()
    hour: Texts = ()
    slot: Texts = ()
    attempt: Texts = ()
    cost: Range = (None, None)
    talk: Range = (None, None)
    queue: Range = (None, None)
    ring: Range = (None, None)
    find: str = ""
    caller: str = ""
    callee: str = ""
    order: str = ""

    def without(self, *names: str) -> Filters:
        """These filters but for some."""
        return replace(self, **{name: getattr(_NONE, name) for name in names})

    def is_set(self, name: str) -> bool:
        """Whether this one is."""
        return bool(getattr(self, name) != getattr(_NONE, name))

    def chosen(self) -> list[str]:
        """The names of those that are set, the period apart."""
        return [name for name in NAMES if name != "period" and self.is_set(name)]

    @property
    def span(self) -> Days | None:
        """The days looked at: those picked, else the period."""
        return self.days or self.period

    def before(self) -> Filters | None:
        """The same filters over as many days just before; None without a period."""
        if self.span is None:
            return None
        first, last = self.span
        length = last - first + timedelta(days=1)
        try:
            return replace(self, period=(first - length, last - length), days=None)
        except OverflowError:
            return None

    def address(self) -> list[tuple[str, str]]:
        """As parameters of an address."""
        said: list[tuple[str, str]] = []
        for name in NAMES:
            value = getattr(self, name)
            if name == "period" and value is None:
                said.append((name, _ALL_TIME))
            elif not self.is_set(name):
                continue
            elif name in _TEXTS:
                said += [(name, text) for text in value]
            elif name in _DAYS:
                said.append((name, f"{value[0].isoformat()}_{value[1].isoformat()}"))
            elif name in _RANGES:
                said.append((name, "_".join("" if end is None else f"{end:g}" for end in value)))
            else:
                said.append((name, {True: "yes", False: "no"}.get(value, value)))
        return said


NAMES: tuple[str, ...] = tuple(field.name for field in fields(Filters))
_NONE = Filters()


def from_address(parameters: Iterable[tuple[str, str]]) -> tuple[Filters, list[str]]:
    """The filters that an address says, and the names of those that cannot be read (they are left out)."""
    values: dict[str, Any] = {}
    unread: list[str] = []
    for name, text in parameters:
        if name not in NAMES:
            continue
        try:
            value = _read(name, text[:LONGEST])
        except ValueError:
            unread.append(name)
            continue
        values[name] = tuple(dict.fromkeys((*values.get(name, ()), *value))) if name in _TEXTS else value
    return Filters(**values), unread


def _read(name: str, text: str) -> Any:
    if name in _TEXTS:
        return (text,)
    if name in _DAYS:
        if name == "period" and text == _ALL_TIME:
            return None
        first, _, last = text.partition("_")
        days = sorted((date.fromisoformat(first), date.fromisoformat(last or first)))
        if days[0] < EARLIEST or days[1] > LATEST:
            raise ValueError
        return tuple(days)
    if name in _RANGES:
        first, _, last = text.partition("_")
        ends = (float(first) if first else None, float(last) if last else None)
        if not all(end is None or math.isfinite(end) for end in ends):
            raise ValueError
        return ends
    if name == "answered":
        if text not in ("yes", "no"):
            raise ValueError
        return text == "yes"
    return text.strip()


def days_before(now: datetime, zone: ZoneInfo, days: int) -> Days:
    """The last days, today included."""
    today = now.astimezone(zone).date()
    return today - timedelta(days=days - 1), today


LABELS: Mapping[str, str] = {
    "period": "Period",
    "days": "Days",
    "direction": "Direction",
    "answered": "Answered",
    "result": "Result",
    "agent": "Agent",
    "account": "Agent account",
    "reason": "Hang-up reason",
    "party": "Hung up by",
    "status": "Call status",
    "flag": "Flag",
    "hour": "Hour",
    "slot": "Weekday and hour",
    "attempt": "Attempt",
    "cost": "Cost",
    "talk": "Talk",
    "queue": "Queue",
    "ring": "Ring",
    "find": "Order id or number",
    "caller": "Caller",
    "callee": "Callee",
    "order": "Order id",
}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SAID = {"inbound": "inbound", "outbound": "outbound", "aicc": "callbot", "no_answer": "no answer"}


def days_in_words(days: Days) -> str:
    """`27 Oct – 23 Nov 2026`, `23 Nov 2026`."""
    first, last = days
    if first == last:
        return f"{first:%-d %b %Y}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first:%-d %b}{year} – {last:%-d %b %Y}"


def in_words(filters: Filters, name: str) -> str:
    """What one filter lets pass; foreign texts are as they came."""
    value = getattr(filters, name)
    if name in _DAYS:
        return days_in_words(value) if value else "all time"
    if name in _RANGES:
        return _range_in_words(value, wording.duration if name != "cost" else lambda amount: f"{amount:g}")
    if name in _TEXTS:
        return ", ".join(_text_in_words(name, text) for text in value)
    return str({True: "yes", False: "no"}.get(value, value))


def _text_in_words(name: str, text: str) -> str:
    if name == "slot":
        return _slot_in_words(text)
    return f"{text.zfill(2)}:00" if name == "hour" else _SAID.get(text, text) or "none"


def _range_in_words(ends: Range, say: Any) -> str:
    first, last = ends
    if first is None:
        return f"under {say(last)}"
    return f"from {say(first)}" if last is None else f"{say(first)} to {say(last)}"


def _slot_in_words(text: str) -> str:
    weekday, _, hour = text.partition("-")
    if weekday.isdecimal() and int(weekday) < len(_WEEKDAYS):
        return f"{_WEEKDAYS[int(weekday)]} {hour.zfill(2)}:00"
    return text
