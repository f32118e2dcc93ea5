"""The Look up page as an analyst meets it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from nxcc.sandbox import Sandbox
from tests.browser.conftest import Start
from tests.browser.on_page import downloaded, rows


def look_up(page: Page, ids: str) -> None:
    page.locator(".st-key-lookup_ids textarea").fill(ids)
    page.locator(".st-key-lookup_go button").click()


def outcomes(page: Page) -> Locator:
    return page.locator(".st-key-lookup_outcomes")


def same(file: list[dict[str, str]], shown: list[dict[str, str]], columns: dict[str, str]) -> bool:
    """Whether a file has in its columns what a table shows under its labels."""
    in_file = [[row[name].replace("T", " ") for name in columns.values()] for row in file]
    assert in_file == [[row[label].replace("T", " ") for label in columns] for row in shown]
    return True


def test_first_visit__offers_samples_and_says_that_it_is_the_sandbox(page: Page, demo: str) -> None:
    page.goto(demo)
    expect(page.get_by_text("Sandbox data").first).to_be_visible()
    page.get_by_role("button", name="All 12 examples").click()
    expect(outcomes(page)).to_contain_text("Failed 1")
    expect(page.locator(".st-key-lookup_orders [data-testid=stDataFrame]")).to_be_visible()
    expect(page.locator(".st-key-lookup_calls [data-testid=stDataFrame]")).to_be_visible()
    charts = page.locator("[data-testid=stPlotlyChart]")
    expect(charts).to_have_count(3)
    for n in range(3):
        expect(charts.nth(n).locator(".bars path").first).to_be_attached()
    assert "orders=" in page.url


def test_look_up__counts_each_outcome_once(page: Page, demo: str) -> None:
    page.goto(demo)
    look_up(page, "SAMPLE-VENDOR, NOT-THERE-1; FAIL-CODE-41000\t1.23457E+17\nSAMPLE-VENDOR")
    for count in ("Found 1", "No calls 1", "Failed 1", "Invalid 1", "Pending 0"):
        expect(outcomes(page)).to_contain_text(count)
    shown = {row["Order ID"]: row for row in rows(page, "lookup_orders")}
    assert list(shown) == ["SAMPLE-VENDOR", "NOT-THERE-1", "FAIL-CODE-41000", "1.23457E+17"]
    assert "41000" in shown["FAIL-CODE-41000"]["Last hang-up or failure"]
    assert shown["NOT-THERE-1"]["Outcome"] == "no_calls"


def test_look_up__twice_shows_the_second(page: Page, demo: str) -> None:
    page.goto(demo)
    look_up(page, "SAMPLE-VENDOR")
    expect(outcomes(page)).to_contain_text("Found 1")
    look_up(page, "NOT-THERE-1 NOT-THERE-2")
    expect(outcomes(page)).to_contain_text("No calls 2")
    assert page.url.endswith("orders=NOT-THERE-1%2CNOT-THERE-2")


def test_csv__is_what_the_tables_show(page: Page, demo: str) -> None:
    page.goto(demo)
    look_up(page, "SAMPLE-VENDOR SHAPE-ODD NOT-THERE-1")
    expect(outcomes(page)).to_contain_text("Found 2")
    content, orders = downloaded(page, "lookup_orders_csv")
    assert content.startswith(b"\xef\xbb\xbf")
    shown = rows(page, "lookup_orders")
    assert [row["outcome"] for row in orders] == ["found", "found", "no_calls"]
    columns = {"Order ID": "order_id", "Outcome": "outcome", "Calls": "calls", "Answered": "answered_calls"}
    columns |= {"Answered at (UTC+8)": "first_answered_at", "Talk": "talk_s", "Cost": "cost"}
    assert same(orders, shown, columns)
    assert orders[0]["first_answered_at"] == "2023-07-27T10:00:44+08:00"  # the browser's zone
    _, calls = downloaded(page, "lookup_calls_csv")
    shown = rows(page, "lookup_calls")
    columns = {"Order ID": "order_id", "Result": "result", "Queue": "queue_s", "Ring": "ring_s", "Cost": "cost"}
    assert same(calls, shown, columns | {"Hang-up reason": "hangup_reason", "Agent": "agent_nick"})


def test_outcome_filter__filters_tables_and_files(page: Page, demo: str) -> None:
    page.goto(demo)
    look_up(page, "SAMPLE-VENDOR NOT-THERE-1")
    expect(outcomes(page)).to_contain_text("Found 1")
    outcomes(page).get_by_role("button", name=re.compile("No calls")).click()
    expect(page.get_by_text("No calls to show.")).to_be_visible()
    _, orders = downloaded(page, "lookup_orders_csv")
    assert [row["order_id"] for row in orders] == ["NOT-THERE-1"]


@pytest.mark.parametrize("path", ["/?orders=SAMPLE-VENDOR,NOT-THERE-1", "/lookup?orders=SAMPLE-VENDOR,NOT-THERE-1"])
def test_deep_link__on_a_fresh_server(page: Page, start: Start, path: str) -> None:
    page.goto(start() + path)
    expect(outcomes(page)).to_contain_text("Found 1")
    expect(outcomes(page)).to_contain_text("No calls 1")
    expect(page.get_by_role("link", name="Look up")).to_be_visible()


def test_refresh__asks_again_and_a_reload_does_not(page: Page, start: Start, sandbox: Sandbox) -> None:
    before = len(sandbox.requests)
    page.goto(start() + "/?orders=SAMPLE-VENDOR")
    expect(outcomes(page)).to_contain_text("Found 1")
    assert len(sandbox.requests) == before + 1
    page.reload()
    expect(page.get_by_text("1 from the archive")).to_be_visible()
    assert len(sandbox.requests) == before + 1
    page.locator(".st-key-lookup_refresh button").click()
    expect(page.get_by_text("1 asked at")).to_be_visible()
    assert len(sandbox.requests) == before + 2


def test_wrong_secret__stops_with_the_cure(page: Page, start: Start) -> None:
    page.goto(start(NXCC_ACCESS_SECRET="not-the-secret") + "/?orders=SO-1,SO-2,SO-3")
    expect(page.get_by_text("NXCC_ACCESS_SECRET").first).to_be_visible()
    expect(outcomes(page)).to_contain_text("Pending 3")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    assert "not-the-secret" not in page.content()


def test_dead_api__is_failed_and_never_no_calls(page: Page, start: Start) -> None:
    page.goto(start(NXCC_BASE_URL="http://127.0.0.1:9", NXCC_ATTEMPTS="1") + "/?orders=SO-1,SO-2")
    expect(outcomes(page)).to_contain_text("Failed 2")
    expect(outcomes(page)).to_contain_text("No calls 0")
    assert "refuses connections" in rows(page, "lookup_orders")[0]["Last hang-up or failure"]
    below = page.locator("[data-testid=stMarkdown]", has_text="The gateway refuses connections.")
    expect(below).to_contain_text("Failed 2")


def test_half_configured__says_which_setting_is_missing(page: Page, start: Start) -> None:
    page.goto(start(NXCC_TENANT_ID=""))
    expect(page.get_by_text("NXCC_TENANT_ID").first).to_be_visible()
    expect(page.get_by_text("Sandbox data")).to_have_count(0)


def test_records__are_text_and_never_markup(page: Page, demo: str) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(demo + "/?orders=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E,%5Bx%5D(http%3A%2F%2Fevil.invalid)")
    expect(outcomes(page)).to_contain_text("No calls")
    assert page.locator("img[src=x], a[href*='evil.invalid']").count() == 0
    assert not any("evil.invalid" in url and "127.0.0.1" not in url for url in requested)


def test_too_many_ids__are_refused_and_kept(page: Page, demo: str) -> None:
    page.goto(demo)
    look_up(page, " ".join(f"X-{n}" for n in range(201)))
    expect(page.get_by_text("201 order ids")).to_be_visible()
    expect(page.locator(".st-key-lookup_ids textarea")).to_have_value(re.compile("X-200$"))


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1280, 720)])
def test_page__fits_the_screen(page: Page, demo: str, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(demo)
    page.get_by_role("button", name="All 12 examples").click()
    expect(page.locator("[data-testid=stPlotlyChart]")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    values = page.locator("[data-testid=stMetricValue]")
    assert values.evaluate_all("all => all.every(one => one.scrollWidth <= one.clientWidth + 1)")
