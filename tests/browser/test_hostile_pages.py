"""A real app and a real browser: pages full of hostile texts become no markup, run nothing and ask nobody else.

The server's process is guarded: it may connect to the gateway, and to nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from nxcc import wording
from tests.browser import bulk
from tests.browser.on_page import download, settled
from tests.browser.person import somebody
from tests.browser.server import account, app
from tests.hostile import files, records, texts
from tests.hostile.conftest import GUARD, Gateway, gateway  # noqa: F401 - a fixture
from tests.hostile.seen import Page as Parsed
from tests.hostile.seen import csv_rows, is_live, require_dead_book

# Elements that only data could have made, attributes that run, and links that lead somewhere else.
_MADE_BY_DATA = """() => {
    const elsewhere = (address) => {
        try { return new URL(address, location.href).origin !== location.origin; } catch { return true; }
    };
    const root = document.querySelector("[data-testid=stApp]");
    const found = [];
    for (const one of root.querySelectorAll("*")) {
        const tag = one.tagName.toLowerCase();
        if (["iframe", "object", "embed", "base", "meta", "link", "math", "marquee", "dialog",
             "script", "video", "source", "audio", "mglyph", "katex", "blockquote", "del", "sub"].includes(tag)
        ) found.push(tag);
        for (const {name, value} of one.attributes) {
            if (/^on/i.test(name)) found.push(`${tag} ${name}`);
            if (/^(href|src|xlink:href|action|data|srcset|poster)$/i.test(name) && value
                && !value.startsWith("#") && !value.startsWith("data:image/svg+xml")
                && elsewhere(value)
                && !one.closest("[class*=st-key-order_open_]")) found.push(`${tag} ${name}=${value.slice(0, 80)}`);
        }
        if (one.classList.contains("katex") || one.classList.contains("stMarkdownShimmer")) found.push(one.className);
        if (one.getAttribute("aria-label") === "lock icon") found.push("an icon out of data");
        if (one.getAttribute("alt") === "Streamlit logo") found.push("a logo out of data");
    }
    return found;
}"""


# Of which a page shows a good dozen at once: a field of one call each.
MIXED = (*texts.MARKDOWN, *texts.PLAIN_LINKS[:8], *texts.HTML[:7])


@dataclass
class Watched:
    """A page, and everything that its browser did which a text may not make it do."""

    page: Page
    address: str
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)

    def visit(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")
        self.page.get_by_role("link", name="Order story").wait_for()
        settled(self.page)

    def require_unharmed(self) -> None:
        """As the page stands now, and all that led to it."""
        assert self.page.evaluate(_MADE_BY_DATA) == []
        assert self.page.evaluate("window.pwned") is None
        assert self.page.locator("[data-testid=stException]").count() == 0
        assert self.page.get_by_text("could not be drawn").count() == 0
        away = [url for url in self.requests if not re.match(rf"{self.address}|ws{self.address[4:]}|data:|blob:", url)]
        assert away == []
        assert self.dialogs == []
        assert self.opened == []


@pytest.fixture(scope="module")
def told_gateway(gateway: Gateway) -> Gateway:  # noqa: F811
    gateway.calls |= {f"T-{n:04d}": records.saying(text, n) for n, text in enumerate(texts.ALL)}
    gateway.calls |= {text: records.saying(text, n) for n, text in enumerate(texts.AS_IDS, len(texts.ALL))}
    for n, first in enumerate(range(0, len(MIXED), len(records.TEXT_KEYS))):
        each = dict(zip(records.TEXT_KEYS, MIXED[first:], strict=False))
        gateway.calls[f"MIXED-{n}"] = [records.plain("", n) | each | {"callId": f"mixed-{n}"}]
    gateway.replies |= {f"M-{n}": answer for n, answer in enumerate(records.MESSAGES.values())}
    return gateway


@pytest.fixture(scope="module")
def served(told_gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an app whose process is guarded."""
    data = tmp_path_factory.mktemp("pages")
    log = data / "refused"
    settings = account(told_gateway.sandbox) | {
        "NXCC_RATE_PER_SECOND": "0",
        "PYTHONPATH": str(GUARD),
        "HOSTILE_GUARD": str(log),
        "HOSTILE_ALLOWED": told_gateway.sandbox.base_url.removeprefix("http://"),
    }
    with app(data, settings) as address:
        yield address
        refused = log.read_text() if log.exists() else ""
    assert refused == ""
    assert told_gateway.sandbox.elsewhere == 0


@pytest.fixture
def watched(browser: Browser, served: str) -> Iterator[Watched]:
    context = somebody(browser)
    made = Watched(context.new_page(), served)
    made.page.on("request", lambda request: made.requests.append(request.url))
    made.page.on("websocket", lambda socket: made.requests.append(socket.url))
    made.page.on("dialog", lambda dialog: (made.dialogs.append(dialog.message), dialog.dismiss()))
    context.on("page", lambda page: made.opened.append(page.url))
    yield made
    made.require_unharmed()
    context.close()


def _ids(kind: str) -> list[str]:
    return [f"T-{texts.ALL.index(text):04d}" for text in texts.BY_KIND[kind]]


