"""Where order ids come in: the text area, the address, and on the sandbox the examples."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import streamlit as st

from nxcc import intake
from nxcc.ui import bulk_upload, navigation
from nxcc.ui.view import LONGEST_ADDRESS, MOST_IDS, View

if TYPE_CHECKING:
    from nxcc.sandbox import Example

_TEXT, _VIEW, _ADDRESS, _TOO_MANY, FILTER = (
    "lookup_ids",
    "lookup_view",
    "lookup_address",
    "lookup_too_many",
    "lookup_filter",
)
_PARAMETER = "orders"
_PLACEHOLDER = "Paste from Excel, a CRM or an email.\n\nSO-2026-004417\nSO-2026-004418, 20261104000000123; 00712"


def follow_address() -> None:
    """Opens what `?orders=` names when this session has not written it there itself."""
    address = ",".join(navigation.values("", _PARAMETER))
    if address == st.session_state.setdefault(_ADDRESS, ""):
        return
    cells = intake.split(address)
    st.session_state[_TEXT] = ", ".join(cells)
    st.session_state[_ADDRESS] = address
    _open(cells)


def current() -> View | None:
    """What this session looks at; None = nothing yet."""
    view = st.session_state.get(_VIEW)
    return view if isinstance(view, View) else None


def editor(*, compact: bool) -> None:
    """Text area and button; `compact` is the slim line above results."""
    with st.form("lookup", border=False, width="stretch", height="content" if compact else "stretch"):
        row = st.container(
            horizontal=compact,
            vertical_alignment="bottom",
            gap="xsmall" if compact else "small",
            height="content" if compact else "stretch",
        )
        with row:
            st.text_area(
                "Order IDs",
                key=_TEXT,
                height=68 if compact else "stretch",
                persist_state="session",
                placeholder=_PLACEHOLDER,
                help="Separated by new lines, commas, semicolons, tabs or spaces. Read as text: leading zeros and "
                f"19-digit ids survive. Up to {MOST_IDS} here; **Bulk lookup** takes up to 1,000,000.",
            )
            with st.container(
                horizontal=True, horizontal_alignment="distribute", vertical_alignment="center",
                width="content" if compact else "stretch",
            ):  # fmt: skip
                if not compact:
                    st.caption(f"Any separators · up to {MOST_IDS} ids", width="content")
                st.form_submit_button(
                    "Look up", key="lookup_go", type="primary", icon=":material/search:", on_click=_submit
                )


def too_many() -> None:
    """Says so when more ids were given than one page takes, and hands them to Bulk lookup."""
    if found := st.session_state.get(_TOO_MANY):
        st.markdown(
            f":orange[:material/warning:] **{found:,} order ids are more than the {MOST_IDS} of this page.** "
            "Nothing was asked and your text is kept."
        )
        if st.button("Check them in Bulk lookup", key="lookup_to_bulk", icon=":material/upload_file:"):
            bulk_upload.paste(intake.split(st.session_state[_TEXT] or ""))


def examples(found: tuple[Example, ...]) -> None:
    """A button each; a click looks its ids up at once."""
    with st.container(horizontal=True, gap="xsmall"):
        for n, example in enumerate(found):
            st.button(
                example.label,
                icon=f":material/{example.icon}:",
                help=example.about,
                key=f"example_{n}",
                on_click=_try_example,
                args=(list(example.order_ids),),
            )


def copy_link(view: View) -> None:
    """A popover with the address of this view and a button that copies it."""
    with st.popover("Link", icon=":material/link:"):
        if len(quote(view.address)) > LONGEST_ADDRESS:
            st.markdown("These ids are too long for an address. Send a colleague the ids instead.")
            return
        st.code(
            f"{(st.context.url or '').rstrip('/')}/?{_PARAMETER}={quote(view.address, safe=',')}",
            language=None,
            wrap_lines=True,
            width=420,
        )
        st.caption("Opens the same ids. Answers that are still fresh come out of the archive.")


def _submit() -> None:
    _open(intake.split(st.session_state[_TEXT] or ""))


def _try_example(order_ids: list[str]) -> None:
    st.session_state[_TEXT] = ", ".join(order_ids)
    _open(order_ids)


def _open(cells: list[str]) -> None:
    """A new view on these ids, in the session and in the address."""
    view = View.of(cells)
    found = len(view.asked.order_ids)
    st.session_state[_TOO_MANY] = found if found > MOST_IDS else 0
    shown = 0 < found <= MOST_IDS
    st.session_state[_VIEW] = view if shown else None
    st.session_state[FILTER] = []
    address = view.address if shown and len(quote(view.address)) <= LONGEST_ADDRESS else ""
    st.session_state[_ADDRESS] = address
    if address:
        st.query_params[_PARAMETER] = address
    else:
        st.query_params.pop(_PARAMETER, None)
