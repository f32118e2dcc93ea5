"""Orders worth asking again: those that had no calls, and those with a call that has no cost yet.

Both may come later. What counts is when an order, or a call, came into the archive first: asking again does not make it
new, so that each is asked again for some days and then no more.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from nxcc.archive.ledger import Archive
from nxcc.archive.left_out import FORGOTTEN

_MINE = "gateway = $gateway AND tenant_id = $tenant"
# As they were kept, not as they are told: an order whose calls were forgotten is not asked for again by itself.
_ANSWERED = f"""
    SELECT order_id, min(asked_at) AS first_at, arg_max(outcome, asked_at) AS outcome FROM archive.lookups
    WHERE {_MINE} AND order_id <> '' AND outcome <> 'failed' AND asked_at >= $since GROUP BY order_id
"""
_WITHOUT_CALLS = f"""
    SELECT order_id, first_at FROM ({_ANSWERED}) WHERE outcome = 'no_calls'
    AND order_id NOT IN (SELECT order_id FROM archive.lookups
        WHERE {_MINE} AND order_id <> '' AND outcome <> 'failed' AND asked_at < $since)
    AND order_id NOT IN (SELECT said_order_id FROM archive.calls
        WHERE {_MINE} AND order_id = '' AND said_order_id IS NOT NULL)
"""
# Calls that were read by time stand under no order: theirs is what they say. A call that its order's newest answer does
# not have any more is nothing to wait for.
_WITHOUT_COST = f"""
    SELECT order_id, min(first_at) AS first_at FROM (
        SELECT call_id, min(asked_at) AS first_at, max(asked_at) AS last_at,
            arg_max(cost IS NULL, asked_at) AS unpriced,
            arg_max(coalesce(nullif(order_id, ''), said_order_id), asked_at) AS order_id
        FROM archive.calls WHERE {_MINE} AND call_id IS NOT NULL AND asked_at >= $since GROUP BY call_id
    )
    LEFT JOIN (
        SELECT order_id, max(asked_at) AS answered_at FROM archive.lookups
        WHERE {_MINE} AND order_id <> '' AND outcome <> 'failed' AND asked_at >= $since GROUP BY order_id
    ) AS answered USING (order_id)
    WHERE unpriced AND order_id <> '' AND (answered_at IS NULL OR last_at >= answered_at) AND call_id NOT IN (
        SELECT call_id FROM archive.calls WHERE {_MINE} AND call_id IS NOT NULL AND asked_at < $since)
    GROUP BY order_id
"""
_NOT_FORGOTTEN = f"""order_id NOT IN (
    SELECT order_id FROM archive.lookups WHERE {_MINE} AND reason = $forgotten AND order_id <> '')"""


def orders_to_ask_again(archive: Archive, since: datetime, *, without_calls: bool, without_cost: bool) -> list[str]:
    """Order ids that were asked first since a moment and had no calls when they were asked last, and those of calls
    that came first since then and have no cost; the earliest first. Raises `ArchiveError`."""
    parts = [query for wanted, query in ((without_calls, _WITHOUT_CALLS), (without_cost, _WITHOUT_COST)) if wanted]
    if not parts:
        return []
    query = f"""SELECT order_id FROM ({" UNION ALL ".join(parts)}) WHERE {_NOT_FORGOTTEN}
        GROUP BY order_id ORDER BY min(first_at), order_id"""
    values: dict[str, Any] = {"since": since, "forgotten": FORGOTTEN}
    found: list[str] = archive.read(query, values)["order_id"].to_pylist()
    return found
