"""What the command line says, and its exit codes."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nxcc import export
from nxcc.errors import ApiError, ConfigurationError, NxccError
from nxcc.export import Format

DONE, SOME_FAILED, STOPPED, INTERRUPTED = 0, 3, 2, 130
MOST_REASONS = 5


def say(sentence: str) -> None:
    """A sentence for a person, on stderr."""
    print(sentence, file=sys.stderr, flush=True)


def say_stopped(error: NxccError) -> int:
    """What stopped the run and its cure; returns the exit code."""
    say(f"nxcc: {error.what}")
    if error.cure:
        say(f"      {error.cure}")
    if isinstance(error, ConfigurationError) and error.order_id:
        say(f"      It came when {error.order_id} was asked.")
    if isinstance(error, ApiError) and error.evidence.req_id:
        say(f"      The vendor's request id: {error.evidence.req_id}")
    return STOPPED


def say_reasons(found: list[tuple[str, str, int]]) -> None:
    """Why ids failed or are invalid (word, reason, how many), most frequent first."""
    for word, reason, n in found[:MOST_REASONS]:
        say(f"{n:,} {word}: {reason}")
    if len(found) > MOST_REASONS:
        say(f"and {len(found) - MOST_REASONS:,} other reasons; --orders-out has them all")


@contextmanager
def interrupt() -> Iterator[threading.Event]:
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


def format_of(path: Path) -> Format:
    """The format that a file's name asks for; CSV for any other ending."""
    ending = path.suffix.lower().removeprefix(".")
    return ending if ending in export.FORMATS else "csv"


def check_writable(orders: Path | None, calls: Path | None, *, reads: Path | None = None) -> None:
    """A file that cannot be written, or that is the one which is read, is told before requests are spent."""
    if orders is not None and orders == calls:
        raise NxccError(f"{orders} is named for both files.", cure="Name one for orders and another for calls.")
    for path in (orders, calls):
        if path is None:
            continue
        if reads is not None and path.absolute() == reads.absolute():
            raise NxccError(f"{path} is the file that is read.", cure="Choose another name for what is written.")
        try:
            was_there = path.exists()
            path.open("ab").close()
            if not was_there:
                path.unlink()  # nothing is left of a run that is stopped
        except OSError as error:
            raise NxccError(f"{path} cannot be written: {error.strerror}.", cure="Choose another place.") from error
