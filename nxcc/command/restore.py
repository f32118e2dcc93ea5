"""`python -m nxcc restore FILE`: a backup in the place of what the data folder holds; the app opens it by itself."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nxcc import access, backup, data_folder
from nxcc.audit import Audit
from nxcc.backup import Manifest
from nxcc.backup.checking import Unpacked
from nxcc.backup.restoring import check_empty
from nxcc.command.backup import WHO, check_embedded, say_ledger
from nxcc.command.said import DONE, say, say_stopped
from nxcc.data_folder import TABLES
from nxcc.desk import open_errands, owner_of
from nxcc.errands import NobodyAnswers
from nxcc.errors import ArchiveBusy, NxccError
from nxcc.settings import Settings, load

LONGEST_S = 600.0
NOT_ALL = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `restore`."""
    parser.description = (
        "Looks a backup over from its first byte to its last, then puts it into the data folder, all at once; while "
        "the app runs, the app closes the archive for that moment and goes on with what was put back. Jobs that were "
        "at work wait for Resume. Ends with one JSON line. Exit code: 0 done, 1 done but something is to be looked "
        "at, 2 nothing was changed (stderr says the cure)."
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="what `backup` wrote")
    parser.add_argument(
        "--replace", action="store_true", help="move what the data folder holds into a dated folder in it"
    )


@dataclass(slots=True)
class _Done:
    """Where what was there lies now, who did it, and what is not as it should be."""

    aside: str
    by_app: bool = False
    problem: str = ""


def run(arguments: argparse.Namespace) -> int:
    """Puts the backup back; returns the exit code."""
    began = time.monotonic()
    path: Path = arguments.file.absolute()
    try:
        settings = load()
        check_embedded(settings)
        folder = settings.data_dir
        check_empty(folder, replace=arguments.replace)
        with _there(folder), data_folder.scratch(folder, ".restoring-") as scratch:
            unpacked = backup.unpack(path, scratch)
            done = _put_back(settings, scratch, replace=arguments.replace)
    except NxccError as error:
        return say_stopped(error)
    except OSError as error:
        return say_stopped(NxccError(f"{error.filename or folder} cannot be used: {error.strerror}."))
    manifest = unpacked.manifest
    try:
        _note(settings, manifest)
    except NxccError as error:
        done.problem = done.problem or str(error)
    _say(settings, unpacked, done)
    summary = {
        "file": str(path),
        "made_at": manifest.made_at.isoformat(timespec="seconds"),
        "lookups": manifest.lookups,
        "calls": manifest.calls,
        "jobs": manifest.jobs,
        "paused": unpacked.paused,
        "moved_aside": str(folder / done.aside) if done.aside else None,
        "by_app": done.by_app,
        "seconds": round(time.monotonic() - began, 3),
    }
    print(json.dumps(summary), flush=True)
    return NOT_ALL if done.problem else DONE


def _put_back(settings: Settings, scratch: Path, *, replace: bool) -> _Done:
    try:
        return _Done(backup.put_back(settings.data_dir, scratch, replace=replace, wait_s=1))
    except ArchiveBusy as busy:
        return _ask_app(settings, scratch, busy, replace=replace)


def _ask_app(settings: Settings, scratch: Path, busy: ArchiveBusy, *, replace: bool) -> _Done:
    say("The app works on the data folder: it closes the archive, and opens what is put back.")
    errands = open_errands(settings, of_anybody=True)
    try:
        said = errands.wait(errands.ask("put_back", {"scratch": scratch.name, "replace": replace}), LONGEST_S)
        return _Done(said["aside"], by_app=True, problem=said["problem"])
    except NobodyAnswers:
        raise busy from None
    except NxccError as error:
        aside = data_folder.finish(settings.data_dir)
        if aside is None:
            raise
        return _Done(aside, problem=f"The app ended in the middle; this command carried it to its end. {error.cure}")
    finally:
        errands.close()


def _say(settings: Settings, unpacked: Unpacked, done: _Done) -> None:
    manifest, paused = unpacked.manifest, unpacked.paused
    say(f"Put back: the backup of {manifest.made_at.astimezone():%d %b %Y %H:%M}, made by nxcc {manifest.nxcc}.")
    ours = owner_of(settings)
    for name, ledger in manifest.ledgers.items():
        say_ledger(name, ledger)
    there = [f"archive|{o.gateway}|{o.tenant_id}" for led in manifest.ledgers.values() for o in led.owners]
    if settings.credentials and there and ours not in there:
        say("None of it is of the team and gateway of these settings: the app shows it when it is set to theirs.")
    if not settings.credentials and "archive.duckdb" in manifest.ledgers:
        say("No credentials are set here: the app shows the sandbox until they are.")
    say(f"Jobs and uploads: {manifest.jobs:,}.")
    if paused:
        say(f"{paused:,} of the jobs were at work: they are paused. Resume on their page lets them go on.")
    if unpacked.off:
        say(f"{unpacked.off:,} of the schedules were on: they are switched off. Status switches them on again.")
    if done.aside:
        say(f"What was there lies in {settings.data_dir / done.aside} now. Delete it when nobody needs it any more.")
    if done.problem:
        say(f"nxcc: {done.problem}")


def _note(settings: Settings, manifest: Manifest) -> None:
    audit = Audit(settings.data_dir / TABLES, owner_of(settings))
    try:
        audit.note(access.here(WHO), "restored", f"backup of {manifest.made_at:%Y-%m-%d %H:%M} UTC")
    finally:
        audit.close()


@contextmanager
def _there(folder: Path) -> Iterator[None]:
    """The data folder, made for its owner alone; one that was made for nothing goes again."""
    made = not folder.exists()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        yield
    finally:
        if made and not data_folder.kept(folder):
            with suppress(OSError):
                folder.rmdir()
