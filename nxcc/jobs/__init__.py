"""Durable bulk lookups: jobs, their files on disk, and who runs them."""

from nxcc.jobs.errors import JobsError
from nxcc.jobs.every_job import EveryJob
from nxcc.jobs.files import FileRequest, Kind, Seen, download_name
from nxcc.jobs.folder import Folder
from nxcc.jobs.job import AT_WORK, Job, State
from nxcc.jobs.jobs import Jobs, Plan
from nxcc.jobs.live import Live, Moment
from nxcc.jobs.pricing import PeriodPrice
from nxcc.jobs.starting import Checked, new_job, source_of, whoever_runs_this
from nxcc.jobs.store import Store

__all__ = [
    "AT_WORK",
    "Checked",
    "EveryJob",
    "FileRequest",
    "Folder",
    "Job",
    "Jobs",
    "JobsError",
    "Kind",
    "Live",
    "Moment",
    "PeriodPrice",
    "Plan",
    "Seen",
    "State",
    "Store",
    "download_name",
    "new_job",
    "source_of",
    "whoever_runs_this",
]
