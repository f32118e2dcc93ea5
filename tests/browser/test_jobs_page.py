"""The Jobs page and the addresses of jobs: what was asked before can be found, opened, repeated, named and deleted."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from nxcc.desk import open_desk
from nxcc.jobs import Checked
from nxcc.sandbox import Sandbox
from nxcc.settings import Settings
from tests.browser import bulk
from tests.browser.conftest import account, app
from tests.browser.on_page import assert_fits, settled
from tests.jobs.conftest import wait_for


def listed(page: Page, job: str) -> Locator:
    """A job's row in the list."""
    return page.locator(f".st-key-job_{job}")


def more(page: Page, job: str) -> Locator:
    """What else can be done with a job, opened."""
    listed(page, job).locator(f".st-key-job_more_{job} button").click()
    return page.locator("[data-testid=stPopoverBody]")


def id_in(address: str, what: str = "job") -> str:
    return parse_qs(urlsplit(address).query)[what][0]


@dataclass(frozen=True)
class Left:
    """What an app that was stopped has left: its data, its ended jobs by name, and an upload that was only checked."""

    data: Path
    jobs: dict[str, str]
    upload: str


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Left:
    data = tmp_path_factory.mktemp("left")
    said = sandbox.credentials
    settings = Settings(
        data_dir=data,
        base_url=sandbox.base_url,
        access_key=said.access_key,
        access_secret=said.access_secret,
        tenant_id=said.tenant_id,
        rate_per_second=0,
    )
    desk = open_desk(settings, with_jobs=True)
    assert desk.jobs
    desk.jobs.begin()
    jobs = {}
    for name in ("open", "rename", "repeat", "delete"):
        folder = desk.jobs.upload(f"{name}.csv", io.BytesIO(bulk.ids_of(name.upper(), 3)))
        folder.read()
        folder.check(0)
        jobs[name] = desk.jobs.start(folder, Checked(0), name=name, who="amy").id
    upload = desk.jobs.upload("checked.csv", io.BytesIO(bulk.ids_of("CHECKED", 4)))
    store = desk.jobs.store
    wait_for(lambda: all(job.state == "done" for job in store.all()), 20)
    desk.close()
    return Left(data, jobs, upload.id)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, left: Left, sandbox: Sandbox) -> Iterator[str]:
    """An app that has found these jobs. The first visit of this fresh server is to the deep link of the list."""
    data = tmp_path_factory.mktemp("again")
    shutil.copytree(left.data, data, dirs_exist_ok=True)
    with app(data, account(sandbox) | {"NXCC_RATE_PER_SECOND": "0"}) as address:
        yield address


@pytest.fixture
def job(page: Page, address: str, left: Left, request: pytest.FixtureRequest) -> str:
    """The id of the job that the test is named after; the page shows the list."""
    job = left.jobs[request.node.name.removeprefix("test_").partition("__")[0]]
    page.goto(f"{address}/jobs")
    listed(page, job).wait_for()
    return job


def test_open__shows_the_job(page: Page, job: str) -> None:
    row = listed(page, job)
    for said in ("open", "open.csv", "3 rows", "Done", "3", "UTC+8", "amy"):
        expect(row).to_contain_text(said)
    expect(page.locator(".st-key-jobs_list")).not_to_contain_text("checked.csv")  # it is no job
    expect(page.get_by_role("link", name="Look up")).to_be_visible()  # the navigation is there
    assert_fits(page)
    row.get_by_role("button", name="Open").click()
    bulk.done(page)
    assert id_in(page.url) == job
    assert bulk.outcomes(page)["No calls"] == 3


def test_rename__shows_the_new_name(page: Page, job: str) -> None:
    card = more(page, job)
    card.get_by_label("Name").fill("November, *second* run")
    card.get_by_label("Name").press("Enter")
    settled(page)
    card.locator(f".st-key-job_rename_{job} button").click()
    expect(listed(page, job)).to_contain_text("November, *second* run")
    page.reload()
    expect(listed(page, job)).to_contain_text("November, *second* run")


def test_repeat__goes_to_the_check_of_the_same_file(page: Page, job: str) -> None:
    more(page, job).locator(f".st-key-job_repeat_{job} button").click()
    expect(page.get_by_text("repeat.csv · 3 rows · UTF-8")).to_be_visible()
    assert id_in(page.url, "upload") != job
    expect(page.locator(".st-key-bulk_start button")).to_contain_text("Show the answers")
    page.get_by_text("Use fresh answers from the archive").click()
    expect(page.locator(".st-key-bulk_start button")).to_contain_text("Start 3 requests")


def test_delete__asks_first_and_then_it_is_gone(page: Page, address: str, job: str) -> None:
    card = more(page, job)
    card.locator(f".st-key-job_delete_{job} button").click()
    card.locator(f".st-key-job_delete_no_{job} button").click()
    expect(card.locator(f".st-key-job_delete_yes_{job}")).to_have_count(0)
    settled(page)
    assert listed(page, job).count() == 1
    card = card if card.is_visible() else more(page, job)
    card.locator(f".st-key-job_delete_{job} button").click()
    card.locator(f".st-key-job_delete_yes_{job} button").click()
    expect(listed(page, job)).to_have_count(0)
    page.goto(f"{address}/bulk?job={job}")
    expect(page.get_by_text("There is no such job here.")).to_be_visible()


@pytest.mark.parametrize("path", ["/bulk?job={job}", "/bulk?upload={upload}"])
def test_deep_link__on_a_fresh_server(page: Page, tmp_path: Path, left: Left, sandbox: Sandbox, path: str) -> None:
    shutil.copytree(left.data, tmp_path, dirs_exist_ok=True)
    with app(tmp_path, account(sandbox)) as address:
        page.goto(address + path.format(job=left.jobs["open"], upload=left.upload))
        if "job=" in path:
            bulk.done(page)
            assert bulk.outcomes(page)["No calls"] == 3
        else:
            expect(page.get_by_text("checked.csv · 4 rows · UTF-8")).to_be_visible()
            expect(page.locator(".st-key-bulk_start button")).to_contain_text("Start 4 requests")
        expect(page.get_by_role("link", name="Jobs")).to_be_visible()  # the navigation is there


def test_empty_list__says_how_to_begin(page: Page, demo: str) -> None:
    page.goto(f"{demo}/jobs")
    expect(page.locator(".st-key-jobs_list")).to_contain_text("No jobs yet.")
    expect(page.get_by_text(re.compile("^.*Sandbox data$")).first).to_be_visible()
