"""What `forget` and `keep` share: done here, or by the app that has the archive open; and what is said of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from nxcc.command.said import say
from nxcc.desk import Desk, open_desk, open_errands
from nxcc.errands import NobodyAnswers
from nxcc.errors import ArchiveBusy
from nxcc.keeping import Removed
from nxcc.settings import Settings

LONGEST_S = 6 * 3_600.0


def carry_out(
    settings: Settings, here: Callable[[Desk], Removed], kind: str, wants: dict[str, Any], *, silent: bool = False
) -> Removed:
    """Opens the data folder and does it `here`; when the app has it open, asks the app. Raises `NxccError`."""
    try:
        desk = open_desk(settings, with_jobs=True)
    except ArchiveBusy as busy:
        if not silent:
            say("The app has the archive open: it does this.")
        return _by_app(settings, kind, wants, busy)
    try:
        return here(desk)
    finally:
        desk.close()


def say_removed(removed: Removed) -> None:
    """In figures, on stderr; the JSON line on stdout."""
    say(f"{'Would go' if removed.dry else 'Gone'}: {removed.in_words()}.")
    for sentence in removed.left:
        say(sentence)
    print(json.dumps(removed.to_json()), flush=True)


def _by_app(settings: Settings, kind: str, wants: dict[str, Any], busy: ArchiveBusy) -> Removed:
    errands = open_errands(settings, of_anybody=True)
    try:
        return Removed.from_json(errands.wait(errands.ask(kind, wants), LONGEST_S))
    except NobodyAnswers:
        raise busy from None  # says which process it is
    finally:
        errands.close()
