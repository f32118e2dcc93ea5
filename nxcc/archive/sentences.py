"""What the engine or the disk says, as a sentence with its cure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from nxcc.errors import ArchiveBusy, ArchiveError

_DAMAGED = re.compile("not a valid DuckDB|serialization|corrupt|not read enough bytes|replaying WAL", re.IGNORECASE)


@contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Turns what the engine or the disk says into an `ArchiveError`."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise _as_sentence(path, error) from error


def _as_sentence(path: Path, error: Exception) -> ArchiveError:
    said = str(error)
    if "Could not set lock" in said:
        pid = re.search(r"PID (\d+)", said)
        who = f" (process {pid[1]})" if pid else ""
        return ArchiveBusy(
            f"Another nxcc{who} has the archive in {path.parent} open; one process at a time can.",
            cure="Use that one, end it, or set NXCC_DATA_DIR to another folder.",
        )
    if "No space left" in said or "out of disk" in said.lower():
        return ArchiveError(
            f"The disk of {path.parent} is full.",
            cure="Everything kept before is safe. Free some space and ask again.",
        )
    if _DAMAGED.search(said):
        return ArchiveError(
            f"{path} is not an archive of nxcc, or it is damaged.",
            cure="Put it back from a backup, or move it away to begin a new one.",
        )
    if isinstance(error, OSError | duckdb.IOException | duckdb.PermissionException):
        return ArchiveError(
            f"The archive in {path.parent} cannot be opened or written.",
            cure="Check that the folder exists and may be written, or set NXCC_DATA_DIR to another one.",
        )
    return ArchiveError(
        f"The archive in {path.parent} failed ({type(error).__name__}).",
        cure="Everything kept before is safe. Ask again; if it stays, keep a copy of the folder and report it.",
    )
