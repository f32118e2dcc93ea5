"""Schedules and their runs in words: what is done, when, how a run stands."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from nxcc import wording
from nxcc.jobs import Job
from nxcc.palette import Colour
from nxcc.schedules import Kind, Run, RunState, Schedule, When, in_words

KINDS: dict[Kind, tuple[str, str, str]] = {
    "import": ("Read calls by time", "date_range", "All calls of the days before, a hundred for one request."),
    "ask_again": ("Ask again", "update", "Orders whose calls, or whose cost, may have come since."),
    "repeat": ("Repeat a job", "replay", "The file of a job that has ended, every id of it asked anew."),
}
STATES: dict[RunState, tuple[str, str, Colour]] = {
    "due": ("Beginning", "hourglass_empty", "gray"),
    "running": ("Running", "autorenew", "blue"),
    "done": ("Done", "task_alt", "green"),
    "failed": ("Failed", "error", "red"),
    "skipped": ("Skipped", "skip_next", "gray"),
}
EVENTS = {
    "finished": "Notice of the end",
    "halted": "Notice of the halt",
    "failed": "Notice of the failure",
    "threshold": "Notice of the figure",
}


def what(schedule: Schedule, repeated: Job | None) -> str:
    """What it does, in one line; `repeated` is the job that it repeats."""
    does = schedule.what
    match does.kind:
        case "import":
            return "Reads the calls of yesterday" if does.days == 1 else f"Reads the calls of the last {does.days} days"
        case "ask_again":
            lacks = [word for word, wanted in (("calls", does.without_calls), ("cost", does.without_cost)) if wanted]
            return f"Asks again: no {' or '.join(lacks)}, for {_days(does.days)}"
        case "repeat":
            name = repeated.name if repeated else "a job that is not there any more"
            return f"Repeats {wording.cut(wording.plain(name), 40)}"


def when(due: When) -> str:
    """`Every night at 02:00`, or the expression."""
    said = in_words(due.cron)
    return f"{said[0].upper()}{said[1:]}"


def moment(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """`02:00` today, else `27 Nov 02:00`."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{local:%d %b %H:%M}" if local.year == today.year else f"{local:%d %b %Y %H:%M}"


def began(run: Run, zone: ZoneInfo, now: datetime) -> str:
    """When a run began, and why then."""
    at = moment(run.begun_at, zone, now)
    if run.by:
        return f"{at} · by {wording.plain(run.by)}"
    return f"{at} · caught up, due {moment(run.due_at, zone, now)}" if run.caught_up else at


def _days(n: int) -> str:
    return "a day" if n == 1 else f"{n} days"
