"""`python -m nxcc lookup`: order ids in, an orders file and a calls file out, one JSON line at the end."""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
from tqdm import tqdm

from nxcc import export, intake
from nxcc.desk import Desk, open_desk
from nxcc.errors import ApiError, ArchiveError, ConfigurationError, NxccError
from nxcc.outcome import Outcome, counts, reasons
from nxcc.settings import load

_MOST_REASONS = 5
DONE, SOME_FAILED, STOPPED, INTERRUPTED = 0, 3, 2, 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `lookup`."""
    parser.description = (
        "Asks for each distinct order id once (the archive answers what is fresh) and ends with one JSON line. "
        "Exit code: 0 nothing failed, 3 some ids failed, 2 stopped (the cure is on stderr)."
    )
    parser.add_argument("order_ids", nargs="*", metavar="ID", help="order ids")
    parser.add_argument("--ids-file", metavar="FILE", help="a file with one order id a line; - reads stdin")
    parser.add_argument("--orders-out", metavar="FILE.csv", type=Path, help="write one row an order id, in their order")
    parser.add_argument("--calls-out", metavar="FILE.csv", type=Path, help="write one row a call")
    parser.add_argument("--ask-again", action="store_true", help="ask the API also for what the archive has fresh")


def run(arguments: argparse.Namespace) -> int:
    """Looks the ids up; returns the exit code."""
    try:
        asked = intake.asked(_cells(arguments))
        desk = open_desk(load())
    except NxccError as error:
        return _say_stopped(error)
    try:
        _check_writable(arguments.orders_out, arguments.calls_out)
        if desk.sandbox:
            print("No credentials are set: the sandbox answers, with made-up calls.", file=sys.stderr)
        started = time.monotonic()
        run_ = _Run(asked)
        code = run_.ask(desk, ask_again=arguments.ask_again)
        outcomes = run_.outcomes()
        zone = ZoneInfo(desk.settings.timezone or "UTC")
        if arguments.orders_out:
            _write(arguments.orders_out, desk.archive.orders(outcomes), zone, export.ORDER_COLUMNS)
        if arguments.calls_out:
            _write(arguments.calls_out, desk.archive.calls(outcomes), zone)
        run_.say_reasons()
        print(json.dumps(run_.summary(desk.client.requests, time.monotonic() - started)), flush=True)
        return code
    except NxccError as error:
        return _say_stopped(error)
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
            with _interrupt() as stop:
                self._collect(desk.lookup.run(valid, ask_again=ask_again, stop=stop), len(valid))
        except (ConfigurationError, ArchiveError) as error:
            left = len(valid) - len(self.known)
            print(
                f"Stopped, {left:,} of {len(valid):,} ids have no answer yet. What came before is kept.",
                file=sys.stderr,
            )
            return _say_stopped(error)
        if stop.is_set():
            print("Interrupted. What came before is kept; run it again to go on.", file=sys.stderr)
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

    def say_reasons(self) -> None:
        """Why ids failed or are invalid, most frequent first, on stderr."""
        found = reasons(self._all())
        for word, reason, n in found[:_MOST_REASONS]:
            print(f"{n:,} {word}: {reason}", file=sys.stderr)
        if len(found) > _MOST_REASONS:
            print(f"and {len(found) - _MOST_REASONS:,} other reasons; --orders-out has them all", file=sys.stderr)

    def outcomes(self) -> list[Outcome]:
        """One for each distinct id, in the order they were given."""
        return list(self._all())

    def _all(self) -> Iterator[Outcome]:
        for order_id in self.asked.order_ids:
            if code := self.asked.invalid.get(order_id):
                yield Outcome(order_id, "invalid", intake.PROBLEMS[code])
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


@contextmanager
def _interrupt() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets, so that what is under way is still kept; the second one ends the process."""
    stop = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def interrupted(*_: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, interrupted)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


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


def _check_writable(orders: Path | None, calls: Path | None) -> None:
    """A file that cannot be written is told before requests are spent."""
    if orders is not None and orders == calls:
        raise NxccError(f"{orders} is named for both files.", cure="Name one for orders and another for calls.")
    for path in (orders, calls):
        if path is not None:
            try:
                path.open("ab").close()
            except OSError as error:
                raise NxccError(f"{path} cannot be written: {error.strerror}.", cure="Choose another place.") from error


def _write(path: Path, table: pa.Table, zone: ZoneInfo, columns: Sequence[str] | None = None) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(export.csv_lines(table, zone, columns))
    except OSError as error:
        raise NxccError(
            f"{path} cannot be written: {error.strerror}.", cure="The answers are in the archive; run it again."
        ) from error


def _say_stopped(error: NxccError) -> int:
    print(f"nxcc: {error.what}", file=sys.stderr)
    if error.cure:
        print(f"      {error.cure}", file=sys.stderr)
    if isinstance(error, ConfigurationError) and error.order_id:
        print(f"      It came when {error.order_id} was asked.", file=sys.stderr)
    if isinstance(error, ApiError) and error.evidence.req_id:
        print(f"      The vendor's request id: {error.evidence.req_id}", file=sys.stderr)
    return STOPPED
