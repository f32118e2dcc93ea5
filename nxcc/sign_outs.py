"""Sign-ins that were ended by hand: a copied cookie, or another tab, must not go on with them."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from nxcc import small_tables
from nxcc.errors import AwayError, NxccError
from nxcc.small_tables import Place, Text
from nxcc.team.place import Team

_NOT_CLAIMS = ("tokens", "origin")  # Streamlit's own: one stands in a page's user alone, one in the cookie alone
KEPT = timedelta(days=40)  # longer than the browser keeps a cookie
HEARD_WITHIN_S = 1.5  # of what another process of the team ended
APART = timedelta(minutes=10)  # by which the clocks of a team's machines may differ

TABLES = sa.MetaData()
_ended = sa.Table(
    "sign_outs",
    TABLES,
    sa.Column("sign_in", Text, primary_key=True),
    sa.Column("at", Text, nullable=False),
)


class SignOutsError(NxccError):
    """The table of ended sign-ins cannot be read or written."""


class SignOutsAway(SignOutsError, AwayError):
    """The table of ended sign-ins does not answer at the moment."""


_SAID = small_tables.Said(SignOutsError, SignOutsAway, "Sign-outs")


class SignOuts:
    """Which sign-ins have ended. Thread-safe; asking is cheap.

    In a team it hears within two seconds of what another process ended, and raises while it cannot: an ended sign-in is
    not let in because the database does not answer.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._engine = small_tables.engine(place)
        self._lock = threading.Lock()
        self._hearing = threading.Lock()
        self._heard, self._heard_at, self._deaf = time.monotonic(), datetime.now(UTC), ("", "")
        old = (self._heard_at - KEPT).isoformat()
        with self._sentences():
            small_tables.create(self._engine, place, TABLES)
            with self._engine.begin() as connection:
                connection.execute(_ended.delete().where(_ended.c.at < old))
                self._known = set(connection.execute(sa.select(_ended.c.sign_in)).scalars())

    def close(self) -> None:
        """Lets the file go."""
        self._engine.dispose()

    def end(self, claims: Mapping[str, Any]) -> bool:
        """Ends the sign-in that brought these claims; False when it had ended already."""
        key = _key(claims)
        with self._lock:
            if key in self._known:
                return False
            self._known.add(key)
        row = {"sign_in": key, "at": datetime.now(UTC).isoformat()}
        with self._sentences(), self._engine.begin() as connection:
            added = small_tables.insert(self._engine, _ended).values(row).on_conflict_do_nothing()
            return connection.execute(added.returning(_ended.c.sign_in)).first() is not None

    def has_ended(self, claims: Mapping[str, Any]) -> bool:
        """Whether this sign-in was ended."""
        if isinstance(self.place, Team):
            self._hear()
        return bool(self._known) and _key(claims) in self._known

    def _hear(self) -> None:
        """What others of the team ended meanwhile. One thread asks, and what it met the others meet at once."""
        with self._hearing:
            if time.monotonic() - self._heard < HEARD_WITHIN_S:
                if self._deaf[0]:
                    raise SignOutsAway(self._deaf[0], cure=self._deaf[1])
                return
            now = datetime.now(UTC)
            since = (self._heard_at - APART).isoformat()
            try:
                with self._sentences(), self._engine.connect() as connection:
                    query = sa.select(_ended.c.sign_in).where(_ended.c.at > since)
                    fresh = set(connection.execute(query).scalars())
            except SignOutsAway as error:
                self._heard, self._deaf = time.monotonic(), (error.what, error.cure)
                raise
            with self._lock:
                self._known |= fresh
            self._heard, self._heard_at, self._deaf = time.monotonic(), now, ("", "")

    def _sentences(self) -> AbstractContextManager[None]:
        return small_tables.sentences(self.place, _SAID)


def _key(claims: Mapping[str, Any]) -> str:
    """One sign-in: the provider's claims differ in their nonce or time from one to the next."""
    said = {name: value for name, value in claims.items() if name not in _NOT_CLAIMS}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
