"""A timer of a page that one has left reaches the server late: the page one came to stays."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Page, WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.on_page import settled


@dataclass
class Wire:
    """Between the browser and the server: which page it is, and the timers that it has."""

    server: WebSocketRoute | None = None
    page_hash: str = ""
    timers: list[str] = field(default_factory=list)

    def take(self, browser: WebSocketRoute) -> None:
        self.server = browser.connect_to_server()
        self.server.on_message(lambda message: self._heard(browser, message))

    def _heard(self, browser: WebSocketRoute, message: str | bytes) -> None:
        assert isinstance(message, bytes)
        said = ForwardMsg.FromString(message)
        if said.WhichOneof("type") == "new_session":
            self.page_hash = said.new_session.page_script_hash
        elif said.WhichOneof("type") == "auto_rerun":
            self.timers.append(said.auto_rerun.fragment_id)
        browser.send(message)


def test_left_pages__timer_that_comes_late(page: Page, demo: str) -> None:
    wire, errors = Wire(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route_web_socket("**/_stcore/stream", wire.take)
    page.goto(f"{demo}/jobs")
    settled(page)
    jobs, timers = wire.page_hash, dict.fromkeys(wire.timers)
    assert len(timers) > 1, "the list's, and that of the theme"
    page.get_by_role("link", name="Bulk lookup", exact=True).click()
    expect(page.locator(".st-key-bulk_file")).to_be_visible()
    settled(page)
    assert wire.server and wire.page_hash != jobs
    for timer in timers:
        late = BackMsg()
        late.rerun_script.page_script_hash, late.rerun_script.fragment_id = jobs, timer
        late.rerun_script.is_auto_rerun = True
        wire.server.send(late.SerializeToString())
    page.wait_for_timeout(1_500)
    expect(page.locator(".st-key-bulk_file")).to_be_visible()
    page.get_by_role("link", name="Look up", exact=True).click()  # the server has worked through all that came before
    expect(page.locator(".st-key-lookup_ids")).to_be_visible()
    assert not errors
