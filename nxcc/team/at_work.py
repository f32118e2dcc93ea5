"""This process in its team: what it shares with the others, opened and closed together."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field

from nxcc.archive import Archive
from nxcc.archive.compaction import compact
from nxcc.errors import NxccError
from nxcc.lookup import Lookup
from nxcc.team.asked import SharedClaims
from nxcc.team.conductors import Conductors
from nxcc.team.database import Database
from nxcc.team.members import Kind, Member, Membership, alive
from nxcc.team.pace import SharedPace
from nxcc.team.place import Team
from nxcc.team.slices import Slices
from nxcc.team.spread import Spread

COUNT_EVERY_S = 2.0
TEND_EVERY_S = 30.0

log = logging.getLogger(__name__)


@dataclass
class TeamAtWork:
    """The team's database, and who we are in it."""

    database: Database
    member: Membership
    conductors: Conductors
    slices: Slices
    _counted_at: float = field(default=-COUNT_EVERY_S, init=False)
    _workers: int = field(default=0, init=False)
    _threads: list[threading.Thread] = field(default_factory=list, init=False)
    _ending: threading.Event = field(default_factory=threading.Event, init=False)

    def pace(self, account: str, limit: float) -> SharedPace:
        """The pace of an account."""
        return SharedPace(self.database, account, limit)

    def claims(self, account: str) -> SharedClaims:
        """Who asks what of an account's orders."""
        return SharedClaims(self.database, account, self.member.id)

    def lead(self, lookup: Lookup) -> Leading:
        """The jobs that this process leads."""
        return Leading(self, lookup)

    def members(self) -> list[Member]:
        """Who is at work. Raises `TeamAway`."""
        return alive(self.database)

    def workers(self) -> int:
        """How many workers are at work, as of a moment ago."""
        if time.monotonic() - self._counted_at >= COUNT_EVERY_S:
            self._workers = len(alive(self.database, "worker"))
            self._counted_at = time.monotonic()
        return self._workers

    def take_slices(self, lookup: Lookup) -> None:
        """Asks slices of jobs from now on, until `close`."""
        thread = threading.Thread(
            target=self.slices.serve, args=(lookup, self._ending), name="nxcc-slices-asked", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def tend(self, archive: Archive) -> None:
        """Keeps the lake quick from now on, until `close`; of all processes one at a time does."""
        thread = threading.Thread(target=self._tend, args=(archive,), name="nxcc-tend", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _tend(self, archive: Archive) -> None:
        while not self._ending.wait(TEND_EVERY_S):
            try:
                done = compact(archive)
                if done.flushed or done.merged:
                    log.info("the lake was compacted", extra={"rows": done.flushed, "merges": done.merged})
            except NxccError as error:
                log.warning("the lake cannot be compacted: %s", error)

    def stop(self) -> None:
        """Takes no more slices; what is under way is kept, or left to others."""
        self._ending.set()
        for thread in self._threads:
            thread.join(timeout=8.0)

    def close(self) -> None:
        """Leaves the team."""
        self.stop()
        self.member.end()
        self.database.close()


def join(team: Team, kind: Kind) -> TeamAtWork:
    """Opens the team's database, and makes its tables where there are none. Raises `TeamAway`."""
    database = Database(team).open()
    member = Membership(database, kind).begin()
    return TeamAtWork(database, member, Conductors(database, member.id), Slices(database))


class Leading:
    """As `nxcc.jobs.runner.Lead`."""

    def __init__(self, at_work: TeamAtWork, lookup: Lookup) -> None:
        self._at_work, self._lookup = at_work, lookup

    def ours(self, job_ids: Collection[str]) -> set[str]:
        """Of these jobs, those that we lead from now on."""
        return self._at_work.conductors.lead(job_ids)

    def leave(self, job_id: str) -> None:
        """Somebody else may lead it."""
        self._at_work.conductors.leave(job_id)

    def asking(self, job_id: str) -> Spread:
        """Asks through all workers."""
        at_work = self._at_work
        return Spread(self._lookup, at_work.slices, at_work.member.id, job_id, at_work.workers)
