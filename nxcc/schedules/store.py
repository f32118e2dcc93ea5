"""Schedules and their runs. Each due run begins once, however many processes look.

Whoever finds a schedule due changes when it is due next and adds the run in one transaction, on the condition that it
is still due then: one of them does. A run whose process died before it had made the job is taken up by another, when
the time for which it was held is over.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

import sqlalchemy as sa

from nxcc import small_tables
from nxcc.schedules.due import When
from nxcc.schedules.errors import SchedulesAway, SchedulesError
from nxcc.schedules.schedule import LONGEST_NAME, OPEN, Run, RunState, Schedule, Tell, What
from nxcc.schedules.tables import TABLES, row_of, row_of_run, run_of, runs_table, schedule_of, schedules_table
from nxcc.small_tables import Place

HELD = timedelta(minutes=1)
KEPT_RUNS = 200  # of a schedule
FOLLOWED = timedelta(days=7)  # a job that halted may go on
NOT_ENDED = "The run before it had not ended."


_SAID = small_tables.Said(
    SchedulesError,
    SchedulesAway,
    "Schedules",
    cure=f"{small_tables.CHECK_DISK} Nothing is due meanwhile.",
)


class Schedules:
    """Those of one owner (archive, gateway and team). Thread-safe; every method raises `SchedulesError`."""

    def __init__(self, place: Place, owner: str) -> None:
        self.place = place
        self._owner = owner
        self._engine = small_tables.engine(place)
        with self._sentences():
            small_tables.create(self._engine, place, TABLES)

    def close(self) -> None:
        """Lets the file go."""
        self._engine.dispose()

    def all(self) -> list[Schedule]:
        """By name."""
        return self._schedules()

    def get(self, schedule_id: str) -> Schedule | None:
        """The one of this id; None when there is none."""
        found = self._schedules(schedules_table.c.id == schedule_id)
        return found[0] if found else None

    def add(self, name: str, what: What, when: When, tell: Tell, *, who: str, now: datetime) -> Schedule:
        """A new one, due from now on."""
        schedule = Schedule(
            secrets.token_hex(8), _name(name), what, when, tell, who, on=True, created_at=now, next_at=when.next(now)
        )
        with self._writing() as connection:
            connection.execute(schedules_table.insert().values(owner=self._owner, **row_of(schedule)))
        return schedule

    def change(self, schedule: Schedule, now: datetime) -> None:
        """Keeps it as it is given, due from now on if it is on: what was missed while it was off is not caught up."""
        next_at = schedule.when.next(now) if schedule.on else None
        row = row_of(replace(schedule, name=_name(schedule.name), next_at=next_at, note=""))
        with self._writing() as connection:
            connection.execute(schedules_table.update().where(*self._is(schedule.id)).values(row))

    def remove(self, schedule_id: str) -> None:
        """Forgets it with its runs; jobs that it made stay."""
        with self._writing() as connection:
            if connection.execute(schedules_table.delete().where(*self._is(schedule_id))).rowcount:
                connection.execute(runs_table.delete().where(runs_table.c.schedule_id == schedule_id))

    def due(self, now: datetime) -> list[Schedule]:
        """Those whose time has come."""
        return self._schedules(schedules_table.c.enabled, schedules_table.c.next_at <= now)

    def claim(self, schedule: Schedule, now: datetime, holder: str) -> Run | None:
        """Begins the run of a schedule that is due, for `holder` to make; None when somebody else did.

        However many times were missed, it is one run. When the one before has not ended it is noted as skipped.
        """
        due = schedule.next_at
        if due is None:
            return None
        still = [
            *self._is(schedule.id),
            schedules_table.c.enabled,
            schedules_table.c.next_at == due,
            schedules_table.c.cron == schedule.when.cron,
            schedules_table.c.zone == schedule.when.zone,
        ]
        run_id = hashlib.sha256(f"{schedule.id} {due.isoformat()}".encode()).hexdigest()[:16]
        run = Run(run_id, schedule.id, due, "due", now)
        with self._writing() as connection:
            following = schedule.when.next(now)
            if not connection.execute(schedules_table.update().where(*still).values(next_at=following)).rowcount:
                return None
            if self._any_open(connection, schedule.id):
                run = replace(run, state="skipped", said=NOT_ENDED, finished_at=now)
            self._begin(connection, run, holder)
        return run

    def begin_now(self, schedule_id: str, who: str, now: datetime, holder: str) -> Run:
        """Begins a run that `who` asked for. Raises `SchedulesError` when the one before has not ended."""
        run = Run(secrets.token_hex(8), schedule_id, now, "due", now, by=who)
        with self._writing() as connection:
            # One at a time: the row is ours until this ends.
            same = schedules_table.update().where(*self._is(schedule_id)).values(name=schedules_table.c.name)
            if not connection.execute(same).rowcount:
                raise SchedulesError("There is no such schedule any more.", cure="Reload the page.")
            if self._any_open(connection, schedule_id):
                raise SchedulesError(
                    "The run before it has not ended.", cure="Wait until its job has ended, or cancel the job."
                )
            self._begin(connection, run, holder)
        return run

    def followed(self, now: datetime) -> list[Run]:
        """Runs that have not ended, and those of late whose job halted and may go on; the oldest first."""
        runs = runs_table.c
        halted = sa.and_(runs.state == "failed", runs.job_id != "", runs.finished_at > now - FOLLOWED)
        return self._runs(sa.or_(runs.state.in_(OPEN), halted))[::-1]

    def take_up(self, run_id: str, now: datetime, holder: str) -> Run | None:
        """The run as it is, for `holder` to make its job; None when it is made, or another one is at it."""
        runs = runs_table.c
        ours_now = sa.or_(runs.held_by == holder, runs.held_until < now)
        mine = [runs.id == run_id, runs.owner == self._owner, runs.state == "due", ours_now]
        with self._writing() as connection:
            held = runs_table.update().where(*mine).values(held_by=holder, held_until=now + HELD)
            if not connection.execute(held).rowcount:
                return None
            return run_of(connection.execute(sa.select(runs_table).where(runs.id == run_id)).one())

    def job_is(self, run_id: str, job_id: str, now: datetime, holder: str) -> bool:
        """Notes which job the run is about to get, before it is made; False when another one took the run up."""
        runs = runs_table.c
        mine = [runs.id == run_id, runs.state == "due", runs.held_by == holder, runs.job_id == ""]
        return self._change(*mine, job_id=job_id, held_until=now + HELD)

    def under_way(self, run_id: str, job_id: str) -> bool:
        """Its job is there, and has not ended."""
        runs = runs_table.c
        waits = (runs.id == run_id, runs.state.in_(("due", "failed")))
        return self._change(*waits, state="running", job_id=job_id, said="", cure="", finished_at=None)

    def close_run(
        self,
        run: Run,
        state: RunState,
        said: str,
        *,
        now: datetime,
        cure: str = "",
        told: Mapping[str, str] = MappingProxyType({}),
    ) -> bool:
        """Notes what came of it, while it is as it was found; whether it was so. `told`: notices about to be sent."""
        runs = runs_table.c
        values = {
            "state": state,
            "said": said,
            "cure": cure,
            "finished_at": now,
            "told": json.dumps(run.told | dict(told)),
        }
        return self._change(runs.id == run.id, runs.state == run.state, **values)

    def note_told(self, run_id: str, event: str, said: str) -> None:
        """Notes what became of a notice."""
        of_run = runs_table.c.id == run_id
        with self._writing() as connection:
            told = json.loads(connection.execute(sa.select(runs_table.c.told).where(of_run)).scalar() or "{}")
            connection.execute(runs_table.update().where(of_run).values(told=json.dumps(told | {event: said})))

    def history(self, schedule_id: str, most: int) -> list[Run]:
        """Its newest runs, newest first."""
        return self._runs(runs_table.c.schedule_id == schedule_id, most=most)

    def newest(self) -> dict[str, Run]:
        """The newest run of each schedule, by its id."""
        newest: dict[str, Run] = {}
        last = sa.select(runs_table.c.schedule_id, sa.func.max(runs_table.c.begun_at).label("at"))
        each = last.where(runs_table.c.owner == self._owner).group_by(runs_table.c.schedule_id).subquery()
        of_each = sa.and_(each.c.schedule_id == runs_table.c.schedule_id, each.c.at == runs_table.c.begun_at)
        with self._sentences(), self._engine.connect() as connection:
            for row in connection.execute(sa.select(runs_table).join(each, of_each)):
                newest[row.schedule_id] = run_of(row)
        return newest

    def reword(self, without: Callable[[str], str], *, dry: bool = False) -> int:
        """Changes the words of every owner's schedules and runs; returns in how many rows (`dry`: would)."""
        changed = 0
        with self._writing() as connection:
            for table, names in ((schedules_table, ("name",)), (runs_table, ("said", "cure"))):
                for row in connection.execute(sa.select(table)).mappings().all():
                    said = {name: text for name in names if (text := without(row[name])) != row[name]}
                    changed += bool(said)
                    if said and not dry:
                        connection.execute(table.update().where(table.c.id == row["id"]).values(said))
        return changed

    def _begin(self, connection: sa.Connection, run: Run, holder: str) -> None:
        held = {"owner": self._owner, "held_by": holder, "held_until": run.begun_at + HELD}
        connection.execute(runs_table.insert().values(**row_of_run(run), **held))
        of_schedule = runs_table.c.schedule_id == run.schedule_id
        kept = sa.select(runs_table.c.id).where(of_schedule).order_by(runs_table.c.begun_at.desc()).limit(KEPT_RUNS)
        old = [of_schedule, runs_table.c.finished_at.is_not(None), runs_table.c.id.not_in(kept)]
        connection.execute(runs_table.delete().where(*old))

    def _any_open(self, connection: sa.Connection, schedule_id: str) -> bool:
        found = sa.select(sa.literal(1)).where(runs_table.c.schedule_id == schedule_id, runs_table.c.state.in_(OPEN))
        return connection.execute(found.limit(1)).first() is not None

    def _is(self, schedule_id: str) -> list[sa.ColumnElement[bool]]:
        return [schedules_table.c.id == schedule_id, schedules_table.c.owner == self._owner]

    def _schedules(self, *conditions: sa.ColumnElement[bool]) -> list[Schedule]:
        query = sa.select(schedules_table).where(schedules_table.c.owner == self._owner, *conditions)
        query = query.order_by(sa.func.lower(schedules_table.c.name), schedules_table.c.id)
        with self._sentences(), self._engine.connect() as connection:
            return [schedule_of(row) for row in connection.execute(query)]

    def _runs(self, *conditions: sa.ColumnElement[bool], most: int | None = None) -> list[Run]:
        query = sa.select(runs_table).where(runs_table.c.owner == self._owner, *conditions)
        query = query.order_by(runs_table.c.begun_at.desc(), runs_table.c.id).limit(most)
        with self._sentences(), self._engine.connect() as connection:
            return [run_of(row) for row in connection.execute(query)]

    def _change(self, *conditions: sa.ColumnElement[bool], **values: object) -> bool:
        mine = runs_table.update().where(runs_table.c.owner == self._owner, *conditions)
        with self._writing() as connection:
            return connection.execute(mine.values(values)).rowcount > 0

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._sentences(), self._engine.begin() as connection:
            yield connection

    def _sentences(self) -> AbstractContextManager[None]:
        return small_tables.sentences(self.place, _SAID)


def _name(text: str) -> str:
    name = text.strip()[:LONGEST_NAME]
    if not name:
        raise SchedulesError("A schedule needs a name.", cure="Type one.")
    return name
