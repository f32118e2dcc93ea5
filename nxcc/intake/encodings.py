"""The encoding of a text file: found, or as it is asked for. No byte is ever replaced or left out in silence."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from nxcc.intake.limits import LONGEST_LINE, IntakeError, size

# What is shown -> Python's codec. The first two read the same: a byte order mark is no part of the first cell.
ENCODINGS: dict[str, str] = {
    "UTF-8": "utf-8-sig",
    "UTF-8 with BOM": "utf-8-sig",
    "UTF-16": "utf-16",
    "GB18030": "gb18030",
    "Windows-1252": "cp1252",
}

_CHUNK = 1 << 20
_CHOOSE = "Save it as “CSV UTF-8”, or choose the encoding by hand."
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_ENOUGH = 20_000  # characters that are looked at to tell Chinese from accents


def find(path: Path, name: str, asked: str | None = None) -> tuple[str, str]:
    """The encoding (a key of `ENCODINGS`) and the codec that reads the whole file without an error.

    Trusted in this order: a byte order mark, UTF-8, zero bytes as UTF-16 has them, GB18030 that reads like Chinese,
    Windows-1252. Raises IntakeError, with the row, when the bytes do not fit what is asked or marked, or fit nothing.
    """
    with path.open("rb") as file:
        head = file.read(1 << 16)
    _require_lines(path, name)
    marked = _marked(head)
    if asked or marked:
        encoding = asked or marked
        codec = _utf_16(head) if encoding == "UTF-16" else ENCODINGS[encoding]
        if (at := _breaks_at(path, codec)) is not None:
            raise _mismatch(path, name, encoding, codec, at)
        return encoding, codec
    if _zeros_of_utf_16(head) and _breaks_at(path, _utf_16(head)) is None:
        return "UTF-16", _utf_16(head)
    if (at := _breaks_at(path, "utf-8")) is None:
        return "UTF-8", ENCODINGS["UTF-8"]
    if _damaged_utf_8(path):
        raise _mismatch(path, name, "UTF-8", "utf-8", at)
    if _breaks_at(path, "gb18030") is None and _reads_like_chinese(path):
        return "GB18030", "gb18030"
    if _breaks_at(path, "cp1252") is None and not _binary(head.decode("cp1252", "replace")):
        return "Windows-1252", "cp1252"
    raise IntakeError(f"{name} is no text in any encoding that is known here ({', '.join(ENCODINGS)}).", cure=_CHOOSE)


def _marked(head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF8):
        return "UTF-8 with BOM"
    return "UTF-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ""


def _utf_16(head: bytes) -> str:
    if _marked(head) == "UTF-16":
        return "utf-16"
    return "utf-16-be" if head[::2].count(0) > head[1::2].count(0) else "utf-16-le"


def _zeros_of_utf_16(head: bytes) -> bool:
    """Line ends, digits and delimiters have a zero byte there, on one side of each pair; text has none elsewhere."""
    few, many = sorted((head[::2].count(0), head[1::2].count(0)))
    return many >= 4 and few <= many / 20 and many >= len(head) / 40


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _require_lines(path: Path, name: str) -> None:
    """A line is held in memory at once, so a file without line ends is refused before it is."""
    open_since = lines = 0
    for chunk in _chunks(path):
        last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        open_since = open_since + len(chunk) if last < 0 else len(chunk) - last
        if open_since > LONGEST_LINE:
            row = lines + 1
            raise IntakeError(
                f"Row {row:,} of {name} is longer than {size(LONGEST_LINE)}.", cure="Is it text?", row=row
            )
        lines += chunk.count(b"\n")


def _breaks_at(path: Path, codec: str) -> int | None:
    """The place of the first byte that the codec cannot read; None when it reads the whole file."""
    codec = codec.removesuffix("-sig")  # whose decoder counts from behind the mark
    decoder = codecs.getincrementaldecoder(codec)("strict")
    done = 0
    for chunk in _chunks(path):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return done - pending + error.start
        done += len(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return done - 1
    return None


def _text(path: Path, codec: str, errors: str = "strict") -> Iterator[str]:
    return codecs.iterdecode(_chunks(path), codec, errors)


def _mismatch(path: Path, name: str, encoding: str, codec: str, at: int) -> IntakeError:
    with path.open("rb") as file:
        before = file.read(at).decode(codec.removesuffix("-sig"), "replace")
    row = 1 + before.count("\n") + before.count("\r") - before.count("\r\n")
    return IntakeError(f"{name} is not {encoding}: row {row:,} holds bytes that are none.", cure=_CHOOSE, row=row)


def _damaged_utf_8(path: Path) -> bool:
    """Whether the bytes that are UTF-8 outnumber those that are not: no accents of another encoding do that."""
    good = lost = 0
    for text in _text(path, "utf-8", "replace"):
        wrong = text.count("\ufffd")
        good += len(_NOT_ASCII.findall(text)) - wrong
        lost += wrong
    return good > lost


def _reads_like_chinese(path: Path) -> bool:
    """Accents of Windows-1252 make pairs that GB18030 reads as rare characters; Chinese is written in common ones."""
    seen: list[str] = []
    for text in _text(path, "gb18030"):
        if _binary(text):
            return False
        seen += _NOT_ASCII.findall(text)
        if len(seen) > _ENOUGH:
            break
    return sum(map(_common, seen)) >= 0.6 * len(seen)


def _common(character: str) -> bool:
    """Punctuation, full width, kana, and the first level of GB 2312: 3,755 hanzi by how often they are used."""
    lead = character.encode("gb2312", "ignore")[:1]
    return lead in (b"\xa1", b"\xa3", b"\xa4", b"\xa5") or b"\xb0" <= lead <= b"\xd7"


def _binary(text: str) -> bool:
    return len(_CONTROL.findall(text)) > len(text) / 20
