"""Sign-ins that were ended by hand: a copied cookie, or another tab, must not go on with them."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from nxcc import small_tables
from nxcc.errors import NxccError

_NOT_CLAIMS = ("tokens", "origin")  # Streamlit's own: one stands in a page's user alone, one in the cookie alone
KEPT = timedelta(days=40)  # longer than the browser keeps a cookie

_tables = sa.MetaData()
_ended = sa.Table(
    "sign_outs",
    _tables,
    sa.Column("sign_in", sa.String, primary_key=True),
    sa.Column("at", sa.String, nullable=False),
)


class SignOutsError(NxccError):
    """The table of ended sign-ins cannot be read or written."""


class SignOuts:
    """Which sign-ins have ended. Thread-safe; asking is cheap."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = small_tables.engine(path)
        self._lock = threading.Lock()
        old = (datetime.now(UTC) - KEPT).isoformat()
        with self._sentences():
            path.parent.mkdir(parents=True, exist_ok=True)
            _tables.create_all(self._engine)
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
        with self._sentences(), self._engine.begin() as connection:
            connection.execute(_ended.insert().values(sign_in=key, at=datetime.now(UTC).isoformat()))
        return True

    def has_ended(self, claims: Mapping[str, Any]) -> bool:
        """Whether this sign-in was ended."""
        return bool(self._known) and _key(claims) in self._known

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise SignOutsError(
                f"Sign-outs ({self.path.name}) cannot be read or written.",
                cure="Check that the data folder may be written and its disk is not full.",
            ) from error


def _key(claims: Mapping[str, Any]) -> str:
    """One sign-in: the provider's claims differ in their nonce or time from one to the next."""
    said = {name: value for name, value in claims.items() if name not in _NOT_CLAIMS}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
