"""What a job is: an immutable list of order ids, or a period, and this small row about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from nxcc.archive import Window
from nxcc.outcome import WORDS, Word
from nxcc.stretches import CallFilters, Stretch

State = Literal["queued", "running", "paused", "halted", "done", "cancelled"]
STATES: tuple[State, ...] = ("queued", "running", "paused", "halted", "done", "cancelled")
UNFINISHED: tuple[State, ...] = ("queued", "running", "paused", "halted")
AT_WORK: tuple[State, ...] = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Period:
    """The calls of a stretch of time, read by time. `answers`: for the orders of a list; those that are not among them
    are asked one by one. Else they are what the job is for."""

    stretch: Stretch
    filters: CallFilters = field(default_factory=CallFilters)
    answers: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One bulk lookup, or the import of a period.

    Times are aware UTC; counts are of distinct ids, `invalid` of rows that cannot be asked.

    The four `..._after` moments say which answers in the archive are this job's (`Window`); asking again moves them.
    Of an import, `ids` and `found` are the stretches that its period is read in, and those that have been read whole.
    """

    id: str
    name: str
    file_name: str
    who: str
    column: str  # the column of order ids, as the file names it
    state: State
    rows: int  # of the file
    ids: int  # distinct, to be asked
    created_at: datetime
    found_after: datetime
    no_calls_after: datetime
    failed_after: datetime
    may_pass_after: datetime
    found: int = 0
    no_calls: int = 0
    failed: int = 0
    invalid: int = 0
    calls: int = 0
    from_archive: int = 0  # answers that were there before
    requests: int = 0  # sent for it so far
    started_at: datetime | None = None
    finished_at: datetime | None = None
    halted_at: datetime | None = None
    counted_at: datetime | None = None  # when it last stopped asking: the counts are of then
    note: str = ""  # what a running job waits for, why one is halted
    cure: str = ""
    code: str = ""  # the vendor's code, where there is one
    period: Period | None = None
    source: str = ""  # fingerprint of file and options, by which the command line finds its job again

    @property
    def is_import(self) -> bool:
        """Whether it reads a period, and asks for no list of orders."""
        return self.period is not None and not self.period.answers

    @property
    def pending(self) -> int:
        """Ids without an answer yet."""
        return max(0, self.ids - self.found - self.no_calls - self.failed)

    @property
    def done(self) -> int:
        """Ids with an answer or a failure."""
        return self.ids - self.pending

    @property
    def window(self) -> Window:
        """Which answers in the archive are this job's; those that came after it stopped asking are not."""
        return Window(
            self.found_after,
            self.no_calls_after,
            self.failed_after,
            self.may_pass_after,
            until=None if self.state in AT_WORK else self.counted_at,
            own=self.created_at,
        )

    @property
    def words(self) -> dict[Word, int]:
        """The ids by outcome."""
        n = (self.found, self.no_calls, self.failed, self.invalid, self.pending)
        return dict(zip(WORDS, n, strict=True))
