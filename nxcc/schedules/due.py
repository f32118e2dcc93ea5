"""When a schedule is due: a cron expression of five fields, in a zone.

What the clocks then show is found by APScheduler's `CronTrigger`; what is not as cron has it there is put right here.
It counts weekdays from Monday, and takes a day of the month and a weekday together where cron takes either. In a zone
whose clocks change it fires twice when they go back, and leaves out the night after they went forward (3.11.3: 00:30 in
Berlin on 30 March 2026); so it is only asked what clocks show, and the zone says when they do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from nxcc.schedules.errors import SchedulesError

LONGEST = 200  # characters of an expression
EXAMPLE = "0 2 * * *"
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays")
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_PART = re.compile(r"(\*|\d{1,2}|[a-z]{3})(?:-(\d{1,2}|[a-z]{3}))?(?:/(\d{1,2}))?", re.ASCII)
WORKDAYS = (1, 2, 3, 4, 5)
NIGHT_ENDS = 6  # o'clock
AROUND = timedelta(hours=2)  # no zone's clocks jump further
_JUST_AFTER = timedelta(microseconds=1)

Values = tuple[int, ...] | None  # None = any


@dataclass(frozen=True, slots=True)
class When:
    """A cron expression with its zone (IANA). `checked` makes one that can be read."""

    cron: str
    zone: str

    def next(self, after: datetime) -> datetime | None:
        """The first moment after this one (aware) at which it is due, in UTC; None when there is none.

        A time that the clocks jump over comes as long after it as they jump; one that comes twice is due at the first,
        unless the hour is a star, which means each hour that passes.
        """
        dues = [due for trigger in _triggers(self.cron) if (due := self._next_of(trigger, after))]
        return min(dues, default=None)

    def several(self, after: datetime, most: int) -> Iterator[datetime]:
        """The first moments after this one."""
        due = self.next(after)
        while due and most:
            yield due
            due, most = self.next(due), most - 1

    def _next_of(self, trigger: CronTrigger, after: datetime) -> datetime | None:
        """What the clocks show and what is due are in the same order but where clocks change: there it looks around."""
        zone = ZoneInfo(self.zone)
        folds = (0, 1) if self.cron.split()[1].startswith("*") else (0,)
        clock = after.astimezone(zone).replace(tzinfo=UTC) - AROUND
        found: list[datetime] = []
        until = None
        while (clock := trigger.get_next_fire_time(None, clock + _JUST_AFTER)) and (until is None or clock < until):
            dues = [clock.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in folds]
            found += [due for due in dues if due > after]
            if found and until is None:
                until = clock + AROUND
        return min(found, default=None)


def checked(cron: str, zone: str, now: datetime) -> When:
    """What was typed. Raises `SchedulesError` for an expression or a zone that cannot be read, or one that is never
    due."""
    fields = cron[:LONGEST].lower().split()
    if len(fields) != len(_FIELDS):
        raise SchedulesError(
            f"A cron expression has five fields, this one {len(fields)}.",
            cure=f"Minute, hour, day of the month, month, weekday: {EXAMPLE} is every day at 02:00.",
        )
    for n, field in enumerate(fields):
        _values(n, field)
    try:
        key = ZoneInfo(zone).key
    except (LookupError, OSError, ValueError) as error:  # an unknown name, that of a folder of names, or a path
        raise SchedulesError(
            f"There is no zone named {zone[:LONGEST]}.", cure="Use a name such as Asia/Shanghai or UTC."
        ) from error
    when = When(" ".join(fields), key)
    if when.next(now) is None:
        raise SchedulesError("This expression is never due.", cure="Check its day and month: 31 2 is no date.")
    return when


def in_words(cron: str) -> str:
    """`every night at 02:00`, `Mondays at 06:00`; the expression itself where it has no such words."""
    minute, hour, day, month, weekday = (_values(n, field) for n, field in enumerate(cron.split()))
    if month is not None or minute is None or len(minute) != 1 or (hour and len(hour) != 1):
        return cron
    if hour is None:
        return f"every hour at :{minute[0]:02d}" if day is None and weekday is None else cron
    days = _days_in_words(day, weekday, hour[0])
    return f"{days} at {hour[0]:02d}:{minute[0]:02d}" if days else cron


def _days_in_words(day: Values, weekday: Values, hour: int) -> str:
    if day is None and weekday is None:
        return "every night" if hour < NIGHT_ENDS else "every day"
    if day is None and weekday == WORKDAYS:
        return "Monday to Friday"
    if day is None and weekday is not None and len(weekday) == 1:
        return _DAYS[weekday[0]]
    if weekday is None and day is not None and len(day) == 1:
        return f"on day {day[0]} of the month"
    return ""


@lru_cache(256)
def _triggers(cron: str) -> list[CronTrigger]:
    """For what clocks show, as if it were UTC."""
    minute, hour, day, month, weekday = (_values(n, field) for n, field in enumerate(cron.split()))
    days = None if weekday is None else ",".join(WEEKDAYS[n] for n in weekday)
    always = {"minute": _listed(minute), "hour": _listed(hour), "month": _listed(month), "timezone": UTC}
    if day is not None and days is not None:  # either of them
        return [CronTrigger(day=_listed(day), **always), CronTrigger(day_of_week=days, **always)]
    return [CronTrigger(day=_listed(day), day_of_week=days or "*", **always)]


def _listed(values: Values) -> str:
    return "*" if values is None else ",".join(map(str, values))


def _values(n: int, field: str) -> Values:
    """The values that a field lets pass, ascending. Raises `SchedulesError`."""
    name, least, most = _FIELDS[n]
    found: set[int] = set()
    for part in field.split(","):
        read = _PART.fullmatch(part)
        if read is None:
            raise _unread(name, part)
        first, last, step = read.groups()
        if first == "*":
            if last:
                raise _unread(name, part)
            begin, end = least, min(most, 6) if name == "weekday" else most
        else:
            begin = _number(name, first, part)
            end = _number(name, last, part) if last else most if step else begin
        if not least <= begin <= end <= most or step in ("0", "00"):
            raise _unread(name, part)
        found.update(range(begin, end + 1, int(step or 1)))
    if name == "weekday":
        found = {value % 7 for value in found}  # Sunday is 0 and 7
    whole = most - least + 1 - (name == "weekday")
    return None if len(found) == whole else tuple(sorted(found))


def _number(name: str, text: str, part: str) -> int:
    if text.isdecimal():
        return int(text)
    names = {"month": _MONTHS, "weekday": WEEKDAYS}.get(name, ())
    if text not in names:
        raise _unread(name, part)
    return names.index(text) + (name == "month")


def _unread(name: str, part: str) -> SchedulesError:
    _, least, most = next(field for field in _FIELDS if field[0] == name)
    said = {"weekday": "0 or 7 (Sunday) to 6, or sun to sat", "month": "1 to 12, or jan to dec"}
    return SchedulesError(
        f"The {name} of this cron expression cannot be read: {part}.",
        cure=f"It takes {said.get(name, f'{least} to {most}')}, * for any, lists (1,2), ranges (1-5) and steps (*/2).",
    )
