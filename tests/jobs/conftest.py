"""Jobs on real ground: a folder with uploads, a table in a real file or a team's database, an archive, a sandbox over
HTTP."""

from __future__ import annotations

import csv
import io
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nxcc.archive import Archive, Lake
from nxcc.jobs import Checked, Folder, Job, Jobs, Store
from nxcc.jobs.job import AT_WORK
from nxcc.lookup import Lookup
from nxcc.sandbox import Sandbox, Seen
from nxcc.team.place import Team

from ..conftest import DAY, client_of

WAIT_S = 20.0


def wait_for(condition: Callable[[], Any], within_s: float = WAIT_S) -> None:
    """Until the condition holds; that it never does is a failure."""
    never, give_up_at = threading.Event(), time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < give_up_at, "it never came to pass"
        never.wait(0.01)


def as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as a CSV file."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def answered(requests: Iterable[Seen]) -> Counter[str]:
    """How often each id was answered."""
    return Counter(request.order_id for request in requests if (request.status, request.code) == (200, 0))


class House:
    """Jobs of one process, and the files that they work on."""

    def __init__(
        self,
        path: Path,
        gateway: Sandbox | str,
        *,
        team: Team | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        patience_s: float | None = None,
        **client: Any,
    ) -> None:
        path.mkdir(exist_ok=True)
        self.path = path
        self.archive = Archive(Lake(team, "archive", path) if team else path / "archive.duckdb", "gateway", 1)
        self.client = client_of(gateway, **client)
        self.lookup = Lookup(self.client, self.archive, DAY, now=now)
        self.store = Store(team or path / "jobs.sqlite", "owner")
        folders = (team.folder if team else path) / "jobs"
        self.jobs = Jobs(self.store, self.lookup, folders, patience_s=patience_s, now=now)
        self.open = True

    def end(self) -> None:
        """Ends as a process does that is asked to."""
        if self.open:
            self.open = False
            self.jobs.end()
            self.archive.close()
            self.store.close()

    def upload(self, rows: Iterable[Sequence[str]] | bytes, name: str = "crm.csv", column: int = 0) -> Folder:
        """A file, kept, read and checked."""
        content = rows if isinstance(rows, bytes) else as_csv(rows)
        folder = self.jobs.upload(name, io.BytesIO(content))
        folder.read()
        folder.check(column)
        return folder

    def start(self, order_ids: Iterable[str], **options: Any) -> Job:
        """A job of these ids."""
        folder = self.upload([["order_id"], *([order_id] for order_id in order_ids)])
        return self.jobs.start(folder, Checked(0), name="a job", who="an analyst", **options)

    def job(self, job: Job) -> Job:
        """The job as it is now."""
        now = self.store.get(job.id)
        assert now
        return now

    def until(self, job: Job, *states: str, within_s: float = WAIT_S) -> Job:
        """Waits until the job is in one of these states, and its thread has ended where it does not run."""

        def is_there() -> bool:
            live = self.jobs.live(job)
            return self.job(job).state in states and (self.job(job).state in AT_WORK or not (live and live.running))

        wait_for(is_there, within_s)
        return self.job(job)

    def done(self, job: Job, within_s: float = WAIT_S) -> Job:
        """Waits for the end; what the row says agrees with the archive."""
        ended = self.until(job, "done", "halted", within_s=within_s)
        assert ended.state == "done", (ended.note, ended.cure)
        tally = self.jobs.listed(ended).tally()
        assert tally.words | {"invalid": ended.invalid} == ended.words
        assert (tally.calls, tally.from_archive) == (ended.calls, ended.from_archive)
        assert (ended.pending, ended.note, ended.cure, ended.code) == (0, "", "", "")
        return ended


HouseOf = Callable[..., House]


@pytest.fixture
def installation(request: pytest.FixtureRequest) -> Team | None:
    """The team that a house belongs to; None: everything is in its folder. A suite that runs on both gives it
    parameters."""
    if getattr(request, "param", "file") == "file":
        return None
    team: Team = request.getfixturevalue("team")
    return team


@pytest.fixture
def house_of(tmp_path: Path, installation: Team | None) -> Iterator[HouseOf]:
    """Opens the jobs of a process on a sandbox; they do not run before `jobs.begin()`. A second one goes on in the
    same folder after the first was ended."""
    with ExitStack() as closing:

        def open_house(gateway: Sandbox | str, *, begin: bool = True, **options: Any) -> House:
            house = House(tmp_path / "data", gateway, team=installation, **options)
            closing.callback(house.end)
            if begin:
                house.jobs.begin()
            return house

        yield open_house


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are kept, rows looked at and rounds begun much more often than in real life."""
    monkeypatch.setattr("nxcc.lookup.LOOK_EVERY_S", 0.02)
    for ledger in ("ledger_file.LedgerFile", "ledger_lake.LedgerLake"):
        monkeypatch.setattr(f"nxcc.archive.{ledger}.keep_every_s", 0.02)
    monkeypatch.setattr("nxcc.lookup.TICK_S", 0.01)
    monkeypatch.setattr("nxcc.jobs.runner.LOOK_EVERY_S", 0.02)
    monkeypatch.setattr("nxcc.jobs.passing.NOTE_EVERY_S", 0.05)
    monkeypatch.setattr("nxcc.jobs.passing.BETWEEN_ROUNDS_S", 0.0)
    monkeypatch.setattr("nxcc.jobs.passing.FIRST_WAIT_S", 0.02)
    monkeypatch.setattr("nxcc.jobs.passing.LONGEST_WAIT_S", 0.1)
    monkeypatch.setattr("nxcc.importing.importer.FIRST_WAIT_S", 0.05)
    monkeypatch.setattr("nxcc.importing.importer.LONGEST_WAIT_S", 0.2)
    monkeypatch.setattr("nxcc.jobs.importing.NOTE_EVERY_S", 0.05)
