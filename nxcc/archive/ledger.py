"""The ledger in DuckDB: lookups and the calls they brought, appended; the newest trusted lookup of an order counts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb
import pyarrow as pa

from nxcc import records
from nxcc.archive.lake import Lake
from nxcc.archive.ledger_file import LedgerFile
from nxcc.archive.left_out import Stored, told, told_word, without
from nxcc.archive.window import Window
from nxcc.outcome import Outcome
from nxcc.traces import Trace

if TYPE_CHECKING:
    from nxcc.archive.ledger_lake import LedgerLake

T = TypeVar("T")

_EPOCH = datetime.fromtimestamp(0, UTC)

_LOOKUPS = pa.schema(
    [
        ("gateway", pa.string()),
        ("tenant_id", pa.int64()),
        ("order_id", pa.string()),
        ("asked_at", pa.timestamp("us", tz="UTC")),
        ("outcome", pa.string()),
        ("calls", pa.int32()),
        ("reason", pa.string()),
        ("code", pa.int64()),
        ("req_id", pa.string()),
        ("attempts", pa.int32()),
        ("may_pass", pa.bool_()),
    ]
)
_ASKED = pa.schema(
    [
        ("place", pa.int64()),
        ("order_id", pa.string()),
        ("outcome", pa.string()),
        ("reason", pa.string()),
        ("from_archive", pa.bool_()),
        ("asked_at", pa.timestamp("us", tz="UTC")),
        ("by_period", pa.bool_()),
    ]
)

# An answer whose calls were forgotten lasts as long as it did with them, so that it is not asked again for that.
_OF_ANSWER = f"'outcome': {told_word()}, 'was_found': outcome = 'found', 'asked_at': asked_at, 'calls': calls"
_MORE_OF_ANSWER = """, 'reason': reason, 'code': code, 'req_id': req_id, 'attempts': attempts,
    'may_pass': coalesce(may_pass, false), 'by_period': coalesce(source = 'period', false)"""


def _answers(fields: str) -> str:
    """What became of the ids in `wanted`: the newest trusted answer that counts, else the newest failure that does."""
    return f"""
    WITH counted AS (
        SELECT order_id, asked_at, {{{fields}}} AS answer
        FROM archive.lookups SEMI JOIN wanted USING (order_id)
        WHERE gateway = $gateway AND tenant_id = $tenant AND asked_at <= $until AND asked_at > CASE
            WHEN outcome <> 'failed' THEN least($found, $no_calls)
            WHEN may_pass THEN $may_pass ELSE $failed END
    ), newest AS (
        SELECT order_id,
            arg_max(answer, asked_at) FILTER (answer.outcome <> 'failed') AS trusted,
            arg_max(answer, asked_at) FILTER (answer.outcome = 'failed') AS failure
        FROM counted GROUP BY order_id
    ), answers AS (
        SELECT order_id, CASE
            WHEN trusted.asked_at > CASE WHEN trusted.was_found THEN $found ELSE $no_calls END THEN trusted
            ELSE failure END AS answer
        FROM newest WHERE answer IS NOT NULL
    )
"""


ANSWERS = _answers(_OF_ANSWER)  # outcome, asked_at, calls: enough to count a million
ANSWERS_IN_FULL = _answers(_OF_ANSWER + _MORE_OF_ANSWER)
_KNOWN = f"{ANSWERS_IN_FULL} SELECT order_id, answer.*, epoch_us(answer.asked_at) AS asked_us FROM answers"
_CALLS = """
    FROM asked JOIN archive.calls AS c USING (order_id, asked_at)
    WHERE c.gateway = $gateway AND c.tenant_id = $tenant AND asked.outcome = 'found'
"""
_ORDERS = f"""
    WITH numbered AS (
        SELECT place, c.*, row_number() OVER (PARTITION BY place ORDER BY started_at, answered DESC) AS attempt {_CALLS}
    ), per_order AS (
        SELECT place,
            count(*) AS calls,
            count_if(answered)::BIGINT AS answered_calls,
            min(answered_at) FILTER (answered) AS first_answered_at,
            sum(talk_s) FILTER (answered) AS talk_s,
            round(sum(cost), 8) AS cost,
            last(hangup_reason ORDER BY started_at NULLS FIRST) AS last_hangup_reason,
            min(started_at) AS first_started_at,
            min(attempt) FILTER (answered) AS attempts_to_answer
        FROM numbered GROUP BY place
    )
    SELECT order_id, outcome, nullif(reason, '') AS reason,
        CASE outcome WHEN 'found' THEN calls WHEN 'no_calls' THEN 0 END AS calls,
        CASE outcome WHEN 'found' THEN answered_calls WHEN 'no_calls' THEN 0 END AS answered_calls,
        first_answered_at, talk_s, cost, last_hangup_reason,
        CASE WHEN asked_at IS NOT NULL THEN from_archive END AS from_archive, asked_at,
        CASE WHEN asked_at IS NOT NULL THEN CASE WHEN by_period THEN 'period' ELSE 'order' END END AS source,
        attempts_to_answer,
        epoch_ms(first_answered_at - first_started_at) / 1000 AS time_to_answer_s
    FROM asked LEFT JOIN per_order USING (place)
    ORDER BY place
