"""`python -m nxcc worker`: runs a team's bulk lookups, on any machine that reaches its database and lake."""

from __future__ import annotations

import argparse
import signal
import threading

from nxcc import logs
from nxcc.command.said import DONE, say, say_stopped
from nxcc.desk import open_desk
from nxcc.errors import NxccError
from nxcc.settings import for_logs, load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has no options: all is in the settings."""
    parser.description = (
        "Runs bulk lookups of a team's installation until it is ended (Ctrl-C or SIGTERM: what is under way is kept, "
        "and the rest goes to other workers). Start as many as you like, on as many machines; all keep one pace. "
        "NXCC_DATABASE_URL and NXCC_LAKE_PATH say where the team is. Exit code: 0 ended, 2 it could not begin."
    )


def run(_: argparse.Namespace) -> int:
    """Works until the process is told to end; returns the exit code."""
    wanted = for_logs()
    logs.begin(wanted.format, wanted.level or "info")
    ending = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ending.set())
    try:
        settings = load()
        if settings.team is None:
            raise NxccError(
                "There is no team for this worker: all is in the data folder, and the app runs the jobs itself.",
                cure="Set NXCC_DATABASE_URL and NXCC_LAKE_PATH as the apps have them.",
            )
        desk = open_desk(settings, with_jobs=True, kind="worker")
    except NxccError as error:
        return say_stopped(error)
    try:
        if desk.jobs and desk.team:
            desk.team.take_slices(desk.lookup)
            desk.team.tend(desk.archive)
            desk.jobs.begin()
            if desk.timekeeper:
                desk.timekeeper.begin()
            say(f"At work for the team of {desk.team.database.team.host}. Ctrl-C ends it.")
        ending.wait()
    finally:
        desk.close()
    return DONE
