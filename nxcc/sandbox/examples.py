"""Orders that an empty page can offer in one click, chosen from the window by what happened to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nxcc.sandbox.cast import AICC, INBOUND, TRANSFERRED
from nxcc.sandbox.wire import Record

if TYPE_CHECKING:
    from nxcc.sandbox.world import World

REFUSED = "FAIL-CODE-41000"


@dataclass(frozen=True, slots=True)
class Example:
    """A chip on the empty page. `icon` is the name of a Material symbol."""

    label: str
    icon: str
    order_ids: tuple[str, ...]
    about: str


def choose(world: World) -> tuple[Example, ...]:
    """The examples of a world; an order may stand for one property only. Newest orders first."""
    newest = world.orders()[::-1]
    taken: list[str] = []

    def first(fits: Callable[[str, list[Record]], bool]) -> str:
        for order_id in newest:
            if order_id not in taken and fits(order_id, world.records(order_id)[::-1]):
                taken.append(order_id)
                return order_id
        raise LookupError("the world has no order of this kind")  # 60 days hold all kinds for any seed

    reached = first(_reached_on_call_3)
    never = first(_never_reached)
    silent = first(lambda _, calls: not calls)
    first(lambda _, calls: any(call["hangupReason"] in ("坐席挂机", "用户挂机") for call in calls))
    first(lambda order_id, calls: bool(calls) and order_id.isdigit() and len(order_id) >= 17)
    first(lambda order_id, calls: bool(calls) and order_id.isdigit() and order_id.startswith("0"))
    first(_abandoned)
    first(lambda _, calls: any(call["direction"] == AICC and call.get("intent") == TRANSFERRED for call in calls))
    first(lambda _, calls: any(_contradictory(call) for call in calls))
    first(lambda _, calls: any(call["answered"] and _number(call["callDuration"]) > 1800 for call in calls))
    first(lambda _, calls: any(call.get("leaveMsgUrl") for call in calls))
    return (
        Example("Reached on call 3", "call", (reached,), "Two tries without an answer, then a talk."),
        Example("Never reached", "phone_missed", (never,), "Several calls, none of them answered."),
        Example("No calls", "phone_disabled", (silent,), "The API knows of no call for this order."),
        Example("API refuses it", "error", (REFUSED,), "Answered with code 41000: this order fails, others go on."),
        Example(
            "All 12 examples",
            "select_all",
            (*taken, REFUSED),
            "The ones above, and: Chinese texts, an 18-digit id, leading zeros, a caller who gave up in the queue, "
            "a callbot that handed over, a record that contradicts itself, a very long talk, a voicemail.",
        ),
    )


def _reached_on_call_3(_: str, calls: list[Record]) -> bool:
    return [call["answered"] for call in calls] == [False, False, True] and not any(map(_contradictory, calls))


def _never_reached(_: str, calls: list[Record]) -> bool:
    return len(calls) >= 3 and not any(call["answered"] for call in calls)


def _abandoned(_: str, calls: list[Record]) -> bool:
    return bool(calls) and calls[-1]["direction"] == INBOUND and calls[-1]["hangupCode"] == 1103


def _contradictory(call: Record) -> bool:
    """The record says that the other party hung up than its reason does."""
    return (call["hangupCode"], call["hangupBy"]) in {(1001, 1), (1002, 0), (1103, 0)}


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float, str)) else 0.0
