"""A day at work, and what the audit says of it: exactly what was done."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from playwright.sync_api import Browser, Page, expect

from nxcc.sandbox import Sandbox
from tests.browser import bulk
from tests.browser.on_page import download, settled
from tests.oidc.guarded import Guarded, sign_in

LEAD = "grouped@elsewhere.example"


def said(guarded: Guarded, after: int, who: str) -> list[tuple[str, str, str, int | None, bool]]:
    """Role, deed, what, count, and whether a job is named."""
    with closing(sqlite3.connect(guarded.data / "jobs.sqlite")) as connection:
        rows = connection.execute(
            "SELECT role, deed, what, count, job <> '' FROM audit WHERE n > ? AND who = ? ORDER BY n", (after, who)
        ).fetchall()
    return [(role, deed, what, count, bool(job)) for role, deed, what, count, job in rows]


def last(guarded: Guarded) -> int:
    with closing(sqlite3.connect(guarded.data / "jobs.sqlite")) as connection:
        return int(connection.execute("SELECT coalesce(max(n), 0) FROM audit").fetchone()[0])


def click(page: Page, key: str) -> None:
    page.locator(f".st-key-{key} button").first.click()


def test_audit__of_a_day_holds_exactly_what_was_done(browser: Browser, guarded: Guarded, sandbox: Sandbox) -> None:
    before = last(guarded)
    first, second = guarded.filled.orders[4:6]
    of_first, calls = len(sandbox.world.records(first)), sum(len(sandbox.world.records(one)) for one in (first, second))
    with guarded.context(browser) as context:
        page = context.new_page()
        sign_in(page, guarded.address, "grouped")
        page.locator(".st-key-lookup_ids textarea").fill(f"{first} {second}")
        click(page, "lookup_go")
        page.locator(".st-key-lookup_calls [data-testid=stDataFrame]").wait_for()
        settled(page)
        download(page, "lookup_orders_csv")
        download(page, "lookup_calls_csv")
        page.goto(f"{guarded.address}/order?order={first}")
        page.locator(".st-key-order_raw").wait_for()
        settled(page)
        click(page, "order_play_recording")
        page.locator("audio").wait_for()
        click(page, "order_refresh")
        expect(page.locator(".st-key-order_toolbar")).to_contain_text("2 times in all")
        settled(page)
        bulk.upload(page, guarded.address, "day.csv", bulk.csv_of([["order_id"], ["DAY-1"], ["DAY-2"]]))
        page.locator(".st-key-bulk_check").wait_for()
        bulk.run(page)
        download(page, "bulk_orders_csv")
        job = page.url.partition("job=")[2]
        page.goto(f"{guarded.address}/jobs")
        click(page, f"job_more_{job}")
        click(page, f"job_delete_{job}")
        click(page, f"job_delete_yes_{job}")
        expect(page.locator(f".st-key-job_{job}")).to_have_count(0)
        click(page, "sign_out")
        page.locator(".st-key-sign_in").wait_for()
    with guarded.context(browser) as context:
        page = context.new_page()
        sign_in(page, guarded.address, "stranger")
        page.get_by_text("not on the list").wait_for()
    assert said(guarded, before, LEAD) == [
        ("lead", "signed in", "", None, False),
        ("lead", "looked up", "", 2, False),
        ("lead", "saw numbers", "a table", calls, False),
        ("lead", "exported", "orders of a look up, CSV", 2, False),
        ("lead", "exported", "calls of a look up, CSV", calls, False),
        ("lead", "saw numbers", "a file", calls, False),
        ("lead", "saw numbers", "an order's story", of_first, False),
        ("lead", "played", "recording", 1, False),
        ("lead", "looked up", "from an order's story", 1, False),
        ("lead", "uploaded", "a file", None, False),
        ("lead", "started", "", 2, True),
        ("lead", "exported", "orders of a job, CSV", 2, True),
        ("lead", "deleted", "", 2, True),
        ("lead", "signed out", "", None, False),
    ]
    assert said(guarded, before, "stranger@elsewhere.example") == [("", "was refused", "not listed", None, False)]
    assert not any(number.encode() in (guarded.data / "server.log").read_bytes() for number in guarded.filled.numbers)
