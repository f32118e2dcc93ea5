"""The jobs' rows, through SQLAlchemy Core: small, and the only thing about a job that changes."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from nxcc import small_tables
from nxcc.jobs.errors import JobsAway, JobsError
from nxcc.jobs.job import AT_WORK, UNFINISHED, Job, Period, State
from nxcc.small_tables import WAIT_FOR_LOCK_S, Place, Text, Whole
from nxcc.stretches import CallFilters, Stretch
from nxcc.team.place import Team

log = logging.getLogger(__name__)

ALIVE_S = 5.0  # whoever runs jobs says so more often than this


class Moment(sa.TypeDecorator[datetime]):
    """An aware UTC time, kept as text that sorts."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        return value.astimezone(UTC).isoformat(timespec="microseconds") if value else None

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        return datetime.fromisoformat(value) if value else None


TABLES = sa.MetaData()
jobs_table = sa.Table(
    "jobs",
    TABLES,
    sa.Column("id", Text, primary_key=True),
    sa.Column("owner", Text, nullable=False, index=True),
    *(
        sa.Column(name, Text, nullable=False)
        for name in ("name", "file_name", "who", "column", "state", "note", "cure", "code", "source")
    ),
    *(
        sa.Column(name, Whole, nullable=False)
        for name in ("rows", "ids", "found", "no_calls", "failed", "invalid", "calls", "from_archive", "requests")
    ),
    *(
        sa.Column(name, Moment, nullable=False)
        for name in ("created_at", "found_after", "no_calls_after", "failed_after", "may_pass_after")
    ),
    sa.Column("started_at", Moment),
    sa.Column("finished_at", Moment),
    sa.Column("halted_at", Moment),
    sa.Column("counted_at", Moment),
)
_runners = sa.Table(
    "runners",
    TABLES,
    sa.Column("owner", Text, primary_key=True),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
)
files_table = sa.Table(
    "files",
    TABLES,
    sa.Column("job_id", Text, primary_key=True),
    sa.Column("name", Text, primary_key=True),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("state", Text, nullable=False),  # wanted, made (somebody is at it), ready, failed
    sa.Column("said", Text, nullable=False),
)
# Of jobs that read by time; epoch seconds are 64 bits in PostgreSQL (`Whole`).
periods_table = sa.Table(
    "periods",
    TABLES,
    sa.Column("job_id", Text, primary_key=True),
    sa.Column("from_s", Whole, nullable=False),
    sa.Column("to_s", Whole, nullable=False),
    sa.Column("filters", Text, nullable=False),
    sa.Column("answers", sa.Boolean, nullable=False),
)
small_tables.unsampled(periods_table, "filters")
small_tables.unsampled(jobs_table, "name", "file_name", "column", "note")
small_tables.unsampled(files_table, "said")
_OF_PERIOD = [periods_table.c[name].label(f"period_{name}") for name in ("from_s", "to_s", "filters", "answers")]


