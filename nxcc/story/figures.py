"""The tiles of one order's story. Missing values are left out, never counted as nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nxcc import wording
from nxcc.story.calls import Call, answered, reach
from nxcc.story.phases import waited_s
from nxcc.wording import Money


@dataclass(frozen=True, slots=True)
class Figure:
    """One tile: `value` in its unit (None = not known), `text` with the unit, `basis` = what it stands on."""

    name: str
    label: str
    value: float | None
    text: str
    basis: str
    formula: str


def figures(calls: Sequence[Call], money: Money) -> list[Figure]:
    """Attempts, time to the first answer (s), talk (s), waiting and ringing (s), cost. The calls are `in_order`."""
    return [_attempts(calls), _to_answer(calls), _talk(calls), _waiting(calls), _cost(calls, money)]


def _attempts(calls: Sequence[Call]) -> Figure:
    attempts, n = reach(calls).attempts, _n(len(calls), len(calls), "call")
    why = "none answered" if not answered(calls) else "undated" if attempts is None else ""
    return Figure(
        "attempts",
        "Attempts to answer",
        attempts,
        wording.count(attempts),
        f"{n}, {why}" if why else n,
        "Calls up to and including the first answered one. Empty when nobody answered, or when calls without a start "
        "time leave it open.",
    )


def _to_answer(calls: Sequence[Call]) -> Figure:
    reached, n = reach(calls), _n(len(calls), len(calls), "call")
    return Figure(
        "time_to_answer",
        "Time to first answer",
        reached.seconds,
        wording.duration(reached.seconds),
        f"{n}, {_why_no_time(calls, reached.call)}" if reached.seconds is None else f"{n}, from the first",
        "Answer time of the first answered call - start of the first call. Empty when one of these times is missing, "
        "or when they contradict each other.",
    )


def _why_no_time(calls: Sequence[Call], first: Call | None) -> str:
    if first is None:
        return "none answered"
    if any(call["started_at"] is None for call in calls):
        return "no start time"
    return "no answer time" if first["answered_at"] is None else "times contradict"


def _talk(calls: Sequence[Call]) -> Figure:
    talked = answered(calls)
    known = [call["talk_s"] for call in talked if call["talk_s"] is not None]
    value = sum(known) if known else None
    return Figure(
        "talk",
        "Talk",
        value,
        wording.duration(value),
        _n(len(known), len(talked), "answered call"),
        "Sum of callDuration over answered calls; the vendor rounds each up to whole seconds.",
    )


def _waiting(calls: Sequence[Call]) -> Figure:
    known = [seconds for call in calls if (seconds := waited_s(call)) is not None]
    value = sum(known) if known else None
    return Figure(
        "waiting",
        "Waiting and ringing",
        value,
        wording.duration(value),
        _n(len(known), len(calls), "call"),
        "Queue + ring of all calls, by their times. An agent's phone that rings while the customer waits in the queue "
        "counts once; calls whose times do not say so are left out.",
    )


def _cost(calls: Sequence[Call], money: Money) -> Figure:
    known = [call["cost"] for call in calls if call["cost"] is not None]
    value = round(sum(known), 8) if known else None
    wasted = round(sum(call["cost"] for call in calls if call["cost"] is not None and not call["answered"]), 8)
    n = f"n {len(known):,}" if len(known) == len(calls) else f"n {len(known):,} of {len(calls):,}"
    return Figure(
        "cost",
        "Cost",
        value,
        money.text(value),
        f"{n} · {money.number(wasted)} unanswered" if known else _n(0, len(calls), "call"),
        "Sum of totalCustomerPrice over the calls that have one; below it the part of calls that were not answered. "
        "It can still arrive or change: ask again.",
    )


def _n(known: int, of: int, thing: str) -> str:
    part = f"{known:,}" if known == of else f"{known:,} of {of:,}"
    return f"n {part} {thing}{'' if of == 1 else 's'}"
