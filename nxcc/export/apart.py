"""Making a file in a process of its own: a large one takes its time of one core, and none of the app's threads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from nxcc.export.formats import ExportError, Format
from nxcc.export.writing import making

STOPPED = 2  # the exit code with which the process says on stderr what happened, and in a second line the cure
PROJECT = Path(__file__).parents[2]  # nxcc is not installed: the process is started where it is found


def convert_apart(source: Path, path: Path, format: Format, zone: ZoneInfo, *, sheet: str = "orders") -> int:
    """As `convert`, in a process of low priority, which ends with the caller's wait.

    Raises `ExportError` as `convert` does, and when the process died.
    """
    with making(path) as made:  # also the process's files are in there, so that nothing is left if it is killed
        paths = str(source.absolute()), str(made.absolute())
        command = [sys.executable, "-m", "nxcc.export", *paths, format, zone.key, sheet]
        process = subprocess.Popen(  # noqa: S603 -- our own interpreter and module, and no shell
            command,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        with process:
            try:
                said, why = process.communicate()
            except BaseException:  # the caller is interrupted: nobody waits for the file any more
                process.kill()
                process.wait()  # after Ctrl-C `with` does not
                raise
        if process.returncode:
            died = subprocess.CalledProcessError(process.returncode, command, said, why)
            raise _failed(path, process.returncode, why) from died
    return int(said)


def _failed(path: Path, code: int, why: str) -> ExportError:
    what, _, cure = why.strip().partition("\n")
    if code == STOPPED and what:
        return ExportError(what, cure=cure)
    cause = f"signal {-code}" if code < 0 else f"exit code {code}"
    return ExportError(
        f"{path.name} was not made: its process ended with {cause}.",
        cure="The server may be short of memory; ask for the file again, or for CSV, which needs least.",
    )
