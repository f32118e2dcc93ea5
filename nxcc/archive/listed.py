"""What the ledger says of a whole list of order ids: counted and added up in the archive's engine."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import compute as pc

from nxcc.archive.ledger import ANSWERS, ANSWERS_IN_FULL, Archive
from nxcc.archive.window import FOREVER, Window
from nxcc.errors import ArchiveError
from nxcc.outcome import WORDS, Outcome, Word

# A row without an id that is asked is invalid; the others have the answer of their id.
_OUTCOME = """CASE WHEN NOT (sends OR first_row IS NOT NULL) THEN 'invalid'
    ELSE coalesce(answer.outcome, 'pending') END AS outcome"""
_ROWS = f"""{ANSWERS}, listed AS (
        SELECT rows.place, rows.order_id, rows.sends, {_OUTCOME} FROM rows LEFT JOIN answers USING (order_id)
    )
"""
_ROWS_BY_OUTCOME = f"""
    SELECT {_OUTCOME}, count(*) AS n FROM rows LEFT JOIN answers_of_list USING (order_id) GROUP BY ALL
"""
_ANSWERS_KEPT = f"CREATE OR REPLACE TEMP TABLE answers_of_list AS {ANSWERS} SELECT * FROM answers"
# What figures need of each call, taken once: the ledger's rows are wide, and three queries stand on them.
_CALLS_KEPT = """
    CREATE OR REPLACE TEMP TABLE calls_of_list AS
    SELECT order_id, asked_at, c.call_id, hash(c.call_id) AS call, c.answered, c.talk_s, c.cost, c.started_at,
        c.hangup_reason, c.hangup_code, c.hangup_party, list_contains(c.flags, 'hangup_party') AS contradictory
    FROM (SELECT order_id, answer.asked_at AS asked_at FROM answers_of_list WHERE answer.outcome = 'found') AS found
    JOIN archive.calls AS c USING (order_id, asked_at)
    WHERE c.gateway = $gateway AND c.tenant_id = $tenant
"""
# Attempts are counted as in `Archive.orders`: calls that began before the first answered one, and that one.
_ATTEMPTS = """
    WITH per_order AS (
        SELECT order_id, count_if(answered)::BIGINT AS answered_calls, list(started_at) AS began,
            coalesce(min(started_at) FILTER (answered), 'infinity'::TIMESTAMPTZ) AS answered_began
        FROM calls_of_list GROUP BY order_id
    )
    SELECT answer.outcome AS outcome, coalesce(answered_calls, 0) AS answered_calls,
        CASE WHEN answered_calls > 0 THEN len(list_filter(began, lambda start: start < answered_began)) + 1 END
            AS attempts_to_answer
    FROM answers_of_list LEFT JOIN per_order USING (order_id)
"""
# One call can answer to two orders. Hashes find the few that may be repeated, their ids then tell.
_PERHAPS_REPEATED = """
    CREATE OR REPLACE TEMP TABLE perhaps_repeated AS
    SELECT call FROM calls_of_list WHERE call_id IS NOT NULL GROUP BY call HAVING count(*) > 1
