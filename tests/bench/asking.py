"""Asking: nxcc beside other clients that sign as well, at several delays of the API, taken in turns."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

from nxcc.sandbox import World
from tests.bench import pacing
from tests.bench.processes import Run, middle, sandbox, timed

CONCURRENCY = 32
ORDERS = {0: 2000, 20: 2000, 100: 3000}  # delay in ms -> ids
NAIVE_S = 3  # how long the loop is listened to: it is the same all the time
OURS, NAIVE, POOL = "nxcc lookup, everything on", "requests.post in a loop", "requests.Session pool"
FLOOR = "floor: wrk" if shutil.which("wrk") else "floor: raw sockets"
CLIENTS = {
    NAIVE: "naive",
    POOL: "session_pool",
    "httpx.AsyncClient": "httpx_client",
    "aiohttp": "aiohttp_client",
    OURS: "nxcc_lookup",
    FLOOR: FLOOR.removeprefix("floor: ").replace(" ", "_"),
}


@dataclass(frozen=True)
class Row:
    """A client's runs at one delay."""

    name: str
    runs: list[Run]

    def per_second(self, run: Run) -> float:
        return run.lines[0]["asked"] / run.lines[0]["seconds"]

    def cpu_s(self, run: Run) -> float:
        """CPU seconds per 1,000, of the asking."""
        return run.said["cpu_s"] / run.lines[0]["asked"] * 1000

    def whole_cpu_s(self, run: Run) -> float:
        """CPU seconds per 1,000, of the process."""
        return run.whole_cpu_s / run.lines[0]["asked"] * 1000

    def text(self, delay_ms: int) -> str:
        """The row of the table."""
        rate = middle(self.runs, self.per_second)
        ideal = f"{rate * delay_ms / 1000 / CONCURRENCY:10.3f}" if delay_ms and self.name != NAIVE else f"{'':10}"
        peak_mb = middle(self.runs, lambda run: run.said["peak_mb"])
        text = f"{self.name:28}{rate:11,.1f}{ideal}{middle(self.runs, self.cpu_s):13.2f}{peak_mb:9.0f}"
        if self.name in (NAIVE, FLOOR):  # they ask for another number of ids
            return text
        return f"{text}{middle(self.runs, lambda run: run.whole_s):12.2f}{middle(self.runs, self.whole_cpu_s):13.2f}"


def main(rounds: int, orders: int | None = None) -> None:
    """Prints a table for each delay, then that the pace is kept."""
    listed = World(7, date.today(), base_url="http://127.0.0.1").orders()
    with tempfile.TemporaryDirectory() as folder:
        for delay_ms, most in ORDERS.items():
            with sandbox(delay_ms=delay_ms) as account:
                at_delay(delay_ms, account, listed[: orders or most], Path(folder), rounds)
        pacing.main(listed[:500], Path(folder))


def at_delay(delay_ms: int, account: dict[str, str], orders: list[str], folder: Path, rounds: int) -> None:
    """Every client in turns, so that what else the machine does falls on all of them alike."""
    rows = {name: Row(name, []) for name in CLIENTS}
    again = []
    for n in range(rounds):
        data = {"NXCC_DATA_DIR": str(folder / f"{delay_ms}-{n}"), "NXCC_RATE_PER_SECOND": "0"}
        settings = account | data | {"NXCC_CONCURRENCY": str(CONCURRENCY)}
        for name, module in CLIENTS.items():
            asked = orders[: max(10, int(NAIVE_S * 1000 / (delay_ms + 4)))] if name == NAIVE else orders
            rows[name].runs.append(ask(module, asked, settings))
        again.append(ask("nxcc_lookup", orders, settings))
        assert rows[OURS].runs[-1].lines[0]["requests"] == len(orders)
        assert again[-1].lines[0]["requests"] == 0
    print(f"\n{len(orders):,} ids, {delay_ms} ms delay, {CONCURRENCY} at once, no limit; medians of {rounds}")
    names = f"{'lookups/s':>11}{'of ideal':>10}{'CPU s/1,000':>13}{'peak MB':>9}{'process: s':>12}{'CPU s/1,000':>13}"
    print(f"{'':28}{names}")
    for row in rows.values():
        print(row.text(delay_ms))
    compare(rows)
    print(f"the same ids again: 0 requests, {middle(again, lambda run: run.whole_s):.2f} s from start to exit")


def compare(rows: dict[str, Row]) -> None:
    """nxcc against each of the others, round by round."""
    ours = rows[OURS]
    others = [row for row in rows.values() if row is not ours]
    print("nxcc against the others, medians of the rounds:")
    for what, figure in (("lookups/s", ours.per_second), ("CPU", ours.cpu_s)):
        ratios = (f"{_ratio(ours, row, figure):.2f} x {row.name}" for row in others)
        print(f"  {what:10} {', '.join(ratios)}")
    opened = median(ours.runs[n].said["seconds"] / run.said["seconds"] for n, run in enumerate(rows[POOL].runs))
    print(f"with opening and closing the archive counted as asking: {1 / opened:.2f} x {POOL}")


def ask(module: str, orders: list[str], settings: dict[str, str]) -> Run:
    return timed(f"tests.bench.clients.{module}", str(CONCURRENCY), stdin="\n".join(orders), settings=settings)


def _ratio(ours: Row, other: Row, figure: Callable[[Run], float]) -> float:
    return median(figure(a) / figure(b) for a, b in zip(ours.runs, other.runs, strict=True))
