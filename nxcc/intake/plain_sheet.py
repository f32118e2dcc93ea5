"""The XML of a sheet as nearly every program writes it, read by one pattern a cell. Anything else: NotPlainError."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import IO

from nxcc.intake.limits import LONGEST_CELL, MOST_COLUMNS
from nxcc.intake.values import Values

Row = list[str | None]

_CHUNK = 1 << 18
_LONGEST_ROW = 16_000_000  # bytes
_TEXT = r"[^<\r\x00-\x08\x0b\x0c\x0e-\x1f]*+"
_ROW = re.compile(r'\s*<row r="([0-9]{1,7})"[^<>&]*?(/?)>')
_CELL = re.compile(
    r'(<c r="([A-Z]{1,3})[0-9]{1,7}"(?: s="([0-9]++)")?(?: t="([a-zA-Z]++)")?'
    rf'(?:/>|>(?:<f[^<>]*>{_TEXT}</f>)?(?:<v>({_TEXT})</v>|<is><t(?: xml:space="preserve")?>({_TEXT})</t></is>)?</c>))'
)
_ENTITY = re.compile("&(amp|lt|gt|quot|apos|#10|#13|#9);")
_TEXTS = ("str", "inlineStr")  # cells that may be empty text
_MEANT = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "#10": "\n", "#13": "\r", "#9": "\t"}


class NotPlainError(Exception):
    """It takes a parser to read this."""


def rows(file: IO[bytes], values: Values) -> Iterator[tuple[int, Row]]:
    """The number and the cells of each row. Raises NotPlainError, and what `Values.text` raises."""
    waiting = file.read(_CHUNK)
    start = waiting.find(b"<sheetData>")
    if start < 0 or b"<!" in waiting[:start] or b"UTF-8" not in waiting[:200].upper():
        raise NotPlainError
    waiting = waiting[start + len(b"<sheetData>") :]
    while (end := waiting.find(b"</sheetData>")) < 0:
        whole = waiting.rfind(b"</row>") + len(b"</row>")
        if whole >= len(b"</row>"):
            yield from _rows(waiting[:whole], values)
            waiting = waiting[whole:]
        chunk = file.read(_CHUNK)
        if not chunk or len(waiting) > _LONGEST_ROW:
            raise NotPlainError
        waiting += chunk
    yield from _rows(waiting[:end], values)


def _rows(data: bytes, values: Values) -> Iterator[tuple[int, Row]]:
    try:
        xml = data.decode()
    except UnicodeDecodeError as error:
        raise NotPlainError from error
    at = 0
    while match := _ROW.match(xml, at):
        number, empty = match.groups()
        at = match.end()
        row: Row = []
        if not empty:
            end = xml.find("</row>", at)
            row = _cells(xml[at:end], values)
            at = end + len("</row>")
        yield int(number), row
    if xml[at:].strip():
        raise NotPlainError


def _cells(xml: str, values: Values) -> Row:
    row: Row = []
    read = 0
    for cell, letters, style, kind, value, inline in _CELL.findall(xml):
        read += len(cell)
        text = value or inline
        if not text and kind not in _TEXTS:
            continue
        column = _column(letters)
        if column != len(row):
            _fill(row, column)
        if "&" in text:
            text = _without_entities(text)
        if kind != "inlineStr" or "_x" in text:
            text = values.text(text, kind or None, style or None)
        row.append(text)
    if read != len(xml) or len(xml) > LONGEST_CELL:  # something between the cells, or much text
        raise NotPlainError
    return row


def _fill(row: Row, column: int) -> None:
    """Cells that are not there, up to a column."""
    if not len(row) < column < MOST_COLUMNS:
        raise NotPlainError
    row += [None] * (column - len(row))


def _without_entities(text: str) -> str:
    if text.count("&") != len(_ENTITY.findall(text)):
        raise NotPlainError
    return _ENTITY.sub(_meant, text)


def _meant(entity: re.Match[str]) -> str:
    return _MEANT[entity[1]]


@lru_cache(maxsize=MOST_COLUMNS)
def _column(letters: str) -> int:
    """`A` -> 0, `XFD` -> 16,383."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
