"""Somebody's own browser, for any test that has one: where they sit, and that they wait for what they click."""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserContext, Page

# What stands where a part of a page will be, while its code comes; then all below it moves.
LATE = "[data-testid=stSkeleton]"


def somebody(browser: Browser) -> BrowserContext:
    """A browser at 1440x900 in Shanghai; closed by whoever asks for it."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900},
        timezone_id="Asia/Shanghai",
        locale="en-GB",
        color_scheme="light",
        reduced_motion="reduce",  # what fades in costs a sixth of a page's time
    )
    context.on("page", _patient)
    return context


def _patient(page: Page) -> None:
    """Before anything is clicked on or expected of a page, nothing of it is late."""
    page.add_locator_handler(page.locator(LATE).first, lambda: None)