class Store:
    """Jobs of one owner (archive, gateway and team). Thread-safe; several processes may have it open.

    Raises `JobsError` when the file, or the team's database, cannot be read or written; `JobsAway` when the latter does
    not answer.
    """

    def __init__(self, place: Place, owner: str) -> None:
        self.place = place
        self.owner = owner
        self._engine = small_tables.engine(place, WAIT_FOR_LOCK_S)
        with self._sentences():
            small_tables.create(self._engine, place, TABLES)

    def close(self) -> None:
        """Lets the file go."""
        self._engine.dispose()

    def add(self, job: Job) -> None:
        """A new job."""
        values = {field.name: getattr(job, field.name) for field in dataclasses.fields(job) if field.name != "period"}
        with self._writing() as connection:
            connection.execute(jobs_table.insert().values(owner=self.owner, **values))
            if period := job.period:
                stretch = period.stretch
                row = {"from_s": stretch.from_s, "to_s": stretch.to_s, "filters": period.filters.text}
                connection.execute(periods_table.insert().values(job_id=job.id, answers=period.answers, **row))

    def get(self, job_id: str) -> Job | None:
        """The job of this id; None when there is none."""
        found = self._select(jobs_table.c.id == job_id)
        return found[0] if found else None

    def all(self) -> list[Job]:
        """All jobs, the newest first."""
        return self._select()

    def at_work(self) -> list[Job]:
        """Those that run or wait to run, the oldest first."""
        return self._select(jobs_table.c.state.in_(AT_WORK))[::-1]

    def unfinished_of(self, source: str) -> Job | None:
        """The newest job of this fingerprint that has not ended."""
        found = self._select(jobs_table.c.source == source, jobs_table.c.state.in_(UNFINISHED))
        return found[0] if found else None

    def states(self) -> dict[str, State]:
        """The state of each job that runs or waits to run, by id."""
        query = sa.select(jobs_table.c.id, jobs_table.c.state).where(
            jobs_table.c.owner == self.owner, jobs_table.c.state.in_(AT_WORK)
        )
        with self._sentences(), self._engine.connect() as connection:
            return {row.id: row.state for row in connection.execute(query)}

    def count_by_state(self) -> dict[State, int]:
        """How many jobs are in each state that occurs."""
        query = (
            sa.select(jobs_table.c.state, sa.func.count())
            .where(jobs_table.c.owner == self.owner)
            .group_by(jobs_table.c.state)
        )
        with self._sentences(), self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def change(self, job_id: str, /, only: Sequence[State] | None = None, **values: Any) -> bool:
        """Changes a job's row, only while it is in one of these states; whether it was changed."""
        condition = [jobs_table.c.id == job_id, jobs_table.c.owner == self.owner]
        if only is not None:
            condition.append(jobs_table.c.state.in_(only))
        with self._writing() as connection:
            return connection.execute(jobs_table.update().where(*condition).values(**values)).rowcount > 0

    def remove(self, job_id: str) -> None:
        """Forgets a job's row."""
        with self._writing() as connection:
            mine = jobs_table.delete().where(jobs_table.c.id == job_id, jobs_table.c.owner == self.owner)
            if connection.execute(mine).rowcount:
                for table in (files_table, periods_table):
                    connection.execute(table.delete().where(table.c.job_id == job_id))

    def beat(self, pid: int, now: datetime) -> None:
        """This process runs the jobs."""
        with self._writing() as connection:
            row = small_tables.insert(self._engine, _runners).values(owner=self.owner, pid=pid, seen_at=now)
            connection.execute(row.on_conflict_do_update(index_elements=["owner"], set_={"pid": pid, "seen_at": now}))

    def rest(self) -> None:
        """Nobody runs the jobs any more."""
        with self._writing() as connection:
            connection.execute(_runners.delete().where(_runners.c.owner == self.owner))

    def runner(self, now: datetime) -> int | None:
        """The process that runs the jobs, None when none has said so lately."""
        query = sa.select(_runners.c.pid, _runners.c.seen_at).where(_runners.c.owner == self.owner)
        with self._sentences(), self._engine.connect() as connection:
            row = connection.execute(query).first()
        return row.pid if row and abs(now - row.seen_at) < timedelta(seconds=ALIVE_S) else None

    def want_file(self, job_id: str, name: str, request: dict[str, str]) -> None:
        """Asks whoever runs the jobs for a file of this name in the job's folder."""
        with self._writing() as connection:
            asked = {"request": request, "state": "wanted", "said": ""}
            row = small_tables.insert(self._engine, files_table).values(job_id=job_id, name=name, **asked)
            connection.execute(row.on_conflict_do_update(index_elements=["job_id", "name"], set_=asked))

    def wanted_files(self) -> list[tuple[str, str, dict[str, str]]]:
        """Files that were asked for: job id, name, request."""
        query = (
            sa.select(files_table)
            .join(jobs_table, jobs_table.c.id == files_table.c.job_id)
            .where(jobs_table.c.owner == self.owner, files_table.c.state == "wanted")
        )
        with self._sentences(), self._engine.connect() as connection:
            return [(row.job_id, row.name, row.request) for row in connection.execute(query)]

    def make_anew(self) -> None:
        """Files that somebody was making who has died are wanted again."""
        mine = sa.select(jobs_table.c.id).where(jobs_table.c.owner == self.owner)
        with self._writing() as connection:
            half_made = (files_table.c.job_id.in_(mine), files_table.c.state == "made")
            connection.execute(files_table.update().where(*half_made).values(state="wanted"))

    def file_is(self, job_id: str, name: str, state: str, said: str = "") -> None:
        """The file that was asked for is ready, or failed with what is said."""
        with self._writing() as connection:
            of_file = (files_table.c.job_id == job_id, files_table.c.name == name)
            connection.execute(files_table.update().where(*of_file).values(state=state, said=said))

    def file_state(self, job_id: str, name: str) -> tuple[str, str]:
        """State of a file that was asked for, and what is said of it."""
        query = sa.select(files_table.c.state, files_table.c.said).where(
            files_table.c.job_id == job_id, files_table.c.name == name
        )
        with self._sentences(), self._engine.connect() as connection:
            row = connection.execute(query).first()
        return (row.state, row.said) if row else ("failed", "It was never asked for.")

    def _select(self, *conditions: sa.ColumnElement[bool]) -> list[Job]:
        query = sa.select(jobs_table, *_OF_PERIOD).outerjoin(periods_table, periods_table.c.job_id == jobs_table.c.id)
        query = query.where(jobs_table.c.owner == self.owner, *conditions)
        query = query.order_by(jobs_table.c.created_at.desc(), jobs_table.c.id)
        with self._sentences(), self._engine.connect() as connection:
            return [_job(row) for row in connection.execute(query)]

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._sentences(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        """Turns what the database or the disk says into a `JobsError`."""
        try:
            yield
        except (sa.exc.SQLAlchemyError, OSError) as error:
            if isinstance(self.place, Team):
                raise small_tables.told(self.place, error, JobsError, JobsAway) from None
            raise _as_sentence(self.place, error) from error


def _job(row: sa.Row[Any]) -> Job:
    values = dict(row._mapping)
    del values["owner"]
    from_s, to_s, filters, answers = (values.pop(column.name) for column in _OF_PERIOD)
    if from_s is None:
        return Job(**values)
    return Job(**values, period=Period(Stretch(from_s, to_s), CallFilters.read(filters), answers))


def _as_sentence(path: Path, error: Exception) -> JobsError:
    said = str(error)
    if "locked" in said:
        return JobsError(
            f"The table of jobs ({path.name}) is locked by another program.",
            cure="Close what has it open (a database viewer, a backup), then resume the job.",
        )
    if "disk is full" in said or "No space left" in said:
        return JobsError(
            f"The disk of {path.parent} is full.",
            cure="Answers and uploaded files are kept. Free some space, then resume the job.",
        )
    log.warning("the table of jobs failed: %s", type(error).__name__)
    return JobsError(
        f"The table of jobs ({path}) cannot be read or written.",
        cure="Check that the folder exists and may be written, or set NXCC_DATA_DIR to another one.",
    )
