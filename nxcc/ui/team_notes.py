"""What a team's installation says of itself: on a job, why it does not move; on Status, who is at work."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from nxcc import wording
from nxcc.desk import Desk
from nxcc.errors import AwayError
from nxcc.jobs import AT_WORK, Job
from nxcc.ui import zone


def of_job(desk: Desk, job: Job) -> None:
    """A line when nobody works on a job that should run."""
    if desk.team is None or job.state not in AT_WORK:
        return
    try:
        workers, led = desk.team.workers(), desk.team.conductors.leads(job.id)
    except AwayError as error:
        st.markdown(f":orange[:material/cloud_off:] {wording.in_markdown(str(error))}")
        return
    if not workers:
        said = "**No worker is at work.** The job waits, and nothing is lost. Start one: `python -m nxcc worker`."
        st.markdown(f":orange[:material/group_off:] {said}")
    elif not led and job.state == "running":
        said = "The worker that led this job does not answer; another one takes over within a few seconds."
        st.markdown(f":orange[:material/group_off:] {said}")


def of_status(desk: Desk) -> None:
    """The processes of the team."""
    if desk.team is None:
        return
    st.subheader("Team", anchor=False, help="Processes that share the database and the lake, seen in the last seconds.")
    with st.container(key="status_team", gap="xsmall"):
        try:
            members = desk.team.members()
        except AwayError as error:
            st.markdown(f":red[:material/cloud_off:] {wording.in_markdown(str(error))}")
            return
        if not any(member.kind == "worker" for member in members):
            said = "**No worker is at work:** bulk lookups wait. Start one: `python -m nxcc worker`."
            st.markdown(f":orange[:material/group_off:] {said}")
        now = datetime.now(UTC)
        rows = [
            {
                "What": member.kind,
                "Machine": wording.plain(member.host),
                "Process": str(member.pid),
                "Since": f"{member.since.astimezone(zone.current()):%d %b %H:%M}",
                "At work for": wording.duration(max(0.0, (now - member.since).total_seconds())),
                "": "this app" if member.id == desk.team.member.id else "",
            }
            for member in members
        ]
        st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
        lake = wording.in_markdown(desk.team.database.team.lake_path)
        st.caption(f"Database {wording.in_markdown(desk.team.database.team.host)} · lake {lake}")
