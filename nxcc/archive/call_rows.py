"""Calls as figures need them: narrow rows with numbers for words, each call in its newest state.

The same SQL makes them from the whole ledger and from a handful of calls, so figures of both agree.
"""

from __future__ import annotations

from collections.abc import Callable

from nxcc.facts import Is
from nxcc.flags import FLAGS
from nxcc.hangup import PARTIES, RESULTS

FLAG_BITS: dict[str, int] = {flag: 1 << n for n, flag in enumerate(FLAGS)}
QUARTER_MS = 900_000  # zones differ by quarters of an hour
WORDS = (
    "direction",
    "agent",
    "account",
    "status",
    "reason",
)  # columns whose texts are kept once, as numbers from 1; 0 = none

_TEXTS = {
    "direction": "direction",
    "agent": "coalesce(agent_nick, agent)",
    "account": "s.agent",
    "status": "call_status",
    "reason": "hangup_reason",
}
_SAID = " + ".join(
    f"CASE WHEN {test} THEN {int(bit)} ELSE 0 END"
    for bit, test in {
        Is.ANSWERED: "answered",
        Is.OFFERED: "direction = 'inbound' AND queued_at IS NOT NULL",
        Is.TALKED: "talk_s IS NOT NULL",
        Is.PRICED: "cost IS NOT NULL",
        Is.WAITED: "queued_at IS NOT NULL AND answered_at IS NOT NULL",
        Is.CONTRADICTED: "list_contains(flags, 'hangup_party')",
    }.items()
)
_FLAGS = " + ".join(
    f"CASE WHEN list_contains(flags, '{flag}') THEN {bit} ELSE 0 END" for flag, bit in FLAG_BITS.items()
)


def _place(column: str, of: tuple[str, ...]) -> str:
    return f"coalesce(list_position([{', '.join(repr(word) for word in of)}], {column}), 0)::UTINYINT"


COLUMNS = f"""
    ledger BIGINT, order_id VARCHAR, call_id VARCHAR, asked_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ, answered_at TIMESTAMPTZ, quarter INTEGER,
    {", ".join(f"{word} UINTEGER" for word in WORDS)}, result UTINYINT, party UTINYINT, code BIGINT,
    queue_s DOUBLE, ring_s DOUBLE, talk_s DOUBLE, wait_s DOUBLE, cost DOUBLE, flags USMALLINT,
    caller VARCHAR, callee VARCHAR, said USMALLINT, attempt UINTEGER,
    order_calls UINTEGER, to_answer UINTEGER, time_to_answer_s DOUBLE, bits USMALLINT
"""
WORDS_COLUMNS = "id UINTEGER, kind VARCHAR, text VARCHAR"
_LISTS = "lists AS MATERIALIZED (SELECT {} FROM {{source}} AS s)".format(
    ", ".join(f"list(DISTINCT {text}) AS {kind}" for kind, text in _TEXTS.items())
)
_FROM_LISTS = " UNION ALL ".join(f"SELECT '{kind}' AS kind, unnest({kind}) AS text FROM lists" for kind in _TEXTS)


# The order a call belongs to: the one that was asked, or what the call says where it came by time; '' = not known.
ORDER = "coalesce(nullif(order_id, ''), said_order_id, '')"


def new_words(schema: str, source: str) -> str:
    """Adds the texts in `source` (rows of the ledger) that `schema`.words does not have yet."""
    return f"""
        INSERT INTO {schema}.words
        WITH {_LISTS.format(source=source)}
        SELECT (SELECT coalesce(max(id), 0) FROM {schema}.words) + row_number() OVER (ORDER BY kind, text), kind, text
        FROM ({_FROM_LISTS}) AS new ANTI JOIN {schema}.words USING (kind, text) WHERE text IS NOT NULL
    """


def words_in_use(schema: str, source: str) -> str:
    """The rows of `schema`.words whose texts occur in `source`."""
    return f"""
        WITH {_LISTS.format(source=source)}
        SELECT id, kind, text FROM {schema}.words SEMI JOIN ({_FROM_LISTS}) AS used USING (kind, text)
    """


def narrow(schema: str, source: str) -> str:
    """Rows of the ledger as narrow rows, but for what follows from the other calls of an order."""
    joins = "\n".join(
        f"LEFT JOIN {schema}.words AS w{n} ON w{n}.kind = '{kind}' AND w{n}.text = {text}"
        for n, (kind, text) in enumerate((kind, _TEXTS[kind]) for kind in WORDS)
    )
    numbers = ", ".join(f"coalesce(w{n}.id, 0)::UINTEGER AS {kind}" for n, kind in enumerate(WORDS))
    return f"""
        SELECT s.rowid AS ledger, order_id, call_id, asked_at, started_at, answered_at,
            floor(epoch_ms(started_at) / {QUARTER_MS})::INTEGER AS quarter, {numbers},
            {_place("result", RESULTS)} AS result, {_place("hangup_party", PARTIES)} AS party, hangup_code AS code,
            queue_s, ring_s, talk_s, epoch_ms(answered_at - queued_at) / 1000 AS wait_s, cost,
            ({_FLAGS})::USMALLINT AS flags, caller, callee, ({_SAID})::USMALLINT AS said
        FROM {source} AS s {joins}
    """


