"""The catalog of a team's archive in PostgreSQL: how the engine gets to it, and one writer at a time in it.

DuckLake numbers what is committed by the newest number and one: of two that commit at once, one has to do it anew, and
those that keep files and those that keep rows in the catalog may take each other's numbers. So whoever writes holds a
lock of PostgreSQL's. It ends with the transaction that holds it, and with its connection, whatever becomes of us.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import duckdb

from nxcc import logs
from nxcc.archive.lake import Lake
from nxcc.archive.lake_sentences import away, busy, refused
from nxcc.errors import ArchiveError
from nxcc.team.place import NETWORK

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

# A dead network is noticed on the server's side too, so that nobody waits for what a machine that is gone still holds.
_OF_SERVER = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 -c tcp_user_timeout=10000"
_WORKS_AT_MOST = "2h"  # one query of the engine
_HOLDS_AT_MOST = "20s"  # the lock, for a batch, without a word (a machine that hangs); a rewrite, as long as a query
_SWEEP_WAITS_MS, _SWEEP_TRIES = 3_000, 40
FEW_ROWS = 40  # so many stay in the catalog until they are flushed; a file costs more than they do

_EXTENSIONS = ("postgres_scanner", "ducklake")
_INSTALL = {"postgres_scanner": "postgres", "ducklake": "ducklake"}
WRITING, COMPACTING = 1, 2
# Whoever has its turn writes alone: a commit that another one left half done so long ago comes from a machine that
# hangs, and would hold everybody up.
_END_HANGING = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'nxcc archive' AND usename = current_user AND datname = current_database()
        AND pid <> pg_backend_pid() AND state = 'idle in transaction' AND backend_xid IS NOT NULL
        AND state_change < now() - INTERVAL '15 seconds'"""


