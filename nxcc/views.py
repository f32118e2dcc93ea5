"""Saved views: names for sets of filters, in the table file beside the jobs."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import sqlalchemy as sa

from nxcc import small_tables
from nxcc.errors import AwayError, NxccError
from nxcc.filters import Filters, from_address
from nxcc.small_tables import Place, Text

LONGEST_NAME = 80

TABLES = sa.MetaData()
_views = sa.Table(
    "views",
    TABLES,
    sa.Column("id", Text, primary_key=True),
    sa.Column("owner", Text, nullable=False, index=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("address", Text, nullable=False),
    sa.Column("created_at", Text, nullable=False),
    sa.UniqueConstraint("owner", "name"),
)
small_tables.unsampled(_views, "name", "address")


class ViewsError(NxccError):
    """Saved views cannot be read or written."""


class ViewsAway(ViewsError, AwayError):
    """Saved views do not answer at the moment."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A set of filters with a name."""

    id: str
    name: str
    filters: Filters


_SAID = small_tables.Said(
    ViewsError,
    ViewsAway,
    "Saved views",
    cure=f"{small_tables.CHECK_DISK} Figures do not need them.",
)


class Views:
    """Saved views of one owner (archive, gateway and team), by name. Thread-safe; every method raises `ViewsError`."""

    def __init__(self, place: Place, owner: str) -> None:
        self.place = place
        self._owner = owner
        self._engine = small_tables.engine(place)
        with self._sentences():
            small_tables.create(self._engine, place, TABLES)

    def close(self) -> None:
        """Lets the file go."""
        self._engine.dispose()

    def all(self) -> list[SavedView]:
        """By name."""
        query = sa.select(_views).where(_views.c.owner == self._owner).order_by(sa.func.lower(_views.c.name))
        with self._sentences(), self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return [SavedView(row.id, row.name, from_address(parse_qsl(row.address))[0]) for row in rows]

    def save(self, name: str, filters: Filters) -> None:
        """Keeps these filters under the name, in place of what had it."""
        name = name.strip()[:LONGEST_NAME]
        if not name:
            raise ViewsError("A view needs a name.", cure="Type one.")
        row = {
            "id": uuid.uuid4().hex,
            "owner": self._owner,
            "name": name,
            "address": urlencode(filters.address()),
            "created_at": datetime.now(UTC).isoformat(),
        }
        with self._sentences(), self._engine.begin() as connection:
            fresh = {key: row[key] for key in ("id", "address", "created_at")}
            added = small_tables.insert(self._engine, _views).values(row)
            connection.execute(added.on_conflict_do_update(index_elements=["owner", "name"], set_=fresh))

    def remove(self, view_id: str) -> None:
        """Forgets a view."""
        with self._sentences(), self._engine.begin() as connection:
            connection.execute(_views.delete().where(_views.c.owner == self._owner, _views.c.id == view_id))

    def forget(self, holds: Callable[[str], bool], *, dry: bool = False) -> int:
        """Removes every owner's views whose name or filters hold such a text; returns how many (`dry`: would)."""
        with self._sentences(), self._engine.begin() as connection:
            gone = [row.id for row in connection.execute(sa.select(_views)) if any(map(holds, _texts(row)))]
            if gone and not dry:
                for some in small_tables.batches(gone):
                    connection.execute(_views.delete().where(_views.c.id.in_(some)))
        return len(gone)

    def _sentences(self) -> AbstractContextManager[None]:
        return small_tables.sentences(self.place, _SAID)


def _texts(row: sa.Row[Any]) -> list[str]:
    return [row.name, *(value for _, value in parse_qsl(row.address))]
