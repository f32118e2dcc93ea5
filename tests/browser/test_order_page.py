"""The story of one order as an analyst meets it."""

from __future__ import annotations

from itertools import count

import orjson
from playwright.sync_api import Page, expect

from nxcc.sandbox import Sandbox
from tests.browser import bulk
from tests.browser.conftest import Start
from tests.browser.on_page import assert_fits, eventually, rows, settled, tiles

_tags = count()


def late() -> str:
    """An order of its own whose price, recording and second call come late."""
    return f"SAMPLE-LATE~story{next(_tags)}"


def story_of_row(page: Page, key: str, row: int, *, at_px: int) -> None:
    """Clicks the story button of a row (from 0); the column begins somewhat before `at_px`."""
    settled(page)
    table = page.locator(f".st-key-{key} [data-testid=stDataFrame]").first
    table.scroll_into_view_if_needed()
    table.click(position={"x": at_px, "y": 32 * (row + 1) + 16})


def look_up(page: Page, address: str, *order_ids: str) -> None:
    page.goto(f"{address}/?orders={','.join(order_ids)}")
    expect(page.locator(".st-key-lookup_outcomes")).to_contain_text("Found")
    page.locator(".st-key-lookup_calls [data-testid=stDataFrame]").wait_for()


def ask(page: Page, times: str) -> None:
    """Asks (again), and waits for the line that says how often it was asked."""
    page.locator(".st-key-order_refresh button").click()
    expect(page.locator(".st-key-order_toolbar")).to_contain_text(times)
    settled(page)


def test_story__from_the_tables_and_along_their_lists(page: Page, fast: str, sandbox: Sandbox) -> None:
    look_up(page, fast, "SAMPLE-VENDOR", "SHAPE-ODD", "FAIL-CODE-41000")
    asked = len(sandbox.requests)
    story_of_row(page, "lookup_orders", 1, at_px=170)
    page.wait_for_url("**/order?order=SHAPE-ODD")
    expect(page.locator(".st-key-order_toolbar")).to_contain_text("2 of 3 in the list")
    expect(page.locator(".st-key-order_calls")).to_contain_text("callDuration says -5")
    page.locator(".st-key-order_next button").click()
    page.wait_for_url("**/order?order=FAIL-CODE-41000")
    expect(page.locator(".st-key-order_summary")).to_contain_text("Order id is wrong")
    expect(page.locator(".st-key-order_next button")).to_be_disabled()
    page.go_back()
    expect(page.locator(".st-key-order_id input")).to_have_value("SHAPE-ODD")
    page.go_back()  # to the page as it was left
    expect(page.locator(".st-key-lookup_outcomes")).to_contain_text("Found 2")
    page.locator(".st-key-lookup_calls [data-testid=stDataFrame]").wait_for()
    story_of_row(page, "lookup_calls", 2, at_px=170)
    page.wait_for_url("**/order?order=SHAPE-ODD")
    expect(page.locator(".st-key-order_toolbar")).to_contain_text("2 of 2 in the list")
    page.locator(".st-key-order_previous button").click()
    page.wait_for_url("**/order?order=SAMPLE-VENDOR")
    expect(page.locator(".st-key-order_id input")).to_have_value("SAMPLE-VENDOR")
    expect(page.locator(".st-key-order_previous button")).to_be_disabled()
    assert len(sandbox.requests) == asked  # stories come out of the archive


def test_story__says_what_happened(page: Page, fast: str) -> None:
    page.goto(f"{fast}/order?order=SAMPLE-VENDOR")
    ask(page, "just now")
    expect(page.locator(".st-key-order_summary")).to_contain_text(
        "Example Agent answered on 27 Jul 2023 at 10:00:44; the agent hung up. 1 more call followed, not answered."
    )
    assert tiles(page, "order_tiles") == {
        "Attempts to answer": "1",
        "Time to first answer": "6 s",
        "Talk": "5 s",
        "Waiting and ringing": "13 s",
        "Cost": "0.070",
    }
    expect(page.locator(".st-key-order_timeline .bars path").first).to_be_attached()
    expect(page.locator(".st-key-order_calls")).to_contain_text("queueDuration says 5,139, its times say 5.1 s.")
    assert_fits(page)


def test_deep_link__spends_nothing_until_it_is_asked(page: Page, start: Start, sandbox: Sandbox) -> None:
    address, order_id = start(), late()
    before = len(sandbox.requests)
    page.goto(f"{address}/order?order={order_id}")
    expect(page.locator(".st-key-order_summary")).to_contain_text("Never asked so far")
    expect(page.get_by_role("link", name="Order story")).to_be_visible()
    settled(page)
    assert len(sandbox.requests) == before
    ask(page, "just now")
    expect(page.locator(".st-key-order_summary")).to_contain_text("Found, 1 call")
    page.reload()
    expect(page.locator(".st-key-order_summary")).to_contain_text("Found, 1 call")
    assert len(sandbox.requests) == before + 1
    page.goto(f"{address}/order")
    expect(page.locator(".st-key-order_empty")).to_contain_text("Type an order id above")
    assert [row["Order ID"] for row in rows(page, "order_last")] == [order_id]


