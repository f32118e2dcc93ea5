"""What a call is: one table of columns, and the vendor's records as typed rows.

A record may hold anything (numbers as strings, nulls, zeros, missing and new keys). What can be read is typed; what
cannot is empty and flagged; the record itself is kept whole in `raw`, so nothing is lost.
Source of names and meanings: the vendor's wiki page "NXCC API cdrQueryByOrder".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import orjson
import pyarrow as pa

from nxcc import reading
from nxcc.errors import ApiError
from nxcc.flags import flags_of
from nxcc.hangup import party_of, result_of

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["text", "int", "bool", "time", "seconds", "money", "link", "flags", "json"]

_ARROW: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "int": pa.int64(),
    "bool": pa.bool_(),
    "time": pa.timestamp("ms", tz="UTC"),
    "seconds": pa.float64(),
    "money": pa.float64(),
    "link": pa.string(),
    "flags": pa.list_(pa.string()),
    "json": pa.string(),
}

_READ: dict[Kind, Callable[[Any], Any]] = {
    "text": reading.text,
    "int": reading.whole,
    "bool": reading.truth,
    "time": reading.time_ms,
    "seconds": reading.seconds,
    "money": reading.number,
    "link": reading.text,
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a call. `api` is the vendor's key, empty for what we add; `unit` is that of the values."""

    name: str
    api: str
    kind: Kind
    label: str
    help: str
    unit: str = ""


COLUMNS: tuple[Column, ...] = (
    Column("order_id", "", "text", "Order ID", "The order id that was asked for."),
    Column("call_id", "callId", "text", "Call ID", "The vendor's id of the call."),
    Column("said_order_id", "orderId", "text", "Order ID in the record", "What the record itself says; often blank."),
    Column("started_at", "startTime", "time", "Started", "When the call began."),
    Column("direction", "direction", "text", "Direction", "Inbound, outbound, or AICC (AI callbot)."),
    Column("result", "", "text", "Result", "Answered, abandoned in the queue, no answer, busy, or other."),
    Column(
        "answered",
        "answered",
        "bool",
        "Answered",
        "Whether the call was answered; where the record does not say, an answer time does.",
    ),
    Column("agent", "agentName", "text", "Agent account", "The agent's account; empty when nobody answered."),
    Column(
        "agent_nick",
        "agentNickName",
        "text",
        "Agent",
        "The agent's nickname; on the page the account where there is none.",
    ),
    Column("caller", "caller", "text", "Caller", "Number or SIP address that called."),
    Column("callee", "callee", "text", "Callee", "Number or SIP address that was called."),
    Column("call_status", "callStatus", "text", "Call status", "The vendor's word for how the call went."),
    Column("queued_at", "inQueueTime", "time", "Entered queue", "When the call entered the queue."),
    Column("dequeued_at", "outQueueTime", "time", "Left queue", "When the call left the queue."),
    Column("rang_at", "ringTime", "time", "Rang", "When it began to ring."),
    Column("answered_at", "answerTime", "time", "Answered at", "When it was answered."),
    Column("ended_at", "endTime", "time", "Ended", "When the call ended."),
    Column("queue_s", "", "seconds", "Queue", "Wait in the queue: left minus entered.", "s"),
    Column("ring_s", "ringDuration", "seconds", "Ring", "How long it rang.", "s"),
    Column("talk_s", "callDuration", "seconds", "Talk", "Talk time, rounded up to whole seconds by the vendor.", "s"),
    Column("queue_said", "queueDuration", "seconds", "Queue as sent", "The vendor's own figure; seconds or ms."),
    Column("hangup_party", "", "text", "Hung up by", "Who ended the call, by reason and code first."),
    Column("hangup_by", "hangupBy", "text", "hangupBy", "Who ended it as sent; often contradicts the reason."),
    Column("hangup_code", "hangupCode", "int", "Hang-up code", "The vendor's code; no full list is published."),
    Column("hangup_reason", "hangupReason", "text", "Hang-up reason", "The vendor's words for why the call ended."),
    Column("cost", "totalCustomerPrice", "money", "Cost", "What the call cost; can arrive or change later."),
    Column("record_url", "recordUrl", "link", "Recording", "Link into the vendor's storage."),
    Column("voicemail_url", "leaveMsgUrl", "link", "Voicemail", "Link into the vendor's storage."),
    Column("dtmf_keys", "dtmfKeys", "text", "Keys pressed", "Keys the customer pressed, comma-separated."),
    Column("intent", "intent", "text", "Intent", "What the callbot understood."),
    Column("other", "other", "text", "Other", "Text passed through from the customer's side."),
    Column("task_id", "taskId", "text", "Task", "The callbot's task."),
    Column("flags", "", "flags", "Flags", "What looks wrong in the record; the meanings are above the table."),
    Column("raw", "", "json", "Raw", "The record as it came."),
)

