"""The folders of jobs and uploads: uploaded lists, and what was read out of them."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nxcc.backup.manifest import OF_A_JOB
from nxcc.jobs.folder import is_id
from nxcc.moving.error import MoveError

_HALF = ".moving"  # what a file is called until it is whole


def carry(source: Path, target: Path) -> None:
    """Copies what is not there yet. What was made for download stays behind: it is made anew."""
    for folder in _folders(source):
        with _sentences(target):
            into = target / folder.name
            into.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in OF_A_JOB:  # the note of it last: with it the folder counts
                if (folder / name).is_file() and not (into / name).is_file():
                    _copy(folder / name, into / name)


def compared(source: Path, target: Path, *, only_there: bool) -> tuple[int, int]:
    """How many folders there are, and how many of them the target has with the same files (`only_there`: at all)."""
    found = list(_folders(source))
    with _sentences(target):
        arrived = [folder for folder in found if _is_same(folder, target / folder.name, only_there=only_there)]
    return len(found), len(arrived)


def any_in(root: Path) -> bool:
    """Whether there is one."""
    return any(True for _ in _folders(root))


def _folders(root: Path) -> Iterator[Path]:
    with _sentences(root):
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            if is_id(folder.name) and (folder / OF_A_JOB[-1]).is_file():
                yield folder


def _is_same(folder: Path, other: Path, *, only_there: bool) -> bool:
    if only_there:
        return (other / OF_A_JOB[-1]).is_file()
    there = [name for name in OF_A_JOB if (folder / name).is_file()]
    same, _, _ = filecmp.cmpfiles(folder, other, there, shallow=False)
    return same == there


def _copy(source: Path, target: Path) -> None:
    half = target.with_name(f"{_HALF}-{target.name}")
    shutil.copy2(source, half)  # with its time, by which uploads without a job grow old
    with half.open("rb") as file:
        os.fsync(file.fileno())
    half.replace(target)


@contextmanager
def _sentences(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MoveError(
            f"{error.filename or folder} cannot be read or written: {error.strerror}.",
            cure="Check the folder and the room on its disk, then run this again: it goes on.",
        ) from error
