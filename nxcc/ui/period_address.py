"""What one looks for in Calls by time: as it stands in the address, and as the API is asked for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from nxcc import masking
from nxcc.filters import LABELS, Filters, days_before, from_address
from nxcc.stretches import CallFilters
from nxcc.ui import explore_address, navigation, seen, zone

PAGE = "period"
NAMES = ("period", "direction", "answered", "account", "caller", "callee", "order")
DIRECTIONS = ("inbound", "outbound", "aicc")
DEFAULT_DAYS = 7
_LAST, _UNREAD = "period_filters", "period_unread"


def current() -> Filters:
    """What the address says, else what this session looked for last, else the last week.

    What the API cannot be asked for is left out: a direction that it does not know, or an account that whoever looks
    may not see whole.
    """
    address = navigation.address(PAGE)
    if not address:
        found: Filters = st.session_state.get(_LAST) or _default()
        _remember(found, [])
        return found
    meant, unknown = explore_address.meant(address)
    filters, unread = from_address((name, text) for name, text in meant if name in NAMES)
    if filters.period is None:
        filters = replace(filters, period=_default().period)
    asked = replace(
        filters,
        direction=tuple(text for text in filters.direction if text in DIRECTIONS)[:1],
        account=tuple(text for text in filters.account if text and masking.STAR not in seen.text(text))[:1],
    )
    unread += [name for name in ("direction", "account") if filters.is_set(name) and not asked.is_set(name)]
    _remember(asked, [LABELS[name].lower() for name in dict.fromkeys([*unread, *unknown]) if name in NAMES])
    return asked


def unread() -> list[str]:
    """Labels of filters in the address that could not be read."""
    names: list[str] = st.session_state.get(_UNREAD, [])
    return names


def change(filters: Filters) -> None:
    """Looks for this from now on. Raises `AliasesError`."""
    st.query_params.from_dict(dict(of(filters)))
    _remember(filters, [])


def of(filters: Filters) -> list[tuple[str, str]]:
    """As it stands in the address. Raises `AliasesError`."""
    return explore_address.of(filters)


def asked(filters: Filters) -> CallFilters:
    """As the API is asked."""
    return CallFilters(
        direction="".join(filters.direction),
        answered=filters.answered,
        agent="".join(filters.account),
        caller=filters.caller,
        callee=filters.callee,
        order_id=filters.order,
    )


def looked_for(asked: CallFilters, period: tuple[str, str]) -> list[tuple[str, str]]:
    """The address of what a job read; `period` as an address says it. Raises `AliasesError`."""
    filters = Filters(
        direction=(asked.direction,) if asked.direction else (),
        answered=asked.answered,
        account=(asked.agent,) if asked.agent else (),
        caller=asked.caller,
        callee=asked.callee,
        order=asked.order_id,
    )
    return [period, *((name, text) for name, text in of(filters) if name != "period")]


def _default() -> Filters:
    return Filters(period=days_before(datetime.now(UTC), zone.current(), DEFAULT_DAYS))


def _remember(filters: Filters, unread: list[str]) -> None:
    st.session_state[_LAST], st.session_state[_UNREAD] = filters, unread
