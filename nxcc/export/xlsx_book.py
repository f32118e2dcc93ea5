"""An XLSX book but for its rows, by xlsxwriter: styles, sheets with their headers, widths and filters, and notes."""

from __future__ import annotations

import html
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from zoneinfo import ZoneInfo

import pyarrow as pa
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from nxcc.export.xlsx_rows import CHARACTERS_A_CELL, Cut, shortened

DATE_FORMAT = "yyyy-mm-dd hh:mm:ss"

_NARROWEST, _WIDEST = 8, 60  # characters
_SAMPLE = 200  # rows that widths are taken from
_NOTED = 1_000  # cut cells that the notes list
_MOST_ESCAPED = 5_000  # characters, which as XML still fit into a cell
_END = b"</sheetData>"
_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\']")


@dataclass(slots=True)
class Sheet:
    """A sheet and how many rows it has below its header; `file` is its place in the book's zip."""

    name: str
    file: str
    rows: int = 0


class Book:
    """Sheets of the same columns. Widths are taken from the headers and the `first` rows."""

    def __init__(self, names: Sequence[str], first: pa.RecordBatch, zone: ZoneInfo, sheet: str) -> None:
        self.zone = zone
        self.sheets: list[Sheet] = []
        self.date_style = 0  # the number of the style of times, known with the first head
        self._base = _NOT_IN_SHEET_NAMES.sub(" ", sheet).strip()[:20] or "orders"  # Excel takes 31 characters
        self._times = [pa.types.is_timestamp(kind) for kind in first.schema.types]
        self._headers = [_header(name, zone if time else None) for name, time in zip(names, self._times, strict=True)]
        columns = zip(self._headers, first.slice(0, _SAMPLE).columns, strict=True)
        self._widths = [_width(header, column) for header, column in columns]
        self._cut: list[tuple[str, Cut]] = []
        self._cut_in_all = 0

    def add_sheet(self) -> Sheet:
        """The next sheet: `orders`, `orders 2`, ..."""
        n = len(self.sheets) + 1
        self.sheets.append(Sheet(self._base if n == 1 else f"{self._base} {n}", f"xl/worksheets/sheet{n}.xml"))
        return self.sheets[-1]

    def head(self, sheet: Sheet) -> bytes:
        """The sheet's XML up to its rows: the header is in it."""
        head = self.files()[sheet.file].partition(_END)[0]
        styled = re.search(rb'<col [^>]*style="(\d+)"', head)
        self.date_style = int(styled[1]) if styled else 0
        return re.sub(rb"<dimension[^>]*/>", b"", head)  # optional, and not known yet

    def tail(self, sheet: Sheet) -> bytes:
        """The sheet's XML behind its rows, which must all be counted."""
        return _END + self.files()[sheet.file].partition(_END)[2]

    def note(self, sheet: Sheet, cut: Iterable[Cut]) -> None:
        """Keeps in mind which cells of a sheet were cut."""
        for cell in cut:
            self._cut_in_all += 1
            if len(self._cut) < _NOTED:
                self._cut.append((sheet.name, cell))

    def files(self) -> dict[str, bytes]:
        """Everything in the book's zip, the sheets with their headers only."""
        made = BytesIO()
        with xlsxwriter.Workbook(made, {"in_memory": True}) as workbook:
            bold = workbook.add_format({"bold": True})
            date = workbook.add_format({"num_format": DATE_FORMAT})
            for sheet in self.sheets:
                drawn = workbook.add_worksheet(sheet.name)
                drawn.freeze_panes(1, 0)
                drawn.autofilter(0, 0, sheet.rows, len(self._headers) - 1)
                for n, header in enumerate(self._headers):
                    drawn.set_column(n, n, self._widths[n], date if self._times[n] else None)
                    drawn.write_string(0, n, _as_text(header), bold)
            if self._cut:
                self._write_notes(workbook.add_worksheet("notes"), bold)
        with zipfile.ZipFile(made) as files:
            return {name: files.read(name) for name in files.namelist()}

    def _write_notes(self, notes: xlsxwriter.worksheet.Worksheet, bold: xlsxwriter.format.Format) -> None:
        listed = f" The first {_NOTED:,} are listed." if self._cut_in_all > _NOTED else ""
        notes.write_string(
            0,
            0,
            f"Cut to the {CHARACTERS_A_CELL:,} characters that an Excel cell holds, and ending in …: "
            f"{self._cut_in_all:,} cells. The CSV and the Parquet file have them whole.{listed}",
            bold,
        )
        for n, title in enumerate(("sheet", "cell", "column", "characters")):
            notes.write_string(2, n, title, bold)
        for row, (name, cell) in enumerate(self._cut, 3):
            notes.write_string(row, 0, name)
            notes.write_string(row, 1, f"{xl_col_to_name(cell.column)}{cell.row}")
            notes.write_string(row, 2, _as_text(self._headers[cell.column]))
            notes.write_number(row, 3, cell.characters)


def _header(name: str, zone: ZoneInfo | None) -> str:
    return shortened(f"{name} ({zone.key})" if zone else name)


def _as_text(text: str) -> str:
    """A text for xlsxwriter, which takes `<r>...</r>` for XML and writes it as it is: then XML that says the text."""
    if not (text.startswith("<r>") and text.endswith("</r>")):
        return text
    return f'<r><t xml:space="preserve">{html.escape(text[:_MOST_ESCAPED], quote=False)}</t></r>'


def _width(header: str, sample: pa.Array) -> int:
    """Characters that show the header (and the filter's button) and most values."""
    texts = (
        [DATE_FORMAT] if pa.types.is_timestamp(sample.type) else [str(v) for v in sample.to_pylist() if v is not None]
    )
    widest = max(map(_wide, texts), default=0)
    return min(max(_wide(header) + 3, widest + 1, _NARROWEST), _WIDEST)


def _wide(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text[:_WIDEST])