BY_NAME: dict[str, Column] = {column.name: column for column in COLUMNS}
SCHEMA = pa.schema([(column.name, _ARROW[column.kind]) for column in COLUMNS])

_FROM_API = tuple((c.name, c.api, _READ[c.kind]) for c in COLUMNS if c.api)
_API_KEYS = frozenset(c.api for c in COLUMNS if c.api)
_NAMES = tuple(column.name for column in COLUMNS)
_DIRECTIONS = {"0": "inbound", "1": "outbound", "2": "aicc"}
_HANGUP_BY = {"0": "agent", "1": "customer", "2": "unknown"}


def call(order_id: str, record: dict[str, Any]) -> dict[str, Any]:
    """One record as a typed row: a value for each of `COLUMNS`, None where there is none.

    Times are epoch milliseconds, durations seconds; unknown codes stay as they came. Raises `ApiError` for a record
    nested deeper than JSON can be written (254 levels).
    """
    row: dict[str, Any] = {"order_id": order_id}
    bad_type = False
    for name, api, read in _FROM_API:
        value = record.get(api)
        if value is None or value == "":
            row[name] = None
            continue
        try:
            row[name] = read(value)
        except ValueError:
            row[name] = None
            bad_type = True
    row["direction"] = _DIRECTIONS.get(row["direction"], row["direction"])
    row["hangup_by"] = _HANGUP_BY.get(row["hangup_by"], row["hangup_by"])
    if row["answered"] is None:  # not said: an answer time says it
        row["answered"] = row["answered_at"] is not None
    row["queue_s"] = _queue_s(row)
    row["result"] = result_of(row)
    row["hangup_party"] = party_of(row)
    row["flags"] = flags_of(row, bad_type=bad_type, unknown_field=not _API_KEYS.issuperset(record))
    try:
        row["raw"] = orjson.dumps(record).decode()
    except orjson.JSONEncodeError as error:
        raise ApiError(
            "The API's answer is nested too deep to be kept.", cure="Nothing was taken from it; show it to the vendor."
        ) from error
    return row


def calls(order_id: str, records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The calls in one answer, each `callId` once (the last record of it counts); records without one are all kept."""
    rows = [call(order_id, record) for record in records]
    last = {row["call_id"]: n for n, row in enumerate(rows)}
    return [row for n, row in enumerate(rows) if row["call_id"] is None or last[row["call_id"]] == n]


def table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Typed rows as an Arrow table of `SCHEMA`."""
    return pa.table([[row[name] for row in rows] for name in _NAMES], schema=SCHEMA)


def frame(arrow: pa.Table) -> pd.DataFrame:
    """An Arrow table of calls as a DataFrame: strings, Int64, boolean, UTC times and floats; never guessed types."""
    import pandas as pd  # here, because the command line does not need it and it takes half a second

    kept: dict[pa.DataType, Any] = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    typed: pd.DataFrame = arrow.to_pandas(types_mapper=kept.get)
    return typed


def as_frame(order_id: str, records: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """The records of one answer as a DataFrame of `COLUMNS`."""
    return frame(table(calls(order_id, records)))


def _queue_s(row: dict[str, Any]) -> float | None:
    """The wait by its times; by `queueDuration` only when a time is missing.

    The vendor's figure is in milliseconds on calls that were not answered and in seconds on others; where the call's
    own length is known, a figure that fits into it is taken for seconds.
    """
    queued_at, dequeued_at = row["queued_at"], row["dequeued_at"]
    if queued_at is not None and dequeued_at is not None:
        wait_s: float = (dequeued_at - queued_at) / 1000
        return wait_s
    said: float | None = row["queue_said"]
    if said is None or row["answered"]:
        return said
    started, ended = row["started_at"], row["ended_at"]
    if started is not None and ended is not None and said <= (ended - started) / 1000 + 1:
        return said
    return said / 1000
