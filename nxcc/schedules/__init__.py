"""What is done again and again by itself: schedules, when they are due, their runs, and who begins them.

APScheduler says when; its own store of jobs cannot be shared by several schedulers, so who begins a run is ours: each
run once, however many processes look, and what was missed while nobody did is caught up once.
"""

from nxcc.schedules.due import When, checked, in_words
from nxcc.schedules.errors import SchedulesError
from nxcc.schedules.making import Maker
from nxcc.schedules.schedule import KINDS, Kind, Limit, Run, RunState, Schedule, Side, Tell, What
from nxcc.schedules.store import Schedules
from nxcc.schedules.telling import measure
from nxcc.schedules.timekeeper import Timekeeper

__all__ = [
    "KINDS",
    "Kind",
    "Limit",
    "Maker",
    "Run",
    "RunState",
    "Schedule",
    "Schedules",
    "SchedulesError",
    "Side",
    "Tell",
    "Timekeeper",
    "What",
    "When",
    "checked",
    "in_words",
    "measure",
]
