"""How much a file may hold, and the one error that says why it is refused."""

from __future__ import annotations

from collections.abc import Sequence

from nxcc.errors import NxccError

LARGEST_BYTES = 200_000_000  # of a file as it comes
LARGEST_CONTENT = 500_000_000  # bytes of text inside a .gz
LARGEST_WORKBOOK = 1_000_000_000  # bytes of XML inside an .xlsx: 1,000,000 rows of 10 cells and more
MOST_ROWS = 1_000_000
MOST_COLUMNS = 16_384  # as in Excel
MOST_CELLS = 50_000_000  # rows x columns, missing ones counted: one far cell makes a table of a million rows wide
LONGEST_CELL = 1_000_000  # characters
LONGEST_LINE = 32_000_000  # bytes between two line ends


class IntakeError(NxccError):
    """A file cannot be read as a table; `row` is where, as a spreadsheet counts, when there is such a place.

    `sheets` are those of a workbook, one of which may do better.
    """

    sheets: Sequence[str] = ()

    def __init__(self, what: str, *, cure: str = "", row: int | None = None) -> None:
        super().__init__(what, cure=cure)
        self.row = row


def size(count: int) -> str:
    """Bytes for a reader: `200 MB`."""
    return f"{count / 1_000_000:,.0f} MB"
