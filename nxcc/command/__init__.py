"""`python -m nxcc lookup`: order ids in, an orders file and a calls file out, one JSON line at the end.

A few ids are asked for directly; a file becomes a job, which goes on where it stopped. While the app runs on the same
data folder, it does the work and this shows it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from nxcc.command import direct
from nxcc.command.said import DONE, INTERRUPTED, SOME_FAILED, STOPPED, say_stopped
from nxcc.errors import ArchiveBusy, NxccError
from nxcc.intake import DELIMITERS, ENCODINGS

__all__ = ["DONE", "INTERRUPTED", "SOME_FAILED", "STOPPED", "add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `lookup`."""
    parser.description = (
        "Asks for each distinct order id once (the archive answers what is fresh) and ends with one JSON line. "
        "Exit code: 0 nothing failed, 3 some ids failed, 2 stopped (the cure is on stderr), 130 interrupted: run it "
        "again, and it goes on."
    )
    parser.add_argument("order_ids", nargs="*", metavar="ID", help="order ids")
    parser.add_argument("--ids-file", metavar="FILE", help="a file with one order id a line; - reads stdin")
    parser.add_argument(
        "--orders-out", metavar="FILE", type=Path, help="write one row an order id (.csv, .xlsx, .parquet)"
    )
    parser.add_argument("--calls-out", metavar="FILE", type=Path, help="write one row a call (.csv, .xlsx, .parquet)")
    parser.add_argument("--ask-again", action="store_true", help="ask the API also for what the archive has fresh")
    file = parser.add_argument_group("a whole file, as on the Bulk page")
    file.add_argument(
        "--file", metavar="FILE", type=Path, help="CSV, TSV, TXT or XLSX, also as .gz; its columns are kept"
    )
    file.add_argument("--column", metavar="NAME", help="the column of order ids, by its name or its number from 1")
    file.add_argument("--sheet", metavar="NAME", help="the sheet of an XLSX file (default: the first)")
    file.add_argument("--encoding", choices=list(ENCODINGS), help="when what is found out is wrong")
    file.add_argument("--delimiter", choices=list(DELIMITERS), help="when what is found out is wrong")
    file.add_argument("--header", type=int, metavar="ROW", help="row of the header, 0 = none")
    file.add_argument(
        "--send-shortened", action="store_true", help="send ids that Excel cut (1.23457E+17) all the same"
    )


def run(arguments: argparse.Namespace) -> int:
    """Looks the ids up; returns the exit code."""
    try:
        if arguments.file is None:
            asked = direct.asked(arguments)
            try:
                return direct.run(arguments, asked)
            except ArchiveBusy as busy:
                from nxcc.command import by_job  # here: a few ids need neither the table of jobs nor what it brings

                return by_job.run_ids(arguments, asked, busy)
        if arguments.order_ids or arguments.ids_file:
            raise NxccError("Order ids and --file do not go together.", cure="Use one of them.")
        from nxcc.command import by_job

        return by_job.run_file(arguments)
    except NxccError as error:
        return say_stopped(error)
