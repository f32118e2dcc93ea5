"""A job from the command line: in this process, or in that of the app when it runs on the same data folder."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
from tqdm import tqdm

from nxcc import data_folder, export, intake
from nxcc.archive import Freshness, Window
from nxcc.command.said import (
    DONE,
    INTERRUPTED,
    SOME_FAILED,
    STOPPED,
    check_writable,
    format_of,
    interrupt,
    say,
    say_reasons,
)
from nxcc.desk import Desk, folders_of, open_desk, open_store
from nxcc.errors import ArchiveBusy, NxccError
from nxcc.export import ORDER_COLUMNS, Format
from nxcc.intake import Asked, Overrides
from nxcc.jobs import (
    AT_WORK,
    Checked,
    FileRequest,
    Folder,
    Job,
    Kind,
    Store,
    new_job,
    source_of,
    whoever_runs_this,
)
from nxcc.settings import Settings, load

LOOK_EVERY_S = 0.3


def run_file(arguments: argparse.Namespace) -> int:
    """`--file`: the same orders file as the Bulk page's; run again after an interruption, it goes on."""
    settings = load()
    orders = arguments.orders_out or Path(export.file_name(arguments.file.name, "orders", "csv"))
    check_writable(orders, arguments.calls_out, reads=arguments.file)
    with _desk_or_store(settings) as (desk, store):
        folder, checked = _folder_of(settings, arguments)
        job = _same_or_new(settings, store, folder, checked, ask_again=arguments.ask_again)
        if desk and desk.jobs:
            desk.jobs.begin(only=job.id)
        code, job = _watch(store, job, here=desk is not None)
        if code == INTERRUPTED and desk and desk.jobs:
            desk.jobs.stop()
            job = store.get(job.id) or job
        if desk or code in (DONE, SOME_FAILED):
            ending = _Ending(settings, store, desk, job)
            ending.files({"orders": orders, "calls": arguments.calls_out})
            ending.say()
        return code


def run_ids(arguments: argparse.Namespace, asked: Asked, busy: ArchiveBusy) -> int:
    """Ids that the app asks for, because it has the archive open. Raises `busy` when it runs no jobs."""
    settings = load()
    check_writable(arguments.orders_out, arguments.calls_out)
    with _store(settings) as store:
        if store.runner(datetime.now(UTC)) is None:
            raise busy
        folder = Folder.keep_ids(folders_of(settings), "ids of the command line.csv", asked.order_ids)
        job = _add(settings, store, folder, Checked(0), ask_again=arguments.ask_again)
        code, job = _watch(store, job, here=False)
        if code in (DONE, SOME_FAILED):
            ending = _Ending(settings, store, None, job)
            ending.files({"orders": arguments.orders_out, "calls": arguments.calls_out}, ORDER_COLUMNS)
            ending.say()
            store.remove(job.id)  # a few ids are no job to be found in the list for ever
            folder.remove()
        return code


@contextmanager
def _desk_or_store(settings: Settings) -> Iterator[tuple[Desk | None, Store]]:
    """The desk with its table of jobs; no desk, only the table, when the app has it and runs jobs."""
    try:
        desk = open_desk(settings, with_jobs=True)
    except ArchiveBusy as busy:
        with _store(settings) as store:
            if store.runner(datetime.now(UTC)) is None:
                raise busy from None
            yield None, store
        return
    try:
        if desk.sandbox:
            say("No credentials are set: the sandbox answers, with made-up calls.")
        if desk.jobs:
            yield desk, desk.jobs.store
    finally:
        desk.close()


@contextmanager
def _store(settings: Settings) -> Iterator[Store]:
    with data_folder.use(settings.data_dir):
        store = open_store(settings)
        try:
            yield store
        finally:
            store.close()


def _folder_of(settings: Settings, arguments: argparse.Namespace) -> tuple[Folder, Checked]:
    """The file, read and checked. Raises `IntakeError` or `NxccError` that says what to choose."""
    try:
        with arguments.file.open("rb") as content:
            folder = Folder.keep(folders_of(settings), arguments.file.name, content)
    except OSError as error:
        raise NxccError(f"{arguments.file} cannot be read: {error.strerror}.", cure="Check the path.") from error
    try:
        reading = folder.read(
            Overrides(
                encoding=arguments.encoding,
                delimiter=arguments.delimiter,
                header=arguments.header,
                sheet=arguments.sheet,
            )
        )
        for note in reading.notes:
            say(note)
        column = _column(reading.columns, folder, arguments.column)
        checked = Checked(column, arguments.send_shortened)
        check = folder.check(checked.column, insist=checked.insist)
    except NxccError:
        folder.remove()
        raise
    say(f"{check.rows:,} rows, {check.ids:,} distinct ids in column {reading.columns[column]}.")
    return folder, checked


def _column(columns: list[str], folder: Folder, wanted: str | None) -> int:
    names = ", ".join(columns[:20])
    if wanted is None:
        proposed = intake.propose(columns, intake.sample(folder.cells))
        if proposed is None:
            raise NxccError("No column looks like order ids.", cure=f"Name it with --column. There are: {names}.")
        return proposed
    if wanted in columns:
        return columns.index(wanted)
    if wanted.isdecimal() and 1 <= int(wanted) <= len(columns):
        return int(wanted) - 1
    raise NxccError(f"There is no column {wanted}.", cure=f"There are: {names}.")


