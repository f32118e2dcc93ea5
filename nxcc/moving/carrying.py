"""Carries everything over, part by part, and counts what has arrived."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from socket import gethostname

from nxcc import data_folder, small_tables
from nxcc.archive import Lake, moving
from nxcc.data_folder import JOBS, LEDGERS, TABLES
from nxcc.moving import folders
from nxcc.moving.error import MoveError
from nxcc.moving.rows import Rows
from nxcc.team.place import Team

WAIT_S = 1.0

Say = Callable[[str], object]
Installation = Path | Team  # a data folder, or a team's database and lake


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of what is carried: how many there are, and how many have arrived as they are."""

    name: str
    count: int
    arrived: int


def carry_over(source: Installation, target: Installation, say: Say = lambda _: None) -> list[Part]:
    """Carries `source` over into `target`, an empty place, or one that an earlier move from there was interrupted in.

    What was carried over whole before is only counted. Raises `ArchiveBusy` while somebody works on one of the two,
    `MoveError`, or another `NxccError`; then it is to be run again.
    """
    if isinstance(source, Path) and not data_folder.kept(source):
        raise MoveError(f"There is nothing to carry over in {source}.", cure="Set NXCC_DATA_DIR to the data folder.")
    with ExitStack() as held:
        scratch = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="nxcc-move-")))
        _hold(source, held)
        _hold(target, held)
        rows = Rows(_tables(source), _tables(target))
        held.callback(rows.close)
        whence = _named(source)
        mark = rows.mark(whence)
        if mark is None:
            if rows.in_use() or _has_files(target, scratch):
                raise MoveError(
                    f"{_shown(target)} holds an installation of its own already.",
                    cure="Nothing was changed. Move into an empty database and lake, or into an empty folder.",
                )
            rows.begin(whence)
        done = bool(mark and mark["ended_at"])
        if done:
            say("All of it was carried over before; what is there is counted once more.")
        parts = _carry(source, target, rows, scratch, say, write=not done)
        _give_to_owner(target)
        if not done and all(part.count == part.arrived for part in parts):
            rows.end(whence)
        return parts


def _carry(
    source: Installation, target: Installation, rows: Rows, scratch: Path, say: Say, *, write: bool
) -> list[Part]:
    parts = []
    note = f"Carried over from {_shown(source)}, {datetime.now(UTC):%d %b %Y %H:%M} UTC."
    for name in LEDGERS:
        if _has_ledger(source, name):
            word = name.partition(".")[0]
            came = moving.carry(
                _ledger(source, name, scratch / "from"),
                _ledger(target, name, scratch / "into"),
                partial(_say_how_far, say, word),
                write=write,
            )
            parts.append(Part(f"{word}: lookups", came.lookups, came.lookups_arrived))
            parts.append(Part(f"{word}: call records", came.calls, came.calls_arrived))
    if write:
        folders.carry(_jobs(source), _jobs(target))
    parts.append(Part("folders of jobs", *folders.compared(_jobs(source), _jobs(target), only_there=not write)))
    for name in rows.names():
        if write:
            rows.carry(name, note)
        parts.append(Part(name.replace("_", " "), *rows.compared(name, only_there=not write)))
    return parts


def _say_how_far(say: Say, word: str, arrived: int, of: int) -> None:
    say(f"{word}: {arrived:,} of {of:,} lookups.")


def _give_to_owner(place: Installation) -> None:
    """What root makes in an account's folder belongs to that account."""
    root = place.folder if isinstance(place, Team) else place
    with suppress(OSError):  # a shared folder may not let root do so
        for path in root.iterdir():
            data_folder.give_to_owner(path, root)


def _hold(place: Installation, held: ExitStack) -> None:
    """Nobody works on it meanwhile."""
    if isinstance(place, Team):
        held.enter_context(_nobody_at_work(place))
        return
    held.enter_context(data_folder.alone(place, WAIT_S))


@contextmanager
def _nobody_at_work(team: Team) -> Iterator[None]:
    from nxcc.team.database import Database  # here, because only teams have the driver
    from nxcc.team.members import alive

    database = Database(team).open()
    try:
        if members := alive(database):
            who = ", ".join(sorted({f"{member.kind} on {member.host}" for member in members}))
            raise MoveError(
                f"The team of {team.host} is at work ({who}).",
                cure="Nothing was changed. End its apps and workers, then run this again.",
            )
        yield
    finally:
        database.close()


def _has_files(target: Installation, scratch: Path) -> bool:
    return folders.any_in(_jobs(target)) or any(
        _has_ledger(target, name) and moving.holds_anything(_ledger(target, name, scratch / "into")) for name in LEDGERS
    )


def _has_ledger(place: Installation, name: str) -> bool:
    if isinstance(place, Path):
        return (place / name).is_file()
    return small_tables.has_schema(place, name.partition(".")[0])


def _ledger(place: Installation, name: str, beside: Path) -> Path | Lake:
    return place / name if isinstance(place, Path) else Lake(place, name.partition(".")[0], beside)


def _tables(place: Installation) -> Path | Team:
    return place / TABLES if isinstance(place, Path) else place


def _jobs(place: Installation) -> Path:
    return (place if isinstance(place, Path) else place.folder) / JOBS


def _shown(place: Installation) -> str:
    return place.host if isinstance(place, Team) else str(place)


def _named(place: Installation) -> str:
    """By which the same move is known again."""
    return place.host if isinstance(place, Team) else f"{gethostname()}:{place.resolve()}"
