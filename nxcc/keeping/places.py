"""Where something may be kept: ledgers, folders of jobs and uploads, small tables. Each step adds to the figures."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nxcc import data_folder, small_tables
from nxcc.access import Viewer
from nxcc.archive import Archive, Explored, Lake
from nxcc.archive.forgetting import Gone, Past, count, take_out
from nxcc.audit import Deed
from nxcc.desk import Desk
from nxcc.errors import ArchiveError, NxccError
from nxcc.jobs import EveryJob, Folder, Jobs, JobsError
from nxcc.jobs.folder import is_id
from nxcc.jobs.forgetting import clean, look
from nxcc.keeping.figures import Removed
from nxcc.traces import Trace

_one_at_a_time = threading.Lock()


@contextmanager
def tables(desk: Desk) -> Iterator[tuple[Jobs, EveryJob]]:
    """The desk's jobs, and the rows of everybody's; nobody else takes anything out meanwhile."""
    if desk.jobs is None:
        raise ValueError("a desk that was opened without its jobs")
    rows = EveryJob(desk.jobs.store.place)
    try:
        with _one_at_a_time:
            yield desk.jobs, rows
    finally:
        rows.close()


def note(desk: Desk, who: Viewer, deed: Deed, what: str, would: Removed) -> None:
    """Notes what is about to be done. Raises `AuditError`: then it is not to be done."""
    if desk.audit:
        desk.audit.note(who, deed, what, count=would.calls)


def ledgers(desk: Desk, what: Trace | Past, removed: Removed) -> None:
    """That of the desk, and the other one of its installation (of the account, of the sandbox)."""
    _one_ledger(desk.archive, desk.explored, what, removed)
    for name, where in _other_ledgers(desk):
        try:
            other = Archive(where, "", 0)
        except ArchiveError as error:
            removed.left.append(f"{name} was not looked into. {error}")
            continue
        try:
            _one_ledger(other, Explored(other), what, removed)
        finally:
            other.close()
    if desk.settings.team and (names := data_folder.kept(desk.settings.data_dir)):
        removed.left.append(
            f"{desk.settings.data_dir} holds what was carried over from it ({', '.join(names)}), which was not looked "
            "into: delete it when nobody needs it any more."
        )


def _other_ledgers(desk: Desk) -> Iterator[tuple[str, Path | Lake]]:
    for name in data_folder.LEDGERS:
        path, word = desk.settings.data_dir / name, name.partition(".")[0]
        if path == desk.archive.path:
            continue
        if team := desk.settings.team:
            if small_tables.has_schema(team, word):
                yield name, Lake(team, word, desk.settings.data_dir)
        elif path.is_file():
            yield name, path


def _one_ledger(archive: Archive, explored: Explored, what: Trace | Past, removed: Removed) -> None:
    if removed.dry:
        gone: Gone = count(archive, what)
    else:
        before = _size(archive.path)
        gone = take_out(archive, explored, what)
        removed.bytes += max(0, before - _size(archive.path)) if gone else 0
    removed.calls += gone.calls
    removed.lookups += gone.lookups
    removed.orders += gone.orders
    removed.changed += gone.changed


def lists(jobs: Jobs, rows: EveryJob, trace: Trace, removed: Removed) -> None:
    """The cells and files of jobs and uploads; jobs that run begin anew with the list that is left."""
    changed = []
    for folder in folders(jobs):
        try:
            held, check = (look(folder, trace), None) if removed.dry else clean(folder, trace)
        except NxccError as error:
            removed.left.append(f"The folder of job {folder.id} was not looked into. {error}")
            continue
        removed.uploads += held.whole
        removed.lists += bool(held) and not held.whole
        removed.cells += held.cells
        if check:
            rows.list_is(folder.id, ids=check.ids, invalid=check.invalid + check.blank)
            changed.append(folder.id)
    jobs.lists_changed(changed)


def built_files(jobs: Jobs, removed: Removed) -> None:
    """Files for download hold calls and cells; they are made anew from what there is when somebody asks for them."""
    for folder in folders(jobs):
        built = folder.built()
        removed.files += len(built)
        removed.bytes += sum(map(_size, built))
        if not removed.dry:
            folder.remove_built()


def remove_folder(jobs: Jobs, job_id: str, removed: Removed) -> None:
    """All files of a job or an upload."""
    folder = Folder(jobs.folders / job_id)
    files = [path for path in folder.path.rglob("*") if path.is_file()] if folder.path.is_dir() else []
    removed.files += len(files)
    removed.bytes += sum(map(_size, files))
    if not removed.dry:
        with folder.lock:
            folder.remove()


def folders(jobs: Jobs) -> Iterator[Folder]:
    """Those of all jobs and uploads, whoever they belong to."""
    found = sorted(jobs.folders.iterdir()) if jobs.folders.is_dir() else []
    return (Folder(path) for path in found if is_id(path.name) and path.is_dir())


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


def wipe(rows: EveryJob, removed: Removed) -> None:
    """The small tables: what was deleted is in no byte of their file either."""
    try:
        for _ in range(10):
            if rows.wipe():
                return
            time.sleep(0.2)
        raise JobsError("The log of the small tables cannot be emptied while somebody reads them.")
    except JobsError as error:
        removed.left.append(f"The table of jobs may hold bytes of it still: run this again. {error}")