def _same_or_new(settings: Settings, store: Store, folder: Folder, checked: Checked, *, ask_again: bool) -> Job:
    """The job of the same file that was not finished, else a new one."""
    same = store.unfinished_of(source_of(folder, again=ask_again))
    if same is None:
        return _add(settings, store, folder, checked, ask_again=ask_again)
    folder.remove()
    begun = f"{same.created_at.astimezone():%d %b %H:%M}"
    say(f"Going on with the job of {begun}: {same.done:,} of {same.ids:,} ids are done.")
    store.change(same.id, ("paused", "halted"), state="queued", note="", cure="", code="")
    return store.get(same.id) or same


def _add(settings: Settings, store: Store, folder: Folder, checked: Checked, *, ask_again: bool) -> Job:
    now = datetime.now(UTC)
    fresh = Freshness(timedelta(seconds=settings.fresh_found_s), timedelta(seconds=settings.fresh_no_calls_s)).at(now)
    if ask_again:
        fresh = Window(now, now)
    who = whoever_runs_this()
    return new_job(store, folder, checked, name=folder.name, who=who, fresh=fresh, now=now, again=ask_again)


def _watch(store: Store, job: Job, *, here: bool) -> tuple[int, Job]:
    """Shows how far it is until it ends or Ctrl-C; returns the exit code and the job as it is then."""
    if not here:
        say("The app runs on this data folder: it asks. Ctrl-C here does not end the job.")
    note = ""
    every_s = 0.1 if sys.stderr.isatty() else 5  # a log needs no bar that moves
    with (
        interrupt() as stop,
        tqdm(total=job.ids, unit=" ids", initial=job.done, mininterval=every_s, dynamic_ncols=True) as bar,
    ):
        while job.state in AT_WORK and not stop.wait(LOOK_EVERY_S):
            job = store.get(job.id) or _gone()
            bar.set_postfix({word: n for word, n in job.words.items() if n}, refresh=False)
            bar.update(job.done - bar.n)
            if job.note and job.note != note:
                bar.write(job.note, file=sys.stderr)
            note = job.note
            if not here and job.state in AT_WORK and store.runner(datetime.now(UTC)) is None:
                raise NxccError("The app has ended.", cure="What came is kept. Run this again to go on.")
    if job.state in AT_WORK:
        say("Interrupted. What came before is kept; run it again to go on." if here else "The job goes on in the app.")
        return INTERRUPTED, job
    if job.state != "done":
        say(f"nxcc: The job is {job.state}. {job.note}".rstrip())
        say(f"      {job.cure} Then run it again: it goes on." if job.cure else "      Run it again to go on.")
        return STOPPED, job
    return (SOME_FAILED if job.failed else DONE), job


def _gone() -> Job:
    raise NxccError("The job was deleted.", cure="Run it again.")


@dataclass(frozen=True, slots=True)
class _Ending:
    """What is left to do when a job has ended: files and figures. `desk` is None when the app has the archive."""

    settings: Settings
    store: Store
    desk: Desk | None
    job: Job

    def files(self, wanted: dict[Kind, Path | None], columns: Sequence[str] = ()) -> None:
        """Writes the files; of the orders only these `columns`, where there are any."""
        for kind, path in wanted.items():
            if path is None:
                continue
            try:
                if columns and kind == "orders":
                    part = pq.read_table(self._made(kind, "parquet")).select(list(columns))
                    export.write(part.to_reader(), path, format_of(path), ZoneInfo(self._zone))
                else:
                    shutil.copyfile(self._made(kind, format_of(path)), path)
            except OSError as error:
                raise NxccError(
                    f"{path} cannot be written: {error.strerror}.", cure="The answers are in the archive; run it again."
                ) from error

    def say(self) -> None:
        """Why ids failed, and the JSON line."""
        job = self.job
        if self.desk and self.desk.jobs and job.failed:
            say_reasons([("failed", reason.reason, reason.ids) for reason in self.desk.jobs.listed(job).failures()])
        seconds = ((job.finished_at or datetime.now(UTC)) - job.created_at).total_seconds()
        summary = {
            "asked": job.found + job.no_calls + job.failed,
            "found": job.found,
            "no_calls": job.no_calls,
            "failed": job.failed,
            "invalid": job.invalid,
            "calls": job.calls,
            "requests": job.requests,
            "from_archive": job.from_archive,
            "seconds": round(seconds, 3),
        }
        print(json.dumps(summary), flush=True)

    @property
    def _zone(self) -> str:
        return self.settings.timezone or "UTC"

    def _made(self, kind: Kind, format: Format) -> Path:
        wanted = FileRequest(kind, format, self._zone)
        if self.desk and self.desk.jobs:
            return self.desk.jobs.file(self.job, wanted)
        return _fetch(self.store, self.job, wanted)


def _fetch(store: Store, job: Job, wanted: FileRequest) -> Path:
    """The file, made by the app."""
    name = f"{wanted.kind}.{wanted.format}"
    store.want_file(job.id, name, {"kind": wanted.kind, "format": wanted.format, "zone": wanted.zone})
    while (state := store.file_state(job.id, name))[0] in ("wanted", "made"):
        if store.runner(datetime.now(UTC)) is None:
            raise NxccError("The app has ended.", cure="Run this again: the answers are in the archive.")
        time.sleep(LOOK_EVERY_S)
    if state[0] == "failed":
        raise NxccError(state[1])
    return Path(state[1])
