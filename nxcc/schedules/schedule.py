"""What a schedule is, and one run of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from nxcc.schedules.due import When

Kind = Literal["import", "ask_again", "repeat"]
KINDS: tuple[Kind, ...] = ("import", "ask_again", "repeat")
RunState = Literal["due", "running", "done", "failed", "skipped"]
OPEN: tuple[RunState, ...] = ("due", "running")
Event = Literal["finished", "halted", "threshold", "failed"]
Side = Literal["below", "above"]

LONGEST_NAME = 80
MOST_DAYS = 31
LATE = timedelta(minutes=5)  # a run that began so long after it was due was caught up


@dataclass(frozen=True, slots=True)
class What:
    """What is done. `days`: of an import, how many whole days before that of the run; of asking again, how many days
    ago an order was asked first at the most. `job`: the one that is repeated."""

    kind: Kind
    days: int = 1
    without_calls: bool = True
    without_cost: bool = True
    job: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure (`kpis.DEFINITIONS`) that must not be `below` or `above` a value, in its own unit (a share: 0 to 1)."""

    kpi: str
    side: Side
    value: float

    def passed(self, value: float | None) -> bool:
        """Whether this value is past it; one that cannot be computed is not."""
        if value is None:
            return False
        return value < self.value if self.side == "below" else value > self.value


@dataclass(frozen=True, slots=True)
class Tell:
    """What is told to the configured address: that a run finished, that it halted or failed, a figure past a limit."""

    finish: bool = False
    halt: bool = False
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Something that is done again and again. Times are aware UTC; `next_at` is None while it is off."""

    id: str
    name: str
    what: What
    when: When
    tell: Tell
    who: str
    on: bool
    created_at: datetime
    next_at: datetime | None = None
    note: str = ""  # why it is off, where nobody here switched it off


@dataclass(frozen=True, slots=True)
class Run:
    """One time that a schedule was due. `by`: who started it; empty when its time had come. `told`: what became of each
    notice."""

    id: str
    schedule_id: str
    due_at: datetime
    state: RunState
    begun_at: datetime
    job_id: str = ""
    by: str = ""
    said: str = ""
    cure: str = ""
    finished_at: datetime | None = None
    told: dict[str, str] = field(default_factory=dict)

    @property
    def caught_up(self) -> bool:
        """Whether nobody was there when it was due."""
        return not self.by and self.begun_at - self.due_at > LATE


def days_of(schedule: Schedule, run: Run) -> tuple[date, date]:
    """The days that a run of an import reads, both included, in the schedule's zone.

    They end with the day before the run began. A run that was caught up begins with those that the first time which was
    missed would have read, so that no day is left out; it reads `MOST_DAYS` at the most.
    """
    zone = ZoneInfo(schedule.when.zone)
    due, began = (moment.astimezone(zone).date() for moment in (run.due_at, run.begun_at))
    last = began - timedelta(days=1)
    first = min(due, began) - timedelta(days=schedule.what.days)
    return max(first, last - timedelta(days=MOST_DAYS - 1)), last


def to_text(value: What | Tell) -> str:
    """As it stands in the table."""
    return json.dumps(asdict(value), sort_keys=True)


def what_of(kind: Kind, text: str) -> What:
    """Back from `to_text`; what another version noted besides is passed over."""
    return What(**(_known(What, text) | {"kind": kind}))


def tell_of(text: str) -> Tell:
    """Back from `to_text`."""
    said = _known(Tell, text)
    limit = said.get("limit")
    return Tell(**(said | {"limit": Limit(**limit) if limit else None}))


def _known(kind: type[What | Tell], text: str) -> dict[str, Any]:
    said = json.loads(text)
    return {name: value for name, value in said.items() if name in kind.__dataclass_fields__}
