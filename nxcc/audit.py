"""Who did what and when: a table that is only ever added to, beside the jobs.

It holds counts, job ids and words of ours; never a phone number, an order id, a file name or a secret.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from typing import Literal

import sqlalchemy as sa

from nxcc import small_tables
from nxcc.access import Viewer
from nxcc.errors import AwayError, NxccError
from nxcc.small_tables import POSTGRES, Place, Text, Whole

Deed = Literal[
    "signed in",
    "signed out",
    "was refused",
    "looked up",
    "uploaded",
    "started",
    "paused",
    "resumed",
    "cancelled",
    "retried",
    "repeated",
    "renamed",
    "exported",
    "saw numbers",
    "played",
    "saved a view",
    "removed a view",
    "made a schedule",
    "changed a schedule",
    "switched a schedule on",
    "switched a schedule off",
    "ran a schedule",
    "removed a schedule",
    "deleted",
    "forgot",
    "removed old data",
    "checked",
    "backed up",
    "restored",
]
MOST_SHOWN = 500

log = logging.getLogger(__name__)

TABLES = sa.MetaData()
_audit = sa.Table(
    "audit",
    TABLES,
    sa.Column("n", Whole, primary_key=True),
    sa.Column("owner", Text, nullable=False, index=True),
    sa.Column("at", Text, nullable=False),
    sa.Column("who", Text, nullable=False),
    sa.Column("role", Text, nullable=False),
    sa.Column("deed", Text, nullable=False),
    sa.Column("what", Text, nullable=False),
    sa.Column("count", Whole),
    sa.Column("job", Text, nullable=False),
    sqlite_autoincrement=True,  # a number is never given twice
)
_REFUSALS = {
    "sqlite": [
        f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END"
        for change in ("UPDATE", "DELETE")
    ],
    POSTGRES: [
        "CREATE OR REPLACE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is only added to' "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE TRIGGER audit_is_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to()",
    ],
}
for _dialect, _statements in _REFUSALS.items():
    for _statement in _statements:
        _refusal = sa.DDL(_statement).execute_if(dialect=_dialect)  # type: ignore[no-untyped-call]
        sa.event.listen(_audit, "after_create", _refusal)


class AuditError(NxccError):
    """The audit cannot be read or written."""


class AuditAway(AuditError, AwayError):
    """The audit does not answer at the moment."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed. `at` is aware UTC; `what` says of what kind; `count` of how many (ids, rows, calls); `job` its id."""

    n: int
    at: datetime
    who: str
    role: str
    deed: str
    what: str
    count: int | None
    job: str


_SAID = small_tables.Said(AuditError, AuditAway, "The audit", then=", so this was not done")


class Audit:
    """The deeds in one installation, of one team. Thread-safe."""

    def __init__(self, place: Place, owner: str) -> None:
        self.place = place
        self._owner = owner
        self._engine = small_tables.engine(place)
        with self._sentences():
            small_tables.create(self._engine, place, TABLES)

    def close(self) -> None:
        """Lets the file go."""
        self._engine.dispose()

    def note(self, viewer: Viewer, deed: Deed, what: str = "", *, count: int | None = None, job: str = "") -> None:
        """Adds a deed. Raises `AuditError`: what cannot be noted must not be done."""
        row = {
            "owner": self._owner,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "who": viewer.who,
            "role": viewer.role.word if viewer.signed_in else "",
            "deed": deed,
            "what": what,
            "count": count,
            "job": job,
        }
        with self._sentences(), self._engine.begin() as connection:
            connection.execute(_audit.insert().values(row))
        log.info("audit: %s", deed, extra={"job": job, "count": count})

    def newest(self, most: int = MOST_SHOWN) -> list[Entry]:
        """The newest deeds, newest first."""
        return list(self._entries(_audit.c.n.desc(), most))

    def all(self) -> list[Entry]:
        """Every deed, oldest first."""
        return list(self._entries(_audit.c.n, None))

    def count(self) -> int:
        """How many deeds there are."""
        query = sa.select(sa.func.count()).where(_audit.c.owner == self._owner)
        with self._sentences(), self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def _entries(self, order: sa.ColumnElement[int], most: int | None) -> Iterator[Entry]:
        columns = [_audit.c[field.name] for field in fields(Entry)]
        query = sa.select(*columns).where(_audit.c.owner == self._owner).order_by(order).limit(most)
        with self._sentences(), self._engine.connect() as connection:
            rows = connection.execute(query).all()
        for n, at, *rest in rows:
            yield Entry(n, datetime.fromisoformat(at), *rest)

    def _sentences(self) -> AbstractContextManager[None]:
        return small_tables.sentences(self.place, _SAID)


def as_row(entry: Entry) -> dict[str, object]:
    """An entry as a row of a file."""
    return dict(zip((field.name for field in fields(entry)), astuple(entry), strict=True))
