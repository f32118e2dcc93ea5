"""An archive of made-up calls over a year, written by the engine itself."""

from __future__ import annotations

from pathlib import Path

import duckdb

from nxcc.archive import Archive

GATEWAY, TENANT = "bench", 7
LAST_DAY = "2026-11-24"
_AT_ONCE = 1_000_000
# Three calls to two orders; answered by half; 60 agents, 20 reasons; talk times with a long tail.
_CALLS = """
    INSERT INTO archive.calls BY NAME
    WITH drawn AS (
        SELECT i, i * 2 // 3 AS o, random() AS u, random() AS v, random() AS w, hash(i) AS h, hash(i * 2 // 3) AS ho
        FROM range($first, $last) AS t(i)
    ), begun AS (
        SELECT *, u < .48 AS answered,
            CASE WHEN h % 10 < 3 THEN 'inbound' WHEN h % 10 < 9 THEN 'outbound' ELSE 'aicc' END AS direction,
            CASE WHEN u < .48 THEN 'answered' WHEN u < .8 THEN 'no_answer' WHEN u < .9 THEN 'busy'
                WHEN u < .97 THEN 'abandoned' ELSE 'other' END AS result,
            TIMESTAMPTZ '2025-11-25 00:00:00+00' + to_days((ho % 363)::INTEGER) + to_hours((h % 48)::BIGINT)
                + to_milliseconds((h % 3600000)::DOUBLE) AS started_at
        FROM drawn
    )
    SELECT $gateway AS gateway, $tenant AS tenant_id, TIMESTAMPTZ '2026-11-25 00:00:00+00' AS asked_at,
        'SO-' || lpad(o::VARCHAR, 9, '0') AS order_id, 'call-' || lpad(i::VARCHAR, 12, '0') AS call_id,
        started_at, direction, result, answered,
        CASE WHEN answered AND direction <> 'aicc' THEN 'agent-' || (h % 60) END AS agent,
        '+8613' || lpad((h % 1000000000)::VARCHAR, 9, '0') AS caller,
        '+852' || lpad((ho % 100000000)::VARCHAR, 8, '0') AS callee,
        CASE WHEN answered THEN 'Normal' ELSE 'Missed Call' END AS call_status,
        CASE WHEN direction = 'inbound' THEN started_at END AS queued_at,
        CASE WHEN direction = 'inbound' THEN started_at + to_milliseconds(floor(v * 40000)) END AS dequeued_at,
        CASE WHEN answered THEN started_at + to_milliseconds(floor(v * 55000)) END AS answered_at,
        CASE WHEN direction = 'inbound' THEN floor(v * 40000) / 1000 END AS queue_s, floor(w * 45) AS ring_s,
        CASE WHEN answered THEN ceil(exp(3.5 + 1.6 * sqrt(-2 * ln(v + 1e-9)) * cos(6.28 * w))) ELSE 0 END AS talk_s,
        CASE WHEN w < .45 THEN 'customer' WHEN w < .8 THEN 'agent' ELSE 'unknown' END AS hangup_party,
        1000 + h % 14 AS hangup_code,
        CASE WHEN result = 'abandoned' THEN 'User abandoned while in queue' WHEN w < .35 THEN 'Agent hang-up'
            WHEN answered THEN 'Customer hang-up' WHEN result = 'busy' THEN 'User busy'
            WHEN result = 'no_answer' THEN 'No answer' ELSE 'Reason ' || (h % 15) END AS hangup_reason,
        CASE WHEN v < .97 THEN round(.004 + u * .06, 4) END AS cost,
        CASE WHEN w < .05 THEN ['hangup_party'] WHEN w < .08 THEN ['order_blank'] ELSE []::VARCHAR[] END AS flags,
        '{"callId":"' || i || '"}' AS raw
    FROM begun
"""


def fill(path: Path, calls: int) -> None:
    """Makes the archive, with so many calls."""
    Archive(path, GATEWAY, TENANT).close()
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS archive")
        connection.execute("SELECT setseed(0.5)")
        for first in range(0, calls, _AT_ONCE):
            values = {"first": first, "last": min(calls, first + _AT_ONCE), "gateway": GATEWAY, "tenant": TENANT}
            connection.execute(_CALLS, values)
        connection.execute("CHECKPOINT archive")


def open_archive(path: Path) -> Archive:
    """The archive that `fill` made."""
    return Archive(path, GATEWAY, TENANT)
