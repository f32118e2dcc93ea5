"""The archives of a test, in a file or in a team's lake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from nxcc.archive import Archive
from tests.lakes import lakes


def archives(request: pytest.FixtureRequest, folder: Path) -> Iterator[Callable[..., Archive]]:
    """For a fixture with "file" and "lake" as its parameters: what opens archives that are closed after the test."""
    with ExitStack() as closing:
        lake = None
        if request.param == "lake":
            lake = closing.enter_context(lakes(request.getfixturevalue("postgres"), folder))

        def open_archive(
            path: Path = folder / "archive.duckdb", tenant_id: int = 1, gateway: str = "gateway"
        ) -> Archive:
            archive = lake(path, tenant_id, gateway) if lake else Archive(path, gateway, tenant_id)
            closing.callback(archive.close)
            return archive

        yield open_archive
