"""What a reader of files and pages sees: whether a cell runs, whether data became markup."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

LIVE = re.compile("^[\\s\x00-\x20\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*[=+\\-@＝＋－＠]|^[\t\r\n]")
_OURS = re.compile(
    r'</?b>|<br>|<extra></extra>|<span style="(?:font-size:[\d.]+px|color:#[0-9A-Fa-f]{6};font-size:16px)">|</span>'
)
_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def csv_rows(content: bytes) -> list[list[str]]:
    """The rows of a CSV file, of which no cell begins a formula but for numbers."""
    before = csv.field_size_limit(2**31 - 1)  # one for the process, which uploads are held to
    try:
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    finally:
        csv.field_size_limit(before)


def is_live(cell: str) -> bool:
    """Whether a spreadsheet would run a cell of a CSV file."""
    return bool(LIVE.match(cell)) and not re.fullmatch(r"-?[0-9.]+", cell)


def require_dead_book(content: bytes) -> None:
    """A workbook of sheets, styles and texts alone: nothing is computed, linked, drawn or loaded."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            assert re.fullmatch(
                r"\[Content_Types\]\.xml|_rels/\.rels|docProps/(app|core)\.xml|xl/_rels/workbook\.xml\.rels"
                r"|xl/(workbook|styles|sharedStrings|metadata)\.xml|xl/theme/theme1\.xml|xl/worksheets/sheet\d+\.xml",
                name,
            ), name
            xml = archive.read(name)
            assert b"<!DOCTYPE" not in xml
            tags = {element.tag for _, element in ElementTree.iterparse(io.BytesIO(xml))}
            assert not tags & {
                f"{_SPACE}{tag}"
                for tag in ("f", "hyperlink", "hyperlinks", "ddeLink", "oleObject", "externalReference")
            }
            assert b'TargetMode="External"' not in xml


def strings(value: Any) -> Iterator[str]:
    """Every text in a figure but the raw values of its points, which are never drawn."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inside in value.items():
            yield from strings(
                [point[1:] if isinstance(point, list) else point for point in inside] if key == "customdata" else inside
            )
    elif isinstance(value, list):
        for inside in value:
            yield from strings(inside)


def markup_of_data(text: str) -> str:
    """What is left of a figure's text that plotly would take for a tag of its own."""
    rest = _OURS.sub("", text)
    return rest if re.search("<(?=[a-zA-Z/!?])", rest) else ""


class Page(HTMLParser):
    """A page's elements with their attributes, and its scripts, as a browser parses them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.scripts: list[str] = []
        self.texts: list[str] = []
        self._in_script = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))
        self._in_script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        (self.scripts if self._in_script else self.texts).append(data)
