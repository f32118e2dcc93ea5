"""Bytes -> characters: found in the order of trust, shown, and never lost in silence."""

from __future__ import annotations

import codecs

import pytest

from nxcc.intake import IntakeError
from tests.intake.conftest import Reads

CHINESE = "订单号,客户\nA1,王小明\nA2,李雷，上海\n"
ACCENTS = "order_id,name\nA1,café crème\nA2,Müller, Größe\nA3,Señor Núñez\nA4,naïve – “quoted”\n"

FOUND = [
    (CHINESE.encode(), "UTF-8"),
    (CHINESE.encode("utf-8-sig"), "UTF-8 with BOM"),
    (CHINESE.encode("utf-16"), "UTF-16"),
    (codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), "UTF-16"),
    (CHINESE.encode("utf-16-le"), "UTF-16"),
    (CHINESE.encode("utf-16-be"), "UTF-16"),
    (b"order_id,name\nA1,x\n".decode().encode("utf-16-le"), "UTF-16"),
    (CHINESE.encode("gb18030"), "GB18030"),
    ("order_id,name\nA1,𠀀王小明€\n".encode("gb18030"), "GB18030"),
    (ACCENTS.encode("cp1252"), "Windows-1252"),
    ("order_id,name\nA1,Müller\n".encode("cp1252"), "Windows-1252"),
    ("order_id,name\nA1,MÜLLER GROSSKÜHNE\nA2,Ärger\n".encode("cp1252"), "Windows-1252"),
    ("order_id,cost\nA1,20 €\nA2,5 £\nA3,30 °C\n".encode("cp1252"), "Windows-1252"),
    (b"order_id,name\nA1,x\n", "UTF-8"),
]


@pytest.mark.parametrize(("data", "encoding"), FOUND)
def test_find__in_the_order_of_trust(reads: Reads, data: bytes, encoding: str) -> None:
    found = reads(data)
    assert found.reading.encoding == encoding
    codec = {"UTF-8 with BOM": "utf-8-sig", "Windows-1252": "cp1252"}.get(encoding, encoding)
    if encoding != "UTF-16":
        assert found.cells[0][0] == "A1"
        assert str(found.cells[0][1]) in data.decode(codec)
    assert not found.reading.columns[0].startswith("\ufeff")


def test_find__a_chinese_file_far_behind_its_first_letters(reads: Reads) -> None:
    found = reads("order_id,name\n" + "A,x\n" * 60_000 + "A1,王小明\n", header=1)
    assert (found.reading.encoding, found.cells[-1]) == ("UTF-8", ["A1", "王小明"])
    found = reads(("order_id,name\n" + "A,x\n" * 60_000 + "A1,王小明\n").encode("gb18030"), header=1)
    assert (found.reading.encoding, found.cells[-1]) == ("GB18030", ["A1", "王小明"])


def test_find__what_is_asked_is_obeyed_to_the_letter(reads: Reads) -> None:
    data = "order_id,name\nA1,Müller\n".encode("cp1252")
    assert reads(data, encoding="Windows-1252").cells == [["A1", "Müller"]]
    with pytest.raises(IntakeError, match="is not Windows-1252: row 1"):
        reads(CHINESE, encoding="Windows-1252")
    for encoding in ("UTF-8", "UTF-8 with BOM"):
        with pytest.raises(IntakeError, match=f"is not {encoding}: row 2 holds") as refused:
            reads(data, encoding=encoding)
        assert refused.value.row == 2
    with pytest.raises(IntakeError, match="is not GB18030: row 3"):
        reads(b"order_id\nA1\nA\xff\xff\n", encoding="GB18030")
    with pytest.raises(IntakeError, match="is not UTF-16"):
        reads(b"order_id\nA1\n\n", encoding="UTF-16")


def test_find__utf_8_with_a_wrong_byte_is_not_taken_for_something_else(reads: Reads) -> None:
    with pytest.raises(IntakeError, match="is not UTF-8: row 4"):
        reads(CHINESE.encode() + b"A3,\xff\n")
    with pytest.raises(IntakeError, match="is not UTF-8 with BOM: row 2"):
        reads(codecs.BOM_UTF8 + b"order_id\n\xff\n")
    with pytest.raises(IntakeError, match="is not UTF-8: row 3"):
        reads(CHINESE.encode()[:-9])  # cut in the middle of a character


def test_find__bytes_that_are_no_text(reads: Reads) -> None:
    for data in (bytes(range(128, 256)) * 20, b"\x01\x02\x03\x81\x04" * 50):
        with pytest.raises(IntakeError, match="no text in any encoding"):
            reads(data)


def test_find__zeros_in_a_cell_are_no_utf_16(reads: Reads) -> None:
    assert reads(b"order_id,name\nA\x001,x\nA\x002,y\nAB\x003,y\n").reading.encoding == "UTF-8"