"""


# Answers whose write was not acknowledged, and which are there all the same.
_THERE = """
    CREATE OR REPLACE TEMP TABLE there AS
    SELECT order_id, asked_at FROM archive.lookups SEMI JOIN new_lookups
    USING (gateway, tenant_id, order_id, asked_at)
"""


@dataclass(frozen=True, slots=True)
class Size:
    """What the archive holds for this team."""

    lookups: int
    calls: int


class Archive:
    """The ledger in one file, or in a team's lake, as one tenant at one gateway sees it. Thread-safe; one process at a
    time has a file open, any number of them a lake.

    Answers of another gateway (another region, a sandbox) are never shown as its own, whatever its team's number.

    Raises `ArchiveError` when the file cannot be opened, read or written, with what to do about it; of a lake
    `ArchiveAway` while its database does not answer: what reads has tried a few seconds then, what writes for a while.
    """

    def __init__(self, where: Path | Lake, gateway: str, tenant_id: int) -> None:
        self.path = where.path if isinstance(where, Lake) else where
        self.owner = {"gateway": gateway, "tenant": tenant_id}
        self.file = _ledger(where)
        self._writing = threading.Lock()

    def close(self) -> None:
        """Lets the file go."""
        self.file.close()

    def known(self, order_ids: Iterable[str] | pa.Array, window: Window) -> dict[str, Outcome]:
        """Of these ids, those whose answer counts in this window, in one query."""
        wanted = pa.table({"order_id": pa.array(order_ids, pa.string())})
        found = self.read(_KNOWN, window.values(), wanted=wanted)
        return {outcome.order_id: outcome for outcome in _outcomes(found, window)}

    def append(self, answers: Sequence[Stored], left_out: Sequence[Trace] = ()) -> list[Outcome]:
        """Keeps answers, all or none: outcomes that were asked (found, no_calls, failed) with their typed calls.

        Returns the outcomes as they are kept: without those that are `left_out`, or with fewer calls for it.
        """

        def keep(doubtful: bool) -> Sequence[Stored]:
            if kept := without(answers, left_out):
                self._append(kept, doubtful)
            return kept

        # Nothing is forgotten between the look at what is left out and the write.
        return [told(outcome) for outcome, _ in self.file.kept(keep)]

    def _append(self, answers: Sequence[Stored], doubtful: bool) -> None:
        rows = [(outcome, row) for outcome, found in answers for row in found]
        calls = records.table([row for _, row in rows])
        calls = calls.append_column("gateway", pa.array([self.owner["gateway"]] * len(rows), pa.string()))
        calls = calls.append_column("tenant_id", pa.array([self.owner["tenant"]] * len(rows), pa.int64()))
        calls = calls.append_column("asked_at", pa.array([o.asked_at for o, _ in rows], pa.timestamp("us", tz="UTC")))
        lookups = _columns(_LOOKUPS, [self._lookup(outcome) for outcome, _ in answers])
        tables = {"new_lookups": lookups, "new_calls": calls}
        with self.adding(**tables) as cursor:
            if doubtful:
                cursor.execute(_THERE)
            of = " ANTI JOIN there USING (order_id, asked_at)" if doubtful else ""
            cursor.execute(f"INSERT INTO archive.lookups BY NAME SELECT * FROM new_lookups{of}")
            if rows:
                cursor.execute(f"INSERT INTO archive.calls BY NAME SELECT * FROM new_calls{of}")

    def calls(self, outcomes: Sequence[Outcome]) -> pa.Table:
        """The calls behind these outcomes (`records.SCHEMA`), in the order of the outcomes, then of time."""
        names = ", ".join(f"c.{name}" for name in records.SCHEMA.names)
        query = f"SELECT {names} {_CALLS} ORDER BY place, c.started_at, c.call_id"
        return self.read(query, {}, asked=_asked(outcomes)).cast(records.SCHEMA)

    def orders(self, outcomes: Sequence[Outcome]) -> pa.Table:
        """One row an outcome, in their order: what became of it, and what its calls add up to.

        `calls` and `answered_calls` are empty where there is no trusted answer; `talk_s` (s) counts answered calls;
        `cost` is empty when no call has one; `attempts_to_answer` counts calls up to the first answered one, and
        `time_to_answer_s` runs from the first call's start to the first answer; `source` is "order", or "period" for an
        answer out of calls that were read by time.
        """
        return self.read(_ORDERS, {}, asked=_asked(outcomes))

    def size(self) -> Size:
        """Lookups of orders made and distinct calls kept for this team."""
        mine = "gateway = $gateway AND tenant_id = $tenant"
        query = f"""SELECT (SELECT count(*) FROM archive.lookups WHERE {mine} AND order_id <> '') AS lookups,
            (SELECT count(DISTINCT call_id) FROM archive.calls WHERE {mine}) AS calls"""
        return Size(**self.read(query, {}).to_pylist()[0])

    def _lookup(self, outcome: Outcome) -> tuple[Any, ...]:
        return (
            *self.owner.values(),
            outcome.order_id,
            outcome.asked_at,
            outcome.word,
            outcome.calls,
            outcome.reason or None,
            outcome.code,
            outcome.req_id or None,
            outcome.attempts,
            outcome.may_pass if outcome.word == "failed" else None,
        )

    def read(self, query: str, values: dict[str, Any], **tables: pa.Table) -> pa.Table:
        """The answer of the archive's engine; `tables` are there by name, `values` besides those of this team.

        For the modules of this package: nobody else writes SQL.
        """

        def once() -> pa.Table:
            with self.reading(**tables) as read:
                return read(query, values)

        return self.file.read(once)

    def again(self, work: Callable[[], T]) -> T:
        """Does what only reads, in several queries; from its beginning again when a lake's database was away in the
        middle."""
        return self.file.read(work)

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The engine itself, for what this package keeps beside the ledger; what stays open is rolled back."""
        with self._cursor() as cursor:
            yield cursor

    @contextmanager
    def adding(self, **tables: pa.Table) -> Iterator[duckdb.DuckDBPyConnection]:
        """A transaction that adds to the ledger, while nobody else writes; committed when it comes to its end."""
        with self._writing, self.file.turn(), self._cursor(**tables) as cursor:
            cursor.begin()
            yield cursor
            cursor.commit()

    @contextmanager
    def reading(self, **tables: pa.Table) -> Iterator[Callable[[str, dict[str, Any]], pa.Table]]:
        """As `read`, for several queries one after another, which may share temporary tables."""
        with self._cursor(**tables) as cursor:
            yield lambda query, values: cursor.execute(query, self._of_mine(query) | values).to_arrow_table()

    def _of_mine(self, query: str) -> dict[str, Any]:
        return self.owner if "$tenant" in query else {}

    @contextmanager
    def _cursor(self, **tables: pa.Table) -> Iterator[duckdb.DuckDBPyConnection]:
        with self.file.cursor() as cursor:
            for name, table in tables.items():
                cursor.register(name, table)
            yield cursor