def fold(run: Callable[[str], object], into: str) -> None:
    """Puts the rows of the temporary table `narrow` (all rows of whole orders) into a table of `COLUMNS`.

    Each call goes in once, in its newest state, with what the calls of an order make of each other. Calls without an id
    cannot be told from one another: those of the newest lookup that brought any count. Calls of no known order ('')
    stand for themselves.
    """
    for statement in _FOLD:
        run(statement)
    run(_INSERT.format(into=into))
    for name in ("narrow", "placed", "per_order"):
        run(f"DROP TABLE temp.{name}")


_FOLD = (
    """DELETE FROM temp.narrow WHERE rowid IN (
        SELECT n FROM (
            SELECT rowid AS n, row_number() OVER (PARTITION BY order_id, call_id ORDER BY asked_at DESC) AS place
            FROM temp.narrow SEMI JOIN (
                SELECT order_id, call_id FROM temp.narrow GROUP BY ALL HAVING count(*) > 1
            ) AS repeated USING (order_id, call_id)
        ) AS states WHERE place > 1)""",
    """DELETE FROM temp.narrow USING (
        SELECT order_id, max(asked_at) AS newest
        FROM temp.narrow SEMI JOIN (SELECT order_id FROM temp.narrow WHERE call_id IS NULL AND order_id <> '')
            AS nameless USING (order_id)
        GROUP BY order_id
    ) AS n WHERE narrow.order_id = n.order_id AND call_id IS NULL AND asked_at < newest""",
    # Windows over wide rows would cost four times as much as a sort of the few columns that they need.
    f"""CREATE OR REPLACE TEMP TABLE placed AS
        SELECT rowid AS n, order_id, started_at, answered_at, said & {Is.ANSWERED:d} > 0 AS answered
        FROM temp.narrow WHERE order_id <> '' ORDER BY order_id, started_at, answered DESC, call_id""",
    """CREATE OR REPLACE TEMP TABLE per_order AS
        SELECT order_id, min(rowid) AS first, count(*)::UINTEGER AS order_calls,
            (min(rowid) FILTER (answered) - min(rowid) + 1)::UINTEGER AS to_answer,
            epoch_ms(min(answered_at) FILTER (answered) - min(started_at)) / 1000 AS time_to_answer_s
        FROM temp.placed GROUP BY order_id""",
)
_INSERT = f"""
    INSERT INTO {{into}} BY NAME
    WITH places AS (
        SELECT n, (placed.rowid - first + 1)::UINTEGER AS attempt,
            order_calls, per_order.to_answer AS answered_at_attempt, per_order.time_to_answer_s AS until_answer_s
        FROM temp.placed JOIN temp.per_order USING (order_id)
    )
    SELECT narrow.*, attempt,
        CASE WHEN attempt = 1 THEN order_calls END AS order_calls,
        CASE WHEN attempt = 1 THEN answered_at_attempt END AS to_answer,
        CASE WHEN attempt = 1 THEN until_answer_s END AS time_to_answer_s,
        (said + {Is.COUNTED:d} + CASE WHEN attempt > answered_at_attempt THEN {Is.AFTER_ANSWER:d} ELSE 0 END
            + CASE WHEN attempt > 1 OR attempt IS NULL THEN 0 ELSE {Is.ORDER | Is.CALLED:d}
                + CASE WHEN answered_at_attempt IS NOT NULL THEN {Is.REACHED:d} ELSE 0 END
                + CASE WHEN answered_at_attempt = 1 THEN {Is.AT_ONCE:d} ELSE 0 END
                + CASE WHEN until_answer_s IS NOT NULL THEN {Is.TIMED:d} ELSE 0 END END)::USMALLINT AS bits
    FROM temp.narrow LEFT JOIN places ON narrow.rowid = places.n
    ORDER BY quarter
"""
# One call can answer to several orders: the record that was fetched last counts, the others do not.
_REPEATED = """
    CREATE OR REPLACE TEMP TABLE repeated AS
    SELECT call_id, order_id, row_number() OVER (PARTITION BY call_id ORDER BY asked_at DESC, order_id) = 1 AS counts
    FROM {calls} SEMI JOIN (
        SELECT call_id FROM {calls} WHERE call_id IS NOT NULL AND {which} GROUP BY call_id HAVING count(*) > 1
    ) AS several USING (call_id)
"""
_COUNT_ONCE = f"""
    UPDATE {{calls}} AS c
    SET bits = (c.bits & {0xFFFF ^ Is.COUNTED:d}) + CASE WHEN counts THEN {Is.COUNTED:d} ELSE 0 END
    FROM temp.repeated AS r
    WHERE c.call_id = r.call_id AND c.order_id = r.order_id AND (c.bits & {Is.COUNTED:d} > 0) <> r.counts
"""


def count_once(run: Callable[[str], object], calls: str, which: str = "true") -> None:
    """Lets each call id count once in a table of `COLUMNS`, among the rows of a condition."""
    run(_REPEATED.format(calls=calls, which=which))
    run(_COUNT_ONCE.format(calls=calls))
    run("DROP TABLE temp.repeated")
