"""Workers are killed and PostgreSQL restarts in mid-run: every id right, each call once, the pace kept.

The whole one: make bench SECTIONS=team."""

from __future__ import annotations

from pathlib import Path

from nxcc.team.place import Team
from tests.postgres import Postgres

from . import killing


def test_kill__the_job_goes_on_elsewhere_and_loses_nothing(tmp_path: Path, team: Team, postgres: Postgres) -> None:
    def restart() -> None:
        postgres.stop("immediate")
        postgres.start()

    figures = killing.run(
        tmp_path, team, ids=1_500, workers=2, kill_every_s=6, kills=2, faults=0.2, rate=100, restart=restart,
        attempts=4, concurrency=8,
    )  # fmt: skip
    assert figures.outcomes["failed"] == 5
    assert figures.most_in_a_second <= 110
