"""What can go wrong with jobs themselves."""

from __future__ import annotations

from nxcc.errors import NxccError


class JobsError(NxccError):
    """The table of jobs, or a job's folder, cannot be read or written."""
