"""What can go wrong with schedules themselves."""

from __future__ import annotations

from nxcc.errors import AwayError, NxccError


class SchedulesError(NxccError):
    """A schedule cannot be read, or the table of schedules cannot be read or written."""


class SchedulesAway(SchedulesError, AwayError):
    """The table of schedules does not answer at the moment."""
