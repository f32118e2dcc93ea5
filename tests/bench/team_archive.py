"""The archive of a team beside the file of one process, and beside plain tables in PostgreSQL.

    python -m tests.bench.team_archive [--calls 1000000]

A private PostgreSQL is started for it (`tests/postgres.py`), on this machine, as are the lake and its readers.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from nxcc import records
from nxcc.archive import Archive, Explored, Lake, Listed, Look, Tallied, Window, standing
from nxcc.archive.catalog import _load
from nxcc.filters import Filters
from nxcc.outcome import Outcome
from nxcc.team.place import Team
from tests.bench.many_calls import _CALLS, GATEWAY, TENANT
from tests.postgres import postgres

ASKED = datetime(2026, 11, 25, tzinfo=UTC)
WINDOW = Window(ASKED - timedelta(days=1), ASKED - timedelta(days=1))
LOOK = Look(ZoneInfo("Europe/Berlin"), 10, 20)
CHECKED = 100_000
ROUNDS = 5
_AT_ONCE = 1_000_000
_LOOKUPS = """
    INSERT INTO archive.lookups BY NAME
    SELECT $gateway AS gateway, $tenant AS tenant_id, 'SO-' || lpad(o::VARCHAR, 9, '0') AS order_id,
        TIMESTAMPTZ '2026-11-25 00:00:00+00' AS asked_at, 'found' AS outcome, 1 AS calls, 1 AS attempts
    FROM range($first, $last) AS t(o)