def _ledger(where: Path | Lake) -> LedgerFile | LedgerLake:
    if isinstance(where, Lake):
        from nxcc.archive.ledger_lake import LedgerLake  # here: it needs packages that only teams install

        return LedgerLake(where)
    return LedgerFile(where)


def _outcomes(found: pa.Table, window: Window) -> Iterator[Outcome]:
    names = (
        "order_id",
        "outcome",
        "asked_us",
        "calls",
        "reason",
        "code",
        "req_id",
        "attempts",
        "may_pass",
        "by_period",
    )
    columns = (found[name].to_pylist() for name in names)
    for order_id, word, asked_us, calls, reason, code, req_id, attempts, *said in zip(*columns, strict=True):
        asked_at = _EPOCH + timedelta(microseconds=asked_us)
        own = window.own is not None and asked_at > window.own
        yield Outcome(
            order_id,
            word,
            reason or "",
            calls,
            asked_at,
            not own,
            attempts if own else 0,
            code,
            req_id or "",
            *said,
        )


def _asked(outcomes: Sequence[Outcome]) -> pa.Table:
    return _columns(
        _ASKED,
        [(n, o.order_id, o.word, o.reason, o.from_archive, o.asked_at, o.by_period) for n, o in enumerate(outcomes)],
    )


def _columns(schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    return pa.table([list(column) for column in columns], schema=schema)
