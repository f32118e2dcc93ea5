"""The data folder as a whole: who works on it, and how all that is in it is replaced at once.

Whoever has a desk or a table open holds the folder (a shared `flock` on the folder itself, which leaves no file behind
and ends with the process). What is replaced is written down first: a process that dies in the middle of the moves
leaves a plan, and the next one that opens the folder carries it out before it looks at anything.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nxcc.errors import ArchiveBusy, ArchiveError

PLAN = ".replacing.json"
SCRATCH = (".backup-", ".restoring-")  # how folders begin that a backup or a restore works in
LEDGERS = ("archive.duckdb", "sandbox.duckdb")
TABLES = "jobs.sqlite"
JOBS = "jobs"
WAIT_S = 5.0
_LOOK_EVERY_S = 0.05

# Everything that is made of, or stands in for, the files above: it goes with them.
_KEPT = re.compile(r"(archive|sandbox)((-explored|-anew)?\.duckdb(\.wal)?|-overflow)|jobs\.sqlite(-wal|-shm)?|jobs")
_SCRATCH_NAME = re.compile(r"\.(backup|restoring)-\w+")
_ASIDE_NAME = re.compile(r"replaced-[\w-]+")


class Held:
    """A data folder that this process works on."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def end(self) -> None:
        """Others may replace what is in it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Held:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def use(folder: Path) -> Held:
    """Holds the folder, made if it is not there, until `end`; what a killed restore left is carried out before.

    Raises `ArchiveBusy` while a backup is being put back into it, `ArchiveError` when it cannot be used.
    """
    with _sentences(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # call records: for nobody else on the machine
        while True:
            held = Held(_locked(folder, fcntl.LOCK_SH, "A backup is being put back into this data folder."))
            if not (folder / PLAN).exists():
                _remove_left_over(folder)
                return held
            held.end()
            with alone(folder):
                pass


@contextmanager
def alone(folder: Path, wait_s: float = WAIT_S, *, carry_out: bool = True) -> Iterator[None]:
    """Nobody else works on the folder. Raises `ArchiveBusy` when somebody does, `ArchiveError` as `use`."""
    with _sentences(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # call records: for nobody else on the machine
        who = "Another nxcc works on this data folder (the app, or a command line that looks something up)."
        descriptor = _locked(folder, fcntl.LOCK_EX, who, wait_s)
    try:
        if carry_out:
            with _sentences(folder):
                _finish(folder)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def scratch(folder: Path, prefix: str) -> Iterator[Path]:
    """A folder of this process in the data folder, removed at the end; of a killed process, by the next one."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
        descriptor = os.open(path, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if path.exists():  # nobody has taken it for one of a killed process, before it was locked
            break
        os.close(descriptor)
    try:
        give_to_owner(path, folder)
        yield path
    finally:
        if not _planned(folder, path.name):
            shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def scratch_of(folder: Path, name: object) -> Path:
    """The scratch folder of this name, out of an errand; nothing else may become a path."""
    if not isinstance(name, str) or not _SCRATCH_NAME.fullmatch(name) or (folder / name).is_symlink():
        raise ArchiveError("There is no such folder of a backup.", cure="Run this once more.")
    return folder / name


def kept(folder: Path) -> list[str]:
    """Names of what nxcc keeps in the folder; none in an empty one. Logs, errands and others' files do not count."""
    return sorted(path.name for path in folder.iterdir() if _KEPT.fullmatch(path.name)) if folder.is_dir() else []


def replace(folder: Path, fresh: Path, aside: str) -> None:
    """Puts what is in `fresh`, a scratch folder, in the place of all that is kept, which is moved into `aside`.

    For whoever has the folder `alone`. From the first move on it is carried out to its end, if need be by the next
    process that opens the folder.
    """
    with _sentences(folder):
        names = sorted(path.name for path in fresh.iterdir())
        plan = {"fresh": fresh.name, "names": names, "old": kept(folder), "aside": aside}
        if not all(_KEPT.fullmatch(name) for name in names) or not _ASIDE_NAME.fullmatch(aside):
            raise ValueError(names)
        half = fresh / PLAN
        _write(half, json.dumps(plan).encode())
        half.replace(folder / PLAN)
        _finish(folder)


def finish(folder: Path) -> str | None:
    """Carries a replacement to its end that somebody who died had begun; the name of the folder in which lies what was
    there. None when there is nothing to carry out."""
    with alone(folder, carry_out=False), _sentences(folder):
        return _finish(folder)


def give_to_owner(path: Path, folder: Path) -> None:
    """What root makes in an account's data folder belongs to that account, or its app could not open it."""
    if os.geteuid() == 0:
        owner = folder.stat()
        for each in (path, *path.rglob("*")):
            os.chown(each, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _finish(folder: Path) -> str | None:
    """Each step can be done again: what still lies in `fresh` is not in its place yet."""
    try:
        plan = json.loads((folder / PLAN).read_bytes())
    except FileNotFoundError:
        return None
    _sync(folder)
    fresh, aside, names = folder / plan["fresh"], folder / plan["aside"], plan["names"]
    for name in plan["old"]:
        if (folder / name).exists() and (name not in names or (fresh / name).exists()):
            aside.mkdir(mode=0o700, exist_ok=True)
            (folder / name).rename(aside / name)
    for name in names:
        if (fresh / name).exists():
            (fresh / name).rename(folder / name)
    if aside.exists():
        give_to_owner(aside, folder)
    _sync(folder)
    (folder / PLAN).unlink()
    shutil.rmtree(fresh, ignore_errors=True)
    return aside.name if aside.exists() else ""


def _planned(folder: Path, name: str) -> bool:
    try:
        planned: bool = json.loads((folder / PLAN).read_bytes())["fresh"] == name
    except FileNotFoundError:
        return False
    return planned


def _remove_left_over(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name.startswith(SCRATCH) and path.is_dir() and not path.is_symlink():
            with suppress(OSError):  # somebody else's, at work, or gone
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path, ignore_errors=True)
                finally:
                    os.close(descriptor)


def _locked(folder: Path, kind: int, who: str, wait_s: float = WAIT_S) -> int:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    until = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(descriptor)
                raise ArchiveBusy(who, cure="Wait until it has ended, or end it, and run this again.") from None
        except BaseException:
            os.close(descriptor)
            raise
        time.sleep(_LOOK_EVERY_S)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _sentences(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiveError(
            f"The archive in {folder} cannot be opened or written.",
            cure="Check that the folder exists and may be written, or set NXCC_DATA_DIR to another one.",
        ) from error
