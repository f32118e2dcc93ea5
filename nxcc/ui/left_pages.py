"""What a browser asks of a page that one has left.

A fragment that is drawn again by itself has a timer in the browser. When the timer goes off after the server has begun
another page, and before the browser knows, Streamlit 1.67 runs the fragment as of the page before: the browser throws
the new page away, puts the fragment's parts where there is nothing, and goes blank. Buttons in fragments do the same.
"""

from __future__ import annotations

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession

_request_rerun = AppSession.request_rerun


def ignore() -> None:
    """From now on, in all sessions. More than once is once."""
    AppSession.request_rerun = _of_this_page  # type: ignore[method-assign, assignment]


def _of_this_page(session: AppSession, client_state: ClientState | None) -> None:
    if client_state and client_state.fragment_id and client_state.page_script_hash != session.page_script_hash:
        return
    _request_rerun(session, client_state)
