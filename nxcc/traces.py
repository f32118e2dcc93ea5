"""What is to be forgotten, an order id or a phone number, and how it is recognised in other texts.

Patterns are those that DuckDB, Arrow and Python read alike (RE2's, nothing that looks around). Pure.

A phone number is compared by its digits: `+852 9876 5432`, `85298765432` and `0085298765432` are one number. A number
without its country code is another one unless the person says that it may be the same: `98765432` in Hong Kong and in
Denmark are two people. Within a longer row of digits nothing is recognised.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from nxcc.errors import NxccError

MARK = "[forgotten]"
SHORTEST = 7  # digits of a number that is looked for within other texts
LONGEST = 18
SHORTEST_WORD = 5  # characters of an order id that is looked for within other texts

# What people put between digits, and what their phones add unseen.
_SIGNS = "[ \t\u00a0().\\-/+\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060\ufeff]"
_BETWEEN = f"{_SIGNS}{{0,3}}"
_GAP = f"(?:%20|{_BETWEEN})"
_DIGIT = "0-9０-９"
# In JSON a control character is written with digits: \u001f.
_BEFORE_DIGITS = f"(?:^|[^{_DIGIT}]|\\\\u00[01][0-9a-f])"
_AFTER_DIGITS = f"(?:$|[^{_DIGIT}])"
_OF_WORD = "0-9A-Za-z_\\-"
_ENCODINGS = ("utf-8", "gb18030", "cp1252", "utf-16-le", "utf-16-be")
_SCHEME = re.compile(r"(?:sips?|tel):", re.IGNORECASE)


class TraceError(NxccError):
    """What was named cannot be looked for: it is no number, or too short."""


@dataclass(frozen=True, repr=False)
class Trace:
    """An order id or a phone number in all forms that it may stand in. Its text shows in no representation."""

    kind: Literal["order", "number"]
    whole: str  # as a person gave it, without blanks around
    forms: str = field(default="")  # pattern of its digits; empty for what is no phone number
    digits: str = field(default="")  # pattern of the digits that all forms have
    only_whole: bool = False  # too short to be looked for within other texts

    def __repr__(self) -> str:
        return f"<Trace of one {self.kind}>"

    @cached_property
    def pattern(self) -> str:
        """Found in every text that holds it."""
        if self.forms:
            return f"{_BEFORE_DIGITS}{_GAP}{self.forms}{_AFTER_DIGITS}"
        letters = _letters(self.whole)
        if self.only_whole:
            return f"^[\\s=\"']*{letters}[\\s\"']*$"
        return f"(?:^|[^{_OF_WORD}]){letters}(?:$|[^{_OF_WORD}])"

    @cached_property
    def number_pattern(self) -> str:
        """Fits a caller or callee that is this number, also one in a SIP address."""
        if self.forms:
            return f"(?i)^\\s*(?:sips?:|tel:)?{_GAP}{self.forms}{_BETWEEN}\\s*(?:[@;].*)?$"
        return f"^\\s*{re.escape(self.whole)}\\s*$"

    def is_order(self, order_id: str) -> bool:
        """Whether an order is to be forgotten as a whole: it is the one, or its id holds the number."""
        return order_id == self.whole if self.kind == "order" else not self.only_whole and self.holds(order_id)

    def is_of_call(self, row: Mapping[str, Any]) -> bool:
        """Whether a call (`records.COLUMNS`) is to be forgotten: one of the order; one that holds the number."""
        if self.kind == "order":
            return self.whole in (row["order_id"], row["said_order_id"])
        if any(self._number.search(row[name]) for name in ("caller", "callee") if row[name]):
            return True
        return not self.only_whole and any(self.holds(value) for value in row.values() if isinstance(value, str))

    def holds(self, text: str | None) -> bool:
        """Whether it stands in a text."""
        return bool(text) and self._found.search(text or "") is not None

    def without(self, text: str) -> str:
        """The text with a mark in its place."""
        if not self.holds(text):
            return text
        if self.forms:
            bare = f"(?<![{_DIGIT}])\\+?{self.forms}(?![{_DIGIT}])"
        elif self.only_whole:
            return MARK
        else:
            bare = f"(?<![{_OF_WORD}]){_letters(self.whole)}(?![{_OF_WORD}])"
        left = re.sub(bare, MARK, text)
        return MARK if self.holds(left) else left

    def may_be_in(self, content: bytes) -> bool:
        """Whether it may stand in a part of a file, in any encoding; seldom said of one that does not hold it."""
        return self._bytes.search(content) is not None or self._bytes.search(content.replace(b"\0", b"")) is not None

    @cached_property
    def _found(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    @cached_property
    def _number(self) -> re.Pattern[str]:
        return re.compile(self.number_pattern)

    @cached_property
    def _bytes(self) -> re.Pattern[bytes]:
        if self.forms:
            # Classes and gaps of several bytes are spelled out as what may stand between digits in any encoding.
            gap = rb"(?:%20|&#?\w{1,6};|[ \t().\-/+]|[\x80-\xff]){0,6}"
            ascii_forms = self.forms.replace(_GAP, "\0")
            plain = re.sub(r"\[(\d).\]", r"\1", ascii_forms).encode("ascii")
            shown = plain.replace(b"\0", gap)
            return re.compile(rb"(?<![0-9])" + shown + rb"(?![0-9])|" + _as_excel_keeps(self.whole))
        encoded = {
            self.whole.encode(name, "ignore") for name in ("utf-8", "gb18030", "cp1252", "utf-16-le", "utf-16-be")
        }
        escaped = self.whole.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode()
        said = b"|".join(sorted({re.escape(each) for each in (*encoded, escaped) if each}, reverse=True))
        word = rb"0-9A-Za-z_\-"
        return re.compile(rb"(?<![" + word + rb"])(?:" + said + rb")(?![" + word + rb"])")


class LeftOut:
    """What was forgotten while somebody was asking, and must not come back with an answer that is under way."""

    def __init__(self) -> None:
        self.traces: list[Trace] = []

    def add(self, trace: Trace) -> None:
        """From now on this is left out too."""
        if trace not in self.traces:
            self.traces.append(trace)

    def is_order(self, order_id: str) -> bool:
        """Whether an order is not to be asked any more."""
        return any(trace.is_order(order_id) for trace in self.traces)


def order(order_id: str) -> Trace:
    """An order, by its id as it was asked. Raises `TraceError` for none."""
    whole = order_id.strip()
    if not whole:
        raise TraceError("No order id was given.", cure="Give one, as it was asked.")
    return Trace("order", whole, only_whole=len(whole) < SHORTEST_WORD)


def number(text: str, *, national: bool = False) -> Trace:
    """A phone number, or any other text that calls have as their caller or callee (a SIP address, an extension).

    `national`: forms without the country code are the same number. Fewer than 7 digits are looked for only as a whole
    caller or callee. Raises `TraceError` for what cannot be one number.
    """
    whole = text.strip()
    if not whole:
        raise TraceError(
            "No phone number was given.", cure="Give one with its country code, such as +852 and 8 digits."
        )
    if "\n" in whole or "\r" in whole:
        raise TraceError("More than one line was given.", cure="Give one phone number at a time.")
    said = _said(whole)
    if said is None:
        return Trace("number", whole, only_whole=len(whole) < SHORTEST)
    international, digits = said
    if len(digits) > LONGEST:
        raise TraceError("This has more digits than a phone number.", cure="Give one phone number at a time.")
    if len(digits.lstrip("0")) < SHORTEST:
        return Trace("number", whole, only_whole=True)
    return Trace("number", whole, *_forms(digits, international=international, national=national))


def _said(whole: str) -> tuple[bool, str] | None:
    """Whether a number is said with its country code for sure, and its digits; None for what is no phone number."""
    head = _SCHEME.sub("", whole, count=1).partition("@")[0].partition(";")[0].strip()
    bare = re.sub(_SIGNS, "", head.replace("(0)", "") if head.lstrip("\u202a\u200e").startswith("+") else head)
    plain = bare.translate({ord(wide): str(n) for n, wide in enumerate("０１２３４５６７８９")})
    if not (plain.isascii() and plain.isdecimal()):
        return None
    plus = "+" in head.partition(plain[:1])[0]
    return plus or plain.startswith("00"), plain.removeprefix("00")


def _forms(digits: str, *, international: bool, national: bool) -> tuple[str, str]:
    """Patterns: the number in all its forms, and what is in each of them."""
    code = country_code(digits) if international else ""
    abroad = f"(?:00{_GAP})?"
    local = digits[len(code) :]
    whole = f"{abroad}{_digits(code)}{_GAP}(?:\\(0\\){_GAP})?{_digits(local)}" if code else abroad + _digits(digits)
    local = local if international else local.lstrip("0")
    if not national or len(local) < SHORTEST:
        return f"(?:{whole})", _digits(digits[len(code) :])
    forms = [whole, f"(?:0{_GAP})?{_digits(local)}"]
    if not international:
        forms.append(f"{abroad}(?:{'|'.join(_codes())}){_GAP}{_digits(local)}")
    return f"(?:{'|'.join(forms)})", _digits(local)


def country_code(digits: str) -> str:
    """The country code that digits begin with, or nothing; no code is the beginning of another."""
    known = frozenset(_codes())
    return next((digits[:length] for length in (1, 2, 3) if digits[:length] in known), "")


def _codes() -> list[str]:
    import phonenumbers  # here, because it is large and few forget

    return [str(code) for code in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)]


def _digits(text: str) -> str:
    return _GAP.join(f"[{digit}{chr(ord(digit) + 0xFEE0)}]" for digit in text)


def _letters(text: str) -> str:
    """Each character, in its full width as well."""
    return "".join(
        f"(?:{re.escape(sign)}|{chr(ord(sign) + 0xFEE0)})" if "!" <= sign <= "~" else re.escape(sign) for sign in text
    )


def _as_excel_keeps(whole: str) -> bytes:
    """A number as a cell of a workbook may hold it: 8.5298765432E10."""
    said = _said(whole)
    digits = said[1].lstrip("0") if said else ""
    mantissa = digits[1:].rstrip("0")
    return rf"(?<![0-9]){digits[:1]}\.{mantissa}[eE]\+?{len(digits) - 1}(?![0-9])".encode() if mantissa else b"(?!)"
