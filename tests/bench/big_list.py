"""A list of many order ids, an archive that has an answer for each, and the uploaded file they came in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from nxcc.account import Credentials
from nxcc.api.client import Client
from nxcc.archive import Archive, Freshness
from nxcc.jobs import Checked, Job, Jobs, Store
from nxcc.lookup import Lookup

GATEWAY, TENANT = "bench.invalid", 1
FRESH = Freshness(timedelta(days=1), timedelta(days=1))
ID = "'BENCH-' || lpad(n::VARCHAR, 9, '0')"
ANSWERED = "hash(n) % 100 < 38"

# Every tenth order has no calls, the others one each, as the vendor would tell it.
_LOOKUPS = f"""
    INSERT INTO archive.lookups BY NAME
    SELECT '{GATEWAY}' AS gateway, {TENANT} AS tenant_id, {ID} AS order_id, now() - INTERVAL 1 HOUR AS asked_at,
        CASE WHEN n % 10 = 0 THEN 'no_calls' ELSE 'found' END AS outcome, (n % 10 <> 0)::INTEGER AS calls,
        upper(md5(n::VARCHAR)) AS req_id, 1 AS attempts
    FROM range($orders) AS numbers(n)
"""
_CALLS = f"""
    INSERT INTO archive.calls BY NAME
    SELECT '{GATEWAY}' AS gateway, {TENANT} AS tenant_id, {ID} AS order_id, l.asked_at,
        left(md5('call' || n), 25) AS call_id, {ID} AS said_order_id,
        l.asked_at - INTERVAL 1 SECOND * (3600 + hash(n, 1) % 5000000) AS started_at, 'outbound' AS direction,
        CASE WHEN {ANSWERED} THEN 'answered' ELSE 'no_answer' END AS result, {ANSWERED} AS answered,
        'agent' || n % 40 AS agent, 'Agent ' || n % 40 AS agent_nick, '+85235757580' AS caller,
        '+8529' || lpad((hash(n, 2) % 10000000)::VARCHAR, 7, '0') AS callee, 'Normal' AS call_status,
        started_at + INTERVAL 3 SECOND AS rang_at,
        CASE WHEN {ANSWERED} THEN started_at + INTERVAL 12 SECOND END AS answered_at,
        started_at + INTERVAL 1 SECOND * (13 + hash(n, 3) % 300) AS ended_at, 9.0 AS ring_s,
        CASE WHEN {ANSWERED} THEN 1 + hash(n, 3) % 300 ELSE 0 END::DOUBLE AS talk_s,
        (CASE hash(n, 4) % 3 WHEN 0 THEN 'agent' WHEN 1 THEN 'customer' ELSE 'system' END) AS hangup_party,
        1200 + hash(n, 4) % 9 AS hangup_code, 'Hang-up reason ' || hash(n, 4) % 9 AS hangup_reason,
        0.012 + (hash(n, 3) % 300) * 0.0004 AS cost, 'https://records.invalid/' || md5('call' || n) AS record_url,
        CASE WHEN n % 25 = 0 THEN ['hangup_party'] ELSE []::VARCHAR[] END AS flags,
        '{{"callId":"' || md5('call' || n) || '","callDuration":' || hash(n, 3) % 300 || ',"other":"campaign"}}' AS raw
    FROM range($orders) AS numbers(n)
    JOIN (SELECT order_id, asked_at FROM archive.lookups WHERE outcome = 'found') AS l ON l.order_id = {ID}
"""


def order_id(n: int) -> str:
    """The n-th id of the archive."""
    return f"BENCH-{n:09}"


def fill(data: Path, orders: int) -> None:
    """Makes an archive of so many orders; written by the engine itself, else it would take half an hour."""
    archive = open_archive(data)
    try:
        with archive.writing() as cursor:
            cursor.execute("SET TimeZone = 'UTC'")
            cursor.execute(_LOOKUPS, {"orders": orders})
            cursor.execute(_CALLS, {"orders": orders})
    finally:
        archive.close()


def open_archive(data: Path) -> Archive:
    """The archive in this folder."""
    return Archive(data / "archive.duckdb", GATEWAY, TENANT)


def open_jobs(data: Path, archive: Archive) -> Jobs:
    """Jobs that nobody runs, on an archive that has all the answers."""
    client = Client(Credentials(f"http://{GATEWAY}", "key", "secret", TENANT))
    return Jobs(Store(data / "jobs.sqlite", "bench"), Lookup(client, archive, FRESH), data / "jobs")


def start_job(jobs: Jobs, csv: Path) -> Job:
    """A job on an uploaded CSV file."""
    with csv.open("rb") as content:
        folder = jobs.upload(csv.name, content)
    column = folder.read().columns.index("order_id")
    return jobs.start(folder, Checked(column), name=csv.stem, who="bench")


def write_csv(path: Path, rows: int) -> None:
    """A file out of a CRM: an id and five more columns."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("customer,order_id,phone,city,amount,note\r\n")
        for n in range(rows):
            phone = f"+8529{n % 10_000_000:07}"
            file.write(f'Customer {n},{order_id(n)},{phone},Hong Kong,{n % 997}.50,"call, then mail"\r\n')
