"""Durable bulk lookups: jobs, their files on disk, and who runs them."""

from nxcc.jobs.files import Kind, download_name
from nxcc.jobs.folder import Folder
from nxcc.jobs.job import AT_WORK, STATES, Job, State
from nxcc.jobs.jobs import Jobs, Plan
from nxcc.jobs.live import Live, Moment
from nxcc.jobs.store import JobsError, Store

__all__ = [
    "AT_WORK",
    "STATES",
    "Folder",
    "Job",
    "Jobs",
    "JobsError",
    "Kind",
    "Live",
    "Moment",
    "Plan",
    "State",
    "Store",
    "download_name",
]
