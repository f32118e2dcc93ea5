"""What all sessions of the process share: one desk."""

from __future__ import annotations

import streamlit as st

from nxcc.desk import Desk, open_desk
from nxcc.errors import NxccError, SettingsError
from nxcc.settings import load


def opened() -> Desk | NxccError:
    """The process's desk, opened at the first call; the error when it cannot open (the next call tries again)."""
    try:
        return _desk()
    except NxccError as error:
        return error


def follow_settings() -> None:
    """Opens the desk anew when `secrets.toml` was changed since; the environment is that of the app's start."""
    desk = opened()
    try:
        changed = isinstance(desk, Desk) and load() != desk.settings
    except SettingsError:
        changed = True  # opening will say what is wrong
    if changed and isinstance(desk, Desk):
        _desk.clear()
        desk.close()


def close() -> None:
    """Ends the process's desk: what is under way is kept."""
    desk = opened()
    if isinstance(desk, Desk):
        _desk.clear()
        desk.close()


@st.cache_resource(show_spinner=False)
def _desk() -> Desk:
    desk = open_desk(load(), with_jobs=True)
    if desk.jobs:
        desk.jobs.begin()
    return desk
