"""What all sessions of the process share: one desk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from nxcc import keeping
from nxcc.desk import Desk, open_desk, open_errands
from nxcc.errors import NxccError, SettingsError
from nxcc.serving import handlers
from nxcc.settings import load

log = logging.getLogger(__name__)

_changing = threading.RLock()  # nobody opens a desk while another one is closed
_open: list[Desk] = []
_ending: list[threading.Event] = []


def opened() -> Desk | NxccError:
    """The process's desk, opened at the first call; the error when it cannot open (the next call tries again)."""
    with _changing:
        try:
            return _desk()
        except NxccError as error:
            return error


def open_now() -> Desk | None:
    """The process's desk if it is open at this moment; opens nothing and waits for nobody."""
    return next(iter(_open), None)


def follow_settings() -> None:
    """Opens the desk anew when `secrets.toml` was changed since; the environment is that of the app's start."""
    with _changing:
        desk = opened()
        try:
            changed = isinstance(desk, Desk) and load() != desk.settings
        except SettingsError:
            changed = True  # opening will say what is wrong
        if changed and isinstance(desk, Desk):
            _close(desk)


def close() -> None:
    """Ends the process's desk, if it is open: what is under way is kept."""
    with _changing:
        for desk in list(_open):
            _close(desk)


def closed_for(change: Callable[[Path], str]) -> tuple[str, str]:
    """Closes the desk while `change` works on its data folder alone, then opens what it left there.

    Returns what `change` does, and why the desk does not open if it does not.
    """
    with _changing:
        desk = opened()
        if not isinstance(desk, Desk):
            raise desk
        close()
        try:
            changed = change(desk.settings.data_dir)
        finally:
            again = opened()
        return changed, "" if isinstance(again, Desk) else str(again)


def _close(desk: Desk) -> None:
    """First the file is let go, then somebody may open it again."""
    while _ending:
        _ending.pop().set()
    desk.close()
    _open.clear()
    _desk.clear()


@st.cache_resource(show_spinner=False)
def _desk() -> Desk:
    desk = open_desk(load(), with_jobs=True, kind="app")
    if desk.jobs and desk.team is None:  # else workers run them
        desk.jobs.begin()
    if desk.timekeeper:
        desk.timekeeper.begin()
    ending = threading.Event()
    _open.append(desk)
    _ending.append(ending)
    threading.Thread(target=_serve, args=(desk, ending), name="nxcc-errands", daemon=True).start()
    threading.Thread(target=keeping.daily, args=(desk, ending), name="nxcc-keeping", daemon=True).start()
    return desk


def _serve(desk: Desk, ending: threading.Event) -> None:
    """Does what command lines ask for, for as long as this desk is open."""
    try:
        errands = open_errands(desk.settings)
    except NxccError as error:
        log.warning("command lines cannot ask anything of the app: %s", error)
        return
    try:
        errands.serve({**handlers(desk), "put_back": _put_back}, ending)
    finally:
        errands.close()


def _put_back(wants: dict[str, Any]) -> dict[str, Any]:
    """For a restore: what a command line has unpacked and looked over."""
    from nxcc import backup, data_folder  # here: only a restore needs it

    def change(folder: Path) -> str:
        scratch = data_folder.scratch_of(folder, wants.get("scratch"))
        return backup.put_back(folder, scratch, replace=wants.get("replace") is True)

    aside, problem = closed_for(change)
    return {"aside": aside, "problem": problem}
