"""`make soak MINUTES=15 SESSIONS=20`: many browser sessions on one app, with a job running, and one table at the end.

    python -m tests.soak [--minutes 15] [--sessions 20] [--think SECONDS] [--seed 7]

The app, the sandbox that answers it and the browser are processes of their own on this machine. A click takes from the
mouse to the page at rest. People think between clicks: 3 s for each of them by default, so 20 of them make 20 clicks
a minute, which keeps two slow cores under load without drowning them (the browser takes most of it). Exit code 1 when
anything went wrong (a card of an error, an error in a browser's console, HTTP 5xx, an error in the server's log), or
when the server's memory does not level off (`figures.levels_off`).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from nxcc.sandbox.world import World
from tests.bench.processes import sandbox
from tests.browser.bulk import csv_of
from tests.browser.chromium import ARGUMENTS, executable
from tests.browser.server import Server, served, trouble
from tests.soak.figures import Figures, Memory, table, well
from tests.soak.person import Person

THINK_A_SESSION_S = 3.0
RATE_PER_SECOND = 20
ASKED_BEFORE = 2_000
SAMPLES = 120


def main() -> int:
    parser = argparse.ArgumentParser(description="Many browser sessions on one app.")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--think", type=float, metavar="SECONDS", help="mean time between a session's clicks")
    parser.add_argument("--seed", type=int, default=7)
    said = parser.parse_args()
    think_s = THINK_A_SESSION_S * said.sessions if said.think is None else said.think
    print(
        f"{said.sessions} sessions for {said.minutes:g} minutes, {think_s:g} s between the clicks of each", flush=True
    )
    order_ids = World(7, datetime.now(UTC).date()).orders()
    with tempfile.TemporaryDirectory() as folder, sandbox() as account:
        data = Path(folder)
        settings = account | {"NXCC_DATA_DIR": folder, "NXCC_RATE_PER_SECOND": str(RATE_PER_SECOND)}
        _ask_before(settings | {"NXCC_RATE_PER_SECOND": "0"}, order_ids[-ASKED_BEFORE:])
        with served(data, settings) as server:
            soak = Soak(server, order_ids[-ASKED_BEFORE:], said.minutes * 60, said.sessions, think_s, said.seed)
            figures = asyncio.run(soak.run(_job(order_ids, said.minutes)))
        figures.errors += [f"log: {line}" for line in trouble((data / "server.log").read_text())]
    print(table(figures))
    return 0 if well(figures) else 1


class Soak:
    """The sessions on a server."""

    def __init__(
        self, server: Server, order_ids: Sequence[str], seconds: float, sessions: int, think_s: float, seed: int
    ) -> None:
        self.server, self.order_ids, self.seconds = server, order_ids, seconds
        self.sessions, self.think_s, self.seed = sessions, think_s, seed
        self.figures = Figures()

    async def run(self, job: bytes) -> Figures:
        """Lets them all live until the time is over."""
        async with async_playwright() as playwright:
            chromium = await playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
            people = [await self._person(chromium, n) for n in range(self.sessions)]
            await people[0].start_job("soak.csv", job)
            began = time.monotonic()
            self._sample(began)
            for person in people:
                person.until = began + self.seconds
            watch = asyncio.create_task(self._watch(began))
            await asyncio.gather(*(person.live() for person in people))
            await watch
            await chromium.close()
        return self.figures

    async def _person(self, chromium: Browser, n: int) -> Person:
        context = await chromium.new_context(
            viewport={"width": 1440, "height": 900}, timezone_id="Asia/Shanghai", locale="en-GB"
        )
        page = await context.new_page()
        chance = random.Random(f"{self.seed}/{n}")
        return Person(str(n), page, self.server.address, self.order_ids, self.figures, self.think_s, chance)

    async def _watch(self, began: float) -> None:
        while (left := began + self.seconds - time.monotonic()) > 0:
            await asyncio.sleep(min(left, max(1.0, self.seconds / SAMPLES)))
            self._sample(began)

    def _sample(self, began: float) -> None:
        command = ["ps", "-o", "rss=,time=", "-p", str(self.server.pid)]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
        if len(said) != 2:
            self.figures.errors.append("the server has ended")
            return
        parts = [float(part) for part in said[1].replace("-", ":").split(":")]
        cpu_s = sum(part * unit for part, unit in zip(parts[::-1], (1, 60, 3_600, 86_400), strict=False))
        self.figures.memory.append(Memory(time.monotonic() - began, int(said[0]) / 1024, cpu_s))


def _ask_before(settings: dict[str, str], order_ids: Sequence[str]) -> None:
    """Calls to explore from the first look on."""
    command = [sys.executable, "-m", "nxcc", "lookup", "--ids-file", "-"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NXCC_")}
    subprocess.run(
        command, input="\n".join(order_ids), env=clean | settings, capture_output=True, text=True, check=True
    )


def _job(order_ids: Sequence[str], minutes: float) -> bytes:
    """A file that lasts until the end."""
    n = int(minutes * 60 * RATE_PER_SECOND) + 200
    known = order_ids[: max(0, len(order_ids) - ASKED_BEFORE)]
    ids = [*known, *(f"JOB-{i:06}" for i in range(n))][:n]
    return csv_of([["order_id"], *([order_id] for order_id in ids)])


if __name__ == "__main__":
    sys.exit(main())