"""
_OF_CALL = "answered, talk_s, cost, started_at, hangup_reason, hangup_code, hangup_party, contradictory"
_DISTINCT_CALLS = f"""
    SELECT {_OF_CALL} FROM calls_of_list
    WHERE call_id IS NULL OR call NOT IN (SELECT call FROM perhaps_repeated)
    UNION ALL
    SELECT {_OF_CALL} FROM (
        SELECT * FROM calls_of_list WHERE call_id IS NOT NULL AND call IN (SELECT call FROM perhaps_repeated)
        QUALIFY row_number() OVER (PARTITION BY call_id ORDER BY asked_at DESC) = 1
    )
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a list is: its distinct ids by outcome (zeros included), the calls that were found, and how many of the
    trusted answers are older than the window's `own`."""

    words: dict[Word, int]
    calls: int
    from_archive: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why ids failed, how many, and whether asking again could bring an answer."""

    reason: str
    ids: int
    may_pass: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """A list added up.

    `rows` are the file's rows by outcome, as the orders file holds them; `orders` has a line a distinct id with an
    answer (outcome, answered_calls, attempts_to_answer), `calls` one a distinct call (answered, talk_s, cost,
    started_at, hangup_reason, hangup_code, hangup_party, contradictory; texts as dictionaries).
    """

    rows: dict[Word, int]
    orders: pa.Table
    calls: pa.Table


class Listed:
    """A list of order ids (`intake.check` wrote it) against the archive, as one window sees it.

    Rows are those of the uploaded file; ids are distinct and can be asked. Every method raises `ArchiveError`.
    """

    def __init__(self, archive: Archive, ids: Path, window: Window) -> None:
        self._archive = archive
        self._ids = ids
        self.window = window

    @cached_property
    def rows(self) -> pa.Table:
        """All rows, in the file's order: row, order_id, problem, first_row, sends, and their place from 0."""
        table = self._list(["row", "order_id", "problem", "first_row", "sends"])
        return table.append_column("place", pa.array(range(len(table)), pa.int64()))

    @cached_property
    def _wanted(self) -> pa.Table:
        return self._list(["order_id"], pc.field("sends"))

    def _list(self, columns: list[str], only: pc.Expression | None = None) -> pa.Table:
        try:
            return pq.read_table(self._ids, columns=columns, filters=only)
        except (OSError, pa.ArrowException) as error:
            raise ArchiveError(
                "The list of order ids cannot be read: its file is not there, or not whole.",
                cure="Upload the file again; answers are kept.",
            ) from error

    def tally(self) -> Tally:
        """The distinct ids by outcome."""
        query = f"""{ANSWERS} SELECT answer.outcome AS outcome, count(*) AS n, sum(answer.calls)::BIGINT AS calls,
            count_if(answer.outcome <> 'failed' AND answer.asked_at <= $own)::BIGINT AS older
            FROM answers GROUP BY ALL"""
        values = self.window.values() | {"own": self.window.own or FOREVER}
        words: dict[Word, int] = dict.fromkeys(WORDS, 0)
        calls = from_archive = 0
        for row in self._archive.read(query, values, wanted=self._wanted).to_pylist():
            words[row["outcome"]] = row["n"]
            calls += row["calls"]
            from_archive += row["older"]
        words["pending"] = len(self._wanted) - sum(words.values())
        return Tally(words, calls, from_archive)

    def pending(self) -> list[str]:
        """The distinct ids without an answer yet, in the file's order."""
        query = f"{_ROWS} SELECT order_id FROM listed WHERE sends AND outcome = 'pending' ORDER BY place"
        pending: list[str] = self._read_rows(query)["order_id"].to_pylist()
        return pending

    def any_may_pass(self) -> bool:
        """Whether any id failed in a way that asking again could mend."""
        query = f"""{ANSWERS_IN_FULL} SELECT coalesce(bool_or(answer.may_pass), false) AS may_pass
            FROM answers WHERE answer.outcome = 'failed'"""
        return bool(self._read(query)["may_pass"][0].as_py())

    def by_period(self) -> int:
        """How many distinct ids have an answer out of calls that were read by time."""
        query = f"{ANSWERS_IN_FULL} SELECT count(*) FILTER (answer.by_period) AS n FROM answers"
        return int(self._read(query)["n"][0].as_py())

    def failures(self, most: int = 100) -> list[Reason]:
        """Why distinct ids failed, the `most` frequent reasons, most frequent first."""
        query = f"""{ANSWERS_IN_FULL} SELECT coalesce(answer.reason, '') AS reason, count(*) AS ids,
            bool_or(answer.may_pass) AS may_pass
            FROM answers WHERE answer.outcome = 'failed' GROUP BY 1 ORDER BY ids DESC, reason LIMIT {most:d}"""
        return [Reason(**row) for row in self._read(query).to_pylist()]

    def latest(self, most: int) -> list[Outcome]:
        """The newest answers."""
        query = f"{ANSWERS} SELECT order_id FROM answers ORDER BY answer.asked_at DESC, order_id LIMIT {most:d}"
        newest = self._read(query)["order_id"].to_pylist()
        known = self._archive.known(newest, self.window)
        return [known[order_id] for order_id in newest if order_id in known]

    def places(self, words: Collection[Word], first: int, most: int, find: str = "") -> Sequence[int]:
        """The places of `most` rows from the `first` on whose outcome is one of `words` (none = any) and whose order
        id holds the text `find`."""
        passing = [f"outcome IN ({', '.join(repr(word) for word in words if word in WORDS)})"] if words else []
        values = {}
        if find:
            passing.append("contains(lower(order_id), lower($find))")
            values["find"] = find
        if not passing:
            return range(first, min(first + most, len(self.rows)))
        query = f"{_ROWS} SELECT place FROM listed WHERE {' AND '.join(passing)} ORDER BY place"
        found: list[int] = self._read_rows(f"{query} LIMIT {most:d} OFFSET {first:d}", values)["place"].to_pylist()
        return found

    def row_numbers(self, places: Sequence[int]) -> list[int]:
        """What a spreadsheet calls the rows at these places."""
        numbers: list[int] = self.rows["row"].take(pa.array(places, pa.int64())).to_pylist()
        return numbers

    def outcomes(self, places: Sequence[int], invalid: dict[str, str]) -> list[Outcome]:
        """One outcome a row, for the rows at these places; `invalid` says a problem code in words."""
        part = self.rows.take(pa.array(places, pa.int64()))
        asked = pc.or_(part["sends"], pc.is_valid(part["first_row"]))
        known = self._archive.known(pc.unique(part["order_id"].filter(asked)), self.window)
        return [
            (known.get(order_id) or Outcome(order_id, "pending"))
            if is_asked
            else Outcome(order_id or "", "invalid", invalid.get(problem or "", problem or ""))
            for order_id, problem, is_asked in zip(
                part["order_id"].to_pylist(), part["problem"].to_pylist(), asked.to_pylist(), strict=True
            )
        ]

    def figures(self) -> Figures:
        """What tiles and charts need, whatever the list's size."""
        return self._archive.again(self._figures)

    def _figures(self) -> Figures:
        with self._archive.reading(wanted=self._wanted, rows=self.rows) as read:
            read(_ANSWERS_KEPT, self.window.values())
            rows = read(_ROWS_BY_OUTCOME, {})
            read(_CALLS_KEPT, {})
            read(_PERHAPS_REPEATED, {})
            orders, calls = read(_ATTEMPTS, {}), read(_DISTINCT_CALLS, {})
        for name in ("hangup_reason", "hangup_party"):
            column = calls[name].combine_chunks().dictionary_encode()
            calls = calls.set_column(calls.column_names.index(name), name, column)
        words: dict[Word, int] = dict.fromkeys(WORDS, 0)
        words.update(zip(rows["outcome"].to_pylist(), rows["n"].to_pylist(), strict=True))
        return Figures(words, orders, calls)

    def _read(self, query: str) -> pa.Table:
        return self._archive.read(query, self.window.values(), wanted=self._wanted)

    def _read_rows(self, query: str, values: dict[str, str] | None = None) -> pa.Table:
        return self._archive.read(query, self.window.values() | (values or {}), wanted=self._wanted, rows=self.rows)
