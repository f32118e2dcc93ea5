"""Looks a backup over, byte for byte, before anything is changed: into a folder of its own in the data folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from nxcc import data_folder
from nxcc.archive import copying
from nxcc.backup import seal, tables
from nxcc.backup.manifest import NAME, BackupError, Manifest, Member, from_json
from nxcc.data_folder import JOBS, TABLES
from nxcc.errors import NxccError
from nxcc.jobs import Folder

MOST_MANIFEST_BYTES = 64_000_000
SPARE_BYTES = 20_000_000
_OTHER = "Use another backup; nothing was changed."


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A backup that is whole, in a scratch folder; `paused` of its jobs were at work, and `off` schedules on."""

    manifest: Manifest
    paused: int
    off: int = 0


def unpack(path: Path, scratch: Path) -> Unpacked:
    """Puts what is in the backup into `scratch`, when it is all as the manifest says.

    Raises `BackupError` (or `ArchiveError`) for a file that is no backup, is damaged, was made by a newer nxcc, or
    holds what no backup holds.
    """
    name = path.name
    try:
        if not path.is_file():
            raise BackupError(f"There is no file {path}.", cure="Check the path.")
        with path.open("rb") as file, seal.opened(file, name) as archive:
            members = seal.members(archive, path.stat().st_size, name)
            manifest = _manifest(archive, members, name)
            _check_room(manifest, scratch)
            for member, of in manifest.members.items():
                _write(archive, members[member], scratch / member, of, name)
    except OSError as error:
        raise BackupError(
            f"{name} cannot be unpacked: {error.strerror or error}.",
            cure="Nothing was changed. Check the file, and the room on the disk of the data folder.",
        ) from error
    try:
        _look_over(manifest, scratch)
        there = TABLES in manifest.members
        paused, off = tables.pause(scratch / TABLES, manifest.made_at) if there else (0, 0)
    except NxccError as error:
        raise BackupError(f"{name} cannot be used: {error.what}", cure=error.cure or _OTHER) from error
    data_folder.give_to_owner(scratch, scratch.parent)
    os.sync()
    return Unpacked(manifest, paused, off)


def _manifest(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], name: str) -> Manifest:
    info = members.get(NAME)
    if info is None or info.file_size > MOST_MANIFEST_BYTES:
        raise BackupError(f"{name} has no manifest.", cure=_OTHER)
    manifest = from_json(b"".join(seal.read(archive, info, name)))
    sizes = {member: info.file_size for member, info in members.items() if member != NAME}
    if sizes != {member: of.bytes for member, of in manifest.members.items()}:
        raise BackupError(f"{name} does not hold what its manifest says.", cure=_OTHER)
    newest = max((ledger.schema for ledger in manifest.ledgers.values()), default=0)
    if newest > copying.NEWEST:
        raise BackupError(
            f"{name} holds an archive of schema {newest}, written by a newer nxcc; "
            f"this one knows schemas up to {copying.NEWEST}.",
            cure="Nothing was changed. Update nxcc, then try again.",
        )
    return manifest


def _check_room(manifest: Manifest, scratch: Path) -> None:
    needed = sum(member.bytes for member in manifest.members.values()) + SPARE_BYTES
    free = shutil.disk_usage(scratch).free
    if needed > free:
        raise BackupError(
            f"The backup needs {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free.",
            cure="Free some space on the disk of the data folder; nothing was changed.",
        )


def _write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, of: Member, name: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for chunk in seal.read(archive, info, name):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != of.sha256:
        raise BackupError(f"{name} is damaged: {info.filename} is not what was written.", cure=_OTHER)


def _look_over(manifest: Manifest, scratch: Path) -> None:
    """Opens what was unpacked, and counts."""
    for ledger, said in manifest.ledgers.items():
        found = copying.look_over(scratch / ledger)
        if found != said:
            raise BackupError(f"{ledger} holds other rows than the manifest says.")
    rows = tables.look_over(scratch / TABLES) if TABLES in manifest.members else {}
    if rows != manifest.tables:
        raise BackupError(f"{TABLES} holds other rows than the manifest says.")
    root = scratch / JOBS
    folders = {path.name for path in root.iterdir()} if root.is_dir() else set[str]()
    with_rows = tables.jobs(scratch / TABLES) if rows else set[str]()
    if len(folders) != manifest.jobs or not with_rows <= folders:
        raise BackupError("It lacks the files of a job.")
    for job in folders:
        Folder(root / job).about()