"""
# What a dashboard asks of the ledger itself: SQL that both engines know.
DASHBOARD = (
    "SELECT count(*), sum(talk_s), sum(cost), count(cost) FROM {calls} WHERE gateway = 'bench' AND tenant_id = 7",
    "SELECT date_trunc('day', started_at), result, count(*), sum(talk_s) FROM {calls} GROUP BY 1, 2",
    "SELECT extract(dow FROM started_at), extract(hour FROM started_at), count(*) FROM {calls} GROUP BY 1, 2",
    "SELECT agent, count(*), sum(talk_s), sum(cost) FROM {calls} GROUP BY 1",
    "SELECT hangup_reason, hangup_code, hangup_party, count(*) FROM {calls} GROUP BY 1, 2, 3",
)


def fill(archive: Archive, calls: int) -> None:
    """Two orders for three calls, written by the engine itself."""
    with archive.writing() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        for first in range(0, calls, _AT_ONCE):
            values = {"first": first, "last": min(calls, first + _AT_ONCE), "gateway": GATEWAY, "tenant": TENANT}
            cursor.execute(_CALLS, values)
            cursor.execute(_LOOKUPS, values | {name: values[name] * 2 // 3 for name in ("first", "last")})


def figures(explored: Explored) -> None:
    """What the page of all calls adds up."""
    tallied = Tallied(explored, Filters(), LOOK)
    tallied.totals()
    tallied.by_day()
    tallied.by_slot()
    tallied.agents(7)
    tallied.reasons()
    tallied.steps()


def batch(n: int) -> list[tuple[Outcome, list[dict[str, object]]]]:
    """300 answers with a call each."""
    ids = [f"NEW-{n}-{m}" for m in range(300)]
    outcomes = [Outcome(one, "found", calls=1, asked_at=ASKED + timedelta(seconds=n)) for one in ids]
    sent = {"startTime": 1764000000000, "answered": True, "callDuration": 10}
    return [(o, records.calls(o.order_id, [sent | {"callId": o.order_id}])) for o in outcomes]


def ids_to_check(calls: int) -> list[str]:
    """Half of them are in the archive, spread over it."""
    step = max(1, calls * 2 // 3 // (CHECKED // 2))
    return [f"SO-{n * step:09}" for n in range(CHECKED // 2)] + [f"NEVER-{n}" for n in range(CHECKED // 2)]


def of_archive(archive: Archive, ids: list[str], folder: Path) -> Iterator[tuple[str, float]]:
    """Figures by name: seconds, or MB."""
    yield "all queries on the ledger itself", timed(lambda: on_ledger(archive))
    explored = Explored(archive)
    yield "made ready once", timed(explored.refresh, 1)
    yield "all queries of the page, made ready", timed(lambda: figures(explored))
    appends, refreshes = [], []
    for n in range(8):
        answers = batch(n)
        appends.append(timed(lambda answers=answers: archive.append(answers), 1))  # type: ignore[misc]
        refreshes.append(timed(explored.refresh, 1))
    yield "300 answers kept", median(appends)
    yield "brought up with 300 answers", median(refreshes)
    yield f"{CHECKED:,} ids: known (as objects)", timed(lambda: archive.known(ids, WINDOW))
    path = folder / "ids.parquet"
    pq.write_table(pa.table({"order_id": ids, "sends": [True] * len(ids)}), path)
    yield f"{CHECKED:,} ids: a list counted", timed(lambda: Listed(archive, path, WINDOW).tally())
    yield "one order", timed(lambda: archive.known(ids[7:8], WINDOW))
    yield "MB", standing(archive).bytes / 1e6


def on_ledger(archive: Archive) -> None:
    for query in DASHBOARD:
        archive.read(query.format(calls="archive.calls"), {})


def of_postgres(archive: Archive, url: str, ids: list[str]) -> Iterator[tuple[str, float]]:
    """The same rows in plain tables, with an index for the check."""
    with archive.writing() as cursor:
        _load(cursor, "postgres_scanner")
        cursor.execute(f"ATTACH '{url}' AS plain (TYPE postgres)")
        for table in ("lookups", "calls"):
            cursor.execute(f"CREATE TABLE plain.public.{table} AS SELECT * FROM archive.{table}")
        cursor.execute("DETACH plain")
    with psycopg.connect(url, autocommit=True) as connection:
        for table in ("lookups", "calls"):
            connection.execute(f"CREATE INDEX ON {table} (gateway, tenant_id, order_id, asked_at)".encode())
            connection.execute(f"VACUUM ANALYZE {table}".encode())
        queries = [query.format(calls="calls").encode() for query in DASHBOARD]
        yield (
            "all queries on the ledger itself",
            timed(lambda: [connection.execute(query).fetchall() for query in queries], 2),
        )
        yield f"{CHECKED:,} ids: a list counted", timed(lambda: _checked(connection, ids))
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        yield "MB", row[0] / 1e6 if row else 0


def _checked(connection: psycopg.Connection, ids: list[str]) -> None:
    connection.execute("CREATE TEMP TABLE wanted (order_id text)")
    with connection.cursor().copy("COPY wanted FROM STDIN") as rows:
        rows.write("".join(f"{one}\n" for one in ids))
    connection.execute("ANALYZE wanted")
    connection.execute("""SELECT outcome, count(*), sum(calls) FROM (
        SELECT DISTINCT ON (order_id) order_id, outcome, calls FROM lookups JOIN wanted USING (order_id)
        WHERE gateway = 'bench' AND tenant_id = 7 ORDER BY order_id, asked_at DESC) AS newest GROUP BY 1""").fetchall()
    connection.execute("DROP TABLE wanted")


def timed(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Seconds, the median."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return median(took)


@contextmanager
def archives(folder: Path, url: str) -> Iterator[dict[str, Archive]]:
    """The two installations."""
    lake = Lake(Team(url, str(folder / "lake")), "archive", folder / "beside")
    with (
        closing(Archive(folder / "archive.duckdb", GATEWAY, TENANT)) as in_file,
        closing(Archive(lake, GATEWAY, TENANT)) as in_lake,
    ):
        yield {"file": in_file, "lake": in_lake}


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description="Print figures of a team's archive beside others.")
    parser.add_argument("--calls", type=int, default=1_000_000)
    calls: int = parser.parse_args().calls
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name, postgres() as server:
        folder, ids = Path(name), ids_to_check(calls)
        (folder / "lake").mkdir()
        with archives(folder, server.create()) as both:
            for where, archive in both.items():
                found[where] = {"filled": timed(lambda archive=archive: fill(archive, calls), 1)}  # type: ignore[misc]
                found[where] |= of_archive(archive, ids, folder)
            found["PostgreSQL"] = dict(of_postgres(both["file"], server.create(), ids))
    print(f"{calls:,} calls; seconds, medians of {ROUNDS}")
    print(f"{'':40}" + "".join(f"{where:>12}" for where in found))
    for row in found["file"]:
        cells = (f"{found[where][row]:12.3f}" if row in found[where] else f"{'':12}" for where in found)
        print(f"{row:40}" + "".join(cells))


if __name__ == "__main__":
    main()
