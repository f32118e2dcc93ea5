"""Calls by time: days are read from the API, and what has been read is said on this page, in Explore and for a list."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from nxcc.sandbox import Crowd, Sandbox
from tests.browser import bulk
from tests.browser.conftest import account, app
from tests.browser.on_page import assert_fits, downloaded, settled, tiles
from tests.jobs.importing import past

CALLS = 3_000


@pytest.fixture(scope="module")
def crowd() -> Crowd:
    return past(CALLS, blank=0.01)


@pytest.fixture(scope="module")
def gateway(crowd: Crowd) -> Iterator[Sandbox]:
    with Sandbox(crowd=crowd) as running:
        yield running


def settings(gateway: Sandbox) -> dict[str, str]:
    return account(gateway) | {"NXCC_RATE_PER_SECOND": "0"}


def week(crowd: Crowd) -> str:
    return f"period={crowd.first_day}_{crowd.last_day}"


def read(page: Page) -> None:
    """Reads what is missing."""
    page.locator(".st-key-period_read button").first.click()
    expect(page.locator(".st-key-period_coverage")).to_contain_text("All of this time has been read", timeout=30_000)
    settled(page)


def test_period__read_once_filtered_and_opened_by_its_link(
    tmp_path: Path, gateway: Sandbox, crowd: Crowd, new_page: Callable[[], Page]
) -> None:
    with app(tmp_path, settings(gateway)) as address:
        page = new_page()
        page.goto(f"{address}/period?{week(crowd)}")
        expect(page.locator(".st-key-period_coverage")).to_contain_text("Not read yet")
        expect(page.locator(".st-key-period_results")).to_contain_text("The archive has no call like this")
        assert_fits(page)
        read(page)
        assert tiles(page, "period_tiles")["Calls"] == f"{CALLS:,}"
        assert_fits(page)
        asked = len(gateway.requests)
        inbound = [c for c in calls_of(crowd) if c["direction"] == 0]
        page.locator("[class*=st-key-period_direction]").get_by_role("combobox").click()
        page.get_by_role("option", name="Inbound").click()
        page.locator(".st-key-period_show button").click()
        expect(page.locator(".st-key-period_tiles")).to_contain_text(f"n {len(inbound):,} calls")
        expect(page.locator(".st-key-period_coverage")).to_contain_text("All of this time has been read")
        again = new_page()  # somebody else opens the link
        again.goto(page.url)
        assert tiles(again, "period_tiles")["Calls"] == f"{len(inbound):,}"
        assert len(gateway.requests) == asked


def test_period__half_of_it_read_is_half_covered_after_a_restart(
    tmp_path: Path, gateway: Sandbox, crowd: Crowd, new_page: Callable[[], Page]
) -> None:
    until = crowd.first_day + timedelta(days=2)
    with app(tmp_path, settings(gateway)) as address:
        page = new_page()
        page.goto(f"{address}/period?period={crowd.first_day}_{until}")
        read(page)
    with app(tmp_path, settings(gateway)) as address:
        page = new_page()
        page.goto(f"{address}/period?{week(crowd)}")
        expect(page.locator(".st-key-period_coverage")).to_contain_text("3 of 7 days read whole")
        expect(page.locator(".st-key-period_read")).to_contain_text("Read 4 days from the API")
        page.goto(f"{address}/explore?{week(crowd)}")
        expect(page.locator(".st-key-explore_coverage")).to_contain_text("3 of 7 days have been read whole")
        assert_fits(page)
        page.goto(f"{address}/jobs")
        expect(page.locator(".st-key-jobs_list")).to_contain_text("3 of 3 parts read")
        page.locator(".st-key-jobs_list").get_by_role("button", name="Open").click()
        expect(page.locator(".st-key-period_coverage")).to_contain_text("All of this time has been read")


def test_period__pages_that_do_not_end_halt_with_their_reason(tmp_path: Path, page: Page) -> None:
    crowd = past(500, days=1)
    with Sandbox(crowd=crowd, pages="repeat") as gateway, app(tmp_path, settings(gateway)) as address:
        page.goto(f"{address}/period?period={crowd.first_day}_{crowd.last_day}")
        page.locator(".st-key-period_read button").first.click()
        halted = page.locator(".st-key-period_halted")
        expect(halted).to_contain_text("the same page of calls again and again", timeout=30_000)
        expect(halted).to_contain_text("Ask for its orders one by one")
        assert_fits(page)
        page.locator(".st-key-period_cancel button").click()
        expect(page.locator(".st-key-period_read")).to_be_visible()


def test_bulk__both_prices_and_the_cheaper_way_is_taken(
    tmp_path: Path, gateway: Sandbox, crowd: Crowd, page: Page
) -> None:
    orders = [order for order in crowd.orders() if crowd.records(order)]
    rows = [("order_id", "called_on"), *((order, crowd.first_day.isoformat()) for order in orders)]
    rows[-1] = (orders[-1], crowd.last_day.isoformat())
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    with app(tmp_path, settings(gateway)) as address:
        bulk.upload(page, address, "week.csv", text.getvalue().encode())
        plan = page.locator(".st-key-bulk_period")
        expect(plan).to_contain_text("Proposed from the column called_on", timeout=30_000)
        page.locator(".st-key-bulk_period_price button").click()
        expect(plan).to_contain_text("made to find out", timeout=30_000)
        expect(plan).to_contain_text(f"{len(orders):,} requests")
        expect(plan.get_by_role("radio").first).to_be_checked()
        assert_fits(page)
        before = len(gateway.requests)
        page.locator(".st-key-bulk_start button").click()
        expect(page.locator(".st-key-bulk_results")).to_be_visible(timeout=60_000)
        settled(page)
        assert len(gateway.requests) - before < 0.1 * len(orders)
        _, told = downloaded(page, "bulk_orders_csv")
        assert [row["order_id_sent"] for row in told] == orders
        assert {row["outcome"] for row in told} == {"found"}
        by_time = [row for row in told if row["source"] == "period"]
        assert len(by_time) > 0.95 * len(told)
        assert {row["source"] for row in told} <= {"period", "order"}


def calls_of(crowd: Crowd) -> list[dict[str, object]]:
    return [record for order in crowd.orders() for record in crowd.records(order)]
