"""The rows of the small tables, carried from one installation into another; numbers and ids are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from nxcc import aliases, audit, sign_outs, small_tables, views
from nxcc.errors import AwayError
from nxcc.jobs import AT_WORK, store
from nxcc.moving.error import MoveError
from nxcc.schedules import tables as schedules
from nxcc.small_tables import Place, Text
from nxcc.team.place import Team

BATCH = 1_000

# Who runs jobs, which files somebody wants to download, errands: of the processes that are at work, and left behind.
_CARRIED = {
    "jobs": store, "periods": store, "audit": audit, "views": views, "sign_outs": sign_outs, "aliases": aliases,
    "schedules": schedules, "schedule_runs": schedules,
}  # fmt: skip
# On the way, of those that were at work.
_CHANGED = {"jobs": {"state", "note", "cure"}, "schedules": {"enabled", "next_at", "note"}}
_OWN = ("audit", "jobs", "views", "schedules")  # an installation in which one of these has a row is in use

_marks = sa.MetaData()
_moves = sa.Table(
    "moves",
    _marks,
    sa.Column("whence", Text, primary_key=True),
    sa.Column("begun_at", Text, nullable=False),
    sa.Column("ended_at", Text, nullable=False),
)

Row = dict[str, Any]


class MoveAway(MoveError, AwayError):
    """The team's database does not answer at the moment."""


class Rows:
    """The small tables of two installations. Raises `MoveError`, `MoveAway` when a team's database does not answer."""

    def __init__(self, source: Place, target: Place) -> None:
        self._source, self._target = source, target
        with self._sentences(source):
            self._from = small_tables.engine(source) if isinstance(source, Team) else _only_read(source)
            # A folder that only the command line has looked something up in has none.
            there = isinstance(source, Team) or source.is_file()
            self._here = set(sa.inspect(self._from).get_table_names()) if there else set()
        with self._sentences(target):
            self._into = small_tables.engine(target)
            for module in _CARRIED.values():
                small_tables.create(self._into, target, module.TABLES)
            small_tables.create(self._into, target, _marks)

    def close(self) -> None:
        """Lets them go."""
        self._from.dispose()
        self._into.dispose()

    def mark(self, whence: str) -> Row | None:
        """What is noted in the target of a move from there."""
        with self._sentences(self._target), self._into.connect() as connection:
            row = connection.execute(sa.select(_moves).where(_moves.c.whence == whence)).mappings().first()
            return dict(row) if row else None

    def in_use(self) -> bool:
        """Whether the target has rows of its own, or of another move."""
        with self._sentences(self._target), self._into.connect() as connection:
            for table in (*(_table(name) for name in _OWN), _moves):
                if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
                    return True
        return False

    def begin(self, whence: str) -> None:
        """Notes in the target that a move from there is under way."""
        with self._sentences(self._target), self._into.begin() as connection:
            connection.execute(_moves.insert().values(whence=whence, begun_at=_now(), ended_at=""))

    def end(self, whence: str) -> None:
        """Notes that all has arrived."""
        with self._sentences(self._target), self._into.begin() as connection:
            connection.execute(_moves.update().where(_moves.c.whence == whence).values(ended_at=_now()))

    def names(self) -> list[str]:
        """Of the tables that are carried."""
        return list(_CARRIED)

    def carry(self, name: str, note: str) -> None:
        """Carries a table over. Jobs that were at work are paused, schedules are switched off: asking costs, and where
        they come from may be at work still; `note` says so on their page."""
        table = _table(name)
        for rows in self._batches(name):
            for row in rows:
                if name == "jobs" and row["state"] in AT_WORK:
                    row |= {"state": "paused", "note": note, "cure": ""}
                if name == "schedules" and row["enabled"]:
                    row |= {"enabled": False, "next_at": None, "note": note}
            with self._sentences(self._target), self._into.begin() as connection:
                if name == "audit" and self._into.dialect.name == small_tables.POSTGRES:
                    _number_from(connection, max(row["n"] for row in rows))
                connection.execute(small_tables.insert(self._into, table).on_conflict_do_nothing(), rows)

    def compared(self, name: str, *, only_there: bool) -> tuple[int, int]:
        """How many rows a table has, and how many of them the target has just as they are.

        `only_there`: rows that were changed in the target since count as well, but for the audit's, which never are.
        """
        table, changed = _table(name), _CHANGED.get(name, set())
        keys = [column.name for column in table.primary_key]
        same = keys if only_there and name != "audit" else [each.name for each in table.c if each.name not in changed]
        count = arrived = 0
        for rows in self._batches(name):
            wanted = {tuple(row[key] for key in same) for row in rows}
            (key,) = keys
            query = sa.select(*(table.c[each] for each in same)).where(table.c[key].in_([row[key] for row in rows]))
            with self._sentences(self._target), self._into.connect() as connection:
                arrived += len(wanted & {tuple(row) for row in connection.execute(query)})
            count += len(rows)
        return count, arrived

    def _batches(self, name: str) -> Iterator[list[Row]]:
        if name not in self._here:
            return
        table = _table(name)
        query = sa.select(table).order_by(*table.primary_key)
        if name == "sign_outs":  # those that are past are removed wherever the table is opened
            query = query.where(table.c.at > (datetime.now(UTC) - sign_outs.KEPT).isoformat())
        with self._sentences(self._source), self._from.connect() as connection:
            found = connection.execution_options(yield_per=BATCH).execute(query)
            for rows in found.mappings().partitions():
                yield [{key: self._as_kept(value) for key, value in row.items()} for row in rows]

    def _as_kept(self, value: Any) -> Any:
        return small_tables.as_kept(value, self._into.dialect) if isinstance(value, str) else value

    @contextmanager
    def _sentences(self, place: Place) -> Iterator[None]:
        try:
            yield
        except (sa.exc.SQLAlchemyError, OSError) as error:
            if isinstance(place, Team):
                raise small_tables.told(place, error, MoveError, MoveAway) from None
            raise MoveError(
                f"The small tables in {place} cannot be read or written.",
                cure="Close what has the file open (a database viewer, a backup); check the folder and its disk.",
            ) from error


def _table(name: str) -> sa.Table:
    tables: sa.MetaData = _CARRIED[name].TABLES
    return tables.tables[name]


def _number_from(connection: sa.Connection, newest: int) -> None:
    """What is added from now on has a higher number."""
    sequence = connection.execute(sa.select(sa.func.pg_get_serial_sequence("audit", "n"))).scalar_one()
    last = connection.execute(sa.text(f"SELECT last_value FROM {sequence}")).scalar_one()
    if newest >= last:
        connection.execute(sa.select(sa.func.setval(sequence, newest)))


def _only_read(path: Path) -> sa.Engine:
    """A file as it is: nothing is made in it, nor brought forward."""
    return sa.create_engine(f"sqlite:///{path.absolute().as_uri()}?mode=ro&uri=true")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
