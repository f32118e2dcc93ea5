"""The Status page: figures, checks in their states, the API asked on demand, settings, versions; never a secret."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from nxcc.checks import ASKED
from nxcc.sandbox import Sandbox
from tests.browser.conftest import Start
from tests.browser.on_page import assert_fits, rows, settled, tiles

from ..conftest import seen

STATE = re.compile("Well|Warning|Failed|Not asked")


def states(page: Page) -> list[str]:
    """The state of each check, from the top."""
    shown = page.locator(".st-key-status_checks .stMarkdownBadge").all_inner_texts()
    return [STATE.findall(text)[0] for text in shown]


def opened(page: Page, address: str) -> None:
    page.goto(f"{address}/status")
    page.locator(".st-key-status_audit").wait_for()
    settled(page)


def test_status__of_a_well_installation(page: Page, fast: str, sandbox: Sandbox) -> None:
    before = len(seen(sandbox, ASKED))
    opened(page, fast)
    assert states(page) == ["Well", "Not asked", "Not asked", "Well", "Well", "Well"]
    assert len(seen(sandbox, ASKED)) == before  # looking at the page asks nothing
    page.locator(".st-key-status_api_check button").click()
    expect(page.get_by_text(re.compile(r"The API was asked at \d\d:\d\d:\d\d \(UTC\+8\)"))).to_be_visible()
    settled(page)
    assert states(page) == ["Well"] * 6
    assert len(seen(sandbox, ASKED)) == before + 1
    expect(page.locator(".st-key-status_checks")).to_contain_text(re.compile(r"\d+ ms"))
    assert list(tiles(page, "status_figures")) == [
        "Calls kept", "Archive", "Newest answer", "Archive hits", "Requests now", "Jobs running",
    ]  # fmt: skip
    settings = {row["Setting"]: row for row in rows(page, "status_settings")}
    assert settings["NXCC_ACCESS_KEY"]["Value"] == "sa•••ey"
    assert settings["NXCC_ACCESS_SECRET"] | {"Meaning": ""} == {
        "Setting": "NXCC_ACCESS_SECRET", "Value": "set, never shown", "From": "environment", "Meaning": "",
    }  # fmt: skip
    expect(page.locator(".st-key-status_account")).to_contain_text("plain HTTP")
    expect(page.locator(".st-key-status_versions")).to_contain_text("duckdb")
    for secret in (sandbox.credentials.access_key, sandbox.credentials.access_secret):
        assert secret not in page.content()
    assert_fits(page)


def test_status__wrong_secret_and_nobody_there(new_page: Callable[[], Page], start: Start) -> None:
    page = new_page()
    opened(page, start(NXCC_ACCESS_SECRET="the-wrong-secret"))
    page.locator(".st-key-status_api_check button").click()
    expect(page.locator(".st-key-status_checks")).to_contain_text("The API refuses us, 1003: Sign error.")
    expect(page.locator(".st-key-status_checks")).to_contain_text("Check NXCC_ACCESS_SECRET and NXCC_SIGN_ALGORITHM.")
    settled(page)
    assert states(page) == ["Well", "Failed", "Well", "Well", "Well", "Well"]
    assert "the-wrong-secret" not in page.content()
    assert_fits(page)


def test_status__on_the_sandbox_the_sandbox_is_asked(page: Page, demo: str) -> None:
    opened(page, demo)
    page.locator(".st-key-status_api_check button").click()
    expect(page.get_by_text("The gateway answers and lets us in.")).to_be_visible()
    expect(page.locator(".st-key-status_account")).to_contain_text("(the sandbox)")
