"""XML out of a workbook, as a stream: no document type, no entity of its own, no endless tag."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO
from xml.parsers import expat

from nxcc.intake.limits import LONGEST_CELL, IntakeError

Attributes = dict[str, str]
Element = tuple[int, str, Attributes, str]

_CHUNK = 1 << 16
_LONGEST_TAG = 4_000_000  # bytes
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


class MalformedError(Exception):
    """It is no XML that a workbook may hold."""


def parser() -> expat.XMLParserType:
    """A parser that refuses what workbooks never have and attacks need."""
    made = expat.ParserCreate()
    made.buffer_text = True
    made.StartDoctypeDeclHandler = _refuse
    return made


def feed(parser: expat.XMLParserType, file: IO[bytes]) -> Iterator[None]:
    """Gives a file to the parser chunk by chunk, pausing after each. Raises MalformedError."""
    fed = 0
    try:
        while chunk := file.read(_CHUNK):
            parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > _LONGEST_TAG:
                raise MalformedError("a tag without end")
            yield
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise MalformedError(str(error)) from error
    yield


def elements(file: IO[bytes]) -> Iterator[Element]:
    """Each element when it ends: depth, name, attributes, and at depth 1 the text in it (not the phonetic one)."""
    ended: list[Element] = []
    path: list[tuple[str, Attributes]] = []
    texts: list[str] = []
    length = phonetic = 0  # counted along: a text may come in a million pieces, and any number of elements deep

    def start(tag: str, attributes: Attributes) -> None:
        nonlocal length, phonetic
        path.append((local(tag), attributes))
        phonetic += path[-1][0] == "rPh"
        if len(path) == 2:
            texts.clear()
            length = 0

    def end(_: str) -> None:
        nonlocal phonetic
        tag, attributes = path.pop()
        phonetic -= tag == "rPh"
        ended.append((len(path), tag, attributes, unescaped("".join(texts)) if len(path) == 1 else ""))

    def text(data: str) -> None:
        nonlocal length
        if path[-1][0] == "t" and not phonetic:
            texts.append(data)
            length += len(data)
            if length > LONGEST_CELL:
                raise IntakeError(f"A cell has more than {LONGEST_CELL:,} characters.", cure="Leave that text out.")

    reader = parser()
    reader.StartElementHandler, reader.EndElementHandler, reader.CharacterDataHandler = start, end, text
    for _ in feed(reader, file):
        yield from ended
        ended.clear()


def local(tag: str) -> str:
    """A tag's name without the prefix of its namespace."""
    return tag.rpartition(":")[2]


def unescaped(text: str) -> str:
    """`_x000D_` and the like are how a workbook writes characters that XML cannot hold."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return match[0] if 0xD800 <= code < 0xE000 else chr(code)


def _refuse(*_: object) -> None:
    raise MalformedError("a document type")
