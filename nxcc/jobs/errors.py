"""What can go wrong with jobs themselves."""

from __future__ import annotations

from nxcc.errors import AwayError, NxccError


class JobsError(NxccError):
    """The table of jobs, or a job's folder, cannot be read or written."""


class JobsAway(JobsError, AwayError):
    """The table of jobs does not answer at the moment."""
