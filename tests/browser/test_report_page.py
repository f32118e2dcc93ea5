"""The downloaded report, opened from the disk of a machine without a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from nxcc.palette import Mode
from tests.test_report import made


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_report__draws_its_charts_offline_without_errors_or_requests(
    browser: Browser, tmp_path: Path, mode: Mode
) -> None:
    path = tmp_path / "report.html"
    path.write_text(made(mode), encoding="utf-8")
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", note)
    page.goto(path.as_uri())
    expect(page.locator(".drawing .main-svg").first).to_be_visible()
    expect(page.locator(".drawing.js-plotly-plot")).to_have_count(3)
    assert page.title().startswith("Explore </script>")
    assert page.evaluate("document.images.length") == 0
    _hover_says(page, "of 30 calls")
    for width in (1280, 640):  # it follows the window
        page.set_viewport_size({"width": width, "height": 720})
        expect(page.locator(".drawing .main-svg").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert said == []
    assert asked == [path.as_uri()]
    context.close()


def _hover_says(page: Page, words: str) -> None:
    bar = page.locator(".drawing .bars .point path").first
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
    expect(page.locator(".hoverlayer").first).to_contain_text(words)
