"""Where a team's archive lies: its catalog in the team's PostgreSQL, its rows in the lake, as Parquet files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nxcc.team.place import Team


@dataclass(frozen=True, slots=True)
class Lake:
    """The archive of this name ("archive", "sandbox"): a schema of the database, and a folder of the lake.

    `beside` is a folder of this machine, for what this process makes of the archive: narrow rows, scratch.
    """

    team: Team
    name: str
    beside: Path

    @property
    def path(self) -> Path:
        """Where the archive's file would lie if it were one; nothing is there."""
        return self.beside / f"{self.name}.duckdb"

    @property
    def data(self) -> str:
        """The folder of its Parquet files."""
        return f"{self.team.lake_path.rstrip('/')}/{self.name}/"
