"""The rows of schedules and of their runs, in the table file beside the jobs or in a team's database."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from nxcc import small_tables
from nxcc.jobs.store import Moment
from nxcc.schedules.due import When
from nxcc.schedules.schedule import Run, Schedule, tell_of, to_text, what_of
from nxcc.small_tables import Text

TABLES = sa.MetaData()
schedules_table = sa.Table(
    "schedules",
    TABLES,
    sa.Column("id", Text, primary_key=True),
    sa.Column("owner", Text, nullable=False, index=True),
    *(sa.Column(name, Text, nullable=False) for name in ("name", "kind", "options", "cron", "zone", "tell", "who")),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("note", Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("next_at", Moment),
)
runs_table = sa.Table(
    "schedule_runs",
    TABLES,
    sa.Column("id", Text, primary_key=True),
    sa.Column("owner", Text, nullable=False, index=True),
    sa.Column("schedule_id", Text, nullable=False, index=True),
    sa.Column("due_at", Moment, nullable=False),
    *(sa.Column(name, Text, nullable=False) for name in ("state", "job_id", "by", "said", "cure")),
    sa.Column("begun_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
    sa.Column("told", Text, nullable=False),  # JSON: by event, what became of its notice
    # Who makes its job right now, and until when nobody else does.
    sa.Column("held_by", Text, nullable=False),
    sa.Column("held_until", Moment, nullable=False),
)
small_tables.unsampled(schedules_table, "name")
small_tables.unsampled(runs_table, "said", "cure")


def schedule_of(row: sa.Row[Any]) -> Schedule:
    """A row as it is used."""
    return Schedule(
        id=row.id,
        name=row.name,
        what=what_of(row.kind, row.options),
        when=When(row.cron, row.zone),
        tell=tell_of(row.tell),
        who=row.who,
        on=row.enabled,
        created_at=row.created_at,
        next_at=row.next_at if row.enabled else None,
        note=row.note,
    )


def row_of(schedule: Schedule) -> dict[str, Any]:
    """A schedule as a row, but for its owner."""
    return {
        "id": schedule.id,
        "name": schedule.name,
        "kind": schedule.what.kind,
        "options": to_text(schedule.what),
        "cron": schedule.when.cron,
        "zone": schedule.when.zone,
        "tell": to_text(schedule.tell),
        "who": schedule.who,
        "enabled": schedule.on,
        "note": schedule.note,
        "created_at": schedule.created_at,
        "next_at": schedule.next_at,
    }


def run_of(row: sa.Row[Any]) -> Run:
    """A row as it is used."""
    values = dict(row._mapping) | {"told": json.loads(row.told)}
    return Run(**{name: values[name] for name in Run.__dataclass_fields__})


def row_of_run(run: Run) -> dict[str, Any]:
    """A run as a row, but for its owner and who holds it."""
    return asdict(run) | {"told": json.dumps(run.told)}
