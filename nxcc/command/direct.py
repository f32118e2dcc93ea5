"""A few order ids, asked for directly."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
from tqdm import tqdm

from nxcc import export, intake
from nxcc.command.said import (
    DONE,
    INTERRUPTED,
    SOME_FAILED,
    check_writable,
    format_of,
    interrupt,
    say,
    say_reasons,
    say_stopped,
)
from nxcc.desk import Desk, open_desk
from nxcc.errors import ArchiveError, ConfigurationError, NxccError
from nxcc.outcome import Outcome, counts, reasons
from nxcc.settings import load


def asked(arguments: argparse.Namespace) -> intake.Asked:
    """The ids on the command line and in `--ids-file`."""
    return intake.asked(_cells(arguments))


def run(arguments: argparse.Namespace, asked: intake.Asked) -> int:
    """Looks the ids up; returns the exit code. Raises `ArchiveBusy` when another process has the archive open."""
    desk = open_desk(load())
    try:
        check_writable(arguments.orders_out, arguments.calls_out)
        if desk.sandbox:
            say("No credentials are set: the sandbox answers, with made-up calls.")
        started = time.monotonic()
        run_ = _Run(asked)
        code = run_.ask(desk, ask_again=arguments.ask_again)
        outcomes = run_.outcomes()
        zone = ZoneInfo(desk.settings.timezone or "UTC")
        if arguments.orders_out:
            _write(arguments.orders_out, desk.archive.orders(outcomes), zone, export.ORDER_COLUMNS)
        if arguments.calls_out:
            _write(arguments.calls_out, desk.archive.calls(outcomes), zone)
        say_reasons(list(reasons(outcomes)))
        print(json.dumps(run_.summary(desk.client.requests, time.monotonic() - started)), flush=True)
        return code
    finally:
        desk.close()


@dataclass
class _Run:
    """One run's outcomes as they come."""

    asked: intake.Asked
    known: dict[str, Outcome] = field(default_factory=dict)

    def ask(self, desk: Desk, *, ask_again: bool) -> int:
        """Asks for every valid id, drawing progress on stderr; what came stays in `known` whatever happens."""
        valid = self.asked.valid
        try:
            with interrupt() as stop:
                self._collect(desk.lookup.run(valid, ask_again=ask_again, stop=stop), len(valid))
        except (ConfigurationError, ArchiveError) as error:
            left = len(valid) - len(self.known)
            say(f"Stopped, {left:,} of {len(valid):,} ids have no answer yet. What came before is kept.")
            return say_stopped(error)
        if stop.is_set():
            say("Interrupted. What came before is kept; run it again to go on.")
            return INTERRUPTED
        return SOME_FAILED if any(outcome.word == "failed" for outcome in self.known.values()) else DONE

    def _collect(self, batches: Iterable[list[Outcome]], total: int) -> None:
        every_s = 0.1 if sys.stderr.isatty() else 5  # a log needs no bar that moves
        words: Counter[str] = Counter()
        with tqdm(total=total, unit=" ids", mininterval=every_s, file=sys.stderr, dynamic_ncols=True) as bar:
            for batch in batches:
                self.known.update((outcome.order_id, outcome) for outcome in batch)
                words.update(outcome.word for outcome in batch)
                bar.set_postfix(words, refresh=False)
                bar.update(len(batch))

    def outcomes(self) -> list[Outcome]:
        """One for each distinct id, in the order they were given."""
        return list(self._all())

    def _all(self) -> Iterator[Outcome]:
        for order_id in self.asked.order_ids:
            if code := self.asked.invalid.get(order_id):
                yield Outcome(order_id, "invalid", intake.reason(code))
            else:
                yield self.known.get(order_id) or Outcome(order_id, "pending")

    def summary(self, requests: int, seconds: float) -> dict[str, int | float]:
        """The JSON line. `asked` are the ids with an answer or a failure; invalid ones are never asked."""
        words = counts(self._all())
        return {
            "asked": words["found"] + words["no_calls"] + words["failed"],
            "found": words["found"],
            "no_calls": words["no_calls"],
            "failed": words["failed"],
            "invalid": words["invalid"],
            "calls": sum(outcome.calls for outcome in self.known.values()),
            "requests": requests,
            "from_archive": sum(outcome.from_archive for outcome in self.known.values()),
            "seconds": round(seconds, 3),
        }


def _cells(arguments: argparse.Namespace) -> list[str]:
    cells = list(arguments.order_ids)
    if arguments.ids_file == "-":
        cells += _lines(sys.stdin.buffer.read(), "the standard input")
    elif arguments.ids_file:
        try:
            cells += _lines(Path(arguments.ids_file).read_bytes(), arguments.ids_file)
        except OSError as error:
            raise NxccError(
                f"{arguments.ids_file} cannot be read: {error.strerror}.", cure="Check the path."
            ) from error
    if not cells:
        raise NxccError("No order ids were given.", cure="Name some, or use --ids-file.")
    return cells


def _lines(content: bytes, name: str) -> list[str]:
    try:
        return re.split(r"\r\n|\n|\r", content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise NxccError(f"{name} is not UTF-8 text (line {line}).", cure="Save it as UTF-8 and try again.") from error


def _write(path: Path, table: pa.Table, zone: ZoneInfo, columns: Sequence[str] | None = None) -> None:
    part = table.select(list(columns or table.column_names))
    export.write(part.to_reader(), path, format_of(path), zone)
