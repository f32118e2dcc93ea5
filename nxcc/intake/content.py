"""What the bytes of a file are, whatever its name says: text or a workbook, or something that is refused by name."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nxcc.intake.limits import LARGEST_BYTES, LARGEST_CONTENT, IntakeError, size

_CHUNK = 1 << 20
_LARGEST_DIRECTORY = 8_000_000  # bytes in which a ZIP names its members; a workbook takes some thousand
_LONGEST_END = 66_000  # of a ZIP: its comment takes up to 65,535 bytes
_SAVE = "Save it as XLSX or CSV."
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NAMED = {
    b"%PDF-": "a PDF",
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"GIF8": "a picture (GIF)",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an XZ archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"PAR1": "a Parquet file",
    b"SQLite format 3\x00": "a SQLite database",
    b"\x7fELF": "a program",
    b"MZ\x90\x00": "a program",
    b"{\\rtf": "a text document (RTF)",
}


@dataclass(frozen=True, slots=True)
class Content:
    """A file that can be read: `path` holds it without its compression."""

    path: Path
    format: Literal["text", "xlsx"]
    compressed: bool


def unpack(source: Path, name: str, scratch: Path) -> Content:
    """Looks at the bytes, not at the name; what came as .gz is unpacked into the folder `scratch`.

    Raises IntakeError: too large, empty, damaged, or of a kind that is no table.
    """
    if source.stat().st_size > LARGEST_BYTES:
        raise IntakeError(f"{name} is larger than {size(LARGEST_BYTES)}.", cure="Split it, or leave columns out.")
    compressed = _head(source).startswith(_GZIP)
    path = _gunzip(source, name, scratch / "unpacked") if compressed else source
    head = _head(path)
    if not head:
        raise IntakeError(f"{name} is empty.", cure="Choose a file with order ids.")
    if head.startswith(_ZIP):
        _require_workbook(path, name)
        return Content(path, "xlsx", compressed)
    if kind := _kind(path, head):
        raise IntakeError(f"{name} is {kind}, not a table.", cure=_SAVE)
    return Content(path, "text", compressed)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


def _gunzip(source: Path, name: str, into: Path) -> Path:
    total = 0
    try:
        with gzip.open(source) as packed, into.open("wb") as file:
            while chunk := packed.read(_CHUNK):
                total += len(chunk)
                if total > LARGEST_CONTENT:
                    raise IntakeError(
                        f"{name} holds more than {size(LARGEST_CONTENT)} when unpacked.",
                        cure="Split it, or leave columns out.",
                    )
                file.write(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise IntakeError(f"{name} is damaged: its compression breaks off.", cure="Compress it again.") from error
    return into


def _kind(path: Path, head: bytes) -> str:
    if head.startswith(_OLE):
        return _ole(path)
    if head.startswith(_GZIP):
        return "compressed twice"
    if head[4:8] == b"ftyp" or (head.startswith(b"RIFF") and head[8:12] in (b"WAVE", b"AVI ", b"WEBP")):
        return "a picture, a recording or a film"
    if head[:200].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if b'progid="Excel.Sheet"' in head or b"urn:schemas-microsoft-com:office:spreadsheet" in head:
        return "an XML spreadsheet of Excel 2003"
    return next((kind for magic, kind in _NAMED.items() if head.startswith(magic)), "")


def _ole(path: Path) -> str:
    """Old Office files, and new ones behind a password, are the same kind of container."""
    whole = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in whole:
        return "a workbook with a password"
    return "an old Excel workbook (.xls)" if "Workbook".encode("utf-16-le") in whole else "an old Office file"


def _directory_bytes(path: Path) -> int:
    """The size of a ZIP's directory, as its end says it; 0 where there is no end. The larger of the two that ZIP64 has.

    Source: APPNOTE.TXT of PKWARE, 4.3.14 and 4.3.16.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LONGEST_END))
        end = file.read()
    sizes = [0]
    if (at := end.rfind(b"PK\x05\x06")) >= 0:
        size = int.from_bytes(end[at + 12 : at + 16], "little")
        sizes.append(0 if size == 0xFFFFFFFF else size)  # then ZIP64 says it
    if (at := end.rfind(b"PK\x06\x06")) >= 0:
        sizes.append(int.from_bytes(end[at + 40 : at + 48], "little"))
    return max(sizes)


def _require_workbook(path: Path, name: str) -> None:
    if _directory_bytes(path) > _LARGEST_DIRECTORY:  # each member takes ten times its entry in memory
        raise IntakeError(f"{name} has far more parts than a workbook.", cure=_SAVE)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
            mimetype = b""
            if "mimetype" in members:
                with archive.open("mimetype") as file:
                    mimetype = file.read(100)  # no more of it: unpacked it may be of any size
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError, RuntimeError) as error:
        raise IntakeError(
            f"{name} is a damaged workbook or ZIP archive.", cure="Open it in Excel and save it again, as XLSX or CSV."
        ) from error
    if b"opendocument" in mimetype:
        raise IntakeError(f"{name} is an OpenDocument file (.ods), which is not read.", cure=_SAVE)
    if "xl/workbook.bin" in members:
        raise IntakeError(f"{name} is a binary Excel workbook (.xlsb), which is not read.", cure=_SAVE)
    if not any(member.startswith("xl/") for member in members):
        kind = "a Word document" if "word/document.xml" in members else "a ZIP archive"
        raise IntakeError(f"{name} is {kind}, not a table.", cure="Unpack it, and upload the XLSX or CSV inside.")
