"""A cell or pasted text -> order ids, with every problem told. Ids are text throughout: `007`, `1E5`, 19 digits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from nxcc.traces import MARK

LONGEST = 128  # characters of an order id
LOST = "\ufffd"  # stands where bytes were no text

_SEPARATORS = re.compile(r"[\n\r,;\t \u00a0\u3000，；、]+")
_VARIATIONS = frozenset(map(chr, range(0xFE00, 0xFE10)))  # invisible, like all of category Cf
_SURROGATE = re.compile("[\ud800-\udfff]")  # bytes that were no text, as Python hands them over
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_ROUNDED = re.compile(r"[0-9]{15}0+")  # 16 digits and more
_DECIMAL = re.compile(r"[0-9]+\.0")
_COMMA_SCIENTIFIC = re.compile(r"(?<![^\s;,])(\d),(\d+E\+\d+)(?![^\s;,])", re.IGNORECASE)

# Every code that a row may have, in the order of importance, and why. A duplicate's code ends in the row of the first.
PROBLEMS: dict[str, str] = {
    "blank": "the cell is empty",
    "duplicate_of_row": "the same id stands further up; it is sent once, and this row gets its answer",
    "too_long": f"longer than {LONGEST} characters",
    "bad_characters": "holds control characters, or ones that were lost on the way",
    "forgotten": "taken out of the file, because it was to be forgotten",
    "excel_scientific": "Excel has cut its digits; take the id from the source",
    "excel_rounded": "zeros past the 15th digit, as Excel leaves them; compare it with the source",
    "decimal_suffix": "ends in .0, as numbers do that were read as decimals; compare it with the source",
}
INVALID = ("too_long", "bad_characters", "forgotten", "excel_scientific")
_EFFECTS = {"blank": "Not counted", "duplicate_of_row": "Sent once"} | dict.fromkeys(INVALID, "Invalid")

_PLAIN = re.compile("[!#-&(-<>-~](?:[ -~]*[!-~])?")  # nothing to clean: most cells


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
    return cell if is_plain(cell) else cleaning(cell)[0]


def is_plain(cell: str) -> bool:
    """Whether `clean` would change nothing; told fast, for it is so with most cells."""
    return _PLAIN.fullmatch(cell) is not None


def cleaning(cell: str) -> tuple[str, list[str]]:
    """As `clean`, with what was done to the cell: `full_width`, `invisible`, `trimmed`, `unwrapped`, `apostrophe`."""
    done = []
    normal = _SURROGATE.sub(LOST, unicodedata.normalize("NFKC", cell))
    text = normal
    if not text.isascii():
        text = "".join(c for c in text if unicodedata.category(c) != "Cf" and c not in _VARIATIONS)
    if normal.split() != cell.split():  # a no-break space that becomes a space is trimmed, not full width
        done.append("full_width")
    if text != normal:
        done.append("invisible")
    bare = _unwrapped(text.strip())
    if text != text.strip():
        done.append("trimmed")
    if bare != text.strip():
        done.append("unwrapped")
    if bare.startswith("'"):
        done.append("apostrophe")
    return bare.removeprefix("'").strip(), done


def _unwrapped(text: str) -> str:
    if text.startswith('="') and text.endswith('"') and len(text) > 3:
        return text[2:-1]
    if text.startswith('"') and text.endswith('"') and len(text) > 2:
        return text[1:-1]
    return text


def problem(order_id: str) -> str | None:
    """The code of what makes a cleaned id invalid (one of `INVALID`); None when it can be asked."""
    if order_id == MARK:
        return "forgotten"
    if len(order_id) > LONGEST:
        return "too_long"
    if not (order_id.isascii() and order_id.isprintable()) and any(map(_bad, order_id)):
        return "bad_characters"
    return "excel_scientific" if "+" in order_id and _SCIENTIFIC.fullmatch(order_id) else None


def _bad(c: str) -> bool:
    return c == LOST or unicodedata.category(c) in ("Cc", "Zl", "Zp")


def warning(order_id: str) -> str | None:
    """The code of what is odd about an id that is sent all the same; None mostly."""
    if order_id.endswith(".0") and _DECIMAL.fullmatch(order_id):
        return "decimal_suffix"
    return "excel_rounded" if order_id.endswith("0") and _ROUNDED.fullmatch(order_id) else None


def reason(code: str) -> str:
    """A problem's code as it stands beside a row, and why: `blank: the cell is empty`."""
    return f"{code}: {PROBLEMS[_family(code)]}"


def explain(code: str) -> tuple[str, str]:
    """What a problem does to its row (`Invalid`, `Sent once`, `Not counted`, `Sent, warned`), and a sentence of why."""
    family = _family(code)
    why = PROBLEMS[family]
    if row := code.removeprefix(family).removeprefix("_"):
        why = why.replace("further up", f"in row {row}")
    return _EFFECTS.get(family, "Sent, warned"), f"{why[0].upper()}{why[1:]}."


def _family(code: str) -> str:
    """The code without the row number that a duplicate's ends in."""
    return "duplicate_of_row" if code.startswith("duplicate_of_row") else code


def asked(cells: Iterable[str]) -> Asked:
    """Cleans cells and sorts them into what can be asked and what cannot; blank ones are left out."""
    cleaned = [order_id for cell in cells if (order_id := clean(cell))]
    distinct = list(dict.fromkeys(cleaned))
    invalid = {order_id: code for order_id in distinct if (code := problem(order_id))}
    return Asked(distinct, invalid, len(cleaned) - len(distinct))
