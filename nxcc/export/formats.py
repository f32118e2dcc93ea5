"""The formats, the columns of the files, and the error."""

from __future__ import annotations

from typing import Literal

from nxcc.errors import NxccError

Format = Literal["csv", "xlsx", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "parquet")
MIME: dict[Format, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}

ORDER_COLUMNS = (
    "order_id",
    "outcome",
    "reason",
    "calls",
    "answered_calls",
    "first_answered_at",
    "talk_s",
    "cost",
    "last_hangup_reason",
    "from_archive",
    "asked_at",
)
RESULT_COLUMNS: tuple[str, ...] = ("order_id_sent", *ORDER_COLUMNS[1:])  # behind the columns of an uploaded file


class ExportError(NxccError):
    """A file cannot be made; nothing is left of it."""
