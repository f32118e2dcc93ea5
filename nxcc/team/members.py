"""Who is at work in a team: each process says so every few seconds; what a dead one held is free again."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import psycopg

from nxcc.team.database import Database, TeamAway

BEAT_EVERY_S = 1.5
DEAD_AFTER_S = 8
GONE_AFTER_S = 3_600

# SQL: the members that are alive; for `member IN (...)`.
ALIVE = f"SELECT id FROM team_members WHERE seen_at > clock_timestamp() - interval '{DEAD_AFTER_S} s'"

Kind = Literal["app", "worker", "command line"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Member:
    """A process at work. Times are aware, by the database's clock."""

    id: str
    kind: str
    host: str
    pid: int
    since: datetime
    seen_at: datetime


class Membership:
    """This process among the others."""

    def __init__(self, database: Database, kind: Kind) -> None:
        self.id = secrets.token_hex(8)
        self.kind = kind
        self._database = database
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="nxcc-member", daemon=True)

    def begin(self) -> Membership:
        """From now on others see it. Raises `TeamAway`."""
        self._database.run(self._seen)
        self._thread.start()
        return self

    def end(self) -> None:
        """It is gone, and holds nothing any more."""
        self._ending.set()
        self._thread.join(BEAT_EVERY_S)
        try:
            self._database.run(self._leave, again=False)
        except TeamAway as error:
            log.info("the end is not noted: %s", error)

    def _beat(self) -> None:
        away = False
        while not self._ending.wait(BEAT_EVERY_S):
            try:
                self._database.run(self._seen)
                self._database.look_at_clock()
                if away:
                    log.info("the team's database answers again")
                away = False
            except TeamAway as error:
                if not away:
                    log.warning("%s", error)
                away = True

    def _seen(self, connection: psycopg.Connection) -> None:
        connection.execute(
            """INSERT INTO team_members (id, kind, host, pid) VALUES (%s, %s, %s, %s)
            ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp()""",
            [self.id, self.kind, socket.gethostname(), os.getpid()],
        )
        connection.execute(f"DELETE FROM team_asked WHERE member NOT IN ({ALIVE})")
        connection.execute(f"DELETE FROM team_members WHERE seen_at < clock_timestamp() - interval '{GONE_AFTER_S} s'")

    def _leave(self, connection: psycopg.Connection) -> None:
        connection.execute("DELETE FROM team_asked WHERE member = %s", [self.id])
        connection.execute("DELETE FROM team_conductors WHERE member = %s", [self.id])
        connection.execute("DELETE FROM team_members WHERE id = %s", [self.id])


def alive(database: Database, kind: Kind | None = None) -> list[Member]:
    """Those that are at work, the oldest first. Raises `TeamAway`."""

    def read(connection: psycopg.Connection) -> list[Member]:
        if connection.execute("SELECT to_regclass('team_members')").fetchone() == (None,):
            return []  # nobody has ever been
        query = f"SELECT id, kind, host, pid, since, seen_at FROM team_members WHERE id IN ({ALIVE}) ORDER BY since"
        return [Member(*row) for row in connection.execute(query)]

    return [member for member in database.run(read) if kind in (None, member.kind)]
