"""What is true of a call, as bits of one number, and the parts of a whole that figures are made of.

The archive's engine sets the bits of every call; a `Part` names the calls (or orders) whose bits fit, in words and as a
test, so that a figure's definition, its value and the rows behind it come from one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Literal

Value = Literal["n", "talk_s", "cost", "wait_s", "order_calls", "to_answer", "time_to_answer_s"]
VALUES: tuple[Value, ...] = ("n", "talk_s", "cost", "wait_s", "order_calls", "to_answer", "time_to_answer_s")


class Is(IntFlag):
    """The bits. Those of an order are on its first call, which stands for it."""

    COUNTED = 1  # the newest record of its call id: a call that answers to two orders counts once
    ANSWERED = 2
    OFFERED = 4  # inbound, and entered a queue
    TALKED = 8  # has a talk time
    PRICED = 16  # has a cost
    WAITED = 32  # its times of entering the queue and of the answer are known
    CONTRADICTED = 64  # hangupBy says another party than reason and code
    AFTER_ANSWER = 128  # a call to an order that had been reached before
    ORDER = 256  # stands for an order with a trusted answer
    CALLED = 512  # the order has calls
    REACHED = 1024  # one of them was answered
    AT_ONCE = 2048  # the first of them was
    TIMED = 4096  # the times of the order's first call and first answer are known
    SHORT = 8192  # talk time under the setting
    IN_TIME = 16384  # answered within the setting


NOTHING = Is(0)


@dataclass(frozen=True, slots=True)
class Part:
    """The calls or orders that have all of some bits and none of others; `value` is what is added up over them.

    `words` is plural. `{short_s}` and `{in_time_s}` in it are settings.
    """

    words: str
    all_of: Is
    none_of: Is = NOTHING
    value: Value = "n"
    direction: str = ""

    def fits(self, bits: int) -> bool:
        """Whether a call with these bits belongs to it."""
        return bits & self.mask == self.all_of

    @property
    def mask(self) -> int:
        """The bits that matter."""
        return int(self.all_of | self.none_of)


_CALL = Is.COUNTED
_OFFERED = _CALL | Is.OFFERED
_TALKED = _CALL | Is.ANSWERED | Is.TALKED
_PAID_TALK = _TALKED | Is.PRICED

PARTS: dict[str, Part] = {
    "calls": Part("calls, each call ID once", _CALL),
    "inbound": Part("inbound calls", _CALL, direction="inbound"),
    "outbound": Part("outbound calls", _CALL, direction="outbound"),
    "aicc": Part("callbot calls", _CALL, direction="aicc"),
    "answered": Part("answered calls", _CALL | Is.ANSWERED),
    "answered_inbound": Part("answered inbound calls", _CALL | Is.ANSWERED, direction="inbound"),
    "answered_outbound": Part("answered outbound calls", _CALL | Is.ANSWERED, direction="outbound"),
    "answered_aicc": Part("answered callbot calls", _CALL | Is.ANSWERED, direction="aicc"),
    "unanswered": Part("calls that were not answered", _CALL, Is.ANSWERED),
    "talked": Part("answered calls with a talk time", _TALKED),
    "talk": Part("talk time of answered calls", _TALKED, value="talk_s"),
    "short": Part("answered calls with a talk time under {short_s} s", _TALKED | Is.SHORT),
    "offered": Part("inbound calls that entered a queue", _OFFERED),
    "abandoned": Part("inbound calls that entered a queue and were not answered", _OFFERED, Is.ANSWERED),
    "waited": Part(
        "answered inbound calls whose times of entering the queue and of the answer are known",
        _OFFERED | Is.ANSWERED | Is.WAITED,
    ),
    "wait": Part(
        "time from entering the queue to the answer of answered inbound calls",
        _OFFERED | Is.ANSWERED | Is.WAITED,
        value="wait_s",
    ),
    "offered_answered": Part("answered calls that entered a queue", _OFFERED | Is.ANSWERED),
    "in_time": Part(
        "queued inbound calls answered within {in_time_s} s", _OFFERED | Is.ANSWERED | Is.WAITED | Is.IN_TIME
    ),
    "priced": Part("calls with a cost", _CALL | Is.PRICED),
    "cost": Part("cost of calls", _CALL | Is.PRICED, value="cost"),
    "talk_cost": Part("cost of answered calls", _PAID_TALK, value="cost"),
    "paid_talk": Part("talk time of answered calls with a cost", _PAID_TALK, value="talk_s"),
    "talk_priced": Part("answered calls with a cost and a talk time", _PAID_TALK),
    "unanswered_priced": Part("unanswered calls with a cost", _CALL | Is.PRICED, Is.ANSWERED),
    "unanswered_cost": Part("cost of calls that were not answered", _CALL | Is.PRICED, Is.ANSWERED, value="cost"),
    "contradicted": Part("calls whose hangupBy contradicts reason and code", _CALL | Is.CONTRADICTED),
    "known_orders": Part("orders with a trusted answer (found or no calls)", Is.ORDER),
    "orders": Part("orders with calls", Is.ORDER | Is.CALLED),
    "order_calls": Part("calls of these orders", Is.ORDER | Is.CALLED, value="order_calls"),
    "reached": Part("orders with at least one answered call", Is.ORDER | Is.REACHED),
    "to_answer": Part("calls up to and including the first answered one", Is.ORDER | Is.REACHED, value="to_answer"),
    "timed": Part("orders whose first call and first answer have times", Is.ORDER | Is.REACHED | Is.TIMED),
    "time_to_answer": Part(
        "time from the first call's start to the first answer",
        Is.ORDER | Is.REACHED | Is.TIMED,
        value="time_to_answer_s",
    ),
    "at_once": Part("orders whose first call was answered", Is.ORDER | Is.AT_ONCE),
    "after_answer": Part("calls to orders that had been reached before", _CALL | Is.AFTER_ANSWER),
}
