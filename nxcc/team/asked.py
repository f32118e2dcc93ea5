"""Which order ids are being asked in the whole team, so that no two processes ask for the same one at once.

A row stands for an id until its answer is kept. The rows of a process that has died count no more.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import psycopg

from nxcc.claims import Claim, Claims
from nxcc.outcome import Outcome
from nxcc.team.database import Database, TeamAway
from nxcc.team.members import ALIVE

LOOK_EVERY_S = 0.3
PATIENCE_S = 120.0
LONG_S = 6 * 3600.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Elsewhere(Claim):
    """A claim of another process; how it ends, the archive tells."""

    order_id: str = ""


class SharedClaims(Claims):
    """Claims of this process's sessions, known to the other processes. Thread-safe.

    `account` is whose orders they are, `member` who we are. `reserve` raises `TeamAway` when the database does not
    answer for two minutes.
    """

    def __init__(self, database: Database, account: str, member: str) -> None:
        super().__init__()
        self._database, self._account, self._member = database, account, member
        self._reserved: set[str] = set()
        self._awaited: dict[str, list[_Elsewhere]] = {}
        self._looked_at = 0.0
        self._looking = threading.Lock()

    def reserve(self, mine: dict[str, Claim], order_ids: Collection[str]) -> dict[str, Claim]:
        """Claims these of `mine` among all processes; those that others are asking are no longer `mine`."""
        ours = self._database.until_back(lambda connection: self._insert(connection, order_ids), PATIENCE_S)
        with self._change:
            self._reserved |= ours
        theirs = {order_id: mine.pop(order_id) for order_id in order_ids if order_id not in ours}
        super().give_back(theirs)  # sessions here that wait for one look again, and find the other process at it
        elsewhere = {order_id: _Elsewhere(order_id=order_id) for order_id in theirs}
        with self._change:
            for order_id, claim in elsewhere.items():
                self._awaited.setdefault(order_id, []).append(claim)
        return dict(elsewhere)

    @property
    def others(self) -> bool:
        """There are other processes: what they have answered meanwhile is in the archive."""
        return True

    def settle(self, outcomes: Iterable[Outcome]) -> None:
        """These outcomes are known and kept."""
        settled = list(outcomes)
        super().settle(settled)
        self._let_go(outcome.order_id for outcome in settled)

    def give_back(self, mine: dict[str, Claim]) -> None:
        """Lets go of what was not settled."""
        super().give_back(mine)
        self._let_go(mine)

    def wait(self, claim: Claim, timeout_s: float) -> bool:
        """Waits for somebody else's claim; whether it is settled now."""
        if isinstance(claim, _Elsewhere):
            self._look(timeout_s)
            return claim.settled
        return super().wait(claim, timeout_s)

    def _insert(self, connection: psycopg.Connection, order_ids: Collection[str]) -> set[str]:
        connection.execute("SET LOCAL synchronous_commit = off")
        rows = connection.execute(
            f"""INSERT INTO team_asked (account, order_id, member)
            SELECT %(account)s, id, %(member)s FROM unnest(%(ids)s::text[]) AS id ORDER BY id
            ON CONFLICT (account, order_id) DO UPDATE SET member = excluded.member
                WHERE team_asked.member = excluded.member OR team_asked.member NOT IN ({ALIVE})
            RETURNING order_id""",
            {"account": self._account, "member": self._member, "ids": list(order_ids)},
        )
        return {row[0] for row in rows}

    def _let_go(self, order_ids: Iterable[str]) -> None:
        with self._change:
            gone = [order_id for order_id in order_ids if order_id in self._reserved]
            self._reserved.difference_update(gone)
        if not gone:
            return
        try:
            self._database.run(lambda connection: self._delete(connection, gone))
        except TeamAway:  # others wait for these: they hear of it as soon as may be
            threading.Thread(target=self._let_go_later, args=(gone,), name="nxcc-let-go", daemon=True).start()

    def _let_go_later(self, order_ids: list[str]) -> None:
        try:
            self._database.until_back(lambda connection: self._delete(connection, order_ids), LONG_S)
        except TeamAway as error:
            log.warning("ids stay claimed until this process ends: %s", error)

    def _delete(self, connection: psycopg.Connection, order_ids: list[str]) -> None:
        connection.execute("SET LOCAL synchronous_commit = off")
        connection.execute(
            "DELETE FROM team_asked WHERE account = %s AND order_id = ANY(%s) AND member = %s",
            [self._account, order_ids, self._member],
        )

    def _look(self, timeout_s: float) -> None:
        """Which of the awaited ids nobody asks any more; not too often, whoever wants to know."""
        with self._looking:
            pause_s = self._looked_at + min(timeout_s, LOOK_EVERY_S) - time.monotonic()
            if pause_s > 0:
                threading.Event().wait(pause_s)
            with self._change:
                awaited = list(self._awaited)
            try:
                asked = self._database.run(lambda connection: self._still_asked(connection, awaited))
            except TeamAway:
                return
            finally:
                self._looked_at = time.monotonic()
            with self._change:
                for order_id in awaited:
                    if order_id not in asked:
                        for claim in self._awaited.pop(order_id, ()):
                            claim.settled = True

    def _still_asked(self, connection: psycopg.Connection, order_ids: list[str]) -> set[str]:
        query = f"""SELECT order_id FROM team_asked
            WHERE account = %s AND order_id = ANY(%s) AND member <> %s AND member IN ({ALIVE})"""
        return {row[0] for row in connection.execute(query, [self._account, order_ids, self._member])}
