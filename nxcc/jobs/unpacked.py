"""The bytes of an uploaded file, whatever it is packed in, to look for something in them."""

from __future__ import annotations

import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from nxcc.intake.limits import LARGEST_WORKBOOK

_CHUNK = 1 << 22
_OVERLAP = 1 << 12  # what is looked for is shorter
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, gzip.BadGzipFile, ValueError)


def parts(path: Path) -> Iterator[bytes]:
    """The bytes in overlapping parts: as they are, out of a .gz, and of each member of a workbook.

    What cannot be unpacked, because it is damaged or has a password, comes as it is. Raises `OSError`.
    """
    with path.open("rb") as file:
        yield from _overlapping(file)
        file.seek(0)
        if file.read(2) == b"\x1f\x8b":
            with tempfile.TemporaryFile(dir=path.parent) as plain:
                _unpack(path, plain)
                plain.seek(0)
                yield from _overlapping(plain)
                yield from _of_members(plain)
        else:
            yield from _of_members(file)


def _overlapping(file: IO[bytes]) -> Iterator[bytes]:
    left, last = LARGEST_WORKBOOK, b""
    while left > 0 and (chunk := file.read(_CHUNK)):
        left -= len(chunk)
        yield last + chunk
        last = chunk[-_OVERLAP:]


def _unpack(path: Path, into: IO[bytes]) -> None:
    left = LARGEST_WORKBOOK
    try:
        with gzip.open(path) as packed:
            while left > 0 and (chunk := packed.read(_CHUNK)):
                left -= into.write(chunk)
    except _DAMAGED:
        pass


def _of_members(file: IO[bytes]) -> Iterator[bytes]:
    try:
        if not zipfile.is_zipfile(file):
            return
        with zipfile.ZipFile(file) as book:
            for member in book.infolist():
                with book.open(member) as content:
                    yield from _overlapping(content)
    except _DAMAGED:
        return
