"""What one order was answered each time it was asked: the ledger forgets nothing, so a late price can be told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from nxcc.archive.ledger import Archive
from nxcc.archive.left_out import told_word
from nxcc.outcome import Outcome

_EPOCH = datetime.fromtimestamp(0, UTC)
_MINE = f"""
    SELECT order_id, epoch_us(asked_at) AS asked_us, {told_word()} AS outcome, reason, code, req_id, calls,
        attempts, may_pass, source
    FROM archive.lookups WHERE gateway = $gateway AND tenant_id = $tenant
"""


def lookups_of(archive: Archive, order_id: str) -> list[Outcome]:
    """Every time this order id was asked, the newest first. Raises `ArchiveError`."""
    query = f"{_MINE} AND order_id = $order_id ORDER BY asked_at DESC"
    return _outcomes(archive.read(query, {"order_id": order_id}))


def asked_last(archive: Archive, most: int) -> list[Outcome]:
    """The orders that were asked last, each once, the newest first. Raises `ArchiveError`."""
    found: dict[str, Outcome] = {}
    for outcome in _outcomes(
        archive.read(f"{_MINE} AND order_id <> '' ORDER BY asked_at DESC LIMIT {20 * most:d}", {})
    ):
        found.setdefault(outcome.order_id, outcome)
    return list(found.values())[:most]


def calls_of(archive: Archive, lookup: Outcome) -> pa.Table:
    """The calls that this lookup brought (`records.SCHEMA`), in order of time. Raises `ArchiveError`."""
    return archive.calls([lookup])


def trusted(lookups: list[Outcome]) -> list[Outcome]:
    """Those of the lookups that brought an answer, calls or none; a failure says nothing about an order."""
    return [lookup for lookup in lookups if lookup.word in ("found", "no_calls")]


def _outcomes(found: pa.Table) -> list[Outcome]:
    return [
        Outcome(
            row["order_id"],
            row["outcome"],
            row["reason"] or "",
            row["calls"],
            _EPOCH + timedelta(microseconds=row["asked_us"]),
            True,
            row["attempts"],
            row["code"],
            row["req_id"] or "",
            bool(row["may_pass"]),
            row["source"] == "period",
        )
        for row in found.to_pylist()
    ]
