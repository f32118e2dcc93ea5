"""Explore as an analyst meets it: pick in a chart and all follows, share the link, take the report away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from nxcc import records
from nxcc.archive import Archive
from nxcc.outcome import Outcome
from nxcc.sandbox import Sandbox
from tests.browser.conftest import Start, account, app
from tests.browser.on_page import assert_fits, download, downloaded, eventually, rows, settled, tiles

HOSTILE = "<img src=x onerror=alert(1)>"
NOW = datetime.now(UTC)


def calls(days_ago: int, n: int, **more: Any) -> list[dict[str, Any]]:
    """`n` calls of a day, each to an order of its own."""
    start = int((NOW - timedelta(days=days_ago)).replace(hour=4, minute=0).timestamp() * 1000)
    return [
        {"callId": f"{days_ago}-{k}-{more.get('hangupReason')}", "startTime": start + k * 60_000, "direction": 1} | more
        for k in range(n)
    ]


ANSWERED = {"answered": True, "callDuration": 90, "agentName": "mei", "totalCustomerPrice": 0.05}
WORLD = [
    *calls(2, 12, **ANSWERED, hangupReason="Customer hang-up"),
    *calls(2, 8, answered=False, hangupReason="No answer", totalCustomerPrice=0.01),
    *calls(3, 10, **(ANSWERED | {"agentName": HOSTILE}), hangupReason=HOSTILE),
    *calls(40, 20, answered=False, hangupReason="No answer"),  # in the 28 days before
]


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[str]:
    """An app on an archive with 30 calls of the last days, and 20 of the time before."""
    data = tmp_path_factory.mktemp("explored")
    archive = Archive(data / "archive.duckdb", "127.0.0.1", sandbox.credentials.tenant_id)
    kept = []
    for n, record in enumerate(WORLD):
        order_id = f"SO-{n:03}"
        row = records.calls(order_id, [record | {"orderId": order_id}])
        kept.append((Outcome(order_id, "found", calls=1, asked_at=NOW, attempts=1), row))
    archive.append(kept)
    archive.close()
    with app(data, account(sandbox) | {"NXCC_CURRENCY": "HKD"}) as address:
        yield address


def opened(page: Page, address: str, query: str = "") -> None:
    page.goto(f"{address}/explore{query}")
    page.locator(".st-key-explore_tiles").wait_for()
    settled(page)


def click_bar(page: Page, chart: str, which: int = 0) -> None:
    """Clicks the middle of a bar, the widest first."""
    bars = page.locator(f".st-key-chart_{chart} .barlayer .point path")
    bars.first.wait_for(state="attached")
    page.locator(f".st-key-chart_{chart}").scroll_into_view_if_needed()
    boxes = [box for box in (bar.bounding_box() for bar in bars.all()) if box]
    box = sorted(boxes, key=lambda box: -box["width"] * box["height"])[which]
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def shown(page: Page, calls: int) -> dict[str, str]:
    """The tiles, once they stand on so many calls."""
    eventually(page, lambda: tiles(page, "explore_tiles").get("Calls") == str(calls))
    settled(page)
    return tiles(page, "explore_tiles")


def section(page: Page, name: str) -> None:
    page.locator(".st-key-explore_section").get_by_text(name).click()
    settled(page)


def test_explore__tiles_agents_and_quality_of_the_last_weeks(page: Page, explored: str) -> None:
    opened(page, explored)
    assert shown(page, 30)["Answer rate"] == "73 %"
    first = page.locator(".st-key-explore_tiles [data-testid=stMetric]").first
    expect(first).to_contain_text("+50.0 %")
    expect(first).to_contain_text("n 30")
    expect(page.locator("[data-testid=stMain]")).to_contain_text("compared with")
    assert_fits(page)
    section(page, "Agents")
    found = {row["Agent"]: row["Calls"] for row in rows(page, "explore_agents")}
    assert found == {"mei": "12", HOSTILE: "10", "": "8"}
    section(page, "Data quality")
    flags = {row["Flag"]: row["Calls"] for row in rows(page, "explore_quality")}
    assert flags["answered_without_time"] == "22"
    page.locator(".st-key-explore_flag_answered_without_time button").click()
    expect(page.locator(".st-key-explore_calls")).to_contain_text("of 22 calls")


def test_explore__what_is_picked_filters_tiles_charts_and_rows_and_the_link_opens_the_same(
    new_page: Callable[[], Page], explored: str
) -> None:
    page = new_page()
    opened(page, explored)
    click_bar(page, "hangup_reasons")
    eventually(page, lambda: "reason=" in page.url)
    picked = parse_qs(urlsplit(page.url).query)["reason"][0]
    n = sum(record["hangupReason"] == picked and record["answered"] for record in WORLD)
    here = shown(page, n)
    assert here["Answer rate"] == "100 %"
    expect(page.locator(".st-key-explore_calls")).to_contain_text(f"of {n} calls")
    assert {row["Result"] for row in rows(page, "explore_calls")} == {"answered"}
    other = new_page()
    opened(other, page.url.partition("/explore")[0], "?" + urlsplit(page.url).query)
    assert shown(other, n) == here
    page.locator(".st-key-explore_clear_reason button").click()
    shown(page, 30)
    assert "reason=" not in page.url
    click_bar(page, "calls_by_day")
    eventually(page, lambda: "days=" in page.url)
    shown(page, 20)  # the day of the tallest bar
    expect(page.locator(".st-key-explore_clear_days")).to_be_visible()


def test_explore__rows_behind_a_figure_their_file_and_a_saved_view(page: Page, explored: str) -> None:
    opened(page, explored)
    page.locator(".st-key-explore_behind input").click()
    page.keyboard.type("Unanswered")
    page.get_by_role("option", name="Unanswered", exact=True).click()
    expect(page.locator(".st-key-explore_calls")).to_contain_text("of 8 unanswered calls with a cost")
    _, in_file = downloaded(page, "explore_calls_csv")
    assert len(in_file) == 8
    assert {row["hangup_reason"] for row in in_file} == {"No answer"}
    opened(page, explored, "?period=all&answered=no")
    shown(page, 28)
    page.locator(".st-key-explore_views button").first.click()
    page.get_by_label("Name for the filters set now").fill("Not *answered*")
    page.locator(".st-key-explore_view_save button").click()
    expect(page.get_by_text("Saved as Not *answered*.")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".st-key-explore_clear_answered button").click()
    shown(page, 50)
    page.locator(".st-key-explore_views button").first.click()
    page.get_by_role("button", name="Not *answered*").click()
    shown(page, 28)
    assert "answered=no" in page.url


def test_explore__an_order_of_the_rows_leads_to_its_story(page: Page, explored: str) -> None:
    opened(page, explored, "?period=all&find=SO-004")
    shown(page, 1)
    table = page.locator(".st-key-explore_calls [data-testid=stDataFrame]").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box
    page.mouse.click(box["x"] + 170, box["y"] + 48)
    page.wait_for_url("**/order?order=SO-004")
    expect(page.locator(".st-key-order_summary")).to_contain_text("Reached on the first call")


def test_explore__the_report_opens_offline_without_an_error(
    new_page: Callable[[], Page], explored: str, tmp_path: Path
) -> None:
    page = new_page()
    opened(page, explored)
    file = tmp_path / "report.html"
    file.write_bytes(download(page, "explore_report"))
    offline = new_page()
    offline.context.set_offline(True)
    said: list[str] = []
    asked: list[str] = []
    offline.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    offline.on("pageerror", lambda error: said.append(str(error)))
    offline.on("request", lambda request: asked.append(request.url))
    offline.goto(file.as_uri())
    expect(offline.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    assert offline.locator(".js-plotly-plot").count() == 7  # nothing of queue and ring time is known
    text = offline.locator("body").inner_text()
    assert "Answered calls ÷ calls, each call ID once." in text
    assert re.search(r"\b30\b", text)
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_explore__an_empty_archive_says_what_to_do(page: Page, start: Start) -> None:
    page.goto(f"{start()}/explore")
    expect(page.locator(".st-key-explore_empty")).to_contain_text("No call is kept yet")
    page.locator(".st-key-explore_to_bulk button").click()
    page.wait_for_url("**/bulk")


def test_explore__nothing_passes_and_an_address_that_cannot_be_read(page: Page, explored: str) -> None:
    page.goto(f"{explored}/explore?period=yesterday&talk=x_y&agent=nobody&unknown=1")
    expect(page.locator(".st-key-explore_none")).to_contain_text("No call passes these filters")
    expect(page.locator("[data-testid=stMain]")).to_contain_text("Left out, because the address cannot be read there")
    page.locator(".st-key-explore_none_clear button").click()
    shown(page, 30)
