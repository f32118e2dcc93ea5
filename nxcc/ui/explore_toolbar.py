"""The filters of Explore as an analyst sets them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import streamlit as st

from nxcc import wording
from nxcc.archive import Options
from nxcc.filters import EARLIEST, LABELS, LATEST, LONGEST, Filters, days_before, days_in_words, in_words
from nxcc.flags import FLAGS
from nxcc.hangup import PARTIES
from nxcc.palette import RESULTS
from nxcc.ui import explore_filters as state
from nxcc.ui import seen, zone
from nxcc.ui.tables import DIRECTIONS, PARTY_WORDS

_LENGTHS = {"7 d": 7, "28 d": 28, "90 d": 90, "All": 0}
_LENGTH, _ANSWERED, _FIND = "explore_length", "explore_answered", "explore_find"
_RANGES = {"talk": "Talk (s)", "queue": "Queue (s)", "ring": "Ring (s)", "cost": "Cost"}
_MORE = ("answered", "result", "party", "status", "flag", *_RANGES)


def draw(filters: Filters, options: Options) -> None:
    """The row of controls."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="explore_toolbar"):
        _length(filters)
        _period(filters)
        with _popover("Direction", filters, ["direction"], ":material/swap_horiz:"):
            state.bound(
                "direction",
                st.pills,
                "Direction",
                _offered(options.direction, filters.direction),
                selection_mode="multi",
                format_func=_said(DIRECTIONS),
            )
        with _popover("Agent", filters, ["agent"], ":material/person:"):
            _many("agent", "Agents", options.agent, filters.agent, "No agent")
        with _popover("Reason", filters, ["reason"], ":material/call_end:"):
            _many("reason", "Hang-up reasons", options.reason, filters.reason, "No reason given")
        with _popover("More", filters, list(_MORE), ":material/tune:"):
            _more(filters, options)
        _find(filters)


def chips(filters: Filters) -> None:
    """What is set, each with a click that takes it away."""
    chosen = filters.chosen()
    if not chosen:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="explore_chips"):
        for name in chosen:
            said = wording.in_markdown(wording.cut(in_words(filters, name), 48))
            st.button(
                f"{LABELS[name]}: **{said}**",
                icon=":material/close:",
                key=f"explore_clear_{name}",
                on_click=state.clear,
                args=(name,),
            )
        if len(chosen) > 1:
            st.button("Clear all", type="tertiary", key="explore_reset", on_click=state.clear_all)


def _length(filters: Filters) -> None:
    now = datetime.now(UTC)
    periods = {label: days_before(now, zone.current(), days) if days else None for label, days in _LENGTHS.items()}
    st.session_state[_LENGTH] = next((label for label, days in periods.items() if days == filters.period), None)

    def chosen() -> None:
        label = st.session_state[_LENGTH]
        if label is not None:
            state.change(
                filters.without("days", "period") if periods[label] is None else _over(filters, periods[label])
            )

    st.segmented_control("Period", list(periods), key=_LENGTH, on_change=chosen, label_visibility="collapsed")


def _over(filters: Filters, period: tuple[date, date] | None) -> Filters:
    return replace(filters, period=period, days=None)


def _period(filters: Filters) -> None:
    label = days_in_words(filters.period) if filters.period else "All time"
    with st.popover(label, icon=":material/calendar_month:", key="explore_period_popover"):
        key = f"explore_period_{state.drawn()}"

        def chosen() -> None:
            days = st.session_state[key]
            if len(days) == 2:
                state.change(_over(filters, (days[0], days[1])))

        st.date_input(
            f"First and last day ({zone.current().key})",
            list(filters.period or ()),
            min_value=EARLIEST,
            max_value=LATEST,
            key=key,
            on_change=chosen,
            format="YYYY-MM-DD",
        )


def _popover(label: str, filters: Filters, names: list[str], icon: str) -> st.delta_generator.DeltaGenerator:
    chosen = [name for name in names if filters.is_set(name)]
    if len(names) == 1 and chosen:
        values = getattr(filters, names[0])
        said = (
            wording.in_markdown(wording.cut(in_words(filters, names[0]), 18)) if len(values) == 1 else str(len(values))
        )
        label = f"{label}: **{said}**"
    elif chosen:
        label = f"{label} · **{len(chosen)}**"
    return st.popover(label, icon=icon, key=f"explore_{names[0]}_popover")


def _many(name: str, label: str, offered: list[str], chosen: tuple[str, ...], none: str) -> None:
    state.bound(
        name,
        st.multiselect,
        label,
        _offered(["", *offered], chosen),
        format_func=lambda text: wording.plain(text) or none,
        placeholder="All",
        width=320,
    )


def _more(filters: Filters, options: Options) -> None:
    st.session_state[_ANSWERED] = {True: "Yes", False: "No", None: None}[filters.answered]
    st.pills(
        "Answered",
        ["Yes", "No"],
        key=_ANSWERED,
        on_change=lambda: state.set_filter(
            "answered", {"Yes": True, "No": False}.get(st.session_state[_ANSWERED] or "")
        ),
    )
    results = {str(word): role.label for word, role in RESULTS.items()}
    pills: dict[str, tuple[str, list[str], dict[str, str]]] = {
        "result": ("Result", list(results), results),
        "party": ("Hung up by", list(PARTIES), PARTY_WORDS),
        "flag": ("Quality flag", list(FLAGS), {}),
    }
    for name, (label, offered, words) in pills.items():
        state.bound(
            name,
            st.pills,
            label,
            _offered(offered, getattr(filters, name)),
            selection_mode="multi",
            format_func=_said(words),
        )
    _many("status", "Call status", options.status, filters.status, "No status")
    for name, label in _RANGES.items():
        _range(name, label, filters)


def _range(name: str, label: str, filters: Filters) -> None:
    """From and up to, in one line."""
    keys = [f"explore_{name}_{end}" for end in ("from", "to")]
    for key, value in zip(keys, getattr(filters, name), strict=True):
        st.session_state[key] = value

    def chosen() -> None:
        state.set_filter(name, tuple(st.session_state[key] for key in keys))

    with st.container(horizontal=True, gap="xsmall"):
        for key, end in zip(keys, ("from", "under"), strict=True):
            st.number_input(f"{label}, {end}", value=None, key=key, on_change=chosen, width=150, format="%g")


def _find(filters: Filters) -> None:
    st.session_state[_FIND] = filters.find
    by = "Order id or number" if seen.numbers() else "Order id"
    st.text_input(
        "Find an order id or a number" if seen.numbers() else "Find an order id",
        key=_FIND,
        placeholder=by,
        label_visibility="collapsed",
        icon=":material/search:",
        width=184,
        max_chars=LONGEST,
        on_change=lambda: state.set_filter("find", (st.session_state[_FIND] or "").strip()),
    )


def _offered(known: list[str], chosen: tuple[str, ...]) -> list[str]:
    """What there is, and what an address chose though there is none of it."""
    return [*known, *(text for text in chosen if text not in known)]


def _said(words: dict[str, str]) -> Callable[[str], str]:
    return lambda text: words.get(text) or wording.in_markdown(text) or "None"
