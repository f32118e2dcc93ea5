"""The figures, each defined once: name, formula, unit, what it stands on, and which rows are behind it.

A definition names parts (`nxcc.facts`); a `Totals` holds their values, counted by the archive's engine or out of
DataFrames. So what a tile says, what it computes and what rows it opens cannot differ. Nothing is an average of
averages; missing values are left out, and how many is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nxcc import wording
from nxcc.facts import PARTS, Is
from nxcc.totals import Totals
from nxcc.wilson import THIN, wilson
from nxcc.wording import Money

Unit = Literal["calls", "orders", "share", "s", "money"]
How = Literal["count", "sum", "share", "mean", "median", "per_minute"]
_WIDEST_TILE = 10  # characters of a value that fit on a tile at 1280 px
_MINUTE_S = 60
_FINE = 1_000  # from so many on, a share has a digit after the point


@dataclass(frozen=True, slots=True)
class Definition:
    """How a figure is made of parts: `top` over `bottom`; `n` counts what it stands on, out of `whole`.

    `better` tells which way is good, for the colour of a change. `note` says more in words.
    """

    name: str
    label: str
    unit: Unit
    how: How
    top: str
    bottom: str = ""
    n: str = ""
    whole: str = ""
    better: Literal["up", "down", ""] = ""
    note: str = ""

    @property
    def counted(self) -> str:
        """The part that `n` counts."""
        return self.n or self.bottom or self.top

    @property
    def rows(self) -> str:
        """The part whose rows are behind the figure."""
        return self.top if self.how in ("count", "share") else self.counted

    def formula(self, short_s: float, in_time_s: float) -> str:
        """In words, generated from what is computed."""
        words = {
            name: part.words.format(short_s=f"{short_s:g}", in_time_s=f"{in_time_s:g}") for name, part in PARTS.items()
        }
        top, bottom, counted = words[self.top], words.get(self.bottom, ""), words[self.counted]
        said = {
            "count": f"Number of {top}.",
            "sum": f"Sum of the {top}.",
            "share": f"{top} ÷ {bottom}.",
            "mean": f"{top} ÷ number of {counted}.",
            "median": f"Median over {counted} of the {top}: half of them took longer.",
            "per_minute": f"{top} ÷ minutes of {bottom}.",
        }[self.how]
        return f"{said[0].upper()}{said[1:]}{' ' if self.note else ''}{self.note}"


DEFINITIONS: dict[str, Definition] = {
    d.name: d
    for d in (
        Definition("calls", "Calls", "calls", "count", "calls"),
        Definition("answer_rate", "Answer rate", "share", "share", "answered", "calls", better="up"),
        Definition("answer_rate_inbound", "Inbound rate", "share", "share", "answered_inbound", "inbound", better="up"),
        Definition(
            "answer_rate_outbound", "Outbound rate", "share", "share", "answered_outbound", "outbound", better="up"
        ),
        Definition("answer_rate_aicc", "Callbot rate", "share", "share", "answered_aicc", "aicc", better="up"),
        Definition("average_talk", "Average talk", "s", "mean", "talk", n="talked", whole="answered"),
        Definition("median_talk", "Median talk", "s", "median", "talk", n="talked", whole="answered"),
        Definition("short_calls", "Short calls", "share", "share", "short", "talked", whole="answered", better="down"),
        Definition("offered", "Offered", "calls", "count", "offered"),
        Definition("abandoned", "Abandoned", "calls", "count", "abandoned", better="down"),
        Definition("abandonment", "Abandonment", "share", "share", "abandoned", "offered", better="down"),
        Definition(
            "asa", "Speed of answer", "s", "mean", "wait", n="waited", whole="offered_answered", better="down",
            note="Average speed of answer (ASA).",
        ),
        Definition(
            "service_level", "Service level", "share", "share", "in_time", "offered", better="up",
            note="The queued calls are those answered and those abandoned.",
        ),
        Definition(
            "cost", "Cost", "money", "sum", "cost", n="priced", whole="calls",
            note="It can still arrive or change after a call has ended.",
        ),
        Definition("cost_per_call", "Cost per call", "money", "mean", "cost", n="priced", whole="calls", better="down"),
        Definition(
            "cost_per_answered_minute", "Cost per minute", "money", "per_minute", "talk_cost", "paid_talk",
            n="talk_priced", whole="answered", better="down",
        ),
        Definition(
            "unanswered_cost", "Unanswered", "money", "sum", "unanswered_cost", n="unanswered_priced",
            whole="unanswered", better="down", note="Below it its share of the whole cost.",
        ),
        Definition("orders", "Orders", "orders", "count", "orders"),
        Definition("orders_reached", "Orders reached", "share", "share", "reached", "known_orders", better="up"),
        Definition("reach", "Reached", "share", "share", "reached", "orders", better="up"),
        Definition("attempts", "Calls per order", "calls", "mean", "order_calls", n="orders"),
        Definition(
            "attempts_to_first_answer", "Attempts", "calls", "mean", "to_answer", n="reached", better="down",
            note="Orders that were never reached are left out.",
        ),
        Definition(
            "time_to_first_answer", "Time to answer", "s", "median", "time_to_answer", n="timed", whole="reached",
            better="down",
        ),
        Definition("first_call_contact", "First contact", "share", "share", "at_once", "orders", better="up"),
        Definition("calls_after_answer", "After answer", "calls", "count", "after_answer"),
        Definition(
            "contradictory_hangups", "Contradictory", "share", "share", "contradicted", "calls", better="down",
            note="Who hung up is then taken from reason and code.",
        ),
    )
}  # fmt: skip
LOOKUP = ("orders_reached", "answer_rate", "median_talk", "attempts_to_first_answer", "cost", "unanswered_cost")


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure. `value` is None when there is nothing to compute it from; `text` is it with its unit.

    `n` is how many orders or calls it stands on, `basis` says so in words, `formula` how it is computed; `excluded`
    says what was left out, `interval` between what a share lies with 95 % certainty. `thin`: a share of fewer than 20.
    """

    name: str
    label: str
    value: float | None
    unit: Unit
    text: str
    n: int
    basis: str
    formula: str
    rows: str = ""
    excluded: str = ""
    interval: tuple[float, float] | None = None
    thin: bool = False
    better: Literal["up", "down", ""] = ""

    @property
    def definition(self) -> str:
        """All that a tile says of itself when asked."""
        said = [self.formula]
        if self.excluded:
            said.append(f"Left out: {self.excluded}.")
        if self.interval:
            low, high = self.interval
            said.append(f"95 % interval (Wilson): {100 * low:.1f} to {100 * high:.1f} %.")
        if self.thin:
            said.append(f"Thin: fewer than {THIN}.")
        return " ".join(said)


