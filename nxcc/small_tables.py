"""The small tables that change (jobs, audit, saved views): in a file of SQLite, or in the PostgreSQL of a team.

Opened alike by whoever has a table there. What differs between the two stands here; the statements are the same.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event

from nxcc.errors import AwayError, NxccError
from nxcc.team.place import Team

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

WAIT_FOR_LOCK_S = 5
POSTGRES = "postgresql"
CREATING = 0x6E786374  # the number of the lock under which tables are made

Place = Path | Team  # a file, or a team's database

# Row counts of a file fit 32 bits, those that add up over the years of a team may not.
Whole = sa.Integer().with_variant(sa.BigInteger(), POSTGRES)

_NOT_OURS = re.compile(
    'authentication failed|no password supplied|permission denied|pg_hba|(database|role) "[^"]*" does not exist'
)
_MOST_KEYS = 10_000
_FULL_DISK = "53100"
CHECK_DISK = "Check that the data folder may be written and its disk is not full."

log = logging.getLogger(__name__)


class Text(sa.TypeDecorator[str]):
    """Text that sorts by its code points, wherever it is. PostgreSQL takes no NUL: the sign for it stands there."""

    impl = sa.String
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[str]:
        return dialect.type_descriptor(sa.String(collation="C") if dialect.name == POSTGRES else sa.String())

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return as_kept(value, dialect) if value else value


def as_kept(text: str, dialect: sa.Dialect) -> str:
    """A text as it comes back from there."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}") if dialect.name == POSTGRES else text


def engine(place: Place, wait_for_lock_s: float = WAIT_FOR_LOCK_S) -> sa.Engine:
    """SQLAlchemy's engine for the file: readers do not stop a writer, and a commit survives a killed process.

    For a team the one that this process has for its database, which mends broken connections by itself. Nothing is
    opened yet. Raises `NxccError` when what a team needs is not installed.
    """
    if isinstance(place, Team):
        try:
            from nxcc import small_postgres  # here, because who works on a file has no PostgreSQL's driver
        except ImportError as error:
            raise NxccError(
                f"A team's installation needs packages that are not installed ({error.name}).",
                cure="pip install -r requirements-team.txt",
            ) from error
        return small_postgres.engine(place)
    made = sa.create_engine(f"sqlite:///{place}", connect_args={"timeout": wait_for_lock_s})
    event.listen(made, "connect", _prepare)
    return made


def create(engine: sa.Engine, place: Place, tables: sa.MetaData) -> None:
    """Makes those of the tables that are not there; of several processes at once, one does."""
    if isinstance(place, Team):
        with engine.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(CREATING)))
            tables.create_all(connection)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    tables.create_all(engine)


def insert(engine: sa.Engine, table: sa.Table) -> SqliteInsert | PostgresInsert:
    """An insert that can say what happens when the row is there: `on_conflict_do_nothing`, `on_conflict_do_update`."""
    if engine.dialect.name == POSTGRES:
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


def unsampled(table: sa.Table, *columns: str) -> None:
    """PostgreSQL keeps samples of what a table holds for its planner; not of these columns, which may be personal."""
    for name in columns:
        keep_none = sa.DDL(f'ALTER TABLE {table.name} ALTER COLUMN "{name}" SET STATISTICS 0')  # type: ignore[no-untyped-call]
        event.listen(table, "after_create", keep_none.execute_if(dialect=POSTGRES))


def told(team: Team, error: Exception, kind: type[NxccError], away: type[AwayError], then: str = "") -> NxccError:
    """What the team's database says, as a sentence: of kind `away` when waiting may help. To be raised `from None`:
    the driver's own words hold user and address. `then` says what follows."""
    said, code = str(getattr(error, "orig", error)), getattr(getattr(error, "orig", None), "sqlstate", None)
    if _NOT_OURS.search(said):
        return kind(
            f"The team's database ({team.host}) does not let us in{then}.",
            cure="Check user, password and the database's name in NXCC_DATABASE_URL, and what that user may do.",
        )
    if code == _FULL_DISK:
        return kind(
            f"The disk of the team's database ({team.host}) is full{then}.",
            cure="Free some space on that machine.",
        )
    if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError | sa.exc.TimeoutError | OSError) or (
        isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
    ):
        log.warning("the team's database does not answer: %s", type(getattr(error, "orig", error)).__name__)
        return away(
            f"The team's database ({team.host}) does not answer{then}.",
            cure="Work goes on by itself when it is back. Check the network and PostgreSQL; what was kept is safe.",
        )
    name = type(getattr(error, "orig", None) or error).__name__
    log.warning("the team's database failed: %s", name)
    return kind(
        f"The team's database ({team.host}) did not take this ({name}){then}.", cure="Report it with what the log says."
    )


@dataclass(frozen=True, slots=True)
class Said:
    """How a table's failures are told: the kinds of error, what is the matter with what, and what follows (`then`).

    `hides`: without what came before, because it may say what stood in the table.
    """

    kind: type[NxccError]
    away: type[AwayError]
    what: str  # such as "Saved views"; the place follows, and that it cannot be read or written
    cure: str = CHECK_DISK
    then: str = ""
    hides: bool = False


@contextmanager
def sentences(place: Place, said: Said) -> Iterator[None]:
    """Turns what the database or the disk says into an error of the table's own kind."""
    try:
        yield
    except (sa.exc.SQLAlchemyError, OSError) as error:
        if isinstance(place, Team):
            raise told(place, error, said.kind, said.away, said.then) from None
        failed = said.kind(f"{said.what} ({place.name}) cannot be read or written{said.then}.", cure=said.cure)
        raise failed from (None if said.hides else error)


def has_schema(team: Team, name: str) -> bool:
    """Whether a team's database has a schema of this name (the catalog of a ledger, say). Raises `NxccError`."""
    try:
        with engine(team).connect() as connection:
            return connection.execute(sa.select(sa.func.to_regnamespace(name))).scalar() is not None
    except sa.exc.SQLAlchemyError as error:
        raise told(team, error, NxccError, AwayError) from None


def batches(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many at a time as one statement takes."""
    return (keys[start : start + _MOST_KEYS] for start in range(0, len(keys), _MOST_KEYS))


def name_of(place: Place) -> str:
    """As it may be shown."""
    return place.host if isinstance(place, Team) else place.name


def _prepare(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA secure_delete=ON")  # what is deleted or changed is overwritten with zeros
    cursor.close()


def wipe(engine: sa.Engine, *tables: str) -> bool:
    """Takes what was deleted before out of the file, and out of its log; False while somebody reads for long.

    In PostgreSQL out of the files of these tables. Its log of changes (WAL) holds what was written until its segments
    are used anew, with little traffic some minutes after; so do replicas, archived logs and backups of that server,
    which are its administrator's.
    """
    if engine.dialect.name == POSTGRES:
        from nxcc import small_postgres

        return small_postgres.wipe(engine, tables)
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM")
        busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
    return not busy
