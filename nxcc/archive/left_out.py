"""Answers of which something was forgotten: how they are kept, and what is told of them.

A lookup that found calls, all of which were forgotten, stays in the ledger as "found" with 0 calls: it counts as an
answer for as long as it would have, so nobody asks again behind anyone's back. What is told is that there are no calls,
and why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from nxcc.outcome import Outcome
from nxcc.traces import Trace

Stored = tuple[Outcome, Sequence[dict[str, Any]]]

FORGOTTEN = "Calls of this order were forgotten."


def told_word(of: str = "") -> str:
    """SQL of the word that is told of a lookup; `of` stands before its columns."""
    return f"CASE WHEN {of}outcome = 'found' AND {of}calls = 0 THEN 'no_calls' ELSE {of}outcome END"


def told(outcome: Outcome) -> Outcome:
    """An outcome as it is kept, in the word that is told (as `told_word`)."""
    return replace(outcome, word="no_calls") if outcome.word == "found" and not outcome.calls else outcome


def without(answers: Sequence[Stored], traces: Sequence[Trace]) -> Sequence[Stored]:
    """Answers without what is forgotten: orders as a whole, and calls of the others."""
    return list(_without(answers, traces)) if traces else answers


def _without(answers: Sequence[Stored], traces: Sequence[Trace]) -> Iterator[Stored]:
    for outcome, calls in answers:
        if any(trace.is_order(outcome.order_id) for trace in traces):
            continue
        left = [call for call in calls if not any(trace.is_of_call(call) for trace in traces)]
        lost = len(left) < len(calls)
        yield (replace(outcome, calls=len(left), reason=FORGOTTEN) if lost else outcome), left
