"""`python -m nxcc backup FILE`: all that the data folder holds in one file, also while the app works on it."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from nxcc import access, backup
from nxcc.archive.copying import Ledger
from nxcc.audit import Audit
from nxcc.command.said import DONE, say, say_stopped
from nxcc.data_folder import TABLES
from nxcc.desk import open_errands, owner_of
from nxcc.errands import NobodyAnswers
from nxcc.errors import ArchiveBusy, NxccError
from nxcc.settings import Settings, load

LONGEST_S = 6 * 3_600.0
WHO = "command line"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `backup`."""
    parser.description = (
        "Writes the archive, jobs, uploads, saved views and the audit into one file, as they are at one moment, also "
        "while the app works; ends with one JSON line. Settings and credentials are not in it, but every call record "
        "is: keep it as you keep the data folder. Exit code: 0 done, 2 nothing was written (stderr says the cure)."
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="what to write, such as nxcc-2026-11-25.zip")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")


def run(arguments: argparse.Namespace) -> int:
    """Makes the backup; returns the exit code."""
    began = time.monotonic()
    path: Path = arguments.file.absolute()
    try:
        settings = load()
        check_embedded(settings)
        made = backup.make(
            settings.data_dir,
            path,
            lambda scratch, busy: _ask_app(settings, scratch, busy),
            force=arguments.force,
            noted=lambda: _note(settings),
        )
    except NxccError as error:
        return say_stopped(error)
    manifest = made.manifest
    for name, ledger in manifest.ledgers.items():
        say_ledger(name, ledger)
    say(f"Jobs and uploads: {manifest.jobs:,}. {made.bytes / 1e6:,.1f} MB in {path}.")
    say("Whoever has the file has every call record in it.")
    summary = {
        "file": str(path),
        "bytes": made.bytes,
        "made_at": manifest.made_at.isoformat(timespec="seconds"),
        "lookups": manifest.lookups,
        "calls": manifest.calls,
        "jobs": manifest.jobs,
        "by_app": made.by_app,
        "seconds": round(time.monotonic() - began, 3),
    }
    print(json.dumps(summary), flush=True)
    return DONE


def check_embedded(settings: Settings) -> None:
    """Raises `NxccError` in a team's installation, which has no data folder to back up or to put one back into."""
    if settings.team:
        raise NxccError(
            "A team's installation is backed up by the tools of its database and of its lake.",
            cure="Dump the database (pg_dump), then copy the lake's folder; or carry all over into a folder "
            "(python -m nxcc move --to FOLDER) and back that one up.",
        )


def say_ledger(name: str, ledger: Ledger) -> None:
    """Whose answers a ledger holds, a line each."""
    for owner in ledger.owners:
        whose = f"team {owner.tenant_id} at {owner.gateway}"
        say(f"{name}: {owner.lookups:,} lookups and {owner.calls:,} call records of {whose}.")
    if not ledger.owners:
        say(f"{name}: no lookups yet.")


def _ask_app(settings: Settings, scratch: str, busy: ArchiveBusy) -> None:
    say("The app has the archive open: it copies it.")
    errands = open_errands(settings, of_anybody=True)
    try:
        errands.wait(errands.ask("copy_ledgers", {"scratch": scratch}), LONGEST_S)
    except NobodyAnswers:
        raise busy from None  # says which process it is
    finally:
        errands.close()


def _note(settings: Settings) -> None:
    audit = Audit(settings.data_dir / TABLES, owner_of(settings))
    try:
        audit.note(access.here(WHO), "backed up")
    finally:
        audit.close()
