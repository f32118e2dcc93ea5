"""The engine of the small tables in a team's PostgreSQL: nothing waits for ever, and what broke is connected anew.

Only a team's installation has the driver that this module imports. The address, which holds a password, is given to the
driver alone: SQLAlchemy's objects never see it.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import event

from nxcc import logs
from nxcc.team.place import NETWORK, Team

CONNECT_S = 4
PING_S = 2.0  # of a connection that lay idle; with the new one after it the longest that anybody waits in vain
STATEMENT_S = 6.0
WIPE_S = 120.0
LOCK_S = 2.0
KEPT_OPEN, MOST_MORE = 3, 7

_NETWORK = NETWORK | {"connect_timeout": CONNECT_S, "tcp_user_timeout": 6_000}  # a page waits

T = TypeVar("T")
_opening = threading.Lock()
_engines: weakref.WeakValueDictionary[Team, sa.Engine] = weakref.WeakValueDictionary()


class Patient(psycopg.Connection[Any]):
    """A connection that gives an answer up: a server that is frozen keeps the line open and says nothing."""

    patience_s = STATEMENT_S
    fresh = True  # it has just been made

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """As the driver's own, but not for ever."""
        try:
            return super().wait(gen, interval, self.patience_s if timeout is None else timeout)
        except psycopg.errors._WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError("no answer in time") from None

    def answers(self) -> bool:
        """Whether the server is there."""
        self.patience_s, self.autocommit = PING_S, True
        try:
            self.execute("")
            self.autocommit = False
        except psycopg.Error:
            return False
        finally:
            self.patience_s = STATEMENT_S
        return True


def engine(team: Team) -> sa.Engine:
    """The one engine that this process has for a team's small tables, whoever asks; nothing is connected yet."""
    with _opening:
        found = _engines.get(team)
        if found is None:
            found = _engines[team] = _made(team)
        return found


def wipe(engine: sa.Engine, tables: Sequence[str]) -> bool:
    """Writes these tables anew without what was deleted; False while somebody holds one of them for long."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver: Any = connection.connection.driver_connection
        try:
            driver.patience_s = WIPE_S
            connection.execute(sa.text(f"SET statement_timeout = '{WIPE_S:.0f}s'"))
            connection.execute(sa.text(f"SET lock_timeout = '{LOCK_S:.0f}s'"))
            for table in tables:
                if connection.execute(sa.select(sa.func.to_regclass(table))).scalar() is not None:
                    connection.execute(sa.text(f"VACUUM (FULL) {table}"))
        except sa.exc.OperationalError as error:
            if isinstance(error.orig, psycopg.errors.LockNotAvailable):
                return False
            raise
        finally:
            connection.invalidate()  # with what was set on it
    return True


def _made(team: Team) -> sa.Engine:
    logs.hide(team.password)
    made = sa.create_engine(
        "postgresql+psycopg://",
        creator=lambda: _connected(team),
        hide_parameters=True,
        pool_size=KEPT_OPEN,
        max_overflow=MOST_MORE,
        pool_timeout=STATEMENT_S,
    )
    event.listen(made, "checkout", _still_there)
    return made


def _connected(team: Team) -> Patient:
    options = conninfo_to_dict(team.database_url).get("options") or ""
    try:
        return Patient.connect(
            team.database_url,
            options=f"{options} -c statement_timeout={STATEMENT_S * 1000:.0f}".strip(),
            prepare_threshold=None,  # a pooler between us may give each transaction another connection
            application_name="nxcc",
            **_NETWORK,  # type: ignore[arg-type]
        )
    except psycopg.Error as error:
        failed = type(error)(logs.redact(str(error)))
    raise failed  # here, because what was raised there holds the password, and would hang on to this


def _still_there(connection: Patient, _: object, __: object) -> None:
    """A connection that broke while nobody used it is replaced, and all others that lay idle with it."""
    if not connection.fresh and not connection.answers():
        raise sa.exc.InvalidatePoolError from None
    connection.fresh = False
