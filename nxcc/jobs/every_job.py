"""Rows of all owners' jobs, for what concerns the data folder as a whole: what is past, what is to be forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa

from nxcc import small_tables
from nxcc.jobs.errors import JobsAway, JobsError
from nxcc.jobs.job import AT_WORK, UNFINISHED
from nxcc.jobs.store import files_table, jobs_table, periods_table
from nxcc.small_tables import Place
from nxcc.team.place import Team

_TEXTS = ("name", "file_name", "column", "note")
# Tables that personal texts are taken out of.
_FORGOTTEN_IN = ("jobs", "files", "periods", "views", "aliases", "schedules", "schedule_runs")


class EveryJob:
    """The table of jobs, whoever they belong to. Raises `JobsError`."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._engine = small_tables.engine(place)

    def close(self) -> None:
        """Lets the file go. A team's engine is at work for others as well."""
        if not isinstance(self._place, Team):
            self._engine.dispose()

    def ids(self) -> set[str]:
        """Of all jobs."""
        return set(self._ids())

    def ended_before(self, moment: datetime) -> list[str]:
        """Jobs that ended before it."""
        return self._ids(jobs_table.c.state.not_in(UNFINISHED), jobs_table.c.finished_at < moment)

    def oldest_at_work(self) -> datetime | None:
        """When the oldest of the jobs was made that run or wait to run."""
        query = sa.select(sa.func.min(jobs_table.c.created_at, type_=jobs_table.c.created_at.type))
        with self._sentences(), self._engine.connect() as connection:
            found: datetime | None = connection.execute(query.where(jobs_table.c.state.in_(AT_WORK))).scalar()
        return found

    def remove(self, job_id: str) -> None:
        """The row of a job, and of its files."""
        with self._sentences(), self._engine.begin() as connection:
            connection.execute(jobs_table.delete().where(jobs_table.c.id == job_id))
            for table in (files_table, periods_table):
                connection.execute(table.delete().where(table.c.job_id == job_id))

    def list_is(self, job_id: str, *, ids: int, invalid: int) -> None:
        """A job's list holds so many distinct ids now, and so many rows that cannot be asked."""
        with self._sentences(), self._engine.begin() as connection:
            connection.execute(jobs_table.update().where(jobs_table.c.id == job_id).values(ids=ids, invalid=invalid))

    def reword(self, without: Callable[[str], str], *, dry: bool = False) -> int:
        """Changes the words that jobs and their files say; returns in how many rows (`dry`: would)."""
        changed = 0
        with self._sentences(), self._engine.begin() as connection:
            for table, key, names in (
                (jobs_table, ("id",), _TEXTS),
                (files_table, ("job_id", "name"), ("said",)),
                (periods_table, ("job_id",), ("filters",)),
            ):
                for row in connection.execute(sa.select(table)).mappings().all():
                    said = {name: text for name in names if (text := without(row[name])) != row[name]}
                    changed += bool(said)
                    if said and not dry:
                        one = [table.c[name] == row[name] for name in key]
                        connection.execute(table.update().where(*one).values(said))
        return changed

    def wipe(self) -> bool:
        """No byte of what was deleted is left in the file or its log; False while somebody reads in it for long."""
        with self._sentences():
            return small_tables.wipe(self._engine, *_FORGOTTEN_IN)

    def _ids(self, *conditions: sa.ColumnElement[bool]) -> list[str]:
        with self._sentences(), self._engine.connect() as connection:
            return list(connection.execute(sa.select(jobs_table.c.id).where(*conditions)).scalars())

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.SQLAlchemyError, OSError) as error:
            if isinstance(self._place, Team):
                raise small_tables.told(self._place, error, JobsError, JobsAway) from None
            raise JobsError(  # without what came before: it may say what is to be forgotten
                f"The table of jobs ({self._place.name}) cannot be read or written.",
                cure="Close what has it open (a database viewer, a backup), then run this again.",
            ) from None
