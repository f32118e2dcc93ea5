"""What a command line asks of the app that holds the archive: a small table of errands, and the wait for each.

The table has a file of its own in the data folder: a restore puts another table of jobs in place while its own errand
is under way. In a team it lies in the team's database, and any of its apps takes an errand up. What an errand `wants`
may be personal (a number to forget): it is wiped as soon as the errand has ended, and what came of it when it was told.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from nxcc import logs, small_tables
from nxcc.errors import AwayError, NxccError
from nxcc.small_tables import Place, Text
from nxcc.team.place import Team

FILE = "errands.sqlite"
ANYBODY = ""  # the owner of errands for whichever app works on the data folder, whatever account it asks with
TAKEN_WITHIN_S = 8.0  # an app looks every second
LOST_AFTER_S = 20.0  # an app that works on an errand says so every second
LOOK_EVERY_S = 1.0
WAIT_EVERY_S = 0.2
KEPT_S = 600.0
MOST_BYTES = 65_536

_KIND = re.compile(r"[a-z][a-z_]{0,39}")
_AGAIN = "End the app and start it again, then run this once more."

log = logging.getLogger(__name__)


class NobodyAnswers(NxccError):
    """No app took an errand up: perhaps whoever holds the archive is none."""


Handler = Callable[[dict[str, Any]], dict[str, Any]]

_tables = sa.MetaData()
_errands = sa.Table(
    "errands",
    _tables,
    sa.Column("id", Text, primary_key=True),
    sa.Column("owner", Text, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("wants", Text, nullable=False),  # JSON; empty when it has ended
    sa.Column("state", Text, nullable=False),  # waiting, taken, done, failed
    sa.Column("taken_by", Text, nullable=False),
    sa.Column("result", Text, nullable=False),  # JSON, when it is done
    sa.Column("what", Text, nullable=False),  # why it failed
    sa.Column("cure", Text, nullable=False),
    sa.Column("asked_at", Text, nullable=False),  # ISO 8601 in UTC, which sorts
    sa.Column("seen_at", Text, nullable=False),  # when an app last said that it knows of it
    sa.Column("ended_at", Text, nullable=False),
)

small_tables.unsampled(_errands, "wants", "result", "what")


_SAID = small_tables.Said(NxccError, AwayError, "The app's errands", hides=True)


class Errands:
    """Errands of one owner (archive, gateway and team) or of `ANYBODY`. Thread-safe; several processes have it open.

    Every method raises `NxccError` when the file cannot be read or written, `AwayError` when the team's database does
    not answer.
    """

    def __init__(self, place: Place, owner: str) -> None:
        self.place = place
        self._owner = owner
        self._engine = small_tables.engine(place)
        with self._sentences():
            small_tables.create(self._engine, place, _tables)

    def close(self) -> None:
        """Lets the file go."""
        self._engine.dispose()

    def ask(self, kind: str, wants: dict[str, Any]) -> str:
        """Puts an errand down for the app; returns its id. `wants` is plain JSON and never holds a secret."""
        text = json.dumps(wants, allow_nan=False)
        if not _KIND.fullmatch(kind) or not isinstance(wants, dict):
            raise ValueError(f"an errand of kind {kind!r}")
        if len(text.encode()) > MOST_BYTES:
            raise NxccError("The app is asked for too much at once.", cure="Ask for less.")
        row = dict.fromkeys(_errands.c.keys(), "")
        row |= {"id": uuid.uuid4().hex, "owner": self._owner, "kind": kind, "wants": text, "state": "waiting"}
        with self._writing() as connection:
            connection.execute(_errands.insert().values(row | {"asked_at": _now()}))
        return row["id"]

    def wait(self, errand_id: str, timeout_s: float = 3_600) -> dict[str, Any]:
        """What came of an errand, which is then forgotten.

        Raises the `NxccError` that the app met; one when nobody takes the errand up, when the app dies in the middle,
        or when the time is over (an errand that was not taken up is then withdrawn).
        """
        pause = threading.Event()
        until = time.monotonic() + timeout_s
        seen, seen_at = "", time.monotonic()
        try:
            while True:
                row = self._row(errand_id)
                if row is None:
                    raise NxccError("The app did not take this up in time.", cure=_AGAIN)
                if row.state in ("done", "failed"):
                    return _told(row)
                now = time.monotonic()
                if row.seen_at != seen:  # our own clock measures, whatever happens to that of the wall
                    seen, seen_at = row.seen_at, now
                _still_answered(row, now - seen_at)
                if now > until:
                    raise NxccError(
                        f"The app has not ended this within {timeout_s:,.0f} s.",
                        cure="If it has begun it goes on with it. Run this again later.",
                    )
                pause.wait(WAIT_EVERY_S)
        finally:
            self._forget(errand_id)

    def serve(self, handlers: Mapping[str, Handler], ending: threading.Event) -> None:
        """Does errands of this owner and of `ANYBODY`, one at a time, until the app ends; for a thread of its own.

        The one that is under way at the end is still done, or told as failed.
        """
        me = secrets.token_hex(8)
        while not ending.is_set():
            try:
                self._tidy()
                self._seen(me)
                for row in self._waiting():
                    if ending.is_set():
                        break
                    self._do(row, handlers, me)
            except NxccError as error:
                log.warning("errands cannot be looked after: %s", error)
            ending.wait(LOOK_EVERY_S)

    def _do(self, row: sa.Row[Any], handlers: Mapping[str, Handler], me: str) -> None:
        mine = (_errands.c.id == row.id, _errands.c.state == "waiting")
        with self._writing() as connection:
            taken = connection.execute(
                _errands.update().where(*mine).values(state="taken", taken_by=me, seen_at=_now())
            )
        if not taken.rowcount:
            return
        ended: dict[str, str] = {}
        work = threading.Thread(target=lambda: ended.update(_done(row, handlers)), name="nxcc-errand", daemon=True)
        work.start()
        while work.is_alive():
            work.join(LOOK_EVERY_S)
            try:
                self._seen(me)
            except NxccError as error:
                log.warning("an errand's progress cannot be noted: %s", error)
        with self._writing() as connection:
            end = {"state": "failed", "wants": "", "ended_at": _now()} | ended
            connection.execute(_errands.update().where(_errands.c.id == row.id).values(end))
        self._wipe()

    def _seen(self, me: str) -> None:
        """Says of those that wait, and of the one under way, that an app knows of them."""
        mine = sa.or_(_errands.c.taken_by == me, _errands.c.state == "waiting")
        known = (_errands.c.owner.in_((self._owner, ANYBODY)), _errands.c.state.in_(("waiting", "taken")), mine)
        with self._sentences(), self._engine.connect() as connection:
            any_ = connection.execute(sa.select(_errands.c.id).where(*known).limit(1)).first()
        if any_:  # the disk is left alone while there are none
            with self._writing() as connection:
                connection.execute(_errands.update().where(*known).values(seen_at=_now()))

    def _waiting(self) -> list[sa.Row[Any]]:
        query = sa.select(_errands).where(_errands.c.owner.in_((self._owner, ANYBODY)), _errands.c.state == "waiting")
        with self._sentences(), self._engine.connect() as connection:
            return list(connection.execute(query.order_by(_errands.c.asked_at)))

    def _row(self, errand_id: str) -> sa.Row[Any] | None:
        with self._sentences(), self._engine.connect() as connection:
            return connection.execute(sa.select(_errands).where(_errands.c.id == errand_id)).first()

    def _tidy(self) -> None:
        """Removes what nobody has waited for, and what was under way in an app that died."""
        old, lost = _now(-KEPT_S), _now(-LOST_AFTER_S)
        gone = sa.or_(
            sa.and_(_errands.c.state == "waiting", _errands.c.asked_at < old),
            sa.and_(_errands.c.state == "taken", _errands.c.seen_at < lost),
            sa.and_(_errands.c.state.in_(("done", "failed")), _errands.c.ended_at < old),
        )
        with self._sentences(), self._engine.connect() as connection:
            any_ = connection.execute(sa.select(_errands.c.id).where(gone).limit(1)).first()
        if any_:
            with self._writing() as connection:
                connection.execute(_errands.delete().where(gone))
            self._wipe()

    def _forget(self, errand_id: str) -> None:
        """What was told, or was not taken up; one that an app works on goes on."""
        with self._writing() as connection:
            mine = (_errands.c.id == errand_id, _errands.c.state != "taken")
            connection.execute(_errands.delete().where(*mine))
        self._wipe()

    def _wipe(self) -> None:
        """Takes what was overwritten out of SQLite's log as well; the next time, when somebody reads just now."""
        with self._sentences():
            if isinstance(self.place, Team):
                small_tables.wipe(self._engine, "errands")
                return
        with self._sentences(), self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._sentences(), self._engine.begin() as connection:
            yield connection

    def _sentences(self) -> AbstractContextManager[None]:
        return small_tables.sentences(self.place, _SAID)


