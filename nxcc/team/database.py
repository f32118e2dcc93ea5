"""The team's PostgreSQL: connections that mend themselves, one clock for all machines, and the tables in it."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool, PoolTimeout

from nxcc import logs, small_tables
from nxcc.errors import AwayError, NxccError
from nxcc.team.place import NETWORK, Team

T = TypeVar("T")

MOST_CONNECTIONS = 6
WAIT_S = 6.0
STATEMENT_MS = 15_000
LOOK_EVERY_S = 0.5
CREATING = 0x6E786363  # the number of the lock under which tables are made

_TABLES = Path(__file__).with_name("tables.sql")

log = logging.getLogger(__name__)


class TeamAway(AwayError):
    """The team's database does not answer."""


class Database:
    """Thread-safe. Every method raises `TeamAway` while the database does not answer, and works again by itself."""

    def __init__(self, team: Team) -> None:
        logs.hide(team.password)
        self.team = team
        self._ahead = timedelta()  # the database's clock, from ours
        given = conninfo_to_dict(team.database_url).get("options") or ""
        options = f"{given} -c statement_timeout={STATEMENT_MS}".strip()
        self.conninfo = make_conninfo(team.database_url, **NETWORK, options=options)
        self._pool = ConnectionPool(
            self.conninfo,
            min_size=1,
            max_size=MOST_CONNECTIONS,
            timeout=WAIT_S,
            reconnect_timeout=1.0,
            open=False,
            kwargs={"autocommit": True},
        )

    def connect(self) -> Database:
        """Connects; the tables are left as they are. Raises another `NxccError` when we are not let in."""
        try:
            psycopg.connect(self.conninfo).close()
        except psycopg.OperationalError as error:
            wrapped = sa.exc.OperationalError("", None, error)
            raise small_tables.told(self.team, wrapped, NxccError, TeamAway) from None
        logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # its words hold the address
        self._pool.open()
        return self

    def open(self) -> Database:
        """Connects, and makes the tables where there are none."""
        self.connect()
        self.run(_make_tables)
        self.look_at_clock()
        return self

    def close(self) -> None:
        """Lets the connections go."""
        self._pool.close(timeout=1.0)

    def run(self, work: Callable[[psycopg.Connection], T], *, again: bool = True) -> T:
        """Does the work in one transaction; once more, unless it must not be done `again`, when a connection broke."""
        try:
            with self._pool.connection() as connection, connection.transaction():
                return work(connection)
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            if again and not isinstance(error, PoolTimeout):
                with contextlib.suppress(psycopg.Error):
                    self._pool.check()  # the other connections broke as well
                return self.run(work, again=False)
            raise self.away() from None  # what the driver says holds the address

    def until_back(self, work: Callable[[psycopg.Connection], T], patience_s: float) -> T:
        """As `run`, and again and again until the database answers, for so many seconds."""
        give_up_at = time.monotonic() + patience_s
        pause = threading.Event()
        while True:
            try:
                return self.run(work)
            except TeamAway:
                if time.monotonic() > give_up_at:
                    raise
                pause.wait(LOOK_EVERY_S)

    @contextlib.contextmanager
    def alone(self, what: str) -> Iterator[bool]:
        """Whether nobody else in the team is at this now; then nobody is until the block ends."""
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            row = connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [f"nxcc {what}"]).fetchone()
            yield row == (True,)

    def away(self) -> TeamAway:
        """What is said while it does not answer."""
        return TeamAway(
            f"The team's database ({self.team.host}) does not answer.",
            cure="Work goes on by itself when it is back. Check the network and PostgreSQL; what was kept is safe.",
        )

    def now(self) -> datetime:
        """The database's time, in UTC: the machines of a team need not agree on theirs."""
        return datetime.now(UTC) + self._ahead

    def look_at_clock(self) -> None:
        """Measures how far our clock is from the database's."""

        def measured(connection: psycopg.Connection) -> timedelta:
            before = datetime.now(UTC)
            row = connection.execute("SELECT clock_timestamp()").fetchone()
            after = datetime.now(UTC)
            return row[0] - (before + (after - before) / 2) if row else timedelta()

        self._ahead = self.run(measured)


def _make_tables(connection: psycopg.Connection) -> None:
    """By one process at a time."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [CREATING])
    connection.execute(_TABLES.read_bytes())
    there = connection.execute("SELECT to_regclass('procrastinate_jobs') IS NOT NULL").fetchone()
    if there != (True,):
        from procrastinate.schema import SchemaManager

        connection.execute(SchemaManager.get_schema().encode())
