"""Both installations, for what must hold on each: everything in the data folder, or in a team's database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from nxcc.small_tables import Place, engine
from nxcc.team.place import Team

from .postgres import Postgres

both = pytest.mark.parametrize("place", ["file", "team"], indirect=True)


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where the small tables are; `both` runs a test on each."""
    if request.param == "team":
        team: Team = request.getfixturevalue("team")
        return team
    return tmp_path / "jobs.sqlite"


def run_sql(place: Place, statement: str) -> Any:
    """A statement past all of ours, as an administrator may give it; the first row."""
    opened = engine(place)
    try:
        with opened.begin() as connection:
            done = connection.execute(sa.text(statement))
            return done.first() if done.returns_rows else None
    finally:
        opened.dispose()


def at_port(team: Team, port: int) -> Team:
    """The same team, whose database is reached by another port of this machine."""
    parts = urlsplit(team.database_url)
    user = parts.netloc.rpartition("@")[0]
    return replace(team, database_url=parts._replace(netloc=f"{user}@127.0.0.1:{port}").geturl())


def kept_by(postgres: Postgres) -> str:
    """Every byte of a server's tables, as they are on the disk."""
    postgres.run("CHECKPOINT")
    files = (path for path in (postgres.folder / "data" / "base").rglob("*") if path.is_file())
    return "\n".join(path.read_bytes().decode("utf-8", "surrogateescape") for path in files)
