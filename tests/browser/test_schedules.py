"""Schedules on Status: made, run, changed, switched, deleted; what came of a run, and who is told."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Locator, Page, expect

from tests.browser import bulk
from tests.browser.conftest import Start
from tests.browser.on_page import assert_fits, eventually, rows, settled

from ..test_notices import TOKEN, receiving

SECTION = ".st-key-schedules"
PUBLIC = "https://calls.example.com"


def opened(page: Page, address: str) -> Locator:
    """The section, once the page is whole."""
    page.goto(f"{address}/status")
    page.locator(".st-key-status_audit").wait_for()
    settled(page)
    return page.locator(SECTION)


def form(page: Page) -> Locator:
    page.locator(".st-key-schedule_new button").click()
    shown = page.locator(".st-key-schedule_form")
    shown.wait_for()
    settled(page)
    return shown


def choose(page: Page, box: Locator, option: str) -> None:
    """Chooses in a selectbox."""
    box.locator("input").fill(option)
    page.get_by_role("option", name=option, exact=True).click()
    settled(page)


def save(page: Page) -> None:
    page.locator(".st-key-schedule_save button").click()
    expect(page.locator(".st-key-schedule_form")).to_have_count(0)
    settled(page)


def keyed(page: Page, what: str) -> Locator:
    """A part of the only schedule."""
    return page.locator(f"[class*='st-key-schedule_{what}_']")


def name_it(page: Page, name: str) -> None:
    box = page.locator(".st-key-schedule_form").get_by_label("Name")
    box.fill(name)
    box.press("Tab")
    settled(page)


def deeds(page: Page) -> list[str]:
    return [row["Did"] for row in rows(page, "status_audit")]


def test_schedule__made_run_and_its_job_opened(page: Page, start: Start) -> None:
    address = start(NXCC_RATE_PER_SECOND="0")
    section = opened(page, address)
    expect(section).to_contain_text("Nothing is done by itself yet.")
    shown = form(page)
    expect(shown).to_contain_text(re.compile(r"Next: (\d\d \w{3} )?02:00, \d\d \w{3} 02:00"))
    expect(shown).to_contain_text("set NXCC_NOTICE_URL")
    name_it(page, "Yesterday's *calls*")
    save(page)
    for said in (
        "Yesterday's *calls*",
        "Reads the calls of yesterday",
        "Every night at 02:00",
        "Asia/Shanghai",
        "02:00",
    ):
        expect(section).to_contain_text(said)
    expect(section).to_contain_text("It has not run yet.")
    assert_fits(page)

    keyed(page, "more").locator("button").click()
    keyed(page, "run").locator("button").click()
    expect(section.locator(".stMarkdownBadge")).to_contain_text("Done", timeout=60_000)
    expect(section).to_contain_text(re.compile(r"[\d,]+ calls?, \d+ requests?\."))
    page.keyboard.press("Escape")
    keyed(page, "runs").locator("button").click()
    expect(keyed(page, "history")).to_contain_text(re.compile(r"\d\d:\d\d · by \w+"))
    assert_fits(page)
    section.get_by_role("button", name="Job").first.click()
    expect(page.locator("[data-testid=stMain]")).to_contain_text("All of this time has been read", timeout=60_000)

    opened(page, address)
    assert deeds(page)[:3] == ["started", "ran a schedule", "made a schedule"]


def test_schedule__what_cannot_be_read_is_said_and_not_saved(page: Page, start: Start) -> None:
    section = opened(page, start())
    shown = form(page)
    choose(page, shown.locator(".st-key-schedule_new_when"), "Own cron expression")
    typed = shown.get_by_role("textbox", name="Cron expression")
    save_button = page.locator(".st-key-schedule_save button")
    expect(save_button).to_be_disabled()
    for wrong, said in (
        ("0 25 * * *", "The hour of this cron expression cannot be read: 25."),
        ("0 2 30 2 *", "never due"),
    ):
        typed.fill(wrong)
        typed.press("Enter")
        expect(shown).to_contain_text(said)
        expect(save_button).to_be_disabled()
    typed.fill("30 7 * * 1-5")
    typed.press("Enter")
    expect(shown).to_contain_text("Monday to Friday at 07:30. Next:")
    expect(save_button).to_be_enabled()
    save_button.click()
    expect(shown).to_contain_text("A schedule needs a name.")
    page.locator(".st-key-schedule_cancel button").click()
    expect(shown).to_have_count(0)
    expect(section).to_contain_text("Nothing is done by itself yet.")


def test_schedule__changed_switched_off_and_deleted(page: Page, start: Start) -> None:
    section = opened(page, start())
    form(page)
    name_it(page, "late")
    page.get_by_role("radio", name="Ask again").click()
    settled(page)
    save(page)
    expect(section).to_contain_text("Asks again: no calls or cost, for 7 days")

    keyed(page, "edit").locator("button").first.click()
    shown = page.locator(".st-key-schedule_form")
    choose(page, shown.locator("[class*='_when']").first, "Mondays at 06:00")
    choose(page, shown.locator("[class*='_zone']").first, "Europe/Berlin")
    save(page)
    expect(section).to_contain_text("Mondays at 06:00")
    expect(section).to_contain_text("Europe/Berlin")

    keyed(page, "more").locator("button").click()
    keyed(page, "switch").locator("button").click()
    expect(section).to_contain_text("Off")
    keyed(page, "run").locator("button").click()  # off is for the clock alone
    expect(section).to_contain_text("No order needed to be asked again.", timeout=30_000)
    keyed(page, "delete").locator("button").first.click()
    keyed(page, "delete_no").locator("button").click()
    settled(page)
    expect(section).to_contain_text("Mondays at 06:00")
    keyed(page, "delete").locator("button").first.click()
    keyed(page, "delete_yes").locator("button").click()
    expect(section).to_contain_text("Nothing is done by itself yet.")
    page.reload()
    page.locator(".st-key-status_audit").wait_for()
    settled(page)
    assert deeds(page)[:5] == [
        "removed a schedule", "ran a schedule", "switched a schedule off", "changed a schedule", "made a schedule",
    ]  # fmt: skip


def test_schedule__a_job_that_is_gone_fails_with_its_cure_and_is_told(page: Page, start: Start) -> None:
    with receiving() as receiver:
        address = start(NXCC_RATE_PER_SECOND="0", NXCC_NOTICE_URL=receiver.address, NXCC_PUBLIC_URL=PUBLIC)
        bulk.upload(page, address, "weekly.csv", bulk.ids_of("WEEKLY", 3))
        bulk.start(page)
        bulk.done(page)
        job = page.url.rpartition("=")[2]
        section = opened(page, address)
        shown = form(page)
        name_it(page, "weekly")
        page.get_by_role("radio", name="Repeat a job").click()
        expect(shown.get_by_label("Job")).to_have_value(re.compile("^weekly · 3 ids"))
        for told in ("when it finishes", "when it halts or fails"):
            shown.get_by_text(told).click()
            settled(page)
        choose(page, shown.locator("[class*='_kpi']").first, "Orders reached")
        save(page)

        keyed(page, "more").locator("button").click()
        keyed(page, "run").locator("button").click()
        expect(section).to_contain_text("3 no calls", timeout=60_000)
        eventually(page, lambda: len(receiver.came) == 1)
        body = json.loads(receiver.came[0][2])
        assert (body["event"], body["schedule"], body["counts"]["no_calls"]) == ("finished", "weekly", 3)
        assert body["link"] == f"{PUBLIC}/bulk?job={body['job']}"

        page.goto(f"{address}/jobs")
        page.locator(f".st-key-job_more_{job} button").click()
        page.locator(f".st-key-job_delete_{job} button").click()
        page.locator(f".st-key-job_delete_yes_{job} button").click()
        expect(page.locator(f".st-key-job_{job}")).to_have_count(0)
        opened(page, address)
        keyed(page, "more").locator("button").click()
        keyed(page, "run").locator("button").click()
        expect(section).to_contain_text("The job that it repeats is not there any more.", timeout=30_000)
        expect(section).to_contain_text("What to do: Edit the schedule and choose another job.")
        page.keyboard.press("Escape")
        keyed(page, "runs").locator("button").click()
        expect(keyed(page, "history")).to_contain_text("Notice of the failure: sent")
        assert_fits(page)
        assert [json.loads(came)["event"] for _, _, came in receiver.came] == ["finished", "failed"]
        assert TOKEN.rpartition("/")[2] not in page.content()
