"""A data folder with answers, a job, an upload, a view and an audit; and its backup."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import stat
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nxcc import access, backup, data_folder
from nxcc.audit import Audit
from nxcc.backup import Manifest
from nxcc.backup.checking import Unpacked
from nxcc.backup.manifest import NAME, from_json
from nxcc.backup.seal import Sealing
from nxcc.filters import Filters
from nxcc.sandbox import Sandbox
from nxcc.sign_outs import SignOuts
from nxcc.views import Views

from ..jobs.conftest import House

OWNER = "owner"
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def nobody(scratch: str, busy: Exception) -> None:
    """Stands in for the app where none runs."""
    raise AssertionError(f"{busy} for {scratch}")


@pytest.fixture(scope="session")
def kept(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder, which no test changes."""
    folder = tmp_path_factory.mktemp("kept") / "data"
    house = House(folder, sandbox)
    house.jobs.begin()
    house.done(house.start([f"SAMPLE-VENDOR~kept{n}" for n in range(4)]))
    house.upload([["order_id"], ["A1"]])
    house.end()
    views, audit, ended = Views(folder / "jobs.sqlite", OWNER), Audit(folder / "jobs.sqlite", OWNER), _ended(folder)
    views.save("mine", Filters())
    audit.note(access.here("ann"), "looked up", count=4)
    ended.end({"sub": "ann", "iat": 1})
    for table in (views, audit, ended):
        table.close()
    return folder


def _ended(folder: Path) -> SignOuts:
    return SignOuts(folder / "jobs.sqlite")


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(kept, tmp_path / "data")


@pytest.fixture(scope="session")
def made(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its backup, which no test changes."""
    path = tmp_path_factory.mktemp("made") / "backup.zip"
    backup.make(kept, path, nobody)
    return path


def state(folder: Path) -> dict[str, str]:
    """The hash of every file in the folder, by its path; SQLite's own two come and go with whoever reads a table."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def restore(folder: Path, path: Path, *, replace: bool = False) -> tuple[Unpacked, str]:
    """As the command does it."""
    folder.mkdir(exist_ok=True)
    with data_folder.scratch(folder, ".restoring-") as scratch:
        unpacked = backup.unpack(path, scratch)
        return unpacked, backup.put_back(folder, scratch, replace=replace, wait_s=0.2)


def manifest_of(path: Path) -> Manifest:
    with zipfile.ZipFile(path) as archive:
        return from_json(archive.read(NAME))


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def sealed(
    path: Path,
    members: dict[str, bytes],
    change: Callable[[dict[str, Any]], object] = lambda _: None,
    *,
    told: bool = True,
) -> Path:
    """A file with these members that is sealed right: somebody who knows the format made it. The manifest says what is
    in it when it is `told`, with whatever `change` makes of it."""
    said = json.loads(members[NAME])
    others = {name: content for name, content in members.items() if name != NAME}
    with path.open("wb") as file:
        sealing = Sealing(file)
        found = {name: sealing.add(name, content) for name, content in others.items()}
        if told:
            said["members"] = {name: {"bytes": of.bytes, "sha256": of.sha256} for name, of in found.items()}
        change(said)
        sealing.add(NAME, json.dumps(said).encode())
        sealing.close()
    return path


def resealed(path: Path, content: bytes) -> Path:
    """A ZIP file of any kind under a right seal."""
    mark = b"nxcc sha256 "
    assert content[-22:-18] == b"PK\x05\x06"
    body = content[:-2] + (len(mark) + 64).to_bytes(2, "little")
    path.write_bytes(body + mark + hashlib.sha256(body).hexdigest().encode())
    return path


def zipped(members: list[tuple[str, bytes]], *, compression: int = zipfile.ZIP_STORED, link: str = "") -> bytes:
    """A ZIP file, in which the member `link` is a symbolic one."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", compression) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = ((stat.S_IFLNK if name == link else stat.S_IFREG) | 0o600) << 16
            archive.writestr(info, content, compression)
    return whole.getvalue()
