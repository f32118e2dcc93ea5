"""The file that a ledger lies in: opened, shared by the threads of a process, replaced by another one as a whole."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import duckdb

from nxcc.archive.gate import Gate
from nxcc.archive.schema import migrate
from nxcc.archive.sentences import sentences
from nxcc.errors import ArchiveBusy

T = TypeVar("T")

ATTACHED_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.1
_MODEST = "800MB"


class LedgerFile:
    """The engine with the file attached as `archive`. Raises `ArchiveError`."""

    keep_every_s = 0.3  # how long an answer waits for others before it is kept
    engines = 1  # how many it has had so far
    extent = "SELECT '' AS mark, coalesce(max(rowid) + 1, 0) AS n FROM archive.calls"  # the row that comes next

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows_file = path.with_name(f"{path.stem}-explored{path.suffix}")
        self.fresh = path.with_name(f"{path.stem}-anew{path.suffix}")  # a file that is to take its place
        self._gate = Gate()
        self._attaching = threading.Lock()
        self._attached = True
        with sentences(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_file() and not path.stat().st_size:
                path.unlink()  # what a full disk leaves of a file that was to be created
            self._connection = duckdb.connect(config={"autoinstall_known_extensions": False})
            overflow = path.with_name(f"{path.stem}-overflow")  # for what does not fit into the memory
            try:
                self._connection.execute(f"SET temp_directory = {quoted(overflow)}")
                self._connection.execute("SET GLOBAL TimeZone = 'UTC'")  # of every cursor
                self._connection.execute(f"ATTACH {quoted(path)} AS archive")
                remove(self.fresh)  # of somebody who was killed while making it
                shutil.rmtree(overflow, ignore_errors=True)
                self._connection.execute("USE archive")
                migrate(self._connection)
            except BaseException:
                self._connection.close()  # else the file stays locked for as long as the error lives
                raise

    def close(self) -> None:
        """Lets the file go."""
        self._connection.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Nobody replaces the file meanwhile."""
        with self._gate.together():
            yield

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor, with others at work."""
        with self._gate.together(), sentences(self.path), self._connection.cursor() as cursor:
            if not self._attached:
                self._attach()
            yield cursor

    @contextmanager
    def alone(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor while nobody else reads or writes: they wait."""
        with self._gate.alone(), self.cursor() as cursor:
            yield cursor

    @contextmanager
    def turn(self, *, for_long: bool = False) -> Iterator[None]:  # noqa: ARG002 - as a lake's
        """No other process writes: none has the file."""
        yield

    def bytes(self, _: object) -> int:
        """The size of the file."""
        return bytes_of(self.path)

    def kept(self, work: Callable[[bool], T]) -> T:
        """Does what writes; it hears whether it may be done already, which it is not."""
        with self.together():
            return work(False)

    def read(self, work: Callable[[], T]) -> T:
        """Does what reads."""
        return work()

    def replace(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Puts the closed file at `fresh` in the ledger's place, for whoever is `alone`.

        A process that dies on the way leaves the one or the other, each whole.
        """
        cursor.execute("FORCE CHECKPOINT archive")
        cursor.execute("DETACH archive")
        self._attached = False
        try:
            log = _log_of(self.path)
            if log.exists() and log.stat().st_size:
                raise OSError("the ledger's log was not emptied: it would be played back into the other file")
            log.unlink(missing_ok=True)
            sync(self.fresh)
            self.fresh.replace(self.path)
            sync(self.path.parent)
        finally:
            self._attach(ATTACHED_WITHIN_S)

    def _attach(self, within_s: float = 0.0) -> None:
        """Another process may have taken the file up in the moment in which it was free."""
        tries, pause = int(within_s / _LOOK_EVERY_S), threading.Event()
        with self._attaching:
            while not self._attached:
                try:
                    with sentences(self.path):
                        self._connection.execute(f"ATTACH IF NOT EXISTS {quoted(self.path)} AS archive")
                    self._attached = True
                except ArchiveBusy:
                    if not tries:
                        raise
                    tries -= 1
                    pause.wait(_LOOK_EVERY_S)


@contextmanager
def modest(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """The engine keeps little of what it reads and writes: work that goes once through all of a file gains nothing by
    more."""
    with suppress(duckdb.Error):  # more is in use
        cursor.execute(f"SET memory_limit = '{_MODEST}'")
    try:
        yield
    finally:
        with suppress(duckdb.Error):  # what went wrong before says more
            cursor.execute("RESET memory_limit")


def bytes_of(path: Path) -> int:
    """The size of a file of the engine, with what is not in the file itself yet."""
    log = _log_of(path)
    return path.stat().st_size + (log.stat().st_size if log.exists() else 0)


def quoted(path: Path) -> str:
    """A path in SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def remove(path: Path) -> None:
    """Deletes a closed file of the engine with its log, if they are there."""
    for part in (path, _log_of(path)):
        part.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """What was written to a file, or renamed in a folder, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")
