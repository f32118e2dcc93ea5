"""Rows as whoever looks at the page may see them. What leaves the server passes through here first."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa

from nxcc import masking
from nxcc.access import May
from nxcc.jobs import Folder, Seen
from nxcc.ui import deeds, sign_in

Rows = Literal["a table", "a file", "an order's story"]
_OF_ORDERS = ("reason", "last_hangup_reason")


def calls(table: pa.Table, how: Rows, *, links: bool = True) -> pa.Table:
    """Calls with numbers and recordings as the role may see them; that somebody saw whole numbers is noted.

    Without `links` recordings are left out for whoever signed in: they play them from the order's story, which is
    noted. Raises `NotAllowed`.
    """
    viewer = sign_in.must(May.READ)
    numbers = viewer.may(May.NUMBERS)
    recordings = viewer.may(May.RECORDINGS) and (links or not viewer.signed_in)
    if numbers and viewer.signed_in:
        called = table.num_rows - table["caller"].filter(table["callee"].is_null()).null_count
        deeds.saw_numbers(how, called, table["call_id"].combine_chunks())
    return masking.calls(table, numbers=numbers, recordings=recordings)


def orders(table: pa.Table) -> pa.Table:
    """Orders (`Archive.orders`), whose texts may hold a number."""
    return table if numbers() else masking.cells(table, [name for name in _OF_ORDERS if name in table.schema.names])


def text(value: str) -> str:
    """Foreign text that may hold a number."""
    return value if numbers() else masking.text(value)


def numbers() -> bool:
    """Whether whole numbers may be seen."""
    return sign_in.may(May.NUMBERS)


def cells(folder: Folder, value: str) -> str:
    """A cell of an uploaded file: whoever brought the file has seen it."""
    return value if own(folder) else masking.text(value)


def own(folder: Folder) -> bool:
    """Whether the cells of this upload may be seen whole."""
    viewer = sign_in.viewer()
    return viewer is not None and (viewer.may(May.NUMBERS) or folder.about().get("who") == viewer.who)


def of_job(folder: Folder) -> Seen:
    """How a job's files are made for whoever looks."""
    if numbers():
        return "whole"
    return "own rows" if own(folder) else "masked"
