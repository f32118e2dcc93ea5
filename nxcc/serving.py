"""What the app does when a command line asks it to (`nxcc.errands`): a handler for each kind of errand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nxcc import checks, data_folder, keeping
from nxcc.archive import standing
from nxcc.desk import Desk
from nxcc.errands import Handler


def handlers(desk: Desk) -> Mapping[str, Handler]:
    """By kind: what is done with what is wanted; each returns plain JSON, or raises an `NxccError` to be told."""
    return {
        "copy_ledgers": lambda wants: _copy_ledgers(desk, wants),
        checks.STANDING: lambda _: asdict(standing(desk.archive)),
        **keeping.handlers(desk),
    }


def _copy_ledgers(desk: Desk, wants: dict[str, Any]) -> dict[str, Any]:
    """For a backup: the archive, which only this process can read while it has it open."""
    from nxcc.backup import copy_ledgers  # here: only a backup needs it

    folder = desk.settings.data_dir
    return {"ledgers": copy_ledgers(folder, data_folder.scratch_of(folder, wants.get("scratch")), desk.archive)}
