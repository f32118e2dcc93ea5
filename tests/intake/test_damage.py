"""Whatever the bytes are: a table, or a refusal in words; never another exception, never much time or memory."""

from __future__ import annotations

import bz2
import gzip
import io
import random
import struct
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
import xlsxwriter

from nxcc.intake import IntakeError, limits
from tests.intake.conftest import Reads, read_bytes
from tests.intake.test_workbook import ROWS, SHEET, changed, workbook

MUTATIONS = 420
TEXT = "订单号,客户,note\r\n" + "".join(f'SO{n:05d},王小明 {n},"a ""b"", c\nd"\r\n' for n in range(40))
WORKBOOK = workbook({"a": [["order_id", "name"], *([f"A{n}", f"name {n}"] for n in range(40))], "b": ROWS})
ORIGINALS = {
    "utf-8.csv": TEXT.encode(),
    "utf-16.csv": TEXT.encode("utf-16"),
    "gb18030.csv": TEXT.encode("gb18030"),
    "latin.csv": "order_id;name\nA1;Müller\nA2;Größe\n".encode("cp1252") * 20,
    "orders.csv.gz": gzip.compress(TEXT.encode()),
    "orders.xlsx": WORKBOOK,
    "orders.xlsx.gz": gzip.compress(WORKBOOK),
    "ids.txt": b"A1\nA2\n\nA3\n" * 30,
}