@dataclass(frozen=True, slots=True)
class Terms:
    """What figures depend on besides the calls."""

    money: Money
    short_s: float = 10
    in_time_s: float = 20


def lookup_kpis(added: Totals, terms: Terms) -> list[Kpi]:
    """The figures of a lookup, in the order of the tiles."""
    return [kpi(name, added, terms) for name in LOOKUP]


def kpi(name: str, added: Totals, terms: Terms) -> Kpi:
    """One figure out of what was added up."""
    definition = DEFINITIONS[name]
    n = int(added.total(definition.counted))
    value = _value(definition, added, n)
    text, basis = _said(definition, added, value, n, terms.money)
    whole = int(added.total(definition.whole)) if definition.whole else n
    formula = definition.formula(terms.short_s, terms.in_time_s)
    if definition.unit == "money" and value is not None and terms.money.short(value) != terms.money.text(value):
        formula = f"{formula} Exactly {terms.money.text(value)}."
    thin = definition.how == "share" and 0 < n < THIN
    return Kpi(
        name,
        definition.label,
        value,
        definition.unit,
        text,
        n,
        f"{basis} · thin" if thin and len(basis) < 16 else basis,
        formula,
        definition.rows,
        f"{whole - n:,} of {whole:,} {PARTS[definition.whole].words}" if whole > n else "",
        wilson(int(added.total(definition.top)), n) if definition.how == "share" and n else None,
        thin,
        definition.better,
    )


def _value(definition: Definition, added: Totals, n: int) -> float | None:
    top = added.total(definition.top)
    match definition.how:
        case "count":
            return top
        case "sum":
            # Every call with a cost was answered: nothing was lost, which is known.
            known = n or (definition.name == "unanswered_cost" and added.total("priced"))
            return top if known else None
        case "share" | "mean":
            return top / n if n else None
        case "per_minute":
            minutes = added.total(definition.bottom) / _MINUTE_S
            return top / minutes if minutes else None
        case "median":
            return added.median_talk_s if definition.top == "talk" else added.time_to_answer_s


def _said(definition: Definition, added: Totals, value: float | None, n: int, money: Money) -> tuple[str, str]:
    """The value and what it stands on, as a tile has them."""
    thing = "order" if _of_orders(definition) else "call"
    basis = f"n {_many(n, thing)}"
    if definition.name == "orders_reached":
        return _reached(added, value, n)
    if definition.name == "unanswered_cost" and value is not None:
        whole = added.total("cost")
        return money.short(value), f"{wording.share(value / whole)} of cost · n {n:,}" if whole else basis
    if definition.name == "cost" and n < added.total("calls"):
        basis = f"n {n:,} of {added.total('calls'):,.0f} calls"
    elif definition.whole == "answered":
        basis = f"n {n:,} answered"
    return write(definition.unit, value, money, n, counted=definition.how == "count"), basis


def _reached(added: Totals, value: float | None, n: int) -> tuple[str, str]:
    if not n:
        return wording.NOTHING, "n 0 orders"
    text = f"{added.total('reached'):,.0f} of {n:,}"
    if len(text) > _WIDEST_TILE:
        return wording.share(value), f"{text} orders"
    return text, f"{wording.share(value)} · n {_many(n, 'order')}"


def write(unit: Unit, value: float | None, money: Money, n: int = 0, *, counted: bool = False) -> str:
    """A value with its unit; shares of many have a digit after the point."""
    if value is None:
        return wording.NOTHING
    match unit:
        case "share":
            return f"{100 * value:.1f} %" if n >= _FINE else wording.share(value)
        case "s":
            return wording.duration(value)
        case "money":
            return money.short(value)
        case "calls" | "orders" if counted:
            return wording.count(value)
        case _:
            return f"{value:.1f} call{'' if round(value, 1) == 1 else 's'}"


def change(now: Kpi, before: Kpi) -> str:
    """How a figure moved: `+2.4 pp` for shares, `-9 s` for times, `+6.1 %` for others; empty when it cannot be said."""
    if now.value is None or before.value is None:
        return ""
    by = now.value - before.value
    if now.unit == "share":
        return f"{100 * by:+.1f} pp"
    if now.unit == "s":
        return f"{'-' if by < 0 else '+'}{wording.duration(abs(by))}"
    return f"{100 * by / before.value:+.1f} %" if before.value else ""


def _of_orders(definition: Definition) -> bool:
    return bool(PARTS[definition.counted].all_of & Is.ORDER)


def _many(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'' if n == 1 else 's'}"