def test_ask_again__shows_the_late_price_and_the_new_call(page: Page, fast: str, sandbox: Sandbox) -> None:
    order_id = late()
    page.goto(f"{fast}/order?order={order_id}")
    ask(page, "just now")
    expect(page.locator(".st-key-order_tiles")).to_contain_text("n 0 of 1")
    assert page.locator("audio").count() == 0
    ask(page, "2 times in all")
    price = sandbox.world.found_record(order_id)["totalCustomerPrice"]
    changes = [(row["Call"], row["What"], row["Before"]) for row in rows(page, "order_changes")]
    assert changes == [("1", "Cost arrived", "–"), ("1", "Recording arrived", "–")]
    assert rows(page, "order_changes")[0]["Now"].startswith(str(price))
    assert page.locator("audio").count() == 0  # no address out of a record is asked before somebody wants to hear it
    page.locator(".st-key-order_play_recording button").click()
    expect(page.locator("audio")).to_have_attribute("src", sandbox.world.found_record(order_id)["recordUrl"])
    ask(page, "3 times in all")
    expect(page.locator(".st-key-order_summary")).to_contain_text("Found, 2 calls")
    eventually(page, lambda: [row["What"] for row in rows(page, "order_changes")] == ["New call"])
    page.locator(".st-key-order_changes [data-testid=stSelectbox] input").click()
    page.get_by_role("option").nth(1).click()
    expect(page.locator(".st-key-order_changes canvas table tbody tr")).to_have_count(3)
    assert [row["Outcome"] for row in rows(page, "order_history")] == ["found"] * 3


def test_raw__is_the_kept_record_and_bad_links_are_text(page: Page, fast: str, sandbox: Sandbox) -> None:
    """Of a record with a hostile text or link nothing becomes markup, a link or a request."""
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    order_id = next(
        one
        for one in sandbox.world.orders()
        if [str(call["recordUrl"])[:10] for call in sandbox.world.records(one)] == ["javascript"]
    )
    page.goto(f"{fast}/order?order={order_id}")
    ask(page, "just now")
    call = page.locator(".st-key-order_call")
    expect(call).to_contain_text("not an http or https link, so it is only shown")
    expect(call).to_contain_text("javascript:alert(document.cookie)")
    assert page.locator("a[href^=javascript]").count() == 0
    page.locator(".st-key-order_raw summary").click()
    code = page.locator(".st-key-order_raw code")
    expect(code).to_contain_text("callId")
    assert orjson.loads(code.inner_text()) == sandbox.world.records(order_id)[0]
    assert not any("/recordings/" in url for url in requested)


def test_forget__an_order_goes_after_it_was_said_what_goes(page: Page, fast: str, sandbox: Sandbox) -> None:
    order_id = late()
    look_up(page, fast, order_id)
    page.goto(f"{fast}/order?order={order_id}")
    expect(page.locator(".st-key-order_summary")).to_contain_text("Found")
    page.locator(".st-key-order_forget button").first.click()
    page.locator(".st-key-forget_look button").click()
    expect(page.locator("p", has_text="Would go:")).to_contain_text("1 call record, 1 lookup")
    page.locator(".st-key-forget_yes button").click()
    expect(page.locator(".st-key-order_summary")).to_contain_text("Never asked so far")
    page.reload()
    expect(page.locator(".st-key-order_summary")).to_contain_text("Never asked so far")


def test_forget__a_number_that_is_too_short_is_refused(page: Page, fast: str) -> None:
    page.goto(f"{fast}/order")
    page.locator(".st-key-order_forget button").first.click()
    page.locator(".st-key-forget_number input").fill("123")
    page.locator(".st-key-forget_number input").press("Enter")
    page.locator(".st-key-forget_look button").click()
    expect(page.locator(".st-key-forget_failed")).to_be_visible()
    assert "123" not in page.url


def test_invalid_id__is_never_sent(page: Page, fast: str, sandbox: Sandbox) -> None:
    before = len(sandbox.requests)
    page.goto(f"{fast}/order")
    page.locator(".st-key-order_id input").fill("1.23457E+17")
    page.locator(".st-key-order_id input").press("Enter")
    expect(page.locator(".st-key-order_summary")).to_contain_text("Excel has cut its digits")
    expect(page.locator(".st-key-order_refresh button")).to_be_disabled()
    assert page.url.endswith("/order?order=1.23457E%2B17")
    page.locator(".st-key-order_id input").fill(" ＡＢ-７ ")
    page.locator(".st-key-order_id input").press("Enter")
    expect(page.locator(".st-key-order_summary")).to_contain_text("Never asked so far")
    assert page.url.endswith("/order?order=AB-7")
    assert len(sandbox.requests) == before


def test_bulk__compares_with_the_answers_before(page: Page, fast: str) -> None:
    ids = [late() for _ in range(3)]
    look_up(page, fast, *ids, "NOT-THERE-STORY")
    bulk.upload(page, fast, "again.csv", bulk.csv_of([["order_id"], *([one] for one in ids), ["NOT-THERE-STORY"]]))
    page.get_by_text("Use fresh answers from the archive").click()
    bulk.run(page)
    page.locator(".st-key-bulk_compare label").first.click()
    expect(page.locator(".st-key-bulk_changes_tiles")).to_be_visible()
    shown = tiles(page, "bulk_changes_tiles")
    assert shown == {
        "Changed": "3", "Outcome": "0", "New calls": "0", "Cost": "3", "Recordings": "3", "Anything else": "0",
    }  # fmt: skip
    table = rows(page, "bulk_changes")
    assert [row["Order ID"] for row in table] == ids
    assert table[0]["What changed"] == "cost of 1 call, recording of 1 call"
    story_of_row(page, "bulk_changes", 2, at_px=20)
    page.wait_for_url(f"**/order?order={ids[2]}")
    expect(page.locator(".st-key-order_changes")).to_contain_text("Since it was asked before")
