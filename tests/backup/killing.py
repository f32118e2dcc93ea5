"""Makes or puts back a backup and is killed before its n-th step, for each n: `python -m tests.backup.killing`.

One line a try: `killed` or `done`. Each try is a fork of this process, which has no threads, and has a folder of its
own, BASE/n/data, a copy of KEPT; FILE is the backup that is put back, or the name of the one that is made.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from nxcc import backup, data_folder
from nxcc.archive import copying
from nxcc.backup import seal, tables

from .conftest import nobody, restore


def _step(owner: Any, name: str, counted: list[int]) -> None:
    """Counts down before each call of this function."""
    function = getattr(owner, name)

    def counting(*arguments: Any, **named: Any) -> Any:
        counted[0] -= 1
        if counted[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    setattr(owner, name, counting)


def _restore(folder: Path, file: Path, step: list[int]) -> None:
    replace = data_folder.replace

    def counted(*arguments: Any) -> None:
        for owner, name in (
            (Path, "rename"), (Path, "replace"), (Path, "mkdir"), (Path, "unlink"), (shutil, "rmtree"),
            (data_folder, "_write"), (data_folder, "_sync"),
        ):  # fmt: skip
            _step(owner, name, step)
        replace(*arguments)

    data_folder.replace = counted
    restore(folder, file, replace=True)


def _backup(folder: Path, file: Path, step: list[int]) -> None:
    for owner, name in (
        (tables, "copy"), (tables, "look_over"), (Path, "hardlink_to"), (copying, "copy_closed"),
        (copying, "look_over"), (seal.Sealing, "add"), (seal.Sealing, "close"), (os, "fsync"), (Path, "replace"),
        (shutil, "rmtree"),
    ):  # fmt: skip
        _step(owner, name, step)
    backup.make(folder, file, nobody)


def main(what: str, kept: Path, base: Path, file: str, steps: list[int]) -> None:
    for n in steps:
        folder = shutil.copytree(kept, base / str(n) / "data")
        child = os.fork()
        if not child:
            (_restore if what == "restore" else _backup)(folder, folder.parent / file, [n])
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status in (0, signal.SIGKILL), status
        print("killed" if status else "done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], [int(n) for n in sys.argv[5:]])
