"""Files as an enemy would upload them: what each is called -> what makes its bytes, which are at most 60 MB."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable

import xlsxwriter

from tests.hostile import texts

Make = Callable[[], bytes]

_SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ROOT = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="r1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_BOOK = (
    f'<workbook {_SPACE} xmlns:r="{_RELATIONS}"><sheets>'
    '<sheet name="orders" sheetId="1" r:id="r1"/></sheets></workbook>'
)
_PARTS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="r1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{_RELATIONS}/sharedStrings" Target="sharedStrings.xml"/>{{}}</Relationships>'
)
_TEXT_CELL = '<c r="A1" t="inlineStr"><is><t>order_id</t></is></c>'


def sheet(rows: str) -> str:
    """A sheet's XML around its rows."""
    return f'<?xml version="1.0" encoding="UTF-8"?><worksheet {_SPACE}><sheetData>{rows}</sheetData></worksheet>'


GOOD_ROWS = f'<row r="1">{_TEXT_CELL}</row><row r="2"><c r="A2" t="inlineStr"><is><t>A-1</t></is></c></row>'


def book(more: dict[str, str | bytes] | None = None, *, relations: str = "", rows: str = GOOD_ROWS) -> bytes:
    """A workbook of one sheet, with other parts added or put in the place of its own."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": _ROOT,
        "xl/workbook.xml": _BOOK,
        "xl/_rels/workbook.xml.rels": _PARTS.format(relations),
        "xl/worksheets/sheet1.xml": sheet(rows),
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (parts | (more or {})).items():
            archive.writestr(name, content)
    return made.getvalue()


def _zip(**members: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def _as_excel_writes(write: Callable[[xlsxwriter.Workbook], object]) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as workbook:
        write(workbook)
    return made.getvalue()


def _live(workbook: xlsxwriter.Workbook) -> None:
    drawn = workbook.add_worksheet("orders")
    drawn.write_row(0, 0, ["order_id", "other"])
    for n, text in enumerate(texts.FORMULAS, 1):
        drawn.write_string(n, 0, f"A-{n}")
        if text.startswith("=") and len(text) > 2:
            drawn.write_formula(n, 1, text, None, text)
        else:
            drawn.write_string(n, 1, text)
    drawn.write_url(60, 1, "http://evil.example/", string="A-60")
    drawn.write_url(61, 1, "external:\\\\evil.example\\x.xlsx#Sheet1!A1")
    drawn.data_validation(1, 0, 9, 0, {"validate": "custom", "value": '=WEBSERVICE("http://evil.example/")'})
    drawn.write_comment("A2", "<script>window.pwned=1</script>")


def table(rows: list[list[str]], delimiter: str = ",") -> bytes:
    """Cells as delimited text, every cell quoted."""
    lines = (delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    return "\r\n".join(lines).encode("utf-8", "replace")


def of_texts(part: tuple[str, ...]) -> bytes:
    """A list of orders whose other column, header and all, are hostile texts."""
    usable = [text.replace("\x00", "") for text in part if len(text) < 400_000]
    header = ["order_id", *usable[:20]]
    return table([header, *([f"A-{n}", *[text] * (len(header) - 1)] for n, text in enumerate(usable))])


def _bomb(size: int) -> bytes:
    """`size` zeros, deflated without ever being in memory."""
    packed = zlib.compressobj(9, zlib.DEFLATED, 31)
    chunk = bytes(1_000_000)
    return b"".join([*(packed.compress(chunk) for _ in range(size // len(chunk))), packed.flush()])


def _mimetype_bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("mimetype", "w") as member:
        for _ in range(100):
            member.write(bytes(1_000_000))
    return made.getvalue()


def _lying_size() -> bytes:
    content = bytearray(book({"xl/worksheets/sheet1.xml": sheet(GOOD_ROWS) + " " * 5_000_000}))
    at = content.rfind(b"PK\x01\x02")
    while at >= 0:
        content[at + 24 : at + 28] = (100).to_bytes(4, "little")
        at = content.rfind(b"PK\x01\x02", 0, at)
    return bytes(content)


def _traversal() -> bytes:
    made = io.BytesIO(book())
    with zipfile.ZipFile(made, "a") as archive:
        for name in ("../../../../tmp/hostile_was_here", "/etc/cron.d/x", "C:\\x", "xl/../../x", "a" * 60_000):
            archive.writestr(name, b"x")
    return made.getvalue()


TABLES: dict[str, Make] = {
    "bare quotes": lambda: b'order_id,x\nA-1,a"b"c\nA-2,"\nA-3,""\n',
    "a quote that is never closed": lambda: b'order_id\n"A-1\nA-2\n',
    "text behind a quote": lambda: b'order_id,x\n"A"-1,y\n',
    "quotes only": lambda: b'"' * 99_999,
    "many quotes": lambda: b"order_id\n" + b'""""""\n' * 50_000,
    "backslashes": lambda: b'order_id,x\n"A-1\\",y\n\\,\\\n',
    "NULs": lambda: b"order_id,x\nA-1,a\x00b\nA\x00-2,\x00\n",
    "NULs only": lambda: bytes(100_000),
    "carriage returns": lambda: b"order_id\rA-1\rA-2\r\r\n\r",
    "mixed line ends": lambda: b"order_id\xe2\x80\xa8A-1\xc2\x85A-2\x0bA-3\x0cA-4\x1cA-5\n",
    "10,000 columns": lambda: b",".join(b"c%d" % n for n in range(10_000)) + b"\n" + b",".join([b"A-1"] * 10_000),
    "20,000 columns": lambda: b",".join(b"c%d" % n for n in range(20_000)),
    "10,000 delimiters": lambda: b"order_id\nA-1" + b"," * 10_000 + b"\n",
    "wider and wider": lambda: b"\n".join(b"A-1" + b",x" * n for n in range(400)),
    "a cell of 1 MB": lambda: b"order_id,x\nA-1," + b"x" * 1_000_000 + b"\n",
    "a cell of 2 MB": lambda: b'order_id,x\nA-1,"' + b"x" * 2_000_000 + b'"\n',
    "an id of 1 MB": lambda: b"order_id\n" + b"x" * 999_000 + b"\nA-2\n",
    "a header of 1 MB": lambda: b"order_id," + b"h" * 900_000 + b"\nA-1,x\n",
    "a line of 50 MB": lambda: b"order_id\n" + b"x" * 50_000_000,
    "50 MB of cells in a line": lambda: b"order_id\n" + b"x," * 25_000_000,
    "10,000 empty lines": lambda: b"order_id\nA-1\n" + b"\n" * 10_000 + b"A-2\n",
    "only line ends": lambda: b"\r\n" * 100_000,
    "only a mark": lambda: b"\xef\xbb\xbf",
    "two marks": lambda: b"\xef\xbb\xbf\xef\xbb\xbforder_id\nA-1\n",
    "UTF-16 cut": lambda: "order_id\nA-1\n".encode("utf-16")[:-1],
    "UTF-16 with half a character": lambda: b"\xff\xfe" + "order_id\nA-1".encode("utf-16-le") + b"\x00\xd8",
    "UTF-32": lambda: "order_id\nA-1\n".encode("utf-32"),
    "UTF-7": lambda: b"order_id\n+ADw-script+AD4-\n",
    "GB18030": lambda: "订单号,x\nA-1,<script>\n".encode("gb18030"),
    "bytes of everything": lambda: b"order_id\n" + bytes(range(256)) * 50,
    "half characters in UTF-8": lambda: b"order_id\nA-1\xed\xa0\x80\n",
    "sep=": lambda: b"sep=;\norder_id;=1+1\nA-1;=1+1\n",
    "sep= of nothing": lambda: b"sep=\norder_id\nA-1\n",
    "sep= of a quote": lambda: b'sep="\norder_id\nA-1\n',
    "a header only": lambda: b"order_id\n",
    "the header twice": lambda: b"order_id,order_id\nA-1,A-2\n",
    "names that mean something": lambda: b"row,c0,order_id,__index__,outcome,reason\n1,2,A-1,4,found,ok\n",
    "our own columns": lambda: b"order_id,order_id_sent,outcome,reason,calls,asked_at\nA-1,x,found,y,9,z\n",
    "HTML": lambda: b"<html><script>window.pwned=1</script></html>",
    "HTML behind a space": lambda: b"  \n<!DOCTYPE html><table><tr><td>A-1</td></tr></table>",
    "SVG": lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='window.pwned=1'/>",
    "XML with an entity": lambda: (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>'
    ),
    "SYLK": lambda: b"ID;PWXL;N;E\nC;Y1;X1;K0;E=1+1\nE\n",
    "DIF": lambda: b"TABLE\n0,1\nDATA\n0,0\n",
    "MHTML": lambda: b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n<script>window.pwned=1</script>",
    "a shell script": lambda: b"#!/bin/sh\nid > /tmp/hostile_was_here\n",
    "a pickle": lambda: b"cos\nsystem\n(S'touch /tmp/hostile_was_here'\ntR.",
    "Parquet": lambda: b"PAR1" + b"\x00" * 100 + b"PAR1",
    "control characters": lambda: b"order_id\nA-1\x1b[31m\nA-2\x07\n",
} | {f"texts: {kind}": (lambda part=part: of_texts(part)) for kind, part in texts.BY_KIND.items()}  # type: ignore[misc]

BOOKS: dict[str, Make] = {
    "formulas and links": lambda: _as_excel_writes(_live),
    "a formula without a result": lambda: book(
        rows=f'<row r="1">{_TEXT_CELL}</row><row r="2"><c r="A2"><f>HYPERLINK("http://evil.example/")</f></c></row>'
    ),
    "DDE": lambda: book(
        {
            "xl/externalLinks/externalLink1.xml": f'<externalLink {_SPACE}><ddeLink ddeService="cmd" '
            'ddeTopic="/c calc"/></externalLink>'
        },
        relations=f'<Relationship Id="r9" Type="{_RELATIONS}/externalLink" Target="externalLinks/externalLink1.xml"/>',
    ),
    "external sheets": lambda: book(
        relations=f'<Relationship Id="r1" Type="{_RELATIONS}/worksheet" Target="http://evil.example/s.xml" '
        'TargetMode="External"/>'
    ),
    "a sheet elsewhere": lambda: book(
        {"xl/_rels/workbook.xml.rels": _PARTS.format("").replace("worksheets/sheet1.xml", "../../../../etc/passwd")}
    ),
    "a sheet at an address": lambda: book(
        {"xl/_rels/workbook.xml.rels": _PARTS.format("").replace("worksheets/sheet1.xml", "file:///etc/passwd")}
    ),
    "macros": lambda: book({"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0" + b"Auto_Open" * 100}),
    "an entity": lambda: book(
        {
            "xl/worksheets/sheet1.xml": '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>'
            + sheet("<row><c><v>&y;</v></c></row>")
        }
    ),
    "an outer document type": lambda: book(
        {"xl/workbook.xml": '<!DOCTYPE x SYSTEM "http://evil.example/x.dtd">' + _BOOK}
    ),
    "a billion laughs": lambda: book(
        {
            "xl/sharedStrings.xml": '<!DOCTYPE x [<!ENTITY a "ha">'
            + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
            + f"]><sst {_SPACE}><si><t>&j;</t></si></sst>"
        }
    ),
    "XInclude": lambda: book(
        {
            "xl/sharedStrings.xml": f'<sst {_SPACE} xmlns:xi="http://www.w3.org/2001/XInclude">'
            '<xi:include href="file:///etc/passwd" parse="text"/></sst>'
        }
    ),
    "a style sheet": lambda: book(
        {"xl/worksheets/sheet1.xml": '<?xml-stylesheet href="http://evil.example/x.xsl"?>' + sheet(GOOD_ROWS)}
    ),
    "absurd dimensions": lambda: book(
        rows=f'<row r="1">{_TEXT_CELL}</row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    ),
    "a row of no sheet": lambda: book(rows='<row r="99999999999999999999"><c><v>1</v></c></row>'),
    "a row below nothing": lambda: book(rows='<row r="-5"><c r="A-5"><v>1</v></c></row>'),
    "a row that is a word": lambda: book(rows='<row r="x"><c r="A1"><v>1</v></c></row>'),
    "a cell of no column": lambda: book(rows='<row r="1"><c r="ZZZZZZZZ1"><v>1</v></c></row>'),
    "a cell twice": lambda: book(rows=f'<row r="1">{_TEXT_CELL}{_TEXT_CELL}</row>'),
    "a style of none": lambda: book(rows='<row r="1"><c r="A1" s="999999999"><v>1</v></c></row>'),
    "a text of none": lambda: book(rows='<row r="1"><c r="A1" t="s"><v>99999</v></c></row>'),
    "a text before the first": lambda: book(rows='<row r="1"><c r="A1" t="s"><v>-1</v></c></row>'),
    "a number of 10,000 digits": lambda: book(rows=f'<row r="1"><c r="A1"><v>{"9" * 10_000}</v></c></row>'),
    "an exponent": lambda: book(
        rows='<row r="1"><c r="A1"><v>1E+999999999</v></c><c r="B1"><v>1e-999999999</v></c></row>'
    ),
    "a date that never is": lambda: book(
        {"xl/styles.xml": f'<styleSheet {_SPACE}><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>'},
        relations=f'<Relationship Id="r3" Type="{_RELATIONS}/styles" Target="styles.xml"/>',
        rows='<row r="1"><c r="A1" s="0"><v>nan</v></c><c r="B1" s="0"><v>1e300</v></c>'
        '<c r="C1" s="0"><v>-1</v></c></row>',
    ),
    "escapes of half characters": lambda: book(
        rows='<row r="1"><c r="A1" t="inlineStr"><is><t>_xD800__x0000__xFFFF_</t></is></c></row>'
    ),
    "10,000 sheets": lambda: book(
        {"xl/workbook.xml": _BOOK.replace("<sheets>", "<sheets>" + '<sheet name="x" sheetId="2" r:id="r1"/>' * 10_000)}
    ),
    "sheets with names of markup": lambda: book(
        {"xl/workbook.xml": _BOOK.replace('name="orders"', 'name="&lt;script&gt;window.pwned=1&lt;/script&gt;=1+1"')}
    ),
    "a deep text": lambda: book(
        {"xl/sharedStrings.xml": f"<sst {_SPACE}><si>{'<t>x' * 30_000}{'</t>' * 30_000}</si></sst>"}
    ),
    "a text in 200,000 pieces": lambda: book(
        {"xl/sharedStrings.xml": f"<sst {_SPACE}><si><t>{'x<b/>' * 200_000}</t></si></sst>"}
    ),
    "a cell in 200,000 pieces": lambda: book(
        rows=f'<row r="1"><c r="A1" t="inlineStr"><is><t>{"x<b/>" * 200_000}</t></is></c></row>'
    ),
    "deep XML": lambda: book(rows="<row><c>" + "<x>" * 200_000),
    "200,000 attributes": lambda: book(rows="<row " + " ".join(f'a{n}="1"' for n in range(200_000)) + "/>"),
    "no end": lambda: book({"xl/worksheets/sheet1.xml": sheet(GOOD_ROWS)[:-40]}),
    "UTF-16 inside": lambda: book(
        {"xl/worksheets/sheet1.xml": sheet(GOOD_ROWS).replace("UTF-8", "UTF-16").encode("utf-16")}
    ),
    "an encoding of none": lambda: book({"xl/worksheets/sheet1.xml": sheet(GOOD_ROWS).replace("UTF-8", "evil")}),
    "NULs inside": lambda: book({"xl/worksheets/sheet1.xml": sheet(GOOD_ROWS.replace("A-1", "A\x00-1"))}),
    "100,000 shared texts": lambda: book({"xl/sharedStrings.xml": f"<sst {_SPACE}>{'<si/>' * 100_000}</sst>"}),
    "a book in a book": lambda: book({"xl/worksheets/sheet1.xml": book()}),
    "a zip in a zip": lambda: _zip(**{"x.zip": _zip(**{"y.zip": _zip(z=bytes(1_000_000))})}),
    "names that lead out": _traversal,
    "sizes that lie": _lying_size,
    "a bomb that names its kind": _mimetype_bomb,
    "10,000 members": lambda: _zip(**{f"x/{n}": b"" for n in range(10_000)}),
    "no members": lambda: b"PK\x05\x06" + bytes(18),
    "a cut zip": lambda: book()[:-30],
    "a zip behind a table": lambda: b"order_id\nA-1\n" + book(),
    "OpenDocument": lambda: _zip(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"),
    "Word": lambda: _zip(**{"word/document.xml": b"<x/>"}),
    "old Excel": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le") + bytes(500),
}

PACKED: dict[str, Make] = {
    "a bomb of 60 MB": lambda: _bomb(60_000_000),
    "a bomb of zeros within limits": lambda: _bomb(40_000_000),
    "packed twice": lambda: gzip.compress(gzip.compress(b"order_id\nA-1\n")),
    "a book packed": lambda: gzip.compress(book()),
    "many members": lambda: gzip.compress(b"order_id\n") + b"".join(gzip.compress(b"A-%d\n" % n) for n in range(2_000)),
    "cut": lambda: gzip.compress(b"order_id\nA-1\n" * 100)[:-9],
    "a wrong sum": lambda: gzip.compress(b"order_id\nA-1\n")[:-8] + bytes(8),
    "rubbish behind it": lambda: gzip.compress(b"order_id\nA-1\n") + b"rubbish",
    "nothing": lambda: gzip.compress(b""),
    "only the beginning": lambda: b"\x1f\x8b\x08",
    "a name inside": lambda: (
        b"\x1f\x8b\x08\x08\0\0\0\0\0\xff../../../tmp/hostile_was_here\0" + gzip.compress(b"order_id\nA-1\n")[10:]
    ),
}

BY_KIND: dict[str, dict[str, Make]] = {"table": TABLES, "workbook": BOOKS, "packed": PACKED}
ALL: dict[str, tuple[str, Make]] = {
    f"{kind}: {name}": ({"table": "orders.csv", "workbook": "orders.xlsx", "packed": "orders.csv.gz"}[kind], make)
    for kind, made in BY_KIND.items()
    for name, make in made.items()
}
# Names of files, which reach the disk of whoever downloads the results.
NAMES: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            *texts.PATHS,
            *texts.HTML[:12],
            *texts.FORMULAS[:20],
            *texts.DIRECTIONS,
            *texts.MARKDOWN[:12],
            *texts.CONTROLS[:8],
        )
    )
)
