"""A whole list asked again: what its new answers say differently from those before, counted in the engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
from pyarrow import compute as pc

from nxcc.archive.ledger import ANSWERS, Archive
from nxcc.archive.left_out import told_word
from nxcc.archive.listed import Listed
from nxcc.records import COLUMNS

_EPOCH = datetime.fromtimestamp(0, UTC)
_LATE = ("cost", "record_url", "voicemail_url")  # what the vendor fills in after a call has ended
_OTHERS = ", ".join(
    f"c.{column.name}" for column in COLUMNS if column.name not in ("order_id", "call_id", "raw", *_LATE)
)
# An id's own answer, and the trusted one before it; ids that were not asked anew are left out.
_PAIRS = f"""
    CREATE OR REPLACE TEMP TABLE pairs AS {ANSWERS}, mine AS (
        SELECT order_id, answer.outcome AS outcome, answer.asked_at AS asked_at FROM answers
        WHERE answer.outcome <> 'failed' AND answer.asked_at > $own
    )
    SELECT order_id, any_value(mine.outcome) AS outcome, any_value(mine.asked_at) AS asked_at,
        arg_max({told_word("l.")}, l.asked_at) AS outcome_before, max(l.asked_at) AS asked_before
    FROM mine JOIN archive.lookups AS l USING (order_id)
    WHERE l.gateway = $gateway AND l.tenant_id = $tenant AND l.outcome <> 'failed' AND l.asked_at < mine.asked_at
    GROUP BY order_id
"""


def _side(name: str, outcome: str, asked_at: str) -> str:
    """The calls of one side. Those without an id are matched by their order in time (`nxcc.changes` does the same)."""
    return f"""
    CREATE OR REPLACE TEMP TABLE {name} AS
    WITH found AS (
        SELECT pairs.order_id, c.call_id, c.started_at, c.answered, c.{", c.".join(_LATE)}, hash({_OTHERS}) AS others
        FROM pairs JOIN archive.calls AS c ON c.order_id = pairs.order_id AND c.asked_at = pairs.{asked_at}
        WHERE c.gateway = $gateway AND c.tenant_id = $tenant AND pairs.{outcome} = 'found'
    )
    SELECT order_id, call_id AS call, 0 AS nth, {", ".join(_LATE)}, others FROM found WHERE call_id IS NOT NULL
    UNION ALL
    SELECT order_id, '', row_number() OVER (PARTITION BY order_id ORDER BY started_at, NOT answered),
        {", ".join(_LATE)}, others
    FROM found WHERE call_id IS NULL
"""


_NOW, _BEFORE = _side("calls_now", "outcome", "asked_at"), _side("calls_before", "outcome_before", "asked_before")
_CHANGED = """
    CREATE OR REPLACE TEMP TABLE changed AS
    WITH per_call AS (
        SELECT order_id, b.others IS NULL AS is_new, a.others IS NULL AS is_gone,
            NOT is_new AND NOT is_gone AS is_both,
            is_both AND a.cost IS DISTINCT FROM b.cost AS cost,
            is_both AND ((a.record_url IS NOT NULL AND b.record_url IS NULL)
                OR (a.voicemail_url IS NOT NULL AND b.voicemail_url IS NULL)) AS recording,
            is_both AND (a.others <> b.others OR a.record_url <> b.record_url OR a.voicemail_url <> b.voicemail_url
                OR (a.record_url IS NULL AND b.record_url IS NOT NULL)
                OR (a.voicemail_url IS NULL AND b.voicemail_url IS NOT NULL)) AS other
        FROM calls_now AS a FULL JOIN calls_before AS b USING (order_id, call, nth)
    ), per_order AS (
        SELECT order_id, count(*) FILTER (is_new) AS new_calls, count(*) FILTER (is_gone) AS gone_calls,
            count(*) FILTER (cost) AS costs, count(*) FILTER (recording) AS recordings,
            count(*) FILTER (other) AS others
        FROM per_call WHERE is_new OR is_gone OR cost OR recording OR other GROUP BY order_id
    )
    SELECT order_id, outcome_before, outcome, asked_before, asked_at, coalesce(new_calls, 0) AS new_calls,
        coalesce(gone_calls, 0) AS gone_calls, coalesce(costs, 0) AS costs, coalesce(recordings, 0) AS recordings,
        coalesce(others, 0) AS others
    FROM pairs LEFT JOIN per_order USING (order_id)
    WHERE outcome <> outcome_before OR per_order.order_id IS NOT NULL
"""
_COUNTS = """
    SELECT (SELECT count(*) FROM pairs) AS asked_before, count(*) AS changed,
        count(*) FILTER (outcome <> outcome_before) AS outcome, count(*) FILTER (new_calls > 0) AS new_calls,
        count(*) FILTER (gone_calls > 0) AS gone_calls, count(*) FILTER (costs > 0) AS costs,
        count(*) FILTER (recordings > 0) AS recordings, count(*) FILTER (others > 0) AS others
    FROM changed
"""
_FIRST = "SELECT changed.* FROM changed JOIN wanted USING (order_id) ORDER BY wanted.place"


@dataclass(frozen=True, slots=True)
class Compared:
    """Distinct ids of a list that were asked anew and had a trusted answer before; how many of them say something
    else now, and what: another outcome, calls that are new or gone, and of calls that were there before a cost,
    a recording or voicemail that arrived, anything else.

    `first` has a row for each of the first changed orders, in the file's order: order_id, outcome_before, outcome,
    asked_before, asked_at, new_calls, gone_calls, costs, recordings, others (numbers of calls).
    """

    asked_before: int
    changed: int
    outcome: int
    new_calls: int
    gone_calls: int
    costs: int
    recordings: int
    others: int
    first: pa.Table


def compare(archive: Archive, listed: Listed, most: int = 100) -> Compared:
    """The list's own answers against those before, as its window sees it. Raises `ArchiveError`."""
    return archive.again(lambda: _compare(archive, listed, most))


def _compare(archive: Archive, listed: Listed, most: int) -> Compared:
    wanted = listed.rows.filter(pc.field("sends")).select(["place", "order_id"])
    values = listed.window.values() | {"own": listed.window.own or _EPOCH}
    with archive.reading(wanted=wanted) as read:
        read(_PAIRS, values)
        for query in (_NOW, _BEFORE, _CHANGED):
            read(query, {})
        counts = read(_COUNTS, {}).to_pylist()[0]
        first = read(f"{_FIRST} LIMIT {most:d}", {})
    return Compared(**counts, first=first)
