"""A folder beside the archive that one process has to itself: the first free one of several.

It is held by a `flock` on the folder, which leaves no file behind and ends with the process.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import suppress
from itertools import count
from pathlib import Path


class OwnFolder:
    """The first folder `beside`/`stem`-N that nobody holds; what is in it of the process before stays. Raises
    `OSError`."""

    def __init__(self, beside: Path, stem: str) -> None:
        beside.mkdir(mode=0o700, parents=True, exist_ok=True)  # call records: for nobody else on the machine
        for n in count(1):
            self.path = beside / f"{stem}-{n}"
            if (descriptor := _held(self.path)) is not None:
                self._descriptor: int | None = descriptor
                return

    def close(self) -> None:
        """Lets it go, with what is in it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def empty_others(self) -> None:
        """Deletes what is in the folders that nobody holds: their processes have ended."""
        stem = self.path.name.rpartition("-")[0]
        for other in self.path.parent.glob(f"{stem}-[0-9]*"):
            if other != self.path and (descriptor := _held(other)) is not None:
                with suppress(FileNotFoundError):
                    shutil.rmtree(other)
                os.close(descriptor)


def _held(folder: Path) -> int | None:
    """A descriptor that holds the folder, made if need be; None when somebody else does."""
    while True:
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:  # removed in that moment
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), folder.stat()):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except FileNotFoundError:
            pass
        os.close(descriptor)
