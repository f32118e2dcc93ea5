"""`python -m nxcc keep`: removes what is older than `NXCC_KEEP_DAYS` now, as the app does each night."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from nxcc import access, keeping
from nxcc.command.removing import carry_out, say_removed
from nxcc.command.said import DONE, say, say_stopped
from nxcc.errors import NxccError
from nxcc.settings import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `keep`."""
    parser.description = (
        "Removes calls and lookups that were asked more than NXCC_KEEP_DAYS ago, jobs that ended and uploads that came "
        "before then, also while the app works; ends with one JSON line of figures. Exit code: 0 done, 2 not done "
        "(stderr says the cure)."
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would go, and change nothing")


def run(arguments: argparse.Namespace) -> int:
    """Removes what is past; returns the exit code."""
    who, dry = access.here(keeping.COMMAND_LINE), arguments.dry_run
    try:
        settings = load()
        if not settings.keep_days:
            say("NXCC_KEEP_DAYS is not set: everything is kept.")
        removed = carry_out(
            settings, lambda desk: keeping.past(desk, datetime.now(UTC), who, dry=dry), "keep", {"dry": dry}
        )
    except NxccError as error:
        return say_stopped(error)
    say_removed(removed)
    return DONE
