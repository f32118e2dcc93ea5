"""Which answers in the ledger count, for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

CLOCK_TOLERANCE = timedelta(minutes=1)  # a lookup "from the future" (the clock was set back) is not fresh for ever
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """Answers that count are those given after a moment (aware), which depends on what they are.

    A failure counts only where a moment is set: `may_pass` for one that asking again could mend, `failed` for others.
    `until` shuts the window, None leaves it open. Answers up to `own` are out of the archive; None = all are.
    """

    found: datetime
    no_calls: datetime
    failed: datetime | None = None
    may_pass: datetime | None = None
    until: datetime | None = None
    own: datetime | None = None

    def holds(self, word: str, asked_at: datetime, *, may_pass: bool = False) -> bool:
        """Whether this answer counts."""
        failed = self.may_pass if may_pass else self.failed
        after = {"found": self.found, "no_calls": self.no_calls, "failed": failed}[word]
        return after is not None and after < asked_at <= (self.until or FOREVER)

    def values(self) -> dict[str, Any]:
        """As values of the archive's queries."""
        return {
            "found": self.found,
            "no_calls": self.no_calls,
            "failed": self.failed or FOREVER,
            "may_pass": self.may_pass or FOREVER,
            "until": self.until or FOREVER,
        }


@dataclass(frozen=True, slots=True)
class Freshness:
    """How long an answer is not asked again, by its outcome; failures are never fresh."""

    found: timedelta
    no_calls: timedelta

    def at(self, now: datetime) -> Window:
        """The answers that are fresh at this moment."""
        return Window(now - self.found, now - self.no_calls, until=now + CLOCK_TOLERANCE)
