"""What a session keeps of the figures that it was shown: nothing, however often its filters change."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from nxcc.desk import Desk
from nxcc.overview import Overview
from nxcc.sandbox import Sandbox
from nxcc.sandbox.world import World
from nxcc.ui import resources
from tests.browser.server import account
from tests.conftest import TODAY


@pytest.fixture
def desk(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The process's desk, with some calls in its archive."""
    for name, value in account(sandbox).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NXCC_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NXCC_RATE_PER_SECOND", "0")
    resources.close()
    opened = resources.opened()
    assert isinstance(opened, Desk), opened
    for _ in opened.lookup.run(World(7, TODAY).orders()[-60:]):
        pass
    yield opened
    resources.close()


def _page() -> None:
    from nxcc.ui import shell
    from pages import explore

    shell.run(explore.render)


def _alive(kind: type) -> int:
    gc.collect()
    return sum(type(one) is kind for one in gc.get_objects())


@pytest.mark.usefixtures("desk")
def test_explore__changes_of_filters_leave_nothing_behind() -> None:
    before = _alive(go.Figure)
    shown = AppTest.from_function(_page, default_timeout=60)
    overviews = []
    for period in ("all", "90d", "all", "2026-11-01_2026-11-24"):
        shown.query_params["period"] = period
        shown.run()
        assert not shown.exception
        overviews.append(_alive(Overview))
    assert len(shown.get("plotly_chart")) > 6
    assert _alive(go.Figure) == before
    assert len(set(overviews)) == 1
