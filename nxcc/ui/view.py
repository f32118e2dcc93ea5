"""One look at a set of order ids: what was asked for, what is known of it, what is still to ask.

It lives in the session, so that a filter or another zone asks nothing again. `address` is what stands behind
`?orders=`: the ids as they were typed, because a cleaned id may hold a sign at which pasted text is cut.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from nxcc import intake
from nxcc.errors import NxccError
from nxcc.intake import Asked
from nxcc.outcome import Outcome

MOST_IDS = 200
LONGEST_ADDRESS = 8_000  # characters, percent-encoded; longer ones are refused by browsers or servers on the way


@dataclass
class View:
    """Outcomes so far. `left` are the ids still to ask, `stopped` the error that ended asking."""

    asked: Asked
    address: str
    known: dict[str, Outcome] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    ask_again: bool = False
    halted: bool = False  # asking ended before all was asked: by an error, or by the analyst
    stopped: NxccError | None = None
    noted: bool = False  # that it is asked stands in the audit: a click meanwhile draws, and asks, anew
    not_asked: int = 0  # ids that nobody asked before, for whoever may not ask

    @classmethod
    def of(cls, cells: list[str]) -> View:
        """A view on pasted cells, with everything still to ask."""
        asked = intake.asked(cells)
        first = {intake.clean(cell): cell for cell in reversed(cells)}
        return cls(asked, ",".join(first[order_id] for order_id in asked.order_ids), left=asked.valid)

    def ask(self, order_ids: Iterable[str], *, again: bool) -> None:
        """Sets these ids to be asked; `again` passes over the archive."""
        self.left, self.ask_again = list(order_ids), again
        self.halted, self.stopped, self.noted, self.not_asked = False, None, False, 0

    def take(self, outcomes: Iterable[Outcome]) -> None:
        """Notes outcomes that came."""
        came = {outcome.order_id: outcome for outcome in outcomes}
        self.known |= came
        self.left = [order_id for order_id in self.left if order_id not in came]

    def outcomes(self) -> list[Outcome]:
        """One outcome an id, in the order of the text."""
        return [self._outcome(order_id) for order_id in self.asked.order_ids]

    def _outcome(self, order_id: str) -> Outcome:
        if code := self.asked.invalid.get(order_id):
            return Outcome(order_id, "invalid", intake.PROBLEMS[code])
        return self.known.get(order_id) or Outcome(order_id, "pending")
