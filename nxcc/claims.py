"""Who asks what in this process, so that no id is asked by two sessions at once."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from nxcc.outcome import Outcome


@dataclass(slots=True)
class Claim:
    """An id that a session is asking, and in the end its outcome; None when the session stopped before."""

    settled: bool = False
    outcome: Outcome | None = None


class Claims:
    """Who asks what in this process. An id is claimed before the archive is asked for it and settled after its answer
    is kept, so whoever comes later finds either the claim or the answer."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._claims: dict[str, Claim] = {}

    def take(self, order_ids: Iterable[str]) -> tuple[dict[str, Claim], dict[str, Claim]]:
        """Claims what nobody asks; returns that, and the claims of others on the rest."""
        mine: dict[str, Claim] = {}
        elsewhere: dict[str, Claim] = {}
        with self._change:
            for order_id in order_ids:
                if claim := self._claims.get(order_id):
                    elsewhere[order_id] = claim
                else:
                    mine[order_id] = self._claims[order_id] = Claim()
        return mine, elsewhere

    def reserve(self, mine: dict[str, Claim], order_ids: Collection[str]) -> dict[str, Claim]:  # noqa: ARG002
        """Of `mine`, those that are about to be asked. What others are asking is returned, and is no longer `mine`."""
        return {}

    @property
    def others(self) -> bool:
        """Whether there are other processes that ask and answer."""
        return False

    def settle(self, outcomes: Iterable[Outcome]) -> None:
        """These outcomes are known and kept."""
        with self._change:
            for outcome in outcomes:
                claim = self._claims.pop(outcome.order_id)
                claim.outcome, claim.settled = outcome, True
            self._change.notify_all()

    def give_back(self, mine: dict[str, Claim]) -> None:
        """Lets go of what was not settled."""
        with self._change:
            for order_id, claim in mine.items():
                if not claim.settled:
                    del self._claims[order_id]
                    claim.settled = True
            self._change.notify_all()

    def wait(self, claim: Claim, timeout_s: float) -> bool:
        """Waits for a claim of another session; whether it is settled now."""
        with self._change:
            return self._change.wait_for(lambda: claim.settled, timeout_s)
