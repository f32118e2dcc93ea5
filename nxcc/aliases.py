"""What stands in an address for a text that may hold a phone number: addresses end up in histories and logs."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import sqlalchemy as sa

from nxcc import masking, small_tables
from nxcc.errors import AwayError, NxccError
from nxcc.small_tables import Place, Text

MARK = "~"

TABLES = sa.MetaData()
_aliases = sa.Table(
    "aliases",
    TABLES,
    sa.Column("alias", Text, primary_key=True),
    sa.Column("owner", Text, nullable=False, index=True),
    sa.Column("text", Text, nullable=False),
    sa.Column("made_at", Text, nullable=False),
    sa.UniqueConstraint("owner", "text"),
)
small_tables.unsampled(_aliases, "text")


class AliasesError(NxccError):
    """The table of aliases cannot be read or written."""


class AliasesAway(AliasesError, AwayError):
    """The table of aliases does not answer at the moment."""


_SAID = small_tables.Said(AliasesError, AliasesAway, "Aliases in addresses", hides=True)


class Aliases:
    """Aliases of one installation, of one team. Thread-safe. Every method raises `AliasesError`."""

    def __init__(self, place: Place, owner: str) -> None:
        self.place = place
        self._owner = owner
        self._engine = small_tables.engine(place)
        with self._sentences():
            small_tables.create(self._engine, place, TABLES)

    def close(self) -> None:
        """Lets the file go."""
        self._engine.dispose()

    def in_address(self, text: str) -> str:
        """The text, or an alias for one that may hold a number; the same text has the same alias."""
        if not text.startswith(MARK) and not masking.holds_number(text):
            return text
        query = sa.select(_aliases.c.alias).where(_aliases.c.owner == self._owner, _aliases.c.text == text)
        row = {"owner": self._owner, "text": text, "made_at": datetime.now(UTC).isoformat()}
        with self._sentences(), self._engine.begin() as connection:
            known = connection.execute(query).scalar()
            if known is None:
                known = MARK + secrets.token_urlsafe(9)
                added = small_tables.insert(self._engine, _aliases).values(row | {"alias": known})
                connection.execute(added.on_conflict_do_nothing())
                known = connection.execute(query).scalar_one()
        return str(known)

    def meant(self, said: str) -> str | None:
        """The text that an address means; None for an alias that is not known here (any more)."""
        if not said.startswith(MARK):
            return said
        query = sa.select(_aliases.c.text).where(_aliases.c.owner == self._owner, _aliases.c.alias == said)
        with self._sentences(), self._engine.connect() as connection:
            text = connection.execute(query).scalar()
        return None if text is None else str(text)

    def forget(self, holds: Callable[[str], bool], *, before: datetime | None = None, dry: bool = False) -> int:
        """Removes every owner's aliases of such texts, made `before` a moment; returns how many (`dry`: would)."""
        query = sa.select(_aliases.c.alias, _aliases.c.text)
        if before is not None:
            query = query.where(_aliases.c.made_at < before.astimezone(UTC).isoformat())
        with self._sentences(), self._engine.begin() as connection:
            gone = [alias for alias, text in connection.execute(query) if holds(text)]
            if gone and not dry:
                for some in small_tables.batches(gone):
                    connection.execute(_aliases.delete().where(_aliases.c.alias.in_(some)))
        return len(gone)

    def _sentences(self) -> AbstractContextManager[None]:
        return small_tables.sentences(self.place, _SAID)
