"""Two apps and a worker of one team: what is done in one browser is seen in the other, and nothing is asked twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from nxcc.sandbox import Sandbox
from nxcc.team.place import Team
from tests.browser import bulk
from tests.browser.on_page import settled
from tests.browser.server import app
from tests.conftest import TODAY
from tests.jobs.conftest import answered
from tests.postgres import Postgres
from tests.team.group import Group


@dataclass(frozen=True)
class Replicas:
    """Addresses of two apps, and the workers of their team."""

    one: str
    other: str
    group: Group
    sandbox: Sandbox


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Replicas]:
    path = tmp_path_factory.mktemp("team")
    (path / "lake").mkdir()
    url = postgres.create()
    with ExitStack() as stack:
        stack.callback(lambda: postgres.drop(url))
        sandbox = stack.enter_context(Sandbox(today=TODAY, delay_s=0.2))
        group = Group(path, Team(url, str(path / "lake")), sandbox)
        stack.callback(group.close)
        addresses = []
        for name in ("one", "other"):
            (path / name).mkdir()
            environment = {k: v for k, v in group.environment(name).items() if k.startswith("NXCC_")}
            addresses.append(stack.enter_context(app(path / name, environment)))
        yield Replicas(addresses[0], addresses[1], group, sandbox)


def test_team__a_job_waits_for_a_worker_and_is_seen_from_every_app(
    replicas: Replicas, new_page: Callable[[], Page]
) -> None:
    one, other = new_page(), new_page()
    bulk.upload(one, replicas.one, "shared.csv", bulk.ids_of("TEAM", 60))
    bulk.start(one)
    expect(one.get_by_text("No worker is at work")).to_be_visible(timeout=60_000)
    other.goto(one.url.replace(replicas.one, replicas.other))
    expect(other.locator("[data-testid=stMain]")).to_contain_text("shared")
    expect(other.get_by_text("No worker is at work")).to_be_visible(timeout=60_000)

    replicas.group.start_worker()
    for page in (one, other):  # a worker takes a while to start, on a busy machine
        expect(bulk.progress(page)).to_contain_text("Done", timeout=90_000)
        bulk.done(page)
    expect(bulk.progress(other)).to_contain_text("60 of 60 ids")
    times = answered(replicas.sandbox.requests)
    assert {n for order_id, n in times.items() if order_id.startswith("TEAM-")} == {1}


def test_team__two_apps_that_are_asked_for_the_same_ids_at_once_ask_once(
    replicas: Replicas, new_page: Callable[[], Page]
) -> None:
    pages = [new_page(), new_page()]
    ids = [f"TWICE-{n}" for n in range(40)]
    for page, address in zip(pages, (replicas.one, replicas.other), strict=True):
        page.goto(address)
        page.locator(".st-key-lookup_ids textarea").fill(" ".join(ids))
    for page in pages:
        page.locator(".st-key-lookup_go button").click()
    for page in pages:
        expect(page.locator(".st-key-lookup_outcomes")).to_contain_text("40", timeout=90_000)
        settled(page)
    times = answered(replicas.sandbox.requests)
    assert [times[order_id] for order_id in ids] == [1] * 40


def test_team__status_says_who_is_at_work(replicas: Replicas, page: Page) -> None:
    page.goto(f"{replicas.other}/status")
    expect(page.locator(".st-key-status_team")).to_contain_text(re.compile(r"Database 127\.0\.0\.1:\d+/nxcc"))
    settled(page)
    password = replicas.group.team.password
    assert password not in page.content()
