"""From a checked upload to a job."""

from __future__ import annotations

import getpass
from dataclasses import dataclass, replace
from datetime import datetime

from nxcc.archive import Window
from nxcc.jobs.folder import Folder
from nxcc.jobs.job import Job
from nxcc.jobs.store import Store


@dataclass(frozen=True, slots=True)
class Checked:
    """What an analyst saw when starting: the column of order ids, and whether shortened ids are sent all the same."""

    column: int
    insist: bool = False


def new_job(
    store: Store, folder: Folder, checked: Checked, *, name: str, who: str, fresh: Window, now: datetime,
    again: bool = False,
) -> Job:  # fmt: skip
    """Makes a job of an upload as it was checked; its list does not change any more. The job there is, if there is one.

    What is `fresh` counts as answered; `again` says that nothing does, so that it is another job than one which takes
    what is there. Raises `JobsError` when the upload's files or the table of jobs cannot be read or written.
    """
    with folder.lock:
        if there_is := store.get(folder.id):
            return there_is
        job = _job_of(folder, checked, name=name, who=who, fresh=fresh, now=now)
        job = replace(job, source=source_of(folder, again=again))
        store.add(job)
        folder.note(begun=True)
    return job


def source_of(folder: Folder, *, again: bool) -> str:
    """The fingerprint of what a job is to do."""
    return f"{folder.fingerprint()}{' again' if again else ''}"


def whoever_runs_this() -> str:
    """The name of the account that this process runs under; empty when it has none, as in some containers."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _job_of(folder: Folder, checked: Checked, *, name: str, who: str, fresh: Window, now: datetime) -> Job:
    reading, check = folder.read(), folder.check(checked.column, insist=checked.insist)
    return Job(
        id=folder.id,
        name=name,
        file_name=folder.name,
        who=who,
        column=reading.columns[checked.column],
        state="queued",
        rows=check.rows,
        ids=check.ids,
        invalid=check.invalid + check.blank,
        created_at=now,
        found_after=fresh.found,
        no_calls_after=fresh.no_calls,
        failed_after=now,
        may_pass_after=now,
    )
