"""What people do here, noted in the audit with who they are."""

from __future__ import annotations

import pyarrow as pa
import streamlit as st

from nxcc.access import May, Role, Viewer
from nxcc.audit import Deed
from nxcc.ui import resources, sign_in
from nxcc.ui.sign_in import Standing

_SEEN = "numbers_seen"


def must(what: May, deed: Deed, of: str = "", *, count: int | None = None, job: str = "") -> Viewer:
    """Notes what is about to be done, when whoever looks at this page may do it.

    Raises `NotAllowed` when they may not, `AuditError` when it cannot be noted: then it is not to be done.
    """
    viewer = sign_in.must(what)
    _note(viewer, deed, of, count, job)
    return viewer


def saw_numbers(of: str, rows: int, call_ids: pa.Array) -> None:
    """Notes, once a session for each set of calls, that somebody who signed in saw their whole numbers."""
    viewer = sign_in.viewer()
    if viewer is None or not viewer.signed_in or not rows:
        return
    if of == "a file":  # it is made outside of the session, once a click
        _note(viewer, "saw numbers", of, rows, "")
        return
    seen: set[tuple[str, int]] = st.session_state.setdefault(_SEEN, set())
    key = of, hash(tuple(call_ids.to_pylist()))
    if key not in seen:
        _note(viewer, "saw numbers", of, rows, "")
        seen.add(key)


def note_entry(standing: Standing) -> None:
    """Notes that somebody came in, or was turned away."""
    if standing.viewer:
        _note(standing.viewer, "signed in", "", None, "")
    elif standing.who:
        _note(Viewer(standing.who, Role.VIEWER, signed_in=False), "was refused", standing.why, None, "")


def note_exit(viewer: Viewer) -> None:
    """Notes that somebody signed out."""
    _note(viewer, "signed out", "", None, "")


def _note(viewer: Viewer, deed: Deed, of: str, count: int | None, job: str) -> None:
    desk = resources.open_now()
    if desk and desk.audit:
        desk.audit.note(viewer, deed, of, count=count, job=job)
