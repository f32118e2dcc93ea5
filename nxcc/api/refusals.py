"""Which refusals come of the pace, and which by chance.

A gateway with a limit refuses what lies above it; one that is overloaded refuses a few of all requests, however slowly
they come. Slowing down tells the two apart: what is refused of the slow requests is not refused for their pace.
"""

from __future__ import annotations

from dataclasses import dataclass, field

BY_CHANCE = 0.1  # a larger share than this is never chance
ENOUGH = 20  # slow requests that must have been sent before they tell anything
FEWER = 3  # a limit refuses at least so many times more of the fast requests than of the slow ones
MEMORY = 300  # requests after which what is older counts half
FIRST_SPARE = 2.0  # refusals that are put up with after the pace was halved, while nothing is known
LEAST_SPARE = 3.0


@dataclass(slots=True)
class Share:
    """How many were sent lately, and how many of them refused."""

    sent: float = 0
    refused: float = 0

    def add(self) -> None:
        self.sent += 1
        if self.sent > MEMORY:
            self.sent /= 2
            self.refused /= 2


@dataclass(slots=True)
class Refusals:
    """Counts requests and refusals, and says which refusals may be put up with. For one thread at a time."""

    slow: Share = field(default_factory=Share)
    fast: Share = field(default_factory=Share)
    spare: float = 0.0  # refusals that will be put up with

    @property
    def by_chance(self) -> float:
        """The share of requests that is refused whatever the pace; 0 when none is known to be."""
        if self.slow.sent < ENOUGH:
            return 0.0
        share = self.slow.refused / self.slow.sent
        fast = self.fast.refused / self.fast.sent if self.fast.sent else 0.0
        return share if share <= BY_CHANCE and fast <= FEWER * share else 0.0

    def sent(self, *, slow: bool, a_second: int) -> None:
        """One more request was sent; `a_second` is how many are lately. Twice what is chance is put up with."""
        (self.slow if slow else self.fast).add()
        share = BY_CHANCE if slow else min(BY_CHANCE, 2 * self.by_chance)
        most = max(LEAST_SPARE, BY_CHANCE * a_second)
        self.spare = min(most, self.spare + share) if share else 0.0

    def refused(self, *, slow: bool) -> None:
        """One of them was refused."""
        (self.slow if slow else self.fast).refused += 1

    def put_up_with(self) -> bool:
        """Whether a refusal is to be passed over."""
        if self.spare < 1:
            return False
        self.spare -= 1
        return True

    def slowed_down(self) -> None:
        """The pace was halved. Where even the slow requests were refused for it, they tell nothing about chance."""
        self.spare = FIRST_SPARE
        if self.slow.sent >= ENOUGH and self.slow.refused > BY_CHANCE * self.slow.sent:
            self.slow, self.fast = Share(), Share()
