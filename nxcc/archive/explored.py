"""Every call fetched so far, ready to be counted: a file of narrow rows beside the archive, kept up with the ledger.

The file holds nothing that the archive does not: when it is missing, damaged or of another version, it is made anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from nxcc.archive import call_rows
from nxcc.archive.call_rows import ORDER, count_once, fold, narrow, new_words, words_in_use
from nxcc.archive.ledger import Archive
from nxcc.archive.ledger_file import modest, quoted, remove
from nxcc.archive.sentences import sentences
from nxcc.errors import ArchiveError

VERSION = 2
SCHEMA = "explored"
AT_ONCE = 250_000  # ledger rows that are worked on at a time: bounds the memory
FOLDED_AT_ONCE = 1_000_000  # narrow rows, about so many: each time goes through all of them
_MOST_ADDED = 2_000_000  # more new rows than this, and making all anew is quicker
_OURS = "gateway = $gateway AND tenant_id = $tenant"
_NEW = f"""SELECT rowid, * EXCLUDE (raw) REPLACE ({ORDER} AS order_id)
    FROM archive.calls WHERE {_OURS} AND rowid >= $first"""
# Calls that came by time and do not say their order, of which another answer does.
_KNOWN_ORDERS = f"""
    CREATE OR REPLACE TEMP TABLE known_orders AS
    SELECT call_id, max({ORDER}) AS known FROM archive.calls
    WHERE {_OURS} AND {ORDER} <> '' AND call_id IN (
        SELECT call_id FROM archive.calls WHERE {_OURS} AND {ORDER} = '' AND call_id IS NOT NULL)
    GROUP BY call_id
"""
_KNOWN_OF_FRESH = f"""
    UPDATE temp.fresh SET order_id = known FROM (
        SELECT call_id, max(order_id) AS known
        FROM (SELECT call_id, order_id FROM {SCHEMA}.calls UNION ALL SELECT call_id, order_id FROM temp.fresh)
        WHERE order_id <> '' AND call_id IN (SELECT call_id FROM temp.fresh WHERE order_id = '')
        GROUP BY call_id
    ) AS k WHERE fresh.order_id = '' AND fresh.call_id = k.call_id
"""
# Calls that stood for themselves so far, and belong to an order that is made anew.
_KNOWN_NOW = """
    UPDATE temp.narrow SET order_id = known FROM (
        SELECT call_id, max(order_id) AS known FROM temp.narrow WHERE order_id <> '' GROUP BY call_id
    ) AS k WHERE narrow.order_id = '' AND narrow.call_id = k.call_id
