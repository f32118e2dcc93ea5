"""The tiles of Explore: which figures they show, and how a figure stands on one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nxcc import wording
from nxcc.kpis import Kpi

MAIN = ("calls", "answer_rate", "average_talk", "short_calls", "cost_per_call", "unanswered_cost")
MORE: dict[str, tuple[str, ...]] = {
    "Inbound and queue": (
        "answer_rate_inbound", "offered", "abandoned", "abandonment", "asa", "service_level",
    ),
    "Orders": (
        "orders", "reach", "first_call_contact", "attempts_to_first_answer", "time_to_first_answer",
        "calls_after_answer",
    ),
    "Talk, cost and hang-ups": (
        "median_talk", "cost", "cost_per_answered_minute", "answer_rate_outbound", "answer_rate_aicc",
        "contradictory_hangups",
    ),
}  # fmt: skip
_WIDE_N = 10_000  # beside a change there is room for four digits


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure with its change against the time before, and its line over the time. Empty where there is none."""

    kpi: Kpi
    change: str = ""
    line: Sequence[float] = ()

    @property
    def label(self) -> str:
        """What it is called."""
        return self.kpi.label

    @property
    def moved(self) -> bool:
        """Whether the change is one."""
        return any(digit in "123456789" for digit in self.change)

    @property
    def text(self) -> str:
        """The value with its unit."""
        return self.kpi.text

    @property
    def basis(self) -> str:
        """What it stands on; short beside a change."""
        thin = " · thin" if self.kpi.thin else ""
        n = f"{self.kpi.n:,}" if self.kpi.n < _WIDE_N else wording.compact(self.kpi.n)
        return f"n {n}{thin}" if self.change else self.kpi.basis

    @property
    def formula(self) -> str:
        """How it is computed, and what was left out."""
        return self.kpi.definition
