"""Takes calls and lookups out of a ledger so that no byte of them is left in its files.

The engine marks deleted rows and keeps their bytes, so nothing is deleted: what stays is copied to a new file, which
then takes the ledger's place. Whoever dies on the way leaves the ledger as it was, or as it is to be.

- An order: all its lookups, and their calls; also a call that was found under another id and says that it is of this
  order.
- A number: each call whose caller or callee it is, or whose texts (the record as it came, ids, links) hold it, and each
  lookup of an order id that holds it. A lookup that loses calls by it says how many are left (`left_out`).
- What is past a moment goes by when it was asked, not by when the call began: a call of years ago that was fetched
  yesterday is here since yesterday.
- A page of calls that were read by time stays, and so do its other calls. When what it was asked for holds the order
  id or the number, that is emptied; so it is when the stretch's first pages are past and gone. The stretch does not
  count as read any more then.

All teams and gateways in the file are gone through. In a team's lake it is done another way (`lake_forgetting`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from nxcc import records
from nxcc.archive.explored import Explored
from nxcc.archive.ledger import Archive
from nxcc.archive.ledger_file import LedgerFile, modest, quoted, remove
from nxcc.archive.left_out import FORGOTTEN
from nxcc.errors import ArchiveError
from nxcc.stretches import CallFilters
from nxcc.traces import MARK, Trace

_NUMBERS = ("caller", "callee")
_TEXTS = tuple(
    column.name
    for column in records.COLUMNS
    if column.kind in ("text", "link", "json") and column.name not in ("direction", "result", "hangup_party")
)
_TABLES = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'archive' ORDER BY table_name"
_KEY = "gateway, tenant_id, order_id, asked_at"
_LOST = f"CREATE OR REPLACE TEMP TABLE lost AS SELECT {_KEY}, count(*) AS n FROM gone_calls GROUP BY ALL"
_COUNTS = """
    SELECT (SELECT count(*) FROM gone_calls) AS calls,
        (SELECT count(*) FROM gone_lookups) AS lookups,
        (SELECT count(*) FROM (SELECT gateway, tenant_id, order_id FROM gone_calls
            UNION SELECT gateway, tenant_id, order_id FROM gone_lookups)) AS orders,
        (SELECT count(*) FROM archive.lookups AS l LEFT JOIN lost USING ({key})
            WHERE (lost.n > 0 OR {said} OR {unread}) AND l.rowid NOT IN (SELECT n FROM gone_lookups)) AS changed
"""
CALLS = "SELECT c.* FROM archive.calls AS c ANTI JOIN gone_calls ON gone_calls.n = c.rowid"
LOOKUPS = f"""
    SELECT l.* REPLACE (
        greatest(l.calls - coalesce(lost.n, 0), 0)::INTEGER AS calls,
        CASE WHEN lost.n > 0 AND l.outcome = 'found' THEN '{FORGOTTEN}'
            WHEN {{said}} THEN '{MARK}' ELSE l.reason END AS reason,
        CASE WHEN {{unread}} THEN NULL ELSE l.filters END AS filters)
    FROM archive.lookups AS l LEFT JOIN lost USING ({_KEY})
    WHERE l.rowid NOT IN (SELECT n FROM gone_lookups)
