"""The network between a worker and the database is cut: work goes on after it, nothing is lost, and a page says so."""

from __future__ import annotations

import io
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from nxcc.jobs import Checked
from nxcc.sandbox import Sandbox
from nxcc.team.place import Team
from tests.cut import wire

from ..conftest import TODAY
from ..jobs.conftest import answered, as_csv, wait_for
from .group import Group

CUT_S = 3.0  # after everybody has noticed


@pytest.mark.parametrize("how", ["broken", "frozen"])
def test_cut__the_only_worker_goes_on_when_the_network_is_back(tmp_path: Path, team: Team, how: str) -> None:
    order_ids = [f"CUT-{n:04}" for n in range(400)]
    port = urlsplit(team.database_url).port or 5432
    with Sandbox(today=TODAY, delay_s=0.05) as sandbox, wire(port) as cut:
        group = Group(tmp_path, team, sandbox, rate_per_second=60, concurrency=8)
        group.start_worker(database_url=team.database_url.replace(f":{port}/", f":{cut.port}/"))
        desk = group.desk()
        try:
            assert desk.jobs
            assert desk.team
            store, at_work = desk.jobs.store, desk.team
            folder = desk.jobs.upload("cut.csv", io.BytesIO(as_csv([["order_id"], *([one] for one in order_ids)])))
            folder.read()
            folder.check(0)
            job = desk.jobs.start(folder, Checked(0), name="cut", who="amy")
            wait_for(lambda: len(sandbox.requests) > 100, 60)
            cut.freeze() if how == "frozen" else cut.break_()
            wait_for(lambda: not at_work.conductors.leads(job.id) and not at_work.workers(), 30)  # as the page says
            threading.Event().wait(CUT_S)
            cut.thaw() if how == "frozen" else cut.mend()
            back_at = time.monotonic()
            wait_for(lambda: (store.get(job.id) or job).state not in ("queued", "running"), 120)
            assert time.monotonic() - back_at < 90
            ended = store.get(job.id)
            assert ended
            assert (ended.state, ended.no_calls, ended.pending) == ("done", 400, 0)
        finally:
            desk.close()
            group.close()
        times = answered(sandbox.requests)
    assert set(times) == set(order_ids)
    assert "Traceback" not in group.said()
