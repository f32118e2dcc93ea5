"""One person at the desk, in a browser of their own: looks up, follows a running job, explores, reads a story."""

from __future__ import annotations

import asyncio
import math
import random
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from playwright.async_api import ConsoleMessage, Error, Locator, Page

from tests.soak.figures import Figures

LONGEST_MS = 120_000
CHARTS = ("calls_by_day", "hangup_reasons", "talk_time")
PERIODS = ("7 d", "28 d", "90 d", "All")
# What a page has that no other has.
PAGES = {
    "Look up": "lookup_ids",
    "Explore": "explore_toolbar",
    "Order story": "order_id",
    "Jobs": "jobs_list",
}

# Until the page has stood still for 0.4 s; milliseconds until it did, and whether it did anything at all.
_IDLE = """longest => new Promise((done, fail) => {
    const began = performance.now();
    let busy = began, ran = false;
    const look = () => {
        const now = performance.now();
        const app = document.querySelector("[data-testid=stApp]");
        if (app?.dataset.testScriptState !== "notRunning") { busy = now; ran = true; }
        if (now - busy > 400) done([busy - began, ran]);
        else if (now - began > longest) fail(new Error("it does not come to rest"));
        else setTimeout(look, 15);
    };
    look();
})"""
_CARDS = """() => {
    const main = document.querySelector("[data-testid=stMain]");
    const shown = [...(main?.querySelectorAll("[data-testid=stException]") ?? [])].map(one => one.innerText);
    if (main?.innerText.includes("What to do")) shown.push(main.innerText.slice(0, 300));
    return shown;
}"""
_BAR = """([chart, share]) => {
    const bars = [...document.querySelectorAll(`.st-key-chart_${chart} .barlayer .point path`)];
    const sizes = bars.map(bar => bar.getBoundingClientRect()).filter(box => box.width > 4 && box.height > 4);
    if (!sizes.length) return null;
    const box = sizes[Math.floor(share * sizes.length)];
    return [box.x + box.width / 2, box.y + box.height / 2];
}"""


# On the address of a page Streamlit asks for these below that page first, and finds them above it.
_TRIED_FIRST = re.compile(r"/\w+/_stcore/(health|host-config)$")


class TimeIsOver(Exception):
    """Whatever one was about to do is not begun."""


@dataclass
class Person:
    """Clicks, and notes how long each took, until the time is over. `think_s` is the mean time between two clicks."""

    name: str
    page: Page
    address: str
    order_ids: Sequence[str]
    figures: Figures
    think_s: float
    chance: random.Random
    until: float = math.inf  # on the monotonic clock
    asked: int = field(default=0, init=False)
    doing: str = field(default="", init=False)  # the last click

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self._wrong("script", str(error)))
        self.page.on(
            "response", lambda got: self._wrong("HTTP", f"{got.status} {got.url}") if got.status >= 500 else None
        )
        self.page.set_default_timeout(LONGEST_MS)

    async def live(self) -> None:
        """Comes in some time within the first pause, and does one thing after another."""
        await self.think(self.chance.random())
        try:
            await self._open()
            while True:
                await self.chance.choice((self.look_up, self.explore, self.explore, self.read_story, self.follow_job))()
                if self.chance.random() < 0.1:
                    await self._open()
        except TimeIsOver:
            return
        except Error as error:
            self._wrong("stuck", f"{str(error).splitlines()[0]} {await self._shown()}")

    async def start_job(self, name: str, content: bytes) -> None:
        """Uploads a file of ids and starts the job."""
        await self.page.goto(f"{self.address}/bulk")
        file = {"name": name, "mimeType": "text/csv", "buffer": content}
        await self._place("bulk_file").locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
        await self.click("start a job", self._place("bulk_start").locator("button").click, "bulk_progress")

    async def look_up(self) -> None:
        """Some ids, half of them new; then one outcome alone."""
        await self._go("Look up")
        self.asked += 1
        new = [f"SOAK-{self.name}-{self.asked}-{n}" for n in range(2)]
        ids = self.chance.sample(self.order_ids, 4) + new
        await self._place("lookup_ids").locator("textarea").fill(" ".join(ids))
        await self.click("look up", self._place("lookup_go").locator("button").click, "lookup_outcomes")
        found = self._place("lookup_outcomes").get_by_role("button").first
        await self.click("one outcome", found.click)

    async def explore(self) -> None:
        """Another period, a bar of a chart, and back."""
        await self._go("Explore")
        period = self.chance.choice(PERIODS)
        length = self._place("explore_length").get_by_text(period, exact=True)
        await self.click("period", length.click)
        chart = self.chance.choice(CHARTS)
        place = self._place(f"chart_{chart}")
        if not await place.count():
            return
        await place.scroll_into_view_if_needed()
        if bar := await self.page.evaluate(_BAR, [chart, self.chance.random()]):
            await self.click("bar", lambda: self.page.mouse.click(*bar))
        chip = self._place("explore_chips").locator("button").first
        if await chip.count():
            await self.click("take a filter away", chip.click)

    async def read_story(self) -> None:
        """One order."""
        await self._go("Order story")
        order = self._place("order_id").locator("input")
        await order.fill(self.chance.choice(self.order_ids))
        await self.click("order", lambda: order.press("Enter"), "order_summary")

    async def follow_job(self) -> None:
        """The job that runs, for a while."""
        await self._go("Jobs")
        opening = self.page.locator("[class*=st-key-job_open_] button").first
        await self.click("open a job", opening.click, "bulk_progress")

    async def click(self, kind: str, does: Callable[[], Awaitable[object]], then: str = "") -> None:
        """Clicks, waits until what comes `then` is there and all is drawn, looks for cards of errors, and thinks."""
        began = time.monotonic()
        if began >= self.until:
            raise TimeIsOver
        self.doing = kind
        await does()
        if then:
            await self._place(then).first.wait_for()
        before_ms = (time.monotonic() - began) * 1000
        after_ms, ran = await self.page.evaluate(_IDLE, LONGEST_MS)
        if ran or then:
            self.figures.clicks[kind].append((before_ms + after_ms) / 1000)
        else:
            self.figures.idle += 1
        for card in await self.page.evaluate(_CARDS):
            self._wrong("card", card)
        await self.think(0.5 + self.chance.random())

    async def think(self, share: float) -> None:
        """Waits for a share of the mean time, at most until the end."""
        await asyncio.sleep(max(0.0, min(share * self.think_s, self.until - time.monotonic())))

    async def _open(self) -> None:
        await self.click("open the app", lambda: self.page.goto(self.address), PAGES["Look up"])

    async def _go(self, name: str) -> None:
        link = self.page.get_by_role("link", name=name, exact=True)
        await self.click(f"to {name}", link.click, PAGES[name])

    async def _shown(self) -> str:
        """Where one is stuck, and what is there to be seen."""
        try:
            text = await self.page.locator("[data-testid=stApp]").inner_text(timeout=5_000)
        except Error as error:
            text = f"nothing ({type(error).__name__})"
        return f"at {self.page.url.removeprefix(self.address)}: {text[-200:]!r}"

    def _place(self, key: str) -> Locator:
        return self.page.locator(f".st-key-{key}")

    def _said(self, message: ConsoleMessage) -> None:
        where = message.location["url"]
        if message.type == "error" and not ("404" in message.text and _TRIED_FIRST.search(where)):
            self._wrong("console", f"{message.text} {where}")

    def _wrong(self, kind: str, said: str) -> None:
        self.figures.errors.append(f"{kind}, session {self.name}, {self.doing}: {' '.join(said.split())[:300]}")
