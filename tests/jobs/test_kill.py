"""kill -9 of the app in mid-run: nothing is lost, nothing that came is asked again. The whole one: make bench."""

from __future__ import annotations

from pathlib import Path

from . import killing


def test_kill__the_job_goes_on_by_itself_and_loses_nothing(tmp_path: Path) -> None:
    figures = killing.run(tmp_path, ids=500, kills=2, faults=0.2, delay_s=0.02, broken=0, ATTEMPTS=3, CONCURRENCY=8)
    assert figures.outcomes["failed"] == 5
