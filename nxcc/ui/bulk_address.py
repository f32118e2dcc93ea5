"""What the address of the Bulk page says: which upload is checked, or which job is shown."""

from __future__ import annotations

import streamlit as st

from nxcc.ui import navigation

JOB, UPLOAD = "job", "upload"
_PAGE = "bulk"


def job_id() -> str:
    """The job that the address names; empty without one."""
    return "".join(navigation.values(_PAGE, JOB)[-1:])


def upload_id() -> str:
    """The upload that the address names; empty without one."""
    return "".join(navigation.values(_PAGE, UPLOAD)[-1:])


def open_upload(upload: str) -> None:
    """Shows an upload's check."""
    st.query_params.clear()
    st.query_params[UPLOAD] = upload


def open_job(job: str) -> None:
    """Shows a job."""
    st.query_params.clear()
    st.query_params[JOB] = job


def start_over() -> None:
    """Shows the uploader."""
    st.query_params.clear()
