"""The team's database as whoever joins finds it: away, not ours, and with options of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nxcc.errors import NxccError
from nxcc.team.database import Database, TeamAway
from nxcc.team.place import Team


def test_open__we_are_not_let_in(team: Team) -> None:
    stranger = replace(team, database_url=team.database_url.replace(team.password, "another-word"))
    with pytest.raises(NxccError, match="does not let us in") as refused:
        Database(stranger).open()
    assert not isinstance(refused.value, TeamAway)  # no waiting mends it
    assert "another-word" not in f"{refused.value!r} {refused.value} {refused.value.__cause__!r}"


def test_open__nobody_answers(team: Team) -> None:
    port = team.host.partition(":")[2].partition("/")[0]
    with pytest.raises(TeamAway, match="does not answer"):
        Database(replace(team, database_url=team.database_url.replace(f":{port}/", ":9/"))).open()


def test_open__options_of_the_address_count(team: Team) -> None:
    database = Database(replace(team, database_url=f"{team.database_url}?options=-c%20lock_timeout%3D1234")).open()
    told = database.run(lambda connection: connection.execute("SHOW lock_timeout").fetchone())
    database.close()
    assert told == ("1234ms",)
