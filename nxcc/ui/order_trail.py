"""From an order id in a table to its story, and along the list of orders that one came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from nxcc.ui import navigation

PAGE = PARAMETER = "order"
COLUMN = "story"
WIDTH_PX = 40
ICON = "timeline"
_TRAIL, _SHOWN = "order_trail", "order_ids_of"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an order stands in the list that one came from, and its neighbours; None at either end."""

    n: int
    of: int
    before: str | None
    after: str | None


def column(key: str) -> Any:
    """The column with a button a row, for the table of this key."""
    return st.column_config.ButtonColumn(
        "", width=WIDTH_PX, type="tertiary", key=_clicks(key), help="The story of this order: its calls in time."
    )


def buttons(key: str, order_ids: Sequence[str | None]) -> list[str | None]:
    """What stands in that column, for these orders as the table shows them. Opens the story whose button was clicked.

    The click is told as a row of the table as it was drawn last, which need not be the one that is drawn now.
    """
    click = st.session_state.get(_clicks(key))
    drawn: dict[str, list[str | None]] = st.session_state.setdefault(_SHOWN, {})
    before, drawn[key] = drawn.get(key, []), list(order_ids)
    if click is not None and click["row"] < len(before) and (chosen := before[click["row"]]):
        follow(chosen, before)
    return [f":material/{ICON}:" if order_id else None for order_id in order_ids]


def follow(order_id: str, along: Iterable[str | None]) -> None:
    """Shows the story of an order; the others of the list are its neighbours."""
    st.session_state[_TRAIL] = list(dict.fromkeys(one for one in along if one))
    navigation.go(PAGE, [(PARAMETER, order_id)])


def place(order_id: str) -> Place | None:
    """Where this order stands; None when no list leads to it."""
    trail: list[str] = st.session_state.get(_TRAIL, [])
    if order_id not in trail:
        return None
    n = trail.index(order_id)
    return Place(n + 1, len(trail), trail[n - 1] if n else None, trail[n + 1] if n + 1 < len(trail) else None)


def _clicks(key: str) -> str:
    return f"{key}_{COLUMN}"
