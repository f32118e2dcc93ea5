"""The parts of a call, placed by its own times: queue, ring, talk. What has no place in time says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from nxcc.flags import ROUNDING_S
from nxcc.story.calls import Call

Kind = Literal["queue", "ring", "talk"]
KINDS: tuple[Kind, ...] = ("queue", "ring", "talk")
LONGEST_S = 86_400  # what begins later than a day after its call's start is a wrong time
_TIMES = ("started_at", "queued_at", "dequeued_at", "rang_at", "answered_at", "ended_at")


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a call: how long it lasted, and how many seconds after the call's start it began (None = unknown)."""

    kind: Kind
    seconds: float
    begins_s: float | None

    @property
    def ends_s(self) -> float | None:
        """When it was over."""
        return None if self.begins_s is None else self.begins_s + self.seconds


def zero_of(call: Call) -> datetime | None:
    """Where the call's own clock begins: its start, else the first time that is known; None without any."""
    return call["started_at"] or min((call[name] for name in _TIMES if call[name]), default=None)


def contradictory(call: Call) -> bool:
    """Whether a part of the call would lie before its start, or more than a day after it."""
    return any(seconds is not None and not _can_be(seconds) for _, _, seconds in _parts(call))


def phases_of(call: Call) -> list[Phase]:
    """The parts that lasted, in the order in which a call passes through them.

    Ringing may lie inside the queue: there the queue goes on while an agent's phone rings. Seconds; the vendor cuts
    some times to whole seconds, so a part may begin up to one before its call.
    """
    return [
        Phase(kind, seconds, begins if begins is not None and _can_be(begins) else None)
        for kind, seconds, begins in _parts(call)
    ]


def waited_s(call: Call) -> float | None:
    """Seconds in the queue and ringing, each once where one lies inside the other; None where that is not known."""
    if call["queue_s"] is None and call["ring_s"] is None:
        return None
    waits = [phase for phase in phases_of(call) if phase.kind != "talk"]
    if len(waits) < 2:
        return sum(phase.seconds for phase in waits)
    (queue, ring), (a, b) = waits, (waits[0].begins_s, waits[1].begins_s)
    if a is None or b is None:
        return None
    both = min(a + queue.seconds, b + ring.seconds) - max(a, b)
    return queue.seconds + ring.seconds - max(0.0, both)


def _parts(call: Call) -> list[tuple[Kind, float, float | None]]:
    zero = zero_of(call)
    queued_at = call["queued_at"]
    if queued_at is None and call["dequeued_at"] is not None and call["queue_s"] is not None:
        queued_at = call["dequeued_at"] - timedelta(seconds=call["queue_s"])
    found: list[tuple[Kind, float | None, datetime | None]] = [
        ("queue", call["queue_s"], queued_at),
        ("ring", call["ring_s"], call["rang_at"]),
        ("talk", call["talk_s"], call["answered_at"]),
    ]
    return [
        (kind, seconds, (at - zero).total_seconds() if at and zero else None)
        for kind, seconds, at in found
        if seconds is not None and seconds > 0
    ]


def _can_be(begins_s: float) -> bool:
    return -ROUNDING_S <= begins_s <= LONGEST_S
