"""Phone numbers, masked for those who may not see them: the country code and the last three digits stay.

Applied to rows before they are drawn or written, so a whole number never reaches a page, a file or a browser.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import repeat
from typing import Any, TypeVar

import orjson
import phonenumbers
import pyarrow as pa

STAR = "•"
KEPT = 3
SHORTEST = 7  # digits; a shorter one is an extension, not a person's number
_LONGEST_CODE = 3

# What may be a number within other text: digits, with the signs that people put between them.
_IN_TEXT = re.compile(
    r"(?<![0-9A-Za-z])(?![0-9]{4}-[0-9]{2}-[0-9]{2}\b)(?:\+|00)?[0-9](?:[ ().\-/]{0,2}[0-9]){6,18}(?![0-9A-Za-z])"
)
_DIGITS = re.compile(r"[0-9]")
_NUMBERS = ("caller", "callee")
# Ids are not searched for numbers that anybody may have: they are long digits themselves.
_FREE_TEXTS = ("agent", "agent_nick", "call_status", "hangup_by", "hangup_reason", "dtmf_keys", "intent", "other")
_IDS = ("order_id", "call_id", "said_order_id", "task_id")
_LINKS = ("record_url", "voicemail_url")
_ID_KEYS = frozenset(("orderId", "callId", "taskId"))
_NUMBER_KEYS = frozenset(("caller", "callee"))
_LINK_KEYS = frozenset(("recordUrl", "leaveMsgUrl"))
WITHHELD = "[recording]"
_MASKED = frozenset((*_NUMBERS, *_FREE_TEXTS, *_IDS, *_LINKS))
Rows = TypeVar("Rows", pa.Table, pa.RecordBatch)
Own = tuple[str, ...]  # digits


@lru_cache(maxsize=10_000)
def number(value: str) -> str:
    """`+85298765432` -> `+852•••••432`. Short ones (an extension) keep half of their digits at the most.

    Of a SIP address the user part is masked in the same way, and the host stays.
    """
    head, at, host = value.partition("@")
    digits = _DIGITS.findall(head)
    kept = min(KEPT, len(digits) // 2)
    hidden = len(digits) - kept
    shown = _country_digits(head, digits)
    seen = 0
    out = []
    for sign in head:
        if sign in "0123456789":
            seen += 1
            out.append(sign if seen <= shown or seen > hidden else STAR)
        elif seen and sign.isalpha():
            out.append(STAR)  # a name within an address
        else:
            out.append(sign)
    return "".join(out) + at + host


def text(value: str) -> str:
    """Free text with what looks like a phone number in it masked."""
    return _IN_TEXT.sub(lambda found: number(found.group()), value)


def holds_number(value: str) -> bool:
    """Whether there may be a phone number, or a good part of one, in a text that somebody typed."""
    return re.search(r"[0-9](?:[ ().\-/]{0,2}[0-9]){4,}", value) is not None


def calls(table: pa.Table, *, numbers: bool, recordings: bool) -> pa.Table:
    """Calls (`records.SCHEMA`, or some of its columns) as somebody may see them who may not see `numbers` whole, or
    not reach `recordings`."""
    if numbers and recordings:
        return table
    names = table.schema.names
    own = _own(*(table[name].to_pylist() for name in _NUMBERS if name in names)) if not numbers else None
    for place, name in enumerate(names):
        field = table.schema.field(name)
        if name in _LINKS and not recordings:
            masked: pa.Array = pa.nulls(table.num_rows, field.type)
        elif name == "raw":
            raw = zip(table[name].to_pylist(), own or repeat(()), strict=False)
            values = [_raw(value, mine, numbers=numbers, recordings=recordings) for value, mine in raw]
            masked = pa.array(values, field.type)
        elif own is not None and name in _MASKED:
            cells = zip(table[name].to_pylist(), own, strict=True)
            masked = pa.array([_cell(name, value, mine) for value, mine in cells], field.type)
        else:
            continue
        table = table.set_column(place, field, masked)
    return table


def cells(table: Rows, names: list[str]) -> Rows:
    """Columns of free text, such as those of an uploaded file."""
    for name in names:
        place, field = table.schema.get_field_index(name), table.schema.field(name)
        masked = [None if value is None else text(value) for value in table[name].to_pylist()]
        table = table.set_column(place, field, pa.array(masked, field.type))
    return table


def _cell(name: str, value: str | None, own: Own) -> str | None:
    if value is None:
        return None
    if name in _NUMBERS:
        return number(value)
    if name in _FREE_TEXTS:
        value = text(value)
    return _without(value, own)


def _own(*columns: list[str | None]) -> list[Own]:
    """The digits of each call's own numbers: they are masked wherever they stand, in an id or a link as well."""
    return [tuple(sorted(filter(None, map(_digits, row)), key=len, reverse=True)) for row in zip(*columns, strict=True)]


@lru_cache(maxsize=10_000)
def _digits(value: str | None) -> str:
    """The digits of a number that may be a person's."""
    digits = "".join(_DIGITS.findall((value or "").partition("@")[0]))
    return digits if len(digits) >= SHORTEST else ""


def _without(value: str, own: Own) -> str:
    for digits in own:
        if digits in value:
            value = value.replace(digits, number(digits))
        national = digits[_country_digits("+", list(digits)) :]
        if len(national) >= SHORTEST and national in value:
            value = value.replace(national, number(national))
    return value


def _raw(raw: str | None, own: Own, *, numbers: bool, recordings: bool) -> str | None:
    if raw is None:
        return None
    return orjson.dumps(_value("", orjson.loads(raw), own, numbers=numbers, recordings=recordings)).decode()


def _value(key: str, value: Any, own: Own, *, numbers: bool, recordings: bool) -> Any:
    """One value of a record, whatever is in it. Names of fields are masked like texts."""
    if isinstance(value, dict):
        return {
            name if numbers else text(name): _value(name, one, own, numbers=numbers, recordings=recordings)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_value(key, one, own, numbers=numbers, recordings=recordings) for one in value]
    if key in _LINK_KEYS and value and not recordings:
        return WITHHELD
    if numbers or isinstance(value, bool) or not isinstance(value, str | int):
        return value
    return _masked(key, value, own)


def _masked(key: str, value: str | int, own: Own) -> str | int:
    """A text or a whole number of a record."""
    if key in _NUMBER_KEYS:
        return number(str(value))
    if isinstance(value, str):
        return _without(value if key in _NOT_SEARCHED else text(value), own)
    digits = str(abs(value))
    return number(digits) if digits in own or (key not in _NOT_SEARCHED and len(digits) >= SHORTEST) else value


# What holds no phone number, however many digits it has.
_NOT_SEARCHED = frozenset(
    (
        "startTime", "endTime", "answerTime", "ringTime", "inQueueTime", "outQueueTime", "callDuration",
        "ringDuration", "queueDuration", "hangupCode", "hangupBy", "totalCustomerPrice", "direction", "answered",
    )
) | _ID_KEYS  # fmt: skip


def _country_digits(value: str, digits: list[str]) -> int:
    """How many of the first digits are shown: those of the country code, with the zeros before it."""
    zeros = 2 if not value.strip().startswith("+") and digits[:2] == ["0", "0"] else 0
    international = zeros or value.strip().startswith("+") or len(digits) > 10
    if not international or len(digits) < SHORTEST:
        return 0
    for length in range(1, _LONGEST_CODE + 1):
        code = "".join(digits[zeros : zeros + length])
        if code and int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE and code[0] != "0":
            return zeros + length
    return zeros
