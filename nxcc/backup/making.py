"""Makes a backup: the small tables first, then the jobs' folders, then the ledgers, so that whatever a job says it has
is there; copies of one moment each, while others go on."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from nxcc import __version__, data_folder
from nxcc.archive import Archive, copying
from nxcc.archive.copying import Ledger
from nxcc.backup import tables
from nxcc.backup.manifest import NAME, OF_A_JOB, BackupError, Manifest, Member
from nxcc.backup.seal import Sealing
from nxcc.data_folder import JOBS, LEDGERS, TABLES
from nxcc.errors import ArchiveBusy
from nxcc.jobs.folder import is_id

Ask = Callable[[str, ArchiveBusy], None]
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(slots=True)
class Made:
    """What was made."""

    manifest: Manifest
    bytes: int
    by_app: bool  # the app copied a ledger, which it has open


def make(folder: Path, path: Path, ask: Ask, *, force: bool = False, noted: Callable[[], None] = lambda: None) -> Made:
    """Backs the data folder up into the file `path`, which is there whole or not at all.

    A ledger that another process has open is copied by it: `ask` hears the name of the scratch folder that the copies
    go to, and returns when they are there (or raises). `noted` is called before the file gets its name.
    Raises `BackupError`, `ArchiveError` or what `ask` raises.
    """
    _check_place(path, force=force)
    if not data_folder.kept(folder):
        raise BackupError(f"There is nothing to back up in {folder}.", cure="Set NXCC_DATA_DIR to the data folder.")
    with data_folder.use(folder), data_folder.scratch(folder, ".backup-") as scratch, _writing(path) as file:
        parts = _Parts(folder, scratch)
        parts.copy_tables()
        by_app = parts.copy_ledgers(ask)
        made_at = datetime.now(UTC)
        sealing = Sealing(file)
        members = {name: sealing.add(name, source) for name, source in parts.members.items()}
        manifest = parts.manifest(made_at, members)
        sealing.add(NAME, manifest.to_json())
        sealing.close()
        size = file.tell()
        noted()
    return Made(manifest, size, by_app)


def copy_ledgers(folder: Path, scratch: Path, archive: Archive) -> list[str]:
    """The ledgers of the data folder as files in `scratch`, which lies in it; `archive` is the one that this process
    has open. Returns their names. Raises `ArchiveError`."""
    names = []
    for name in LEDGERS:
        path = folder / name
        if path == archive.path:
            copying.copy(archive, scratch / name)
        elif path.is_file():
            copying.copy_closed(path, scratch / name)
        else:
            continue
        names.append(name)
    data_folder.give_to_owner(scratch, folder)
    return names


@dataclass(slots=True)
class _Parts:
    """What goes into the file: copies and links in the scratch folder."""

    folder: Path
    scratch: Path
    members: dict[str, Path] = field(default_factory=dict)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    jobs: int = 0

    def copy_tables(self) -> None:
        """The small tables, and the folder of each job in them and of each upload that is none yet."""
        copied, ids = self.scratch / TABLES, set[str]()
        if (self.folder / TABLES).is_file():
            tables.copy(self.folder / TABLES, copied)
            ids = tables.jobs(copied)
        whole = set(self._link_jobs())
        if gone := ids - whole:  # deleted between the two
            tables.without_jobs(copied, gone)
        if copied.is_file():
            self.members[TABLES] = copied
            self.rows = tables.look_over(copied)
        self.jobs = len(whole)

    def copy_ledgers(self, ask: Ask) -> bool:
        """The ledgers, which hold what jobs say they have by now; whether the app did it."""
        by_app = False
        names = [name for name in LEDGERS if (self.folder / name).is_file()]
        try:
            for name in names:
                copying.copy_closed(self.folder / name, self.scratch / name)
        except ArchiveBusy as busy:
            by_app = True
            ask(self.scratch.name, busy)
        for name in names:
            self.ledgers[name] = copying.look_over(self.scratch / name)
            self.members[name] = self.scratch / name
        return by_app

    def manifest(self, made_at: datetime, members: dict[str, Member]) -> Manifest:
        """What the file says of itself."""
        return Manifest(__version__, made_at, self.ledgers, self.rows, self.jobs, members)

    def _link_jobs(self) -> Iterator[str]:
        """Links: none of these files is changed in place, and one that is deleted now stays until it is written."""
        root = self.folder / JOBS
        for job in sorted(root.iterdir()) if root.is_dir() else ():
            if not is_id(job.name) or not (job / OF_A_JOB[-1]).is_file():
                continue
            target = self.scratch / JOBS / job.name
            target.mkdir(parents=True)
            for name in OF_A_JOB:
                if (job / name).is_file():
                    _link_or_copy(job / name, target / name)
                    self.members[f"{JOBS}/{job.name}/{name}"] = target / name
            yield job.name


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def _check_place(path: Path, *, force: bool) -> None:
    if path.is_dir():
        raise BackupError(f"{path} is a folder.", cure="Name a file in it.")
    if path.exists() and not force:
        raise BackupError(f"{path} is there already.", cure="Choose another name, or add --force to replace it.")
    if not path.parent.is_dir():
        raise BackupError(f"There is no folder {path.parent}.", cure="Make it, or choose another place.")


@contextmanager
def _writing(path: Path) -> Iterator[IO[bytes]]:
    """A file beside `path`, for its owner alone, that gets the name when the block ends well and goes when not."""
    part = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                os.fchmod(descriptor, 0o600)
                file.truncate()
                yield file
                file.flush()
                os.fsync(descriptor)
                part.replace(path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
    except BlockingIOError as error:
        raise BackupError(f"Another backup is being written to {path}.", cure="Wait until it has ended.") from error
    except OSError as error:
        cure = "Choose another place."
        if error.errno in _FULL:
            cure = "Free some space, or choose another disk. Nothing is left of it."
        raise BackupError(f"{path} cannot be written: {error.strerror or error}.", cure=cure) from error
