"""Where a team's processes keep what they share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

# libpq's: a dead network is noticed within seconds, not when the system gives up. `tcp_user_timeout` is in ms.
NETWORK = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


@dataclass(frozen=True, slots=True)
class Team:
    """A database in PostgreSQL (`postgresql://user:password@host:port/name`), and a folder that every machine
    reaches under this path."""

    database_url: str = field(repr=False)  # it holds a password
    lake_path: str

    @property
    def host(self) -> str:
        """The database without user and password, as it may be shown: `db.example.com:5432/nxcc`."""
        parts = urlsplit(self.database_url)
        return f"{parts.hostname}:{parts.port or 5432}{parts.path}"

    @property
    def password(self) -> str:
        """What must not get into a log; empty when there is none."""
        return unquote(urlsplit(self.database_url).password or "")

    @property
    def folder(self) -> Path:
        """The lake."""
        return Path(self.lake_path)
