"""Archives on both installations: in a file, and in a team's lake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nxcc.archive import Archive

from ..both import archives


@pytest.fixture(params=["file", "lake"])
def archive_at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Archive]]:
    """Opens archives that are closed after the test."""
    yield from archives(request, tmp_path)
