"""Columns of text, handled by Arrow: joined cell by cell, and as the bytes of a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from pyarrow import compute as pc


def as_texts(column: pa.Array) -> pa.Array:
    """A column of anything as strings; lists are joined by `;`."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return pc.binary_join(column, ";").cast(pa.string())
    return column.cast(pa.string())


def joined(*parts: pa.Array | str) -> pa.Array:
    """Cell by cell the parts one after the other; null where one of them is."""
    return pc.binary_join_element_wise(*parts, "")


def replaced(cells: pa.Array, which: pa.Array, texts: pa.Array, change: Callable[[str], str]) -> pa.Array:
    """The cells, but for those in `which` what `change` makes of their text."""
    changed = [change(text) for text in texts.filter(which).to_pylist()]
    return pc.replace_with_mask(cells, which.fill_null(False), pa.array(changed, pa.string())) if changed else cells


def content(lines: pa.Array) -> memoryview:
    """All strings of an array without nulls as one text in UTF-8, without copying it."""
    _, offsets, text = lines.buffers()
    ends: Any = memoryview(offsets).cast("i")[lines.offset :]
    return memoryview(text)[ends[0] : ends[len(lines)]]
