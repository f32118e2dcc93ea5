"""How an installation stands: figures, settings with their source, versions; what the Status page shows of them."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from nxcc import __version__, status
from nxcc.api.pace import Pace
from nxcc.desk import Desk, open_desk
from nxcc.jobs import Checked
from nxcc.lookup import Lookup
from nxcc.sandbox import Sandbox
from nxcc.settings import Settings

from .conftest import DAY, outcomes_of, own
from .jobs.conftest import wait_for


@pytest.fixture
def desk(sandbox: Sandbox, tmp_path: Path) -> Iterator[Desk]:
    account = sandbox.credentials
    settings = Settings(
        base_url=sandbox.base_url,
        access_key=account.access_key,  # type: ignore[arg-type]
        access_secret=account.access_secret,  # type: ignore[arg-type]
        tenant_id=account.tenant_id,
        rate_per_second=200,
        data_dir=tmp_path / "data",
    )
    opened = open_desk(settings, with_jobs=True)
    yield opened
    opened.close()


def test_facts__of_a_fresh_installation(desk: Desk, sandbox: Sandbox) -> None:
    facts = status.facts(desk)
    assert (facts.gateway, facts.tenant_id, facts.key) == (sandbox.base_url, 1001, "sa•••ey")
    assert (facts.archive.lookups, facts.archive.calls, facts.answer_s, facts.hit_share) == (0, 0, None, None)
    assert (facts.per_second, facts.limit, facts.set_limit, facts.requests) == (0, 200, 200, 0)
    assert (facts.jobs, facts.at_work) == ({}, 0)
    assert "sandbox-secret" not in repr(facts)


def test_facts__after_lookups(desk: Desk) -> None:
    found, none = own("SAMPLE-VENDOR"), own("SHAPE-LIST")
    outcomes_of(desk.lookup.run([found, none]))
    outcomes_of(desk.lookup.run([found, none, own("SHAPE-LIST")]))
    facts = status.facts(desk)
    assert (facts.archive.lookups, facts.archive.calls, facts.requests) == (3, 2, 3)
    assert (facts.looked_up, facts.from_archive, facts.hit_share) == (5, 2, 0.4)
    assert facts.answer_s is not None
    assert 0 <= facts.answer_s < 30
    assert facts.archive.bytes > 0
    assert facts.since <= desk.lookup.now()


def test_facts__the_limit_that_is_in_force(desk: Desk) -> None:
    desk.client.pace.slow_down(time.monotonic())
    facts = status.facts(desk)
    assert (facts.limit, facts.set_limit) == (100, 200)


def test_facts__no_limit(sandbox: Sandbox, desk: Desk) -> None:
    desk.client.pace = Pace(0)
    assert status.facts(desk).limit is None


@pytest.mark.parametrize(("later_s", "lately"), [(0.5, 0), (1.0, 7), (1.9, 7), (2.0, 0), (90, 0)])
def test_lately__counts_the_last_whole_second(later_s: float, lately: int) -> None:
    now = [100.0]
    pace = Pace(0, now=lambda: now[0])
    for _ in range(7):
        pace.reserve()
    now[0] += later_s
    assert pace.lately == lately
    pace.reserve()
    assert pace.lately == (7 if 1 <= later_s < 2 else 0)


def job_on(desk: Desk, *ids: str) -> None:
    assert desk.jobs
    folder = desk.jobs.upload("ids.csv", io.BytesIO(b"\n".join([b"order_id", *(name.encode() for name in ids)])))
    folder.read()
    folder.check(0)
    job = desk.jobs.start(folder, Checked(0), name="ids", who="amy")
    store = desk.jobs.store
    wait_for(lambda: (store.get(job.id) or job).state == "done", 20)


def test_hits__of_a_job_count_what_it_need_not_ask(desk: Desk) -> None:
    assert desk.jobs
    desk.jobs.begin()
    ids = [own("SHAPE-LIST") for _ in range(4)]
    outcomes_of(desk.lookup.run(ids[:3]))
    job_on(desk, *ids)
    facts = status.facts(desk)
    assert (facts.looked_up, facts.from_archive) == (3 + 4, 3)
    assert facts.jobs == {"done": 1}


def test_hits__asking_again_is_no_hit(lookup_on: Callable[..., Lookup], sandbox: Sandbox) -> None:
    lookup, order = lookup_on(sandbox, freshness=DAY), own("SHAPE-LIST")
    for _ in range(2):
        outcomes_of(lookup.run([order], ask_again=True))
    assert (lookup.hits.looked_up, lookup.hits.from_archive) == (2, 0)


def test_looked_over__asks_nothing(desk: Desk) -> None:
    found = status.looked_over(desk)
    assert [(check.name, check.state) for check in found] == [
        ("settings", "ok"), ("disk", "ok"), ("archive", "ok"), ("jobs", "ok"),
    ]  # fmt: skip
    assert desk.client.requests == 0


def test_asked__neither_paced_nor_kept(desk: Desk) -> None:
    api, clock = status.asked(desk)
    assert (api.state, clock.state) == ("ok", "ok")
    facts = status.facts(desk)
    assert (facts.archive.lookups, facts.looked_up) == (0, 0)


def test_asked__what_stops_it_is_a_failed_check(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/at/all.pem")
    (check,) = status.asked(desk)
    assert (check.name, check.state) == ("api", "fail")
    assert "REQUESTS_CA_BUNDLE" in check.cure


def test_settings__those_that_were_set_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NXCC_TIMEOUT_S", "7")
    rows = status.settings(desk.settings)
    assert (rows[0].name, rows[0].source) == ("NXCC_TIMEOUT_S", "environment")
    assert {row.source for row in rows[1:]} == {"default"}
    assert len(rows) == len(Settings.model_fields)
    assert all(row.meaning for row in rows)
    assert "sandbox-secret" not in repr(rows)


def test_versions__of_what_runs() -> None:
    found = status.versions()
    assert found["nxcc"] == __version__
    assert found["streamlit"].startswith("1.")
    assert "not installed" not in found.values()


def test_newest_answer__a_clock_set_back_is_no_age_below_zero(desk: Desk) -> None:
    outcomes_of(desk.lookup.run([own("SHAPE-LIST")]))
    assert status.facts(desk, now=desk.lookup.now() - timedelta(hours=1)).answer_s == 0
