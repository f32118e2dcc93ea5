"""How an uploaded file was read, and which of its columns holds the order ids; all of it can be changed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict

import pandas as pd
import streamlit as st

from nxcc import intake, masking, wording
from nxcc.errors import NxccError
from nxcc.intake import IntakeError, Overrides, Reading
from nxcc.jobs import Folder
from nxcc.ui import bulk_address, panels, seen, tables

_COLUMN, _OF = "bulk_column", "bulk_column_of"
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_QUOTES = {'\\"': '" with \\" inside', "": "none"}
_FOUND_OUT = "Found out"
_MOST_SAMPLED = 12  # columns


def found(folder: Folder, reading: Reading) -> str:
    """What was found, in markdown on one line."""
    name = wording.in_markdown(wording.cut(folder.name, 40))
    said = [f":material/description: **{name}**", f"{reading.rows:,} rows", reading.encoding]
    said.append(_DELIMITERS.get(reading.delimiter, "") if reading.format == "csv" else "")
    said.append(f"sheet {wording.in_markdown(reading.sheet)}" if reading.sheet else "")
    said.append(f"header in row {reading.header}" if reading.header else "no header")
    return " · ".join(part for part in said if part)


def column(folder: Folder, reading: Reading) -> int | None:
    """The column that holds the ids, with its first five values beside those of the others."""
    sample = intake.sample(folder.cells)
    options = list(range(len(reading.columns)))
    of = (folder.id, reading.to_json())
    if st.session_state.get(_OF) != of:  # another file, or the same read differently: never the column of before
        chosen = folder.about().get("column")
        st.session_state[_OF] = of
        st.session_state[_COLUMN] = intake.propose(reading.columns, sample) if chosen is None else chosen
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
            column = st.selectbox(
                "Column of order IDs",
                options,
                key=_COLUMN,
                placeholder="Choose a column",
                format_func=lambda n: f"{wording.plain(reading.columns[n]) or f'Column {n + 1}'}",
                width=300,
                on_change=_chosen,
                args=(folder,),
            )
            _differently(folder, reading.sheets, reading.sheet)
            _another()
        for note in reading.notes:
            st.markdown(f":orange[:material/info:] {wording.in_markdown(note)}")
        if not seen.own(folder):
            sample = [[masking.text(cell) if isinstance(cell, str) else cell for cell in row] for row in sample]
        _sample(reading, sample, column)
    return column


def _sample(reading: Reading, sample: list[list[str | None]], column: int | None) -> None:
    first = 0 if column is None or column < _MOST_SAMPLED else column - _MOST_SAMPLED + 1
    shown = range(first, min(first + _MOST_SAMPLED, len(reading.columns)))
    cells = {
        f"c{n}": [None if row[n] is None else wording.plain(str(row[n])) for row in sample] for n in shown
    }  # two columns may have one name
    names = {
        f"c{n}": st.column_config.TextColumn(
            f"{'▸ ' if n == column else ''}{wording.plain(reading.columns[n])}", width=190 if n == column else None
        )
        for n in shown
    }
    st.dataframe(
        pd.DataFrame(cells),
        column_config=names,
        hide_index=True,
        row_height=tables.ROW_PX,
        placeholder=wording.NOTHING,
        alt="The first five rows of the file",
        key="bulk_sample",
    )
    left_out = len(reading.columns) - len(shown)
    if left_out > 0:
        st.caption(f"{len(shown)} of {len(reading.columns):,} columns shown; all are kept and come back in the files.")


def _differently(folder: Folder, sheets: Sequence[str], chosen: str = "") -> None:
    """A popover in which everything that was found out can be overridden; `chosen` is the sheet that is shown."""
    now = folder.overrides()
    with st.popover("Read it differently", icon=":material/tune:", key="bulk_overrides"):
        encodings = [None, *intake.ENCODINGS]
        encoding = st.selectbox("Encoding", encodings, encodings.index(now.encoding), format_func=_or_found_out)
        delimiters = [None, *_DELIMITERS]
        delimiter = st.selectbox(
            "Delimiter",
            delimiters,
            delimiters.index(now.delimiter),
            format_func=lambda sign: _FOUND_OUT if sign is None else _DELIMITERS[sign],
        )
        header = st.number_input(
            "Row of the header",
            0,
            None,
            now.header,
            placeholder=_FOUND_OUT,
            help="As a spreadsheet counts rows; 0 = the file has none; empty = found out.",
        )
        quotes = [None, *intake.QUOTES]
        quote = st.selectbox(
            "Quotes around cells",
            quotes,
            quotes.index(now.quote),
            format_func=lambda sign: _FOUND_OUT if sign is None else _QUOTES.get(sign, sign),
        )
        sheet, names = now.sheet, sheets
        if len(names) > 1:
            sheet = st.selectbox("Sheet", names, names.index(chosen) if chosen in names else 0)
        wanted = Overrides(encoding=encoding, delimiter=delimiter, quote=quote, header=header, sheet=sheet)
        if st.button("Read again", key="bulk_read_again", type="primary", disabled=wanted == now):
            folder.note(overrides=asdict(wanted), reading=None, column=None)
            st.rerun()


def _or_found_out(value: str | None) -> str:
    return value or _FOUND_OUT


def _another() -> None:
    st.button(
        "Another file", icon=":material/close:", key="bulk_another", on_click=bulk_address.start_over, type="tertiary"
    )


def _chosen(folder: Folder) -> None:
    with suppress(NxccError):  # it is noted for the next visit only
        folder.note(column=st.session_state.get(_COLUMN))


def refused(folder: Folder, error: IntakeError) -> None:
    """Why the file cannot be read, and what can be done."""
    panels.problem(
        error,
        key="refused",
        title="This file cannot be read as it is",
        kept="The file is kept on the server and nothing was asked. Read it differently, or choose another one.",
    )
    with st.container(horizontal=True, gap="xsmall"):
        _differently(folder, error.sheets)
        _another()
