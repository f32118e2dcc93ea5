"""`python -m nxcc forget`: an order or a phone number goes out of the archive, of jobs, uploads and saved views.

A number is read from standard input or asked for without being shown: on the command line it would stand in the list of
processes and in the shell's history. It is never printed.
"""

from __future__ import annotations

import argparse
import getpass
import sys

from nxcc import access, keeping, traces
from nxcc.command.removing import carry_out, say_removed
from nxcc.command.said import DONE, STOPPED, say, say_stopped
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.keeping import Removed
from nxcc.settings import Settings, load

LONGEST_LINE = 1_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `forget`."""
    parser.description = (
        "Removes an order, or all that holds a phone number, from every table and file of the data folder, also while "
        "the app works; ends with one JSON line of figures. Backups are not reached: delete them. Exit code: 0 done "
        "(or nothing to do), 2 not done (stderr says the cure)."
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--order", metavar="ID", help="an order id, as it was asked")
    what.add_argument(
        "--number-from-stdin",
        action="store_true",
        help="a phone number with its country code: read from standard input, or asked for",
    )
    parser.add_argument(
        "--national", action="store_true", help="the number also where it stands without its country code"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would go, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask whether to go on")


def run(arguments: argparse.Namespace) -> int:
    """Says what would go, asks, and removes it; returns the exit code."""
    try:
        settings = load()
        wants: dict[str, str | bool]
        if arguments.number_from_stdin:
            wants = {"number": _number(), "national": arguments.national}
            traces.number(str(wants["number"]))  # what is no number is told before anything is opened
        else:
            wants = {"order": traces.order(arguments.order).whole}
        if arguments.dry_run or not arguments.yes:
            would = _forget(settings, wants, dry=True)
            if arguments.dry_run or not would.anything:
                say_removed(would)
                return DONE
            if not _agreed(would):
                say("Nothing was removed.")
                return STOPPED
        say_removed(_forget(settings, wants, dry=False))
    except NxccError as error:
        return say_stopped(error)
    return DONE


def _forget(settings: Settings, wants: dict[str, str | bool], *, dry: bool) -> Removed:
    who = access.here(keeping.COMMAND_LINE)

    def here(desk: Desk) -> Removed:
        if isinstance(number := wants.get("number"), str):
            return keeping.forget_number(desk, number, who, national=bool(wants["national"]), dry=dry)
        return keeping.forget_order(desk, str(wants["order"]), who, dry=dry)

    return carry_out(settings, here, "forget", wants | {"dry": dry}, silent=dry)


def _number() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Phone number, with its country code (it is not shown): ", sys.stderr)
    try:
        return sys.stdin.buffer.read(LONGEST_LINE).decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise NxccError("The standard input is not UTF-8 text.", cure="Give one phone number.") from None


def _agreed(would: Removed) -> bool:
    if not sys.stdin.isatty():
        raise NxccError(
            "Nobody can be asked here whether to go on.",
            cure="Add --yes to remove it, or --dry-run to see what would go.",
        )
    say(f"Would go, for good: {would.in_words()}.")
    print("Go on? Type yes: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() == "yes"
