"""Tables of any size as files: CSV, XLSX and Parquet, written piece by piece.

`write` takes a stream of batches. The app lets it write Parquet, which is quick, and has the other formats made of
that: of a small table by `convert`, at once; of others by `convert_apart`, in a process of their own, so that its
threads stay free.
"""

from __future__ import annotations

from nxcc.export.apart import convert_apart
from nxcc.export.csv_file import BOM, csv_bytes, csv_lines, safe_text
from nxcc.export.formats import FORMATS, MIME, ORDER_COLUMNS, RESULT_COLUMNS, ExportError, Format
from nxcc.export.names import file_name
from nxcc.export.pieces import ROWS_AT_ONCE
from nxcc.export.writing import convert, write

__all__ = [
    "BOM",
    "FORMATS",
    "MIME",
    "ORDER_COLUMNS",
    "RESULT_COLUMNS",
    "ROWS_AT_ONCE",
    "ExportError",
    "Format",
    "convert",
    "convert_apart",
    "csv_bytes",
    "csv_lines",
    "file_name",
    "safe_text",
    "write",
]