def test_look_up__a_page_of_hostile_texts(watched: Watched) -> None:
    said = [*_ids("html"), *_ids("markdown"), *_ids("formula")[::4], *_ids("link")[::4], *_ids("direction")]
    said += (
        _ids("huge")[:1]
        + [f"M-{n}" for n in range(0, 90, 8)]
        + [text for text in texts.AS_IDS if text.isprintable()][:40:2]
    )
    watched.visit(f"/?orders={quote(','.join(said))}")
    page = watched.page
    expect(page.locator(".st-key-lookup_outcomes")).to_contain_text("Found")
    page.locator(".st-key-lookup_calls [data-testid=stDataFrame]").wait_for()
    settled(page)
    for key in ("lookup_orders_csv", "lookup_calls_csv"):
        rows = csv_rows(download(page, key))
        assert len(rows) > 100
        assert [cell for row in rows for cell in row if is_live(cell)] == []
    watched.require_unharmed()


@pytest.mark.parametrize("n", range(-(-len(MIXED) // len(records.TEXT_KEYS))))
def test_order_story__shows_every_text_as_it_is(watched: Watched, n: int) -> None:
    page = watched.page
    watched.visit(f"/order?order=MIXED-{n}")
    page.locator(".st-key-order_refresh button").click()
    expect(page.locator(".st-key-order_summary")).to_contain_text("Found, 1 call")
    settled(page)
    assert page.locator("audio").count() == 0  # an address out of a record is asked by no page by itself
    watched.require_unharmed()
    shown = page.locator(".st-key-order_call [data-testid=stTable]").inner_text().replace(wording.JOINER, "")
    for key, text in list(zip(records.TEXT_KEYS, MIXED[n * len(records.TEXT_KEYS) :], strict=False)):
        if key in ("caller", "callee", "callStatus", "dtmfKeys", "intent", "other", "taskId", "orderId"):
            assert " ".join(wording.plain(text).split())[:200] in " ".join(shown.split()), key


def test_order_story__of_hostile_links_and_its_raw_record(watched: Watched) -> None:
    page = watched.page
    watched.visit(f"/order?order={_ids('link')[2]}")
    page.locator(".st-key-order_refresh button").click()
    expect(page.locator(".st-key-order_summary")).to_contain_text("Found, 2 calls")
    settled(page)
    page.locator(".st-key-order_raw summary").click()
    page.locator(".st-key-order_raw [data-testid=stCode]").wait_for()
    settled(page)
    watched.require_unharmed()


def test_order_story__of_an_id_that_is_markup(watched: Watched) -> None:
    watched.visit(f"/order?order={quote('<img src=x onerror=window.pwned=1>', safe='')}")
    watched.page.locator(".st-key-order_refresh button").click()
    expect(watched.page.locator(".st-key-order_summary")).to_contain_text("Found, 2 calls")
    watched.require_unharmed()


def test_explore__of_hostile_calls_and_filters(watched: Watched) -> None:
    page = watched.page
    watched.visit("/explore?period=all")
    page.locator(".st-key-explore_tiles").wait_for()
    settled(page)
    watched.require_unharmed()
    hostile = [("agent", texts.HTML[3]), ("agent", texts.MARKDOWN[22]), ("reason", texts.HTML[18]), ("slot", "²-3")]
    hostile += [("status", texts.MARKDOWN[9]), ("direction", texts.HTML[0]), ("find", texts.HTML[7]), ("x", "<b>")]
    watched.visit("/explore?period=all&" + "&".join(f"{name}={quote(value, safe='')}" for name, value in hostile))
    expect(page.locator(".st-key-explore_chips")).to_contain_text("Clear all")
    for key in ("direction", "agent", "reason", "answered"):
        page.locator(f".st-key-explore_{key}_popover button").first.click()
        settled(page)
        watched.require_unharmed()
        page.keyboard.press("Escape")
    page.locator(".st-key-explore_reset button").click()
    settled(page)
    report = Parsed(download(page, "explore_report").decode())
    assert not {tag for tag, _ in report.elements} & {"img", "iframe", "svg", "a", "b", "form", "link", "audio"}


def test_bulk__a_hostile_file_from_upload_to_results(watched: Watched) -> None:
    page = watched.page
    said = [text.replace("\x00", "") for text in (*texts.HTML, *texts.MARKDOWN, *texts.FORMULAS) if text.strip()]
    ids = [f"T-{n:04d}" for n in range(60)] + [f"M-{n}" for n in range(5)] + said
    header = ["order_id", *said[:6]]
    content = files.table([header, *([order_id, *said[n % 7 : n % 7 + 6]] for n, order_id in enumerate(ids))])
    page.goto(f"{watched.address}/bulk")
    bulk.put(page, "<img src=x onerror=window.pwned=1>:material_lock:[x](http://evil.example)=1.csv", content)
    page.locator(".st-key-bulk_start button").wait_for()
    settled(page)
    watched.require_unharmed()
    bulk.run(page)
    watched.require_unharmed()
    for key in ("bulk_orders_csv", "bulk_calls_csv"):
        rows = csv_rows(download(page, key))
        assert len(rows) > 50
        assert [cell for row in rows for cell in row if is_live(cell)] == []
    require_dead_book(download(page, "bulk_orders_xlsx"))
    watched.visit("/jobs")
    page.get_by_text("img src=x").first.wait_for()
    watched.require_unharmed()
    watched.visit("/status")
    watched.require_unharmed()
