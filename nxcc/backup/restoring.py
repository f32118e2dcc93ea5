"""Puts a backup that was looked over in the place of what the data folder holds, all of it at once."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from nxcc import data_folder
from nxcc.backup import tables
from nxcc.backup.manifest import BackupError
from nxcc.data_folder import TABLES

log = logging.getLogger(__name__)


def put_back(folder: Path, scratch: Path, *, replace: bool, wait_s: float = data_folder.WAIT_S) -> str:
    """Puts what `unpack` left in `scratch`, a scratch folder of the data folder, in its place.

    Returns the name of the folder in it that what was there lies in now; empty when nothing was there. What was done
    since, and who was signed out, stays in the audit and in the list of ended sign-ins.
    Raises `ArchiveBusy` while another process works on the folder, `BackupError` when it is not empty and `replace`
    was not said; nothing is changed then.
    """
    with data_folder.alone(folder, wait_s):
        if there := data_folder.kept(folder):
            check_empty(folder, replace=replace)
        if TABLES in there:
            try:
                tables.carry_over(folder / TABLES, scratch / TABLES)
            except BackupError as error:  # damaged perhaps, which is why there is a restore
                log.warning("the audit so far stays with what is moved aside: %s", error)
            data_folder.give_to_owner(scratch, folder)
        aside = _free_name(folder)
        data_folder.replace(folder, scratch, aside)
        return aside if there else ""


def check_empty(folder: Path, *, replace: bool) -> None:
    """Raises `BackupError` when there is something in the data folder and it was not said to replace it."""
    if data_folder.kept(folder) and not replace:
        raise BackupError(
            f"{folder} holds an archive or jobs already.",
            cure="Add --replace: what is there is moved into a dated folder. Or set NXCC_DATA_DIR to an empty one.",
        )


def _free_name(folder: Path) -> str:
    base = name = f"replaced-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}"
    n = 1
    while (folder / name).exists():
        n += 1
        name = f"{base}-{n}"
    return name
