"""From a checked upload, or a period, to a job."""

from __future__ import annotations

import getpass
import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from nxcc.archive import Window
from nxcc.importing.importer import stretches_of
from nxcc.jobs.folder import Folder
from nxcc.jobs.job import Job, Period
from nxcc.jobs.store import Store


@dataclass(frozen=True, slots=True)
class Checked:
    """What an analyst saw when starting: the column of order ids, and whether shortened ids are sent all the same."""

    column: int
    insist: bool = False


def new_job(
    store: Store, folder: Folder, checked: Checked, *, name: str, who: str, fresh: Window, now: datetime,
    again: bool = False, period: Period | None = None,
) -> Job:  # fmt: skip
    """Makes a job of an upload as it was checked; its list does not change any more. The job there is, if there is one.

    What is `fresh` counts as answered; `again` says that nothing does, so that it is another job than one which takes
    what is there. Raises `JobsError` when the upload's files or the table of jobs cannot be read or written.
    """
    with folder.lock:
        if there_is := store.get(folder.id):
            return there_is
        job = _job_of(folder, checked, name=name, who=who, fresh=fresh, now=now)
        job = replace(job, source=source_of(folder, again=again), period=period)
        store.add(job)
        folder.note(begun=True)
    return job


def import_of(
    store: Store, period: Period, *, name: str, who: str, after: datetime, now: datetime, job_id: str = ""
) -> Job:
    """Makes an import of a period, in which counts what was read `after` a moment; the one there is, if it has the id
    that is given, or none is and it has not ended. Raises `JobsError`."""
    source = source_of_import(period)
    if there_is := store.get(job_id) if job_id else store.unfinished_of(source):
        return there_is
    job = Job(
        id=job_id or secrets.token_hex(8),
        name=name,
        file_name="",
        who=who,
        column="",
        state="queued",
        rows=0,
        ids=len(stretches_of(period.stretch)),
        created_at=now,
        found_after=after,
        no_calls_after=after,
        failed_after=now,
        may_pass_after=now,
        period=period,
        source=source,
    )
    store.add(job)
    return job


def source_of_import(period: Period) -> str:
    """The fingerprint of an import."""
    asked = f"{period.stretch.from_s} {period.stretch.to_s} {period.filters.text}"
    return hashlib.sha256(asked.encode()).hexdigest()


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