"""


@dataclass(frozen=True, slots=True)
class Past:
    """Everything that was asked before a moment (aware)."""

    before: datetime


@dataclass(frozen=True, slots=True)
class Gone:
    """What goes out of a ledger: rows of calls and of lookups (each time that an order was asked is one), the orders
    that they belong to, and how many other lookups are `changed`: they lose calls, or words in what they say."""

    calls: int = 0
    lookups: int = 0
    orders: int = 0
    changed: int = 0

    def __bool__(self) -> bool:
        return bool(self.calls or self.lookups or self.changed)


def count(archive: Archive, what: Trace | Past) -> Gone:
    """What would go. Raises `ArchiveError`."""
    with archive.writing() as cursor:
        return _select(cursor, _Conditions(what))


def take_out(archive: Archive, explored: Explored, what: Trace | Past) -> Gone:
    """Takes it out; others wait meanwhile, and go on afterwards. Nothing is written when there is nothing to take out.

    The file of narrow rows is removed: it is made anew at the next look. Raises `ArchiveError`; the ledger is as it
    was then.
    """
    conditions = _Conditions(what)
    file = archive.file
    if not isinstance(file, LedgerFile):
        from nxcc.archive.lake_forgetting import without_gone

        stay = {"calls": CALLS, "lookups": conditions.in_full(LOOKUPS)}
        return without_gone(file, explored, lambda cursor: _select(cursor, conditions), stay, conditions.of)
    with explored.gone() as forget_rows, file.alone() as cursor:
        gone = _select(cursor, conditions)
        if gone:
            with modest(cursor):  # else it keeps of both files what it can
                _copy_rest(cursor, file.fresh, conditions)
            try:
                forget_rows(cursor, "anew.calls")
                cursor.execute("DETACH anew")
                file.replace(cursor)
            finally:
                remove(file.fresh)
    return gone


class _Conditions:
    """SQL of the rows that go. Patterns stand in it as they are (the engine reads them once for all rows then); they
    are made of digits and of constants, and other texts come as values."""

    def __init__(self, what: Trace | Past) -> None:
        self.values: dict[str, Any] = {}
        self.said = "false"  # of lookups that stay: what they say of a failure holds it
        self.unread = "false"  # of pages that stay: what they say that was asked for holds it, or is not all there
        if isinstance(what, Past):
            self.calls = self.lookups = "asked_at < $before"
            self.unread = "coalesce(l.filters IS NOT NULL AND l.began_at < $before, false)"
            self.values["before"] = what.before
        elif what.kind == "order":
            self._of_filters(what.whole, "order_id")
            self.lookups = "order_id = $whole"
            self.calls = "(order_id = $whole OR said_order_id = $whole)"
            self.values["whole"] = what.whole
        else:
            self._of_number(what)

    def _of_number(self, number: Trace) -> None:
        if number.forms:
            is_it, holds = _matches(number, number.number_pattern), _matches(number, number.pattern)
        else:
            is_it, holds = "coalesce(trim({}) = $whole, false)".format, "coalesce(contains({}, $whole), false)".format
            self.values["whole"] = number.whole
            self._of_filters(number.whole, *_NUMBERS)
        self.calls, self.lookups = _any_of(is_it, _NUMBERS), "false"
        if not number.only_whole:
            self.calls += " OR " + _any_of(holds, _TEXTS)
            self.lookups, self.said = holds("order_id"), holds("reason")
            self.unread = f"({self.unread} OR coalesce({holds('l.filters')}, false))"

    def _of_filters(self, whole: str, *names: str) -> None:
        """Filters are the text of an object."""
        tests = []
        for name in names:
            tests.append(f"contains(l.filters, $as_{name})")
            filters: dict[str, Any] = {name: whole}
            self.values[f"as_{name}"] = CallFilters(**filters).text[1:-1]
        self.unread = f"coalesce({' OR '.join(tests)}, false)"

    def in_full(self, query: str) -> str:
        """A query over lookups, with what is to become of those that stay."""
        return query.format(key=_KEY, said=self.said, unread=self.unread)

    def of(self, query: str) -> dict[str, Any]:
        """The values that a query has names for."""
        return {name: value for name, value in self.values.items() if f"${name}" in query}


def _matches(number: Trace, pattern: str) -> Callable[[str], str]:
    """Few texts hold the digits at all, and only those are worth a closer look."""
    return lambda column: (
        f"""CASE WHEN regexp_matches({column}, '{number.digits}')
        THEN regexp_matches({column}, '{pattern}') ELSE false END"""
    )


def _any_of(test: Callable[[str], str], columns: tuple[str, ...]) -> str:
    return " OR ".join(map(test, columns))


def _select(cursor: duckdb.DuckDBPyConnection, conditions: _Conditions) -> Gone:
    for table, condition in (("calls", conditions.calls), ("lookups", conditions.lookups)):
        query = f"""CREATE OR REPLACE TEMP TABLE gone_{table} AS
            SELECT rowid AS n, {_KEY} FROM archive.{table} WHERE {condition}"""
        cursor.execute(query, conditions.of(query))
    cursor.execute(_LOST)
    query = conditions.in_full(_COUNTS)
    return Gone(*cursor.execute(query, conditions.of(query)).fetchone() or ())


def _copy_rest(cursor: duckdb.DuckDBPyConnection, fresh: Path, conditions: _Conditions) -> None:
    """All that stays, in the file that is to take the ledger's place, written to the disk; it is left attached."""
    remove(fresh)
    cursor.execute(f"ATTACH {quoted(fresh)} AS anew")
    try:
        cursor.execute("COPY FROM DATABASE archive TO anew (SCHEMA)")
        cursor.execute(f"INSERT INTO anew.calls {CALLS}")
        query = f"INSERT INTO anew.lookups {conditions.in_full(LOOKUPS)}"
        cursor.execute(query, conditions.of(query))
        for (table,) in cursor.execute(_TABLES).fetchall():
            if table not in ("calls", "lookups"):
                cursor.execute(f'INSERT INTO anew."{table}" SELECT * FROM archive."{table}"')
        for table in ("calls", "lookups"):
            _check(cursor, table)
        cursor.execute("CHECKPOINT anew")
    except BaseException:
        cursor.execute("DETACH anew")
        remove(fresh)
        raise


def _check(cursor: duckdb.DuckDBPyConnection, table: str) -> None:
    query = f"""SELECT (SELECT count(*) FROM archive.{table}) - (SELECT count(*) FROM gone_{table})
        = (SELECT count(*) FROM anew.{table})"""
    if cursor.execute(query).fetchone() != (True,):
        raise ArchiveError("The archive could not be copied as a whole.", cure="Nothing was changed. Try again.")
