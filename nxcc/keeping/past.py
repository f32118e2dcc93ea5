"""What is older than `NXCC_KEEP_DAYS`."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from nxcc.access import Viewer
from nxcc.archive.forgetting import Past
from nxcc.desk import Desk
from nxcc.jobs import Folder
from nxcc.keeping.figures import Removed
from nxcc.keeping.places import built_files, folders, ledgers, note, remove_folder, tables, wipe


def past(desk: Desk, now: datetime, who: Viewer, *, dry: bool = False) -> Removed:
    """What is older than `NXCC_KEEP_DAYS` at this moment (aware): calls and lookups by when they were asked, jobs by
    when they ended, uploads without a job by when they came. Saved views stay. Nothing, when no days are set.

    A job at work would ask again for answers that are taken away from under it: until it has ended, what was asked
    since it was made stays. Raises as `forget_order`.
    """
    removed = Removed(dry=dry)
    if not desk.settings.keep_days:
        return removed
    before = now - timedelta(days=desk.settings.keep_days)
    if not dry:
        would = past(desk, now, who, dry=True)
        if not would.anything:
            return removed
        note(desk, who, "removed old data", f"older than {desk.settings.keep_days} days", would)
    with tables(desk) as (jobs, rows):
        at_work = rows.oldest_at_work()
        ledgers(desk, Past(min(before, at_work or before)), removed)
        known = rows.ids()
        for job_id in rows.ended_before(before):
            removed.jobs += 1
            if not dry:
                rows.remove(job_id)
            remove_folder(jobs, job_id, removed)
        for folder in folders(jobs):
            if folder.id not in known and _is_past(folder, before):
                removed.uploads += 1
                remove_folder(jobs, folder.id, removed)
        if desk.aliases:
            removed.texts += desk.aliases.forget(lambda _: True, before=before, dry=dry)
        if removed.calls or removed.lookups:
            built_files(jobs, removed)
        if not dry:
            jobs.count_anew()
            wipe(rows, removed)
    return removed


def _is_past(folder: Folder, before: datetime) -> bool:
    """By the file that came: whoever looks at an upload may change the rest of the folder."""
    newest = folder.upload if folder.upload.is_file() else folder.path
    with suppress(OSError):
        return newest.stat().st_mtime < before.timestamp()
    return False
