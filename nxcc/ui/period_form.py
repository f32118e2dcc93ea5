"""What to look for in Calls by time."""

from __future__ import annotations

from datetime import date

import streamlit as st

from nxcc.errors import NxccError
from nxcc.filters import EARLIEST, LATEST, LONGEST, Filters, days_in_words
from nxcc.ui import panels, period_address, seen

_KEYS = {name: f"period_{name}" for name in ("days", "direction", "answered", "account", "caller", "callee", "order")}
_DIRECTIONS = {"": "Any", "inbound": "Inbound", "outbound": "Outbound", "aicc": "Callbot"}
_ANSWERED = {"": "Any", "yes": "Answered", "no": "Not answered"}
_FAILED = "period_form_failed"


def draw(filters: Filters) -> None:
    """The form. Nothing is asked by it: it says what is looked at."""
    if error := st.session_state.pop(_FAILED, None):
        panels.problem(error, key="period_not_changed", title="That did not work", kept="Nothing was changed.")
    version = hash(filters)
    values = {name: f"{key}_{version}" for name, key in _KEYS.items()}
    with st.form("period_form", border=True), st.container(gap="small"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.date_input(
                "Days",
                filters.period,
                min_value=EARLIEST,
                max_value=LATEST,
                format="YYYY-MM-DD",
                key=values["days"],
                width=230,
                help="Calls that began on these days, as the zone on the left counts them; both included.",
            )
            st.selectbox(
                "Direction",
                list(_DIRECTIONS),
                index=list(_DIRECTIONS).index("".join(filters.direction)),
                format_func=_DIRECTIONS.__getitem__,
                key=values["direction"],
                width=130,
            )
            st.selectbox(
                "Answered",
                list(_ANSWERED),
                index={None: 0, True: 1, False: 2}[filters.answered],
                format_func=_ANSWERED.__getitem__,
                key=values["answered"],
                width=150,
            )
            _text("Agent account", "".join(filters.account), values["account"], "As in the column Agent account.")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            numbers = seen.numbers()
            whole = "The whole number, as the calls have it." if numbers else "Your role may not look for a number."
            _text("Caller", filters.caller, values["caller"], whole, disabled=not numbers)
            _text("Callee", filters.callee, values["callee"], whole, disabled=not numbers)
            _text("Order id", filters.order, values["order"], "The whole id, where the calls say it.")
            st.form_submit_button(
                "Show calls",
                key="period_show",
                type="primary",
                icon=":material/search:",
                on_click=_submit,
                args=(values,),
            )


def _text(label: str, value: str, key: str, explained: str, *, disabled: bool = False) -> None:
    st.text_input(label, value, key=key, max_chars=LONGEST, help=explained, disabled=disabled, width=190)


def _submit(keys: dict[str, str]) -> None:
    days: tuple[date, ...] = tuple(st.session_state.get(keys["days"]) or ())
    said = {name: str(st.session_state.get(key) or "").strip() for name, key in keys.items() if name != "days"}
    if not days:
        st.session_state[_FAILED] = NxccError("No day is chosen.", cure="Choose the first and the last day.")
        return
    try:
        period_address.change(
            Filters(
                period=(days[0], days[-1]),
                direction=(said["direction"],) if said["direction"] else (),
                answered={"yes": True, "no": False}.get(said["answered"]),
                account=(said["account"],) if said["account"] else (),
                caller=said["caller"],
                callee=said["callee"],
                order=said["order"],
            )
        )
    except NxccError as error:
        st.session_state[_FAILED] = error


def in_words(filters: Filters) -> str:
    """`18 Nov – 24 Nov 2026`, with what is set besides: for the name of an import, so without what is personal."""
    said = [days_in_words(filters.period)] if filters.period else []
    said += [_DIRECTIONS[text].lower() for text in filters.direction]
    if filters.answered is not None:
        said.append("answered" if filters.answered else "not answered")
    personal = {"account": "one agent", "caller": "one caller", "callee": "one callee", "order": "one order"}
    said += [word for name, word in personal.items() if filters.is_set(name)]
    return ", ".join(said)