def attach(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Attaches the archive; a new one is made. For one process at a time when there is none."""
    said = ("'" + text.replace("'", "''") + "'" for text in (f"ducklake:postgres:{_address(lake)}", lake.data))
    connection.execute(
        "ATTACH {} AS archive (DATA_PATH {}, METADATA_SCHEMA '{}', DATA_INLINING_ROW_LIMIT {})".format(
            *said, lake.name, FEW_ROWS
        )
    )


def _address(lake: Lake, at_most: str = _WORKS_AT_MOST) -> str:
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    given = conninfo_to_dict(lake.team.database_url).get("options") or ""
    options = f"{given} {_OF_SERVER} -c idle_in_transaction_session_timeout={at_most}".strip()
    return make_conninfo(lake.team.database_url, **NETWORK, application_name="nxcc archive", options=options)


def prepare(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Loads the engine's extensions. Raises `ArchiveError` when they are not there."""
    logs.hide(lake.team.password)
    for name in _EXTENSIONS:
        _load(connection, name)
    connection.execute("SET ducklake_max_retry_count = 0")  # an answer may be lost: we look before we write again


def _load(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Out of the package that holds it, else from the engine's own place of extensions."""
    try:
        with suppress(ModuleNotFoundError):
            package = importlib.import_module(f"duckdb_extension_{name}")
            folder = Path(str(package.__file__)).parent / "extensions" / f"v{duckdb.__version__}"
            if files := list(folder.glob("*.duckdb_extension")):
                connection.execute("LOAD '" + str(files[0]).replace("'", "''") + "'")
                return
        connection.execute(f"INSTALL {_INSTALL[name]}")
        connection.execute(f"LOAD {_INSTALL[name]}")
    except duckdb.Error as error:
        raise ArchiveError(
            f"The archive's engine has no {_INSTALL[name]} extension, and it could not be fetched.",
            cure="pip install -r requirements-team.txt",
        ) from error


class Turn:
    """One process at a time, and one of its threads. Raises `ArchiveAway` when PostgreSQL does not answer."""

    def __init__(self, lake: Lake, purpose: int) -> None:
        self._lake = lake
        self._key = f"{crc32(f'nxcc {lake.name}'.encode()) - 2**31:d}, {purpose:d}"
        self._ours = threading.Lock()
        self._connection: psycopg.Connection | None = None

    def close(self) -> None:
        """Lets the connection go."""
        if self._connection:
            self._connection.close()

    @contextmanager
    def taken(self, within_s: float, *, for_long: bool = False) -> Iterator[None]:
        """Waits for its turn, for so many seconds at most."""
        hold = f"SET LOCAL idle_in_transaction_session_timeout = '{_WORKS_AT_MOST}';" if for_long else ""
        wait = f"SET LOCAL lock_timeout = {max(1, int(within_s * 1000))};"
        with self._taken(f"{hold} {wait} SELECT pg_advisory_xact_lock({self._key}); {_END_HANGING}"):
            yield

    @contextmanager
    def perhaps(self) -> Iterator[bool]:
        """Whether it was free, and is taken now; another thread of ours may have it, too."""
        if self._ours.locked():
            yield False
            return
        hold = f"SET LOCAL idle_in_transaction_session_timeout = '{_WORKS_AT_MOST}';"
        with self._taken(f"{hold} SELECT pg_try_advisory_xact_lock({self._key})") as connection:
            yield self._mine(connection)

    def still(self) -> bool:
        """Whether it is ours at this moment: PostgreSQL may have ended the connection."""
        return bool(self._connection and not self._connection.closed and self._mine(self._connection))

    def _mine(self, connection: psycopg.Connection) -> bool:
        with self._sentences():
            query = """SELECT count(*) FROM pg_locks
                WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted"""
            return connection.execute(query).fetchone() == (1,)

    @contextmanager
    def _taken(self, query: str) -> Iterator[psycopg.Connection]:
        with self._ours:
            with self._sentences():
                connection = self._begin(query)
            try:
                yield connection
            finally:
                self._end(connection)

    def _begin(self, query: str) -> psycopg.Connection:
        import psycopg

        if self._connection and not self._connection.closed:
            try:
                self._connection.execute(query.encode())
                return self._connection
            except psycopg.Error as error:  # it ended while nobody used it
                self._connection.close()
                if isinstance(error, psycopg.errors.LockNotAvailable):
                    raise
        self._connection = psycopg.connect(_address(self._lake, _HOLDS_AT_MOST), prepare_threshold=None)
        self._connection.execute(query.encode())
        return self._connection

    def _end(self, connection: psycopg.Connection) -> None:
        import psycopg

        try:
            connection.commit()
        except psycopg.Error:
            connection.close()

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        import psycopg

        try:
            yield
        except psycopg.errors.LockNotAvailable:
            raise busy(self._lake.team) from None
        except psycopg.Error as error:
            raise refused(self._lake.team, error) or away(self._lake.team) from None


def sweep(lake: Lake) -> None:
    """Writes the catalog's tables anew, so that no byte of deleted rows is left in them.

    What PostgreSQL knows of their columns' values (its statistics) goes as well, where its role may do that.
    """
    import psycopg
    from psycopg import sql

    try:
        with psycopg.connect(_address(lake), autocommit=True) as connection:
            connection.execute(f"SET lock_timeout = {_SWEEP_WAITS_MS:d}".encode())  # others wait behind us meanwhile
            query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = %s::regnamespace"
            for (table,) in connection.execute(query, [lake.name]).fetchall():
                _vacuum(connection, sql.Identifier(lake.name, table))
            with suppress(psycopg.errors.InsufficientPrivilege):
                _vacuum(connection, sql.Identifier("pg_catalog", "pg_statistic"))
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise ArchiveError(
            f"It is out of the archive, but PostgreSQL ({lake.team.host}) could not write its tables anew: bytes of it "
            "may be left in them.",
            cure="Check that it answers and has room on its disk, then forget the same again.",
        ) from None


def _vacuum(connection: psycopg.Connection, table: sql.Identifier) -> None:
    import psycopg
    from psycopg import sql

    for last in (*[False] * (_SWEEP_TRIES - 1), True):
        try:
            connection.execute(sql.SQL("VACUUM (FULL, ANALYZE) {}").format(table))
            return
        except psycopg.errors.LockNotAvailable:  # somebody reads for long
            if last:
                raise
        except psycopg.errors.UndefinedTable:  # flushed, and gone
            return
