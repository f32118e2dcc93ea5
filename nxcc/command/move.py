"""`python -m nxcc move`: an installation out of its data folder into a team's database and lake, or back."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nxcc import logs
from nxcc.command.said import DONE, say, say_stopped
from nxcc.errors import NxccError
from nxcc.moving import Part, carry_over
from nxcc.settings import Settings, for_logs, load
from nxcc.team.place import Team

DIFFERS = 1
SAY_EVERY_S = 3.0
_SCHEMES = ("postgresql://", "postgres://")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `move`."""
    parser.description = (
        "Carries archive, jobs, uploads, schedules, audit, saved views, sign-outs and aliases over: from the data "
        "folder (NXCC_DATA_DIR) into a team's database and lake, or, with the path of a folder, back into that folder. "
        "Where it comes from stays as it was. Nobody may work on either of the two meanwhile; run it again after an "
        "interruption, and it goes on. Ends with a table of what was there and what has arrived. The database's "
        "address holds a password, which other users of this machine see in a command line: set NXCC_DATABASE_URL and "
        "NXCC_LAKE_PATH (or [nxcc] in secrets.toml) and leave --to and --lake out. Jobs that were at work are paused, "
        "and schedules are switched off. "
        "Exit code: 0 all has arrived, 1 something has not (the table says what), 2 it could not be done (stderr says "
        "the cure)."
    )
    parser.add_argument(
        "--to", metavar="PLACE", help="postgresql://... of the team (default: NXCC_DATABASE_URL), or a folder: back"
    )
    parser.add_argument("--lake", metavar="PATH", help="the team's shared folder (default: NXCC_LAKE_PATH)")


def run(arguments: argparse.Namespace) -> int:
    """Carries everything over; returns the exit code."""
    try:
        source, target = _places(arguments)
        parts = carry_over(source, target, _at_times())
    except NxccError as error:
        return say_stopped(error)
    _print(parts)
    if missing := [part.name for part in parts if part.count != part.arrived]:
        say(f"nxcc: Not all has arrived as it was: {', '.join(missing)}.")
        say("      Run this again. If it stays, nothing is lost: all is where it was.")
        return DIFFERS
    return DONE


def _places(arguments: argparse.Namespace) -> tuple[Path | Team, Path | Team]:
    to = arguments.to or ""
    into_team = to.startswith(_SCHEMES)
    given = {"NXCC_DATABASE_URL": to if into_team else "", "NXCC_LAKE_PATH": arguments.lake or ""}
    with _environment({name: value for name, value in given.items() if value}):
        logs.hide(*for_logs().secrets)
        settings: Settings = load()
    if settings.team is None:
        raise NxccError(
            "It is not said where the team's database and lake are.",
            cure="Set NXCC_DATABASE_URL and NXCC_LAKE_PATH, or give --to and --lake.",
        )
    if to and not into_team:
        return settings.team, Path(to).expanduser().absolute()
    return settings.data_dir, settings.team


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """What the command line says goes through the same checks as what is set."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _at_times() -> Callable[[str], None]:
    """Says how far it is, but not with every batch."""
    said_at = 0.0

    def say_some(sentence: str) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= SAY_EVERY_S:
            said_at = time.monotonic()
            say(sentence)

    return say_some


def _print(parts: list[Part]) -> None:
    print(f"{'':<24}{'there':>14}{'arrived':>14}")
    for part in parts:
        differs = "" if part.count == part.arrived else "  differs"
        print(f"{part.name:<24}{part.count:>14,}{part.arrived:>14,}{differs}", flush=True)
