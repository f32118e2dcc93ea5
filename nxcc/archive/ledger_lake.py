"""The lake that a team's ledger lies in: attached, shared by any number of processes, healed when PostgreSQL was away.

It has the face of `LedgerFile`. What is kept is kept once: the numbers that DuckLake gives to what is committed are
unique, and whoever does not know what became of a commit looks before the same work is done again, in the transaction
that does it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event
from typing import Any, TypeVar

import duckdb

from nxcc.archive.catalog import COMPACTING, WRITING, Turn, attach, prepare
from nxcc.archive.gate import Gate
from nxcc.archive.lake import Lake
from nxcc.archive.lake_sentences import Broken, Overtaken, away, lake_sentences, may_pass
from nxcc.archive.own_folder import OwnFolder
from nxcc.archive.schema import migrate
from nxcc.errors import ArchiveAway, ArchiveError

T = TypeVar("T")

PATIENCE_S = 120.0  # of whoever writes
OPENED_WITHIN_S = 30.0
_PAUSES_S = (0.1, 0.5, 1.5)  # between tries to read
_READ_AGAIN_S = 3.0
_HEAL_AGAIN_S = 1.0
_LONGEST_PAUSE_S = 2.0
_IN_DOUBT_S = 3600.0  # answers that could not be kept come again, in whatever batches
# Which table the calls are in (another one after something was forgotten), and the row that comes next. Rows are
# numbered in the order of the commits, as one process writes at a time, and keep their numbers when files are merged.
_EXTENT = """
    SELECT '|' || table_id AS mark, next_row_id AS n FROM postgres_query('__ducklake_metadata_archive',
        'SELECT table_id, coalesce(next_row_id, 0) AS next_row_id
        FROM {0}.ducklake_table LEFT JOIN {0}.ducklake_table_stats USING (table_id)
        WHERE table_name = ''calls'' AND end_snapshot IS NULL')
"""
_BYTES = """
    SELECT bytes FROM postgres_query('__ducklake_metadata_archive',
        'SELECT ((SELECT coalesce(sum(file_size_bytes), 0) FROM {0}.ducklake_data_file)
            + (SELECT coalesce(sum(file_size_bytes), 0) FROM {0}.ducklake_delete_file)
            + (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class AS c
                WHERE c.relkind = ''r'' AND c.relnamespace = to_regnamespace(''{0}'')))::BIGINT AS bytes')
"""


def engine(lake: Lake) -> duckdb.DuckDBPyConnection:
    """An engine that has what it needs to attach a lake."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    try:
        prepare(connection, lake)
    except BaseException:
        connection.close()
        raise
    return connection


class LedgerLake:
    """The engine with the lake attached as `archive`. Raises `ArchiveError`."""

    keep_every_s = 1.0  # as in a file; each time costs more here, and all of the team take turns

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.path = lake.path
        self._gate = Gate()
        self._sick = False  # attach anew: what the engine remembers of the lake may not be so any more
        self._broken = False  # the engine itself has given up
        self.engines = 0  # how many it has had so far
        self._heal_at = 0.0
        self._in_doubt_until = 0.0
        self.writing, self.compacting = Turn(lake, WRITING), Turn(lake, COMPACTING)
        with ExitStack() as opening:
            with lake_sentences(lake.team):
                self.folder = OwnFolder(lake.beside, f"{lake.name}-rows")
                opening.callback(self.folder.close)
                self._connection = self._engine()
                opening.callback(self._connection.close)
                opening.callback(self.writing.close)
            self._patiently(self._open, OPENED_WITHIN_S)
            opening.pop_all()
        self.rows_file = self.folder.path / "explored.duckdb"
        self.extent = _EXTENT.format(lake.name)

    def _engine(self) -> duckdb.DuckDBPyConnection:
        made = engine(self.lake)
        self.engines += 1
        made.execute("SET GLOBAL TimeZone = 'UTC'")  # of every cursor
        made.execute("SET temp_directory = '{}'".format(str(self.folder.path).replace("'", "''")))
        return made

    def _open(self, _: bool) -> None:
        """The very first one makes the catalog, and its tables: one process at a time."""
        with self.writing.taken(OPENED_WITHIN_S), lake_sentences(self.lake.team):
            self._attach()
            self._connection.execute("USE archive")
            try:
                migrate(self._connection)
            except ArchiveError as error:
                if isinstance(error.__cause__, duckdb.Error):
                    raise may_pass(self.lake.team, error.__cause__) or ArchiveError(
                        error.what, cure=error.cure
                    ) from None
                raise
            finally:
                self._connection.execute("USE memory")  # else it could not be detached

    def _attach(self) -> None:
        with suppress(duckdb.Error):
            self._connection.rollback()  # of what broke off
        self._connection.execute("USE memory")
        self._connection.execute("DETACH DATABASE IF EXISTS archive")
        attach(self._connection, self.lake)

    def close(self) -> None:
        """Lets the lake go."""
        self._connection.close()
        self.writing.close()
        self.compacting.close()
        self.folder.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Nobody of this process has it alone meanwhile."""
        with self._gate.together():
            yield

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor, with others at work."""
        self._heal()
        with (
            self._gate.together(),
            self._noticing(),
            lake_sentences(self.lake.team),
            self._connection.cursor() as cursor,
        ):
            try:
                yield cursor
            finally:
                # Closing it would roll back as well; but where that fails, as it does over a broken connection, the
                # engine ends the whole process.
                with suppress(duckdb.Error):
                    cursor.rollback()

    @contextmanager
    def alone(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor while nobody else of this process reads or writes, and nobody of the team writes: they wait."""
        self._heal()
        with self._gate.alone(), self.writing.taken(PATIENCE_S, for_long=True), self.cursor() as cursor:
            yield cursor

    def beside_gone(self) -> None:
        """Something was forgotten: what processes that have ended left on this machine is deleted."""
        self.folder.empty_others()

    @contextmanager
    def turn(self, *, for_long: bool = False) -> Iterator[None]:
        """Nobody else of the team writes meanwhile."""
        with self.writing.taken(PATIENCE_S, for_long=for_long):
            yield

    def bytes(self, read: Callable[[str], dict[str, Any]]) -> int:
        """The size of the files that the catalog knows, and of the catalog itself."""
        return int(read(_BYTES.format(self.lake.name))["bytes"])

    def kept(self, work: Callable[[bool], T]) -> T:
        """Does what writes, again and again until it is done or patience ends; it hears whether it may be done already
        (perhaps in part: as another call of this method). Raises `ArchiveAway` when PostgreSQL was away all the time.
        """

        def together(doubtful: bool) -> T:
            self._heal()
            with self._gate.together():
                return work(doubtful or time.monotonic() < self._in_doubt_until)

        return self._patiently(together, PATIENCE_S)

    def read(self, work: Callable[[], T]) -> T:
        """Does what reads; once more, and again, when the connection broke or others were quicker."""
        give_up_at = time.monotonic() + _READ_AGAIN_S
        for pause_s in _PAUSES_S:
            try:
                return work()
            except (ArchiveAway, Overtaken):
                if time.monotonic() > give_up_at:
                    raise
                Event().wait(pause_s)
        return work()

    def _patiently(self, work: Callable[[bool], T], patience_s: float) -> T:
        give_up_at = time.monotonic() + patience_s
        pause, pause_s, doubtful = Event(), 0.05, False
        while True:
            try:
                return work(doubtful)
            except (ArchiveAway, Overtaken):
                doubtful = True
                if time.monotonic() + pause_s > give_up_at:
                    self._in_doubt_until = time.monotonic() + _IN_DOUBT_S
                    raise
            pause.wait(pause_s)
            pause_s = min(_LONGEST_PAUSE_S, 2 * pause_s)

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except (ArchiveAway, Overtaken) as error:
            self._sick = True
            self._broken = self._broken or isinstance(error, Broken)
            raise

    def _heal(self) -> None:
        """Attaches anew after something broke, when this thread is the one to do so."""
        if self._sick and not self._gate.inside:
            with self._gate.alone():
                self._attach_anew()

    def _attach_anew(self) -> None:
        if not self._sick:  # another thread has done it
            return
        if time.monotonic() < self._heal_at:  # it could not, a moment ago
            raise away(self.lake.team)
        try:
            with lake_sentences(self.lake.team):
                if self._broken:
                    with suppress(duckdb.Error):
                        self._connection.close()
                    self._connection = self._engine()
                    self._broken = False
                self._attach()
        except (ArchiveAway, Overtaken):
            self._heal_at = time.monotonic() + _HEAL_AGAIN_S
            raise away(self.lake.team) from None
        self._sick = False
