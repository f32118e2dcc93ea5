"""Bulk lookup: a file of order ids in, what happened to each row out."""

from __future__ import annotations

import streamlit as st

from nxcc.access import May
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.jobs import Job, Jobs
from nxcc.ui import bulk_address, bulk_check, bulk_job, bulk_upload, jobs_list, panels, shell, sign_in


def render() -> None:
    """The page: an upload, its check, or a job, as the address says."""
    desk = shell.header("Bulk lookup")
    if desk is None or desk.jobs is None:
        return
    try:
        _draw(desk, desk.jobs)
    except NxccError as error:
        panels.problem(
            error,
            key="bulk_failed",
            title="This cannot be shown",
            kept="Uploaded files and answers are kept.",
            again="Try again",
        )


def _draw(desk: Desk, jobs: Jobs) -> None:
    job_id, upload_id = bulk_address.job_id(), bulk_address.upload_id()
    job = jobs.store.get(job_id or upload_id) if job_id or upload_id else None
    if job is not None:
        _job(desk, jobs, job)
        return
    folder = jobs.folder(upload_id)
    if not sign_in.may(May.ASK):
        panels.not_for(May.ASK, "Jobs of others can be opened from the list, or by their link.", key="bulk_not_for")
        return
    if folder is not None:
        bulk_check.draw(desk, jobs, folder, shell.palette())
        return
    if job_id or upload_id:
        st.markdown(
            ":orange[:material/link_off:] **There is no such job here.** It was deleted, or the address belongs to "
            "another installation or team."
        )
    bulk_upload.draw(jobs)


def _job(desk: Desk, jobs: Jobs, job: Job) -> None:
    if job.is_import:
        jobs_list.open_job(job)
    if bulk_address.job_id() != job.id:
        bulk_address.open_job(job.id)
    bulk_job.draw(desk, jobs, job)


if __name__ == "__main__":
    import app

    app.main()
