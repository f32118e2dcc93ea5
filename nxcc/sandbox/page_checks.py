"""The vendor's checks of what a page of calls by time is asked for, and which calls fit; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nxcc.api.protocol import MOST_ON_A_PAGE
from nxcc.sandbox.checks import Refusal, parsed, tenant_refusal
from nxcc.sandbox.wire import Record

_NO_SECONDS = 10**11  # an epoch time from here on is in milliseconds
_WRONG = 41000
_TEXTS = {"name": "agentName", "caller": "caller", "callee": "callee"}  # as a record calls them
_IDS = ("callId", "orderId")


@dataclass(frozen=True, slots=True)
class PageAsked:
    """One page of the calls that began from one epoch second to another, both included.

    `answered` (0 all, 1 not answered, 2 answered) and `direction` (0 all, 1 inbound, 2 outbound, 3 AICC) are the
    request's codes; `texts` are keys of a record with what they must be. `order_id` is that of the order which a call
    belongs to, also where its record leaves it blank.
    """

    from_s: int
    to_s: int
    size: int
    page: int
    answered: int
    direction: int
    texts: tuple[tuple[str, str], ...]
    call_id: str
    order_id: str

    @property
    def by_record(self) -> bool:
        """Whether a call's record must be looked at."""
        return bool(self.answered or self.direction or self.texts)

    def fits(self, record: Record) -> bool:
        """Whether a record passes the filters."""
        if self.direction and int(record["direction"]) != self.direction - 1:
            return False
        if self.answered and record["answered"] != (self.answered == 2):
            return False
        return all(record.get(key) == text for key, text in self.texts)


def page_in(body: bytes, tenant_id: int) -> PageAsked | Refusal:
    """What a body asks for, or the first thing wrong with it. The tenant may be left out."""
    asked = parsed(body)
    if not isinstance(asked, dict):
        return Refusal(1002, "The body is not a JSON object")
    if "tenantId" in asked and (refused := tenant_refusal(asked, tenant_id)):
        return refused
    return _time_refusal(asked) or _number_refusal(asked) or _text_refusal(asked) or _page(asked)


def _page(asked: Mapping[str, Any]) -> PageAsked:
    answered = asked.get("answered", 0)
    if isinstance(answered, bool):  # as in the vendor's own example
        answered = 2 if answered else 1
    texts = tuple((key, asked[name]) for name, key in _TEXTS.items() if asked.get(name))
    return PageAsked(
        asked["startTime"], asked["endTime"], asked["size"], asked["page"], answered, asked.get("direction", 0), texts,
        asked.get("callId", ""), asked.get("orderId", ""),
    )  # fmt: skip


def _time_refusal(asked: Mapping[str, Any]) -> Refusal | None:
    for key, name in (("startTime", "Start date"), ("endTime", "End date")):
        moment = asked.get(key)
        if moment is None:
            return Refusal(_WRONG, f"{name} cannot be empty")
        if type(moment) is not int or not 0 <= moment < _NO_SECONDS:
            return Refusal(_WRONG, f"{name} is wrong: {key} is a whole number of seconds")
    if asked["endTime"] < asked["startTime"]:
        return Refusal(_WRONG, "End date cannot be before start date")
    return None


def _number_refusal(asked: Mapping[str, Any]) -> Refusal | None:
    size, page = asked.get("size"), asked.get("page")
    if type(size) is not int or not 1 <= size <= MOST_ON_A_PAGE:
        return Refusal(_WRONG, f"Parameter size is wrong: 1 to {MOST_ON_A_PAGE}")
    if type(page) is not int or page < 1:
        return Refusal(_WRONG, "Parameter page is wrong: pages count from 1")
    answered, direction = asked.get("answered", 0), asked.get("direction", 0)
    if not isinstance(answered, bool) and (type(answered) is not int or not 0 <= answered <= 2):
        return Refusal(_WRONG, "Parameter answered is wrong: 0, 1 or 2")
    if type(direction) is not int or not 0 <= direction <= 3:
        return Refusal(_WRONG, "Parameter direction is wrong: 0 to 3")
    return None


def _text_refusal(asked: Mapping[str, Any]) -> Refusal | None:
    wrong = (name for name in (*_TEXTS, *_IDS) if not isinstance(asked.get(name, ""), str))
    return next((Refusal(_WRONG, f"Parameter {name} is wrong") for name in wrong), None)
