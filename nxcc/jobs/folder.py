"""A job's folder: the uploaded file, its cells, and the list of order ids, all written once."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
import re
import secrets
import shutil
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from nxcc import intake
from nxcc.export.writing import UNDER_WAY
from nxcc.intake import Check, Overrides, Reading
from nxcc.jobs.errors import JobsError

_ID = re.compile(r"[0-9a-f]{16}")
_CHUNK = 1 << 20
UNSTARTED_KEPT_S = 7 * 86_400
HALF_MADE_S = 3_600
IDS_COLUMN = "order_id"
_locks: defaultdict[Path, threading.RLock] = defaultdict(threading.RLock)


def is_id(text: str) -> bool:
    """Whether a text, out of an address say, has the form of a job's id: nothing else may become a path."""
    return bool(_ID.fullmatch(text))


class Folder:
    """The files of one job. Raises `JobsError` when they cannot be read or written, `IntakeError` for a bad upload."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.upload = path / "upload"
        self.cells = path / "cells.parquet"
        self.ids = path / "ids.parquet"
        self._about = path / "about.json"
        self.lock = _locks[path]  # of this process: two sessions may have one upload open

    @classmethod
    def keep_ids(cls, root: Path, name: str, order_ids: Iterable[str], who: str = "") -> Folder:
        """A new folder with pasted ids, each a row of a file of one column that is read in no other way."""
        text = io.StringIO()
        csv.writer(text).writerows([[IDS_COLUMN], *([order_id] for order_id in order_ids)])
        whole = text.getvalue().encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        folder = cls.keep(root, name, io.BytesIO(whole.encode()), who)
        folder.read(Overrides(encoding="UTF-8", delimiter=",", quote='"', header=1))
        folder.note(column=0)
        return folder

    @classmethod
    def keep(cls, root: Path, name: str, content: IO[bytes], who: str = "") -> Folder:
        """A new folder with the file that `who` uploaded, on the disk before anything else happens to it."""
        folder = cls(root / secrets.token_hex(8))
        with folder.sentences():
            folder.path.mkdir(parents=True)
            try:
                with folder.upload.open("wb") as file:
                    shutil.copyfileobj(content, file, _CHUNK)
                    file.flush()
                    os.fsync(file.fileno())
                folder._note(name=name, who=who)
            except BaseException:  # half a file is none
                shutil.rmtree(folder.path, ignore_errors=True)
                raise
        return folder

    @property
    def id(self) -> str:
        """The job's id."""
        return self.path.name

    @property
    def exists(self) -> bool:
        """Whether there is such a folder."""
        return is_id(self.id) and self._about.is_file()

    @property
    def name(self) -> str:
        """The name of the uploaded file."""
        return str(self.about()["name"])

    def about(self) -> dict[str, Any]:
        """What is noted of the upload."""
        with self.sentences():
            text = self._about.read_bytes()
        with self._whole():
            noted = json.loads(text)
            if not isinstance(noted, dict) or not isinstance(noted.get("name"), str):
                raise ValueError
            return noted

    def overrides(self) -> Overrides:
        """How the analyst wants the file to be read."""
        about = self.about()
        with self._whole():
            return Overrides(**about.get("overrides", {}))

    def read(self, overrides: Overrides | None = None) -> Reading:
        """The file as a table; read once for each way of reading it."""
        with self.lock:
            return self._read(overrides)

    def _read(self, overrides: Overrides | None) -> Reading:
        about = self.about()
        wanted = asdict(overrides) if overrides is not None else about.get("overrides", asdict(Overrides()))
        if about.get("reading") and about.get("overrides") == wanted and self.cells.is_file():
            with self._whole():
                return Reading.from_json(about["reading"])
        self._not_begun(about)
        with self.sentences():
            reading = intake.read(self.upload, about["name"], self.cells, Overrides(**wanted))
            self._note(**(about | {"overrides": wanted, "reading": reading.to_json(), "check": None}))
        return reading

    def check(self, column: int, *, insist: bool = False) -> Check:
        """The order ids of one column, with their problems; worked out once for each column."""
        with self.lock:
            return self._check(column, insist)

    def _check(self, column: int, insist: bool) -> Check:
        about = self.about()
        wanted = {"column": column, "insist": insist}
        if about.get("check") and about["checked"] == wanted and self.ids.is_file():
            with self._whole():
                return Check.from_json(about["check"])
        self._not_begun(about)
        with self.sentences():
            check = intake.check(self.cells, column, self.ids, insist=insist)
            self._note(**(about | {"checked": wanted, "check": check.to_json()}))
        return check

    def _not_begun(self, about: dict[str, Any]) -> None:
        """A job's list never changes."""
        if about.get("begun"):
            if not (self.cells.is_file() and self.ids.is_file()):
                raise _as_sentence(self.path, FileNotFoundError())
            raise JobsError("This file is a job already; its list does not change.", cure="Repeat the job instead.")

    def note(self, **values: Any) -> None:
        """Adds to what is noted of the upload."""
        with self.lock, self.sentences():
            self._note(**(self.about() | values))

    def fingerprint(self) -> str:
        """Of the file's bytes and of how they are read."""
        about = self.about()
        with self.sentences(), self.upload.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
        digest.update(json.dumps([about.get("overrides"), about.get("checked")], sort_keys=True).encode())
        return digest.hexdigest()

    def built(self) -> list[Path]:
        """The files that were made of it for download, and what a killed process left of one."""
        with self.sentences():
            return [path for path in self.path.glob("files/**/*") if path.is_file()]

    def remove_built(self) -> None:
        """Deletes those: they are made anew when somebody asks for them. Waits for one that is being made."""
        with self.lock, self.sentences():
            if (self.path / "files").is_dir():
                shutil.rmtree(self.path / "files")

    def copy(self) -> Folder:
        """The same file as a job of its own that has not begun."""
        twin = Folder(self.path.parent / secrets.token_hex(8))
        with self.sentences():
            twin.path.mkdir()
            for file in (self.upload, self.cells, self.ids):
                if file.is_file():
                    _link_or_copy(file, twin.path / file.name)
            twin._note(**(self.about() | {"begun": False}))
        return twin

    def remove(self) -> None:
        """Deletes the folder with all that is in it, if it is there."""
        with self.sentences():
            if self.path.is_dir():
                shutil.rmtree(self.path)

    def _note(self, **values: Any) -> None:
        fresh = self._about.with_suffix(f".{secrets.token_hex(4)}")
        fresh.write_text(json.dumps(values), encoding="utf-8")
        fresh.replace(self._about)

    @contextmanager
    def sentences(self) -> Iterator[None]:
        """Turns what the disk says into a `JobsError`."""
        try:
            yield
        except (OSError, pa.ArrowInvalid) as error:
            raise _as_sentence(self.path, error) from error

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """What is noted must have the form that it was noted in."""
        try:
            yield
        except (ValueError, TypeError) as error:
            raise _as_sentence(self.path, error) from error


