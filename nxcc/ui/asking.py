"""Asking with progress on the page. What comes is noted in the view at once: an interrupted run goes on from there."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from nxcc.access import May
from nxcc.archive import Window
from nxcc.desk import Desk
from nxcc.errors import ArchiveError, ConfigurationError, NxccError
from nxcc.outcome import counts
from nxcc.palette import OUTCOMES
from nxcc.ui import archived, deeds, panels, resources, sign_in
from nxcc.ui.view import View

_EVER = datetime.fromtimestamp(0, UTC)


def due(view: View) -> bool:
    """Whether something is still to ask and nothing stopped it."""
    return bool(view.left) and not view.halted


def look_only(desk: Desk, view: View) -> None:
    """For whoever may not ask: what the archive knows of the ids, however old; the others stay as they are."""
    deeds.must(May.READ, "looked up", "in the archive only", count=len(view.left))
    view.take(desk.archive.known(view.left, Window(_EVER, _EVER)).values())
    view.left, view.not_asked = [], len(view.left)


def ask(desk: Desk, view: View, slot: DeltaGenerator) -> NoReturn:
    """Asks for what is left in the view, drawing in `slot` how far it is; then the page is drawn anew."""
    sign_in.must(May.ASK)
    if not view.noted:
        deeds.must(May.ASK, "looked up", "again" if view.ask_again else "", count=len(view.left))
        view.noted = True
    with slot.container(border=True, horizontal=True, vertical_alignment="center", key="progress"):
        bar = st.progress(_done(view), _said(view))
        st.button("Stop", icon=":material/stop:", key="lookup_stop", on_click=_stop, args=(view,))
    try:
        with closing(desk.lookup.run(list(view.left), ask_again=view.ask_again)) as batches:
            for batch in batches:
                view.take(batch)
                # Drawn without news as well: here Streamlit can end the run.
                bar.progress(_done(view), _said(view))
        view.left = []
    except (ConfigurationError, ArchiveError) as error:
        view.halted, view.stopped = True, error
    archived.calls_in_archive.clear()
    st.rerun()  # the sidebar's count is of before


def halted(view: View) -> None:
    """When asking ended early: why, what is there, and a button that asks for the rest."""
    if view.not_asked:
        st.markdown(
            f":material/lock: **{_ids(view.not_asked)} without an answer in the archive.** Your role looks at what was "
            f"asked before. {sign_in.cure(May.ASK)}"
        )
    if not view.halted:
        return
    words = counts(view.outcomes())
    answered, left = words["found"] + words["no_calls"], len(view.left)
    kept = f"{_ids(answered)} with an answer, which is kept; {_ids(left)} still to ask."
    if view.stopped is None:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key="stopped"):
            st.markdown(f":material/stop_circle: **Stopped.** {kept}", width="stretch")
            if st.button("Go on", icon=":material/play_arrow:", key="go_on"):
                _again(view)
    elif panels.problem(view.stopped, key="halted", title=_title(view.stopped), kept=kept, again="Try again"):
        resources.follow_settings()
        _again(view)


def _again(view: View) -> None:
    view.ask(view.left, again=view.ask_again)
    st.rerun()


def _stop(view: View) -> None:
    archived.calls_in_archive.clear()
    view.halted = bool(view.left)


def _done(view: View) -> float:
    return 1 - len(view.left) / len(view.asked.order_ids)


def _said(view: View) -> str:
    outcomes = view.outcomes()
    left = set(view.left)
    n = counts(outcome for outcome in outcomes if outcome.order_id not in left)
    done = len(outcomes) - len(left)
    words = (
        f":{role.colour}[:material/{role.icon}:] {role.label} {n[word]:,}" for word, role in OUTCOMES.items() if n[word]
    )
    return f"**{done:,} of {len(outcomes):,}** &nbsp; {' &nbsp; '.join(words)}"


def _title(error: NxccError) -> str:
    return f"Asking stopped: the {'archive failed' if isinstance(error, ArchiveError) else 'API refuses us'}"


def _ids(n: int) -> str:
    return f"{n:,} order id{'' if n == 1 else 's'}"
