"""kill -9 of the app while it reads a period that grows: each call once, none lost. The whole one: make bench."""

from __future__ import annotations

from pathlib import Path

from . import importing


def test_kill__the_import_goes_on_by_itself_and_loses_nothing(tmp_path: Path) -> None:
    figures = importing.run(tmp_path, calls=6_000, faults=0.2, seed=8, delay_s=0.02, CONCURRENCY=4)
    assert figures.retries > 0
    assert figures.added > 0
    assert figures.requests <= figures.most_requests
