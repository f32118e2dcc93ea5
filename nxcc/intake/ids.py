"""Pasted text -> order ids, with every problem told. Ids are text throughout: `007`, `1E5` and 19 digits survive."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 128  # characters of an order id
LOST = "\ufffd"  # stands where bytes were no text

_SEPARATORS = re.compile(r"[\n\r,;\t \u00a0\u3000，；、]+")
_VARIATIONS = frozenset(map(chr, range(0xFE00, 0xFE10)))  # invisible, like all of category Cf
_SURROGATE = re.compile("[\ud800-\udfff]")  # bytes that were no text, as Python hands them over
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_COMMA_SCIENTIFIC = re.compile(r"(?<![^\s;,])(\d),(\d+E\+\d+)(?![^\s;,])", re.IGNORECASE)

PROBLEMS: dict[str, str] = {
    "too_long": f"longer than {LONGEST} characters",
    "bad_characters": "holds control characters, or ones that were lost on the way",
    "excel_scientific": "Excel has cut its digits; take the id from the source",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a text asks for: its distinct ids in their order, which are invalid and why, how many cells repeat one."""

    order_ids: list[str]
    invalid: dict[str, str]  # order id -> problem code
    repeated: int

    @property
    def valid(self) -> list[str]:
        """The ids that can be asked, in the order of the text."""
        return [order_id for order_id in self.order_ids if order_id not in self.invalid]


def split(text: str) -> list[str]:
    """Pasted text cut at new lines, commas, semicolons, tabs and spaces, Chinese ones included."""
    whole = _COMMA_SCIENTIFIC.sub(r"\1.\2", text)  # the comma of 1,23457E+17 parts no ids
    return [cell for cell in _SEPARATORS.split(whole) if cell]


def clean(cell: str) -> str:
    """A cell as an order id: NFKC, without invisible characters, quotes, `="..."` or an apostrophe before it."""
    text = _SURROGATE.sub(LOST, unicodedata.normalize("NFKC", cell))
    if not text.isascii():
        text = "".join(c for c in text if unicodedata.category(c) != "Cf" and c not in _VARIATIONS)
    text = text.strip()
    if text.startswith('="') and text.endswith('"') and len(text) > 3:
        text = text[2:-1]
    elif text.startswith('"') and text.endswith('"') and len(text) > 2:
        text = text[1:-1]
    return text.removeprefix("'").strip()


def problem(order_id: str) -> str | None:
    """The code of what is wrong with a cleaned id (a key of `PROBLEMS`); None when it can be asked."""
    if len(order_id) > LONGEST:
        return "too_long"
    if any(c == LOST or unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in order_id):
        return "bad_characters"
    return "excel_scientific" if _SCIENTIFIC.fullmatch(order_id) else None


def asked(cells: Iterable[str]) -> Asked:
    """Cleans cells and sorts them into what can be asked and what cannot; blank ones are left out."""
    cleaned = [order_id for cell in cells if (order_id := clean(cell))]
    distinct = list(dict.fromkeys(cleaned))
    invalid = {order_id: code for order_id in distinct if (code := problem(order_id))}
    return Asked(distinct, invalid, len(cleaned) - len(distinct))