"""
_TOUCHED = (
    "order_id IN (FROM temp.touched)",
    "order_id = '' AND call_id IN (SELECT call_id FROM temp.fresh WHERE call_id IS NOT NULL)",
)
# What calls have in common that must be looked at together.
_TOGETHER = "hash(CASE WHEN order_id = '' THEN call_id ELSE order_id END)"
_STATE = "version INTEGER, gateway VARCHAR, tenant_id BIGINT, read BIGINT"
Told = Callable[[int, int], None]


def _silent(done: int, of: int) -> None:
    """Tells nobody."""


class Explored:
    """The narrow rows of an archive. Thread-safe. Every method raises `ArchiveError`."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.path = archive.file.rows_file
        self._lock = threading.Lock()
        self._attached = self._ready = False
        self._engine = 0  # which of the ledger's engines it is attached to
        self._words: pa.Table | None = None  # of a file that was removed: who looks at calls just now has their numbers

    def refresh(self, told: Told = _silent) -> None:
        """Brings the rows up with the ledger; `told` hears how many of the ledger's rows are done, and of how many."""
        self.archive.again(lambda: self._refresh(told))

    def _refresh(self, told: Told) -> None:
        with self._lock, sentences(self.path):
            self._attach()
            self._bring_up(told)
            self._ready = True

    def words(self) -> tuple[dict[int, tuple[str, str]], int, int]:
        """Texts by their number, each with its column; and the first and last quarter of an hour with a call."""
        found = self.read("SELECT id, kind, text FROM words", {}).to_pydict()
        spans = self.read("SELECT min(quarter) AS first, max(quarter) AS last FROM calls", {}).to_pylist()[0]
        keys = zip(found["kind"], found["text"], strict=True)
        return dict(zip(found["id"], keys, strict=True)), spans["first"] or 0, spans["last"] or 0

    def read(self, query: str, values: dict[str, Any]) -> pa.Table:
        """The answer to a query over `calls` and `words`, for the modules of this package."""
        while (found := self.archive.again(lambda: self._read(query, values))) is None:
            self.refresh()
        return found

    def _read(self, query: str, values: dict[str, Any]) -> pa.Table | None:
        with self.archive.reading() as read:
            if not (self._ready and self._engine == self.archive.file.engines):  # it stays so as long as we read
                return None
            read(f"SET search_path = '{SCHEMA},archive'", {})
            return read(query, values)

    @contextmanager
    def gone(self) -> Iterator[Callable[[duckdb.DuckDBPyConnection, str], None]]:
        """For whoever replaces the ledger: nobody brings the rows up meanwhile. What it gives removes the file, for
        somebody who is alone in the archive; texts keep their numbers if they occur in `calls`, a part of the ledger.
        """
        with self._lock:
            yield self._remove

    def _remove(self, cursor: duckdb.DuckDBPyConnection, calls: str) -> None:
        if self._attached:
            self._words = cursor.execute(words_in_use(SCHEMA, calls)).to_arrow_table()
            cursor.execute(f"DETACH {SCHEMA}")
        self._attached = self._ready = False
        remove(self.path)

    def _bring_up(self, told: Told) -> None:
        with self.archive.reading() as read:
            extent = read(self.archive.file.extent, {}).to_pylist()[0]
            state = read("SELECT * FROM explored.state", {}).to_pylist()
        there, owner = extent["n"], self._owner(extent["mark"])
        if extent["mark"] and any(row["gateway"] != owner["gateway"] for row in state):
            self._begin_anew()
        mine = [row["read"] for row in state if row["version"] == VERSION and owner.items() <= row.items()]
        done = mine[0] if mine else 0
        if mine and done == there:
            return
        if not mine or done > there or there - done > _MOST_ADDED:
            self._rebuild(there, owner, told)
        else:
            self._add(done, there, owner)

    def _begin_anew(self) -> None:
        """Another process has forgotten something."""
        with self.archive.file.alone() as cursor:
            self._remove(cursor, "archive.calls")
        self._attach()

    def _owner(self, mark: str) -> dict[str, Any]:
        """Whose rows the file holds; `mark` tells apart what rows are numbered in (a lake's table of calls)."""
        return {"gateway": f"{self.archive.owner['gateway']}{mark}", "tenant_id": self.archive.owner["tenant"]}

    def _attach(self) -> None:
        if self._attached and self._engine == self.archive.file.engines:
            return
        self._engine = self.archive.file.engines
        try:
            self._open()
        except ArchiveError:  # not ours, or not whole: nothing is lost with it
            remove(self.path)
            self._open()
        self._attached = True

    def _open(self) -> None:
        with self.archive.writing() as cursor:
            cursor.execute(f"ATTACH IF NOT EXISTS {quoted(self.path)} AS {SCHEMA}")
            cursor.execute(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.calls ({call_rows.COLUMNS})")
            cursor.execute(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.words ({call_rows.WORDS_COLUMNS})")
            cursor.execute(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.state ({_STATE})")
            if self._words is not None:
                cursor.register("kept_words", self._words)
                cursor.execute(
                    f"INSERT INTO {SCHEMA}.words SELECT * FROM kept_words ANTI JOIN {SCHEMA}.words USING (id)"
                )
                self._words = None

    def _rebuild(self, there: int, owner: dict[str, Any], told: Told) -> None:
        """All anew: some rows of the ledger at a time, then some orders at a time, an order's calls always together."""
        told(0, there)
        with self.archive.writing() as cursor, modest(cursor):
            for table in ("next", "unfolded"):
                cursor.execute(f"DROP TABLE IF EXISTS {SCHEMA}.{table}")
            cursor.execute(f"DELETE FROM {SCHEMA}.state")
            cursor.execute(f"CREATE TABLE {SCHEMA}.next ({call_rows.COLUMNS})")
            for first, source in self._sources(cursor, there):
                cursor.execute(new_words(SCHEMA, source), self.archive.owner)
                into = f"INSERT INTO {SCHEMA}.unfolded" if first else f"CREATE TABLE {SCHEMA}.unfolded AS"
                cursor.execute(f"{into} {narrow(SCHEMA, source)}", self.archive.owner)
                told(min(there, first + AT_ONCE) // 2, there)
            shares = max(1, -(-there // FOLDED_AT_ONCE))
            for share in range(shares):
                these = f"{_TOGETHER} % {shares} = {share}"
                cursor.execute(f"CREATE OR REPLACE TEMP TABLE narrow AS FROM {SCHEMA}.unfolded WHERE {these}")
                fold(cursor.execute, f"{SCHEMA}.next")
                told((shares + share + 1) * there // shares // 2, there)
            cursor.execute(f"DROP TABLE {SCHEMA}.unfolded")
            for share in range(shares):
                count_once(cursor.execute, f"{SCHEMA}.next", f"hash(call_id) % {shares} = {share}")
            cursor.begin()
            cursor.execute(f"DROP TABLE {SCHEMA}.calls")
            cursor.execute(f"ALTER TABLE {SCHEMA}.next RENAME TO calls")
            self._note(cursor, there, owner)
            cursor.commit()
            cursor.execute(f"CHECKPOINT {SCHEMA}")

    def _sources(self, cursor: duckdb.DuckDBPyConnection, there: int) -> Iterator[tuple[int, str]]:
        """The ledger's rows, some at a time, with the orders that they belong to; each with its first row's number."""
        cursor.execute(_KNOWN_ORDERS, self.archive.owner)
        of_order, joined = ORDER, ""
        if cursor.execute("SELECT 1 FROM temp.known_orders LIMIT 1").fetchone():
            of_order = f"coalesce(nullif({ORDER}, ''), known, '')"
            joined = "LEFT JOIN temp.known_orders USING (call_id)"
        for first in range(0, max(there, 1), AT_ONCE):
            yield (
                first,
                f"""(SELECT c.rowid, c.* REPLACE ({of_order} AS order_id)
                FROM archive.calls AS c {joined}
                WHERE {_OURS} AND c.rowid >= {first} AND c.rowid < {min(there, first + AT_ONCE)})""",
            )

    def _add(self, done: int, there: int, owner: dict[str, Any]) -> None:
        """The orders that new rows of the ledger belong to, made anew."""
        with self.archive.writing() as cursor:
            cursor.execute(
                f"CREATE OR REPLACE TEMP TABLE fresh AS {_NEW} AND rowid < $there",
                self.archive.owner | {"first": done, "there": there},
            )
            if cursor.execute("SELECT 1 FROM fresh WHERE order_id = '' LIMIT 1").fetchone():
                cursor.execute(_KNOWN_OF_FRESH)
            cursor.begin()
            cursor.execute(new_words(SCHEMA, "fresh"))
            cursor.execute(
                "CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT order_id FROM fresh WHERE order_id <> ''"
            )
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE narrow AS {narrow(SCHEMA, 'fresh')}")
            for touched in _TOUCHED:
                cursor.execute(
                    f"""INSERT INTO temp.narrow BY NAME
                    SELECT * EXCLUDE (attempt, order_calls, to_answer, time_to_answer_s, bits)
                    FROM {SCHEMA}.calls WHERE {touched}"""
                )
                cursor.execute(f"DELETE FROM {SCHEMA}.calls WHERE {touched}")
            cursor.execute(_KNOWN_NOW)
            fold(cursor.execute, f"{SCHEMA}.calls")
            count_once(cursor.execute, f"{SCHEMA}.calls", "call_id IN (SELECT call_id FROM temp.fresh)")
            self._note(cursor, there, owner)
            cursor.commit()

    def _note(self, cursor: duckdb.DuckDBPyConnection, there: int, owner: dict[str, Any]) -> None:
        cursor.execute(f"DELETE FROM {SCHEMA}.state")
        values = owner | {"version": VERSION, "there": there}
        cursor.execute(f"INSERT INTO {SCHEMA}.state VALUES ($version, $gateway, $tenant_id, $there)", values)
