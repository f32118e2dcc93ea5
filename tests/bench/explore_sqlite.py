"""The same figures by SQLite over the same rows, with an index on the time."""

from __future__ import annotations

import sqlite3
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from nxcc.archive import Explored
from nxcc.archive.local_time import local_quarter
from nxcc.archive.passing import SETTLED, SLOT, Local, condition
from nxcc.facts import Is
from nxcc.filters import Filters
from tests.bench.explore_changes import CHANGES, EVERYTHING, YEAR
from tests.bench.many_calls import open_archive
from tests.bench.measured import measured

ZONE = ZoneInfo("Europe/Berlin")
_COLUMNS = """quarter, direction, agent, status, reason, result, party, code, queue_s, ring_s, talk_s, wait_s, cost,
    flags, bits, attempt, order_calls, to_answer, time_to_answer_s, order_id, caller, callee"""


def load(path: Path, into: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """Copies the rows; returns the numbers of texts."""
    with closing(open_archive(path)) as archive:
        explored = Explored(archive)
        explored.refresh()
        rows = explored.read(f"SELECT {_COLUMNS} FROM calls", {})
        words = {key: number for number, key in explored.words()[0].items()}
    names = [name.strip() for name in _COLUMNS.split(",")]
    into.execute(f"CREATE TABLE calls ({_COLUMNS})")
    for batch in rows.to_batches(max_chunksize=50_000):
        columns = [batch.column(name).to_pylist() for name in names]
        into.executemany(f"INSERT INTO calls VALUES ({', '.join('?' * len(names))})", zip(*columns, strict=True))
    into.execute("CREATE INDEX by_time ON calls (quarter)")
    into.execute("ANALYZE")
    into.commit()
    return words


def queries(filters: Filters, words: dict[tuple[str, str], int]) -> list[tuple[str, dict[str, object]]]:
    """What is asked for one change of filters."""
    first, last = (int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) // 900 for day in YEAR)
    local = Local(ZONE, first, last)
    quarter = local_quarter(ZONE, first, last)

    def where(of: Filters) -> tuple[str, dict[str, object]]:
        found = condition(of, local, words)
        span = local.within(of.period)
        tests = [found.sql.replace("//", "/")] + ([f"quarter >= {span[0]} AND quarter < {span[1]}"] if span else [])
        return " AND ".join(tests), dict(found.values)

    answered = f"bits & {Is.ANSWERED:d} > 0"
    sums = f"""count(*), sum(talk_s) FILTER (WHERE {answered}), count(talk_s) FILTER (WHERE {answered}), sum(cost),
        count(cost), sum({answered}), sum(talk_s < 10)"""
    settled = SETTLED.replace("$short_s", "10").replace("$in_time_s", "20")
    values = "sum(talk_s), sum(cost), sum(wait_s), sum(order_calls), sum(to_answer), sum(time_to_answer_s)"
    whole = [
        f"SELECT direction, {settled} AS b, count(*), {values} FROM calls WHERE {{where}} GROUP BY 1, 2",
        f"SELECT talk_s, count(*) FROM calls WHERE {{where}} AND {answered} GROUP BY 1 ORDER BY 1",
        f"SELECT time_to_answer_s FROM calls WHERE {{where}} AND bits & {Is.TIMED:d} > 0 ORDER BY 1",
    ]
    slot = SLOT.format(quarter=quarter).replace("//", "/")
    once = [
        f"SELECT {quarter} / 96, result, {sums} FROM calls WHERE {{where}} GROUP BY 1, 2",
        f"SELECT {slot}, result, count(*) FROM calls WHERE {{where}} GROUP BY 1, 2",
        "SELECT queue_s, count(*) FROM calls WHERE {where} GROUP BY 1",
        "SELECT ring_s, count(*) FROM calls WHERE {where} GROUP BY 1",
        "SELECT reason, code, party, count(*) FROM calls WHERE {where} GROUP BY 1, 2, 3",
        f"SELECT agent, {quarter} / 1248, {sums} FROM calls WHERE {{where}} GROUP BY 1, 2",
        f"SELECT direction, {sums} FROM calls WHERE {{where}} GROUP BY 1",
        f"SELECT order_calls, to_answer, count(*) FROM calls WHERE {{where}} AND bits & {Is.ORDER:d} > 0 GROUP BY 1, 2",
    ]
    sql, given = where(filters)
    asked = [(query.format(where=sql), given) for query in whole + once]
    if earlier := filters.before():
        sql, given = where(earlier)
        asked += [(query.format(where=sql), given) for query in whole]
    return asked


def main() -> None:
    path = Path(sys.argv[1])
    with measured() as said, closing(sqlite3.connect(path.with_name("calls.sqlite"))) as connection:
        words = load(path, connection)

        def figures(filters: Filters) -> float:
            at = time.perf_counter()
            for query, values in queries(filters, words):
                connection.execute(query, values).fetchall()
            return (time.perf_counter() - at) * 1000

        took = [figures(filters) for filters in CHANGES]
        said |= {"figures_ms": median(took), "all_ms": figures(EVERYTHING)}
    path.with_name("calls.sqlite").unlink()


if __name__ == "__main__":
    main()
