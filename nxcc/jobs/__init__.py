"""Durable bulk lookups: jobs, their files on disk, and who runs them."""

from nxcc.jobs.errors import JobsError
from nxcc.jobs.files import FileRequest, Kind, download_name
from nxcc.jobs.folder import Folder
from nxcc.jobs.job import AT_WORK, STATES, Job, State, new_job
from nxcc.jobs.jobs import Jobs, Plan
from nxcc.jobs.live import Live, Moment
from nxcc.jobs.store import Store

__all__ = [
    "AT_WORK",
    "STATES",
    "FileRequest",
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
    "new_job",
]
