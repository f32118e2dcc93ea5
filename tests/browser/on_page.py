"""What a page shows and gives, for any page: tables, tiles, files, and whether it fits."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page

from tests.browser.person import LATE

_RESTS = "[data-testid=stApp][data-test-script-state=notRunning]"
SIZES = ((1440, 900), (1280, 720))
_LABEL_AND_VALUE = """all => all.map(one => ["stMetricLabel", "stMetricValue"].map(
    part => one.querySelector(`[data-testid=${part}]`)?.innerText.trim() ?? ""))"""
_WHOLE = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.innerText)"


def rows(page: Page, key: str) -> list[dict[str, str]]:
    """What the first table of a container shows, by column."""
    return rows_of(page.locator(f".st-key-{key} [data-testid=stDataFrame]").first)


def rows_of(table: Locator) -> list[dict[str, str]]:
    """What a table shows, by column, out of the grid's own accessible table."""
    grid = table.locator("canvas table").first
    grid.wait_for(state="attached")
    names = [name.strip() for name in grid.locator("th").all_inner_texts()]
    found = grid.evaluate("t => [...t.querySelectorAll('tbody tr')].map(r => [...r.cells].map(c => c.innerText))")
    return [dict(zip(names, cells, strict=False)) for cells in found]


def tiles(page: Page, key: str) -> dict[str, str]:
    """Label and value of each tile, once all are there: two looks see the same."""
    found = page.locator(f".st-key-{key} [data-testid=stMetric]")
    found.first.wait_for()
    before: dict[str, str] | None = None
    until = time.monotonic() + 15
    while time.monotonic() < until:
        settled(page)
        now = dict(found.evaluate_all(_LABEL_AND_VALUE))
        if now == before:
            break
        before = now
        page.wait_for_timeout(250)
    return before or {}


def download(page: Page, key: str) -> bytes:
    """The file behind a button."""
    with page.expect_download() as download:
        page.locator(f".st-key-{key} button").click()
    return Path(download.value.path()).read_bytes()


def downloaded(page: Page, key: str) -> tuple[bytes, list[dict[str, str]]]:
    """The CSV file behind a button, and its rows by column."""
    content = download(page, key)
    return content, list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def settled(page: Page) -> None:
    """Returns when the page has been drawn: nothing runs, and the code of all that is shown has come."""
    page.locator(f"{_RESTS}:not(:has({LATE}))").wait_for()


def eventually(page: Page, condition: Callable[[], object], within_s: float = 15) -> None:
    """Returns when the condition holds; for what is not on the page."""
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, "it does not come about"
        page.wait_for_timeout(50)


def assert_fits(page: Page) -> None:
    """Nothing is wider than the screen, and no value of a tile, badge or button is cut, at each of `SIZES`."""
    before = page.viewport_size
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(150)  # the layout follows
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), width
        main = page.locator("[data-testid=stMain]")
        assert main.evaluate("main => main.scrollWidth <= main.clientWidth"), f"it scrolls sideways at {width}"
        for part in ("stMetricValue", "stMetricLabel", "stBadge"):
            assert main.locator(f"[data-testid={part}]").evaluate_all(_WHOLE) == [], f"{part} cut at {width}"
    page.set_viewport_size(before or {"width": 1440, "height": 900})