def mutated(data: bytes, chance: random.Random) -> bytes:
    """One to four accidents: a bit flipped, the end cut off, bytes put in, taken out or copied, another file's end."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        some = chance.randbytes(chance.choice([1, 2, 8, 100]))
        match chance.randrange(7):
            case 0 if at < len(data):
                data = data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
            case 1:
                data = data[:at]
            case 2:
                data = data[:at] + some + data[at:]
            case 3:
                data = data[:at] + data[at + len(some) :]
            case 4:
                data = data[:at] + data[at // 2 : at // 2 + 60] + data[at:]
            case 5:
                data = data[:at] + chance.choice(list(ORIGINALS.values()))[at:]
            case 6:
                data = (
                    data[:at] + chance.choice([b'"', b"\x00", b"\r", b"'", b"\\", b",", b"\xff\xfe", b"<"]) + data[at:]
                )
    return data


@pytest.mark.parametrize("seed", range(MUTATIONS // 20))
def test_read__damaged_files_give_a_table_or_a_refusal(tmp_path: Path, seed: int) -> None:
    for turn in range(20):
        chance = random.Random(seed * 1_000 + turn)
        name = chance.choice(list(ORIGINALS))
        data = chance.randbytes(chance.randrange(2_000)) if turn == 0 else mutated(ORIGINALS[name], chance)
        check(tmp_path, data, name)


@pytest.mark.parametrize("seed", range(4))
def test_read__damage_inside_a_workbook(tmp_path: Path, seed: int) -> None:
    """The parts are changed and packed again, so the sums are right and it is the XML that is wrong."""
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    for turn in range(25):
        chance = random.Random(seed * 1_000 + turn)
        broken = dict(parts)
        name = chance.choice(list(parts))
        broken[name] = mutated(parts[name], chance)
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as book:
            for path, content in broken.items():
                book.writestr(path, content)
        check(tmp_path, file.getvalue(), "orders.xlsx")


def check(folder: Path, data: bytes, name: str) -> None:
    with suppress(IntakeError):
        assert read_bytes(folder, data, name).cells
    assert {path.name for path in folder.iterdir()} <= {"upload", "cells.parquet"}


@pytest.mark.parametrize("name", ORIGINALS)
def test_read__the_files_that_are_damaged_are_whole_before(reads: Reads, name: str) -> None:
    assert reads(ORIGINALS[name], name).reading.rows >= 40


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
KINDS = [
    (b"%PDF-1.7\n", "a PDF"),
    (b"\x89PNG\r\n\x1a\n" + bytes(40), "a picture"),
    (b"\xff\xd8\xff\xe0" + bytes(40), "a picture"),
    (OLE + bytes(600) + "Workbook".encode("utf-16-le"), r"an old Excel workbook \(.xls\)"),
    (OLE + "EncryptedPackage".encode("utf-16-le"), "a workbook with a password"),
    (b"<!DOCTYPE html><html><table></table></html>", "a web page"),
    (bz2.compress(b"A1"), "a bzip2 archive"),
    (b"PAR1" + bytes(20), "a Parquet file"),
    (gzip.compress(gzip.compress(b"A1")), "compressed twice"),
    (gzip.compress(b""), "is empty"),
    (gzip.compress(TEXT.encode())[:-30], "compression breaks off"),
    (gzip.compress(TEXT.encode())[:60] + bytes(40), "compression breaks off"),
    (WORKBOOK[:3_000], "damaged workbook or ZIP"),
    (WORKBOOK[:500] + bytes(40) + WORKBOOK[540:], "damaged workbook"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "says"), KINDS, ids=[says for _, says in KINDS])
def test_read__what_is_no_table_is_named(reads: Reads, data: bytes, says: str) -> None:
    with pytest.raises(IntakeError, match=says) as refused:
        reads(data)
    assert refused.value.cure


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (zipped(**{"orders.csv": b"A1\n"}), "a ZIP archive"),
        (zipped(**{"word/document.xml": b"<a/>"}), "a Word document"),
        (zipped(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "OpenDocument"),
        (zipped(**{"xl/workbook.bin": b"x"}), "binary Excel workbook"),
        (zipped(**{"xl/workbook.xml": b"<a/>"}), "damaged workbook"),
    ],
)
def test_read__archives_that_are_no_workbook(reads: Reads, data: bytes, says: str) -> None:
    with pytest.raises(IntakeError, match=says):
        reads(data, "orders.xlsx")


def test_read__a_workbook_with_a_password_inside(reads: Reads) -> None:
    locked = bytearray(WORKBOOK)
    at = locked.index(b"PK\x01\x02")
    locked[at + 8] |= 1
    with pytest.raises(IntakeError, match="password"):
        reads(bytes(locked), "orders.xlsx")


def test_read__larger_than_is_taken(reads: Reads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nxcc.intake.content.LARGEST_BYTES", 1_000)
    with pytest.raises(IntakeError, match="larger than"):
        reads(b"order_id\n" + b"A1\n" * 1_000)


def test_read__a_line_without_end(reads: Reads) -> None:
    with pytest.raises(IntakeError, match=r"Row 2 .* is longer than 32 MB") as refused:
        reads(b"order_id\n" + b"A" * (limits.LONGEST_LINE + 2_000_000))
    assert refused.value.row == 2


def test_read__a_gz_bomb(reads: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nxcc.intake.content.LARGEST_CONTENT", 50_000_000)
    packer = zlib.compressobj(wbits=31)
    zeros = bytes(10_000_000)
    bomb = b"".join([packer.compress(zeros) for _ in range(6)]) + packer.flush()
    assert len(bomb) < 100_000
    with pytest.raises(IntakeError, match="more than 50 MB when unpacked"):
        reads(bomb, "orders.csv.gz")


def test_read__a_zip_bomb_that_says_so(reads: Reads) -> None:
    bomb = bytearray(changed(workbook({"a": ROWS}), SHEET, lambda xml: xml))
    at = bomb.index(b"PK\x01\x02")
    bomb[at + 24 : at + 28] = struct.pack("<I", limits.LARGEST_WORKBOOK + 1)
    with pytest.raises(IntakeError, match="more than 1,000 MB when unpacked"):
        reads(bytes(bomb), "orders.xlsx")


def test_read__a_zip_bomb_that_lies(reads: Reads) -> None:
    """It declares 1,000 bytes and unpacks to 30 million: no more is unpacked than it declares."""
    bomb = bytearray(
        changed(workbook({"a": ROWS}), SHEET, lambda xml: xml.replace("<sheetData>", "<sheetData>" + " " * 30_000_000))
    )
    for magic, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = bomb.index(SHEET.encode(), bomb.index(magic)) if magic == b"PK\x03\x04" else bomb.rindex(SHEET.encode())
        start = bomb.rindex(magic, 0, at)
        bomb[start + offset : start + offset + 4] = struct.pack("<I", 1_000)
    with pytest.raises(IntakeError, match="damaged workbook"):
        reads(bytes(bomb), "orders.xlsx")


@pytest.mark.parametrize("tag", ["<c r='", "<v>"])
def test_read__endless_things_inside_a_workbook(reads: Reads, tag: str) -> None:
    data = changed(
        workbook({"a": ROWS}),
        SHEET,
        lambda xml: xml.replace("<sheetData>", "<sheetData><row><c>" + tag + "A" * 6_000_000),
    )
    with pytest.raises(IntakeError, match=r"damaged workbook|1,000,000 characters"):
        reads(data, "orders.xlsx")


def test_read__entities_that_multiply(reads: Reads) -> None:
    lol = (
        "<!DOCTYPE a [<!ENTITY a 'lol'>"
        + "".join(f"<!ENTITY a{n} '{f'&a{n - 1 or str()};' * 10}'>" for n in range(1, 9))
        + "]>"
    )
    data = changed(workbook({"a": ROWS}), SHEET, lambda xml: xml.replace("<worksheet", lol + "<worksheet"))
    with pytest.raises(IntakeError, match="damaged workbook"):
        reads(data, "orders.xlsx")


def test_read__many_short_lines_of_nothing(reads: Reads) -> None:
    with pytest.raises(IntakeError, match="empty"):
        reads(b"\n" * 3_000_000)


def test_read__a_workbook_with_far_too_much_text(reads: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nxcc.intake.workbook._MOST_TEXT", 1_000)
    with pytest.raises(IntakeError, match="too much text"):
        reads(WORKBOOK, "orders.xlsx")


def test_read__a_sheet_that_ends_early(reads: Reads) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        book.add_chartsheet()
        book.add_worksheet("data").write_column(0, 0, ["order_id", "A1"])
    assert reads(file.getvalue(), "a.xlsx").reading.sheets == ["data"]  # a chart is no sheet with cells