def _done(row: sa.Row[Any], handlers: Mapping[str, Handler]) -> dict[str, str]:
    """Runs an errand's handler; the columns that say what came of it."""
    handler = handlers.get(row.kind)
    if handler is None:
        return {"what": f"The app does not know how to do this ({row.kind}).", "cure": _AGAIN}
    try:
        return {"state": "done", "result": json.dumps(handler(json.loads(row.wants)), allow_nan=False)}
    except NxccError as error:
        return {"what": error.what, "cure": error.cure}
    except Exception as error:  # noqa: BLE001 - whoever waits for it must hear of it
        logs.broke(log, f"an errand ({row.kind})", error)
        said = f"The app met something that it was not made for ({type(error).__name__})."
        return {"what": said, "cure": "Try again. If it stays, report it with the app's log."}


def _told(row: sa.Row[Any]) -> dict[str, Any]:
    if row.state == "failed":
        raise NxccError(row.what or "The app ended in the middle of this.", cure=row.cure)
    result: dict[str, Any] = json.loads(row.result)
    return result


def _still_answered(row: sa.Row[Any], silent_s: float) -> None:
    if row.state == "waiting" and silent_s > TAKEN_WITHIN_S:
        raise NobodyAnswers("The app holds the archive but does not answer: nobody took this up.", cure=_AGAIN)
    if row.state == "taken" and silent_s > LOST_AFTER_S:
        raise NxccError("The app has ended, or hangs, in the middle of this.", cure=_AGAIN)


def _now(later_s: float = 0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=later_s)).isoformat(timespec="microseconds")
