"""Who leads which job: one process of the team at a time. What a dead one led is taken up by another."""

from __future__ import annotations

from collections.abc import Collection

import psycopg

from nxcc.team.database import Database
from nxcc.team.members import ALIVE


class Conductors:
    """The jobs that `member` leads. Every method raises `TeamAway`."""

    def __init__(self, database: Database, member: str) -> None:
        self._database, self._member = database, member

    def lead(self, job_ids: Collection[str]) -> set[str]:
        """Of these jobs, those that are ours: nobody alive leads them, or we do already."""

        def take(connection: psycopg.Connection) -> set[str]:
            rows = connection.execute(
                f"""INSERT INTO team_conductors (job_id, member)
                SELECT id, %(member)s FROM unnest(%(ids)s::text[]) AS id ORDER BY id
                ON CONFLICT (job_id) DO UPDATE SET member = excluded.member, run = NULL
                    WHERE team_conductors.member NOT IN ({ALIVE}) AND team_conductors.member <> excluded.member
                RETURNING job_id""",
                {"member": self._member, "ids": list(job_ids)},
            )
            taken = {row[0] for row in rows}
            query = "SELECT job_id FROM team_conductors WHERE member = %s AND job_id = ANY(%s)"
            return taken | {row[0] for row in connection.execute(query, [self._member, list(job_ids)])}

        return self._database.run(take) if job_ids else set()

    def leave(self, job_id: str) -> None:
        """We lead it no more; whoever is quickest may."""
        self._database.run(
            lambda connection: connection.execute(
                "DELETE FROM team_conductors WHERE job_id = %s AND member = %s", [job_id, self._member]
            )
        )

    def leads(self, job_id: str) -> bool:
        """Whether somebody who is alive leads the job."""
        query = f"SELECT 1 FROM team_conductors WHERE job_id = %s AND member IN ({ALIVE})"
        return self._database.run(lambda connection: connection.execute(query, [job_id]).fetchone()) is not None