def tidy(root: Path, now_s: float) -> None:
    """Deletes uploads that nobody made a job of for a week, and files that a killed process left half made.

    Jobs of other owners (another gateway, the sandbox) stand in the same place: what has begun stays.
    """
    for path in root.iterdir() if root.is_dir() else ():
        if not is_id(path.name):
            continue
        for half_made in (*path.glob(".intake-*"), *path.glob(f"files/{UNDER_WAY}*")):
            if now_s - _changed_s(half_made) > HALF_MADE_S:  # another process may be making it right now
                shutil.rmtree(half_made, ignore_errors=True)
        if now_s - _changed_s(path) > UNSTARTED_KEPT_S and not _has_begun(path):
            shutil.rmtree(path, ignore_errors=True)


def _changed_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # it has just gone
        return math.inf


def _has_begun(path: Path) -> bool:
    try:
        return bool(Folder(path).about().get("begun"))
    except JobsError:
        return True  # perhaps: what cannot be read is not deleted


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)  # none of these files is changed in place
    except OSError:
        shutil.copyfile(source, target)


def _as_sentence(path: Path, error: Exception) -> JobsError:
    if isinstance(error, OSError) and error.errno == 28:
        return JobsError(
            f"The disk of {path.parent.parent} is full.", cure="Free some space and try again; nothing was lost."
        )
    if isinstance(error, FileNotFoundError | ValueError | TypeError):  # what Arrow says is a ValueError as well
        return JobsError(
            "The files of this job are not there, or not whole.", cure="Upload the file again; answers are kept."
        )
    return JobsError(
        f"The job's folder in {path.parent.parent} cannot be read or written.",
        cure="Check that the folder exists and may be written, or set NXCC_DATA_DIR to another one.",
    )
