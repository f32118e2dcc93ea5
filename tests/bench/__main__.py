"""`make bench`: figures of this machine, each beside a baseline, taken in turns in one run.

    python -m tests.bench [--rounds 5] [--orders 2000]

Every figure is that of a whole process (start-up and storing included), as the operating system counts it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

from nxcc.sandbox import World

CONCURRENCY = 32
DELAY_MS = 20


@dataclass(frozen=True)
class Run:
    """One process: what it printed, its wall seconds as it says and as a whole, and CPU seconds."""

    said: dict[str, float]
    wall_s: float
    cpu_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description="Print figures beside a baseline.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--orders", type=int, default=2000)
    arguments = parser.parse_args()
    world = World(7, date.today(), base_url="http://127.0.0.1")
    orders = world.orders()[: arguments.orders]
    with tempfile.TemporaryDirectory() as folder:
        with sandbox(delay_ms=DELAY_MS) as account:
            throughput(account, orders, Path(folder), arguments.rounds)
        with sandbox(delay_ms=DELAY_MS) as account:
            paced(account, orders[:500], Path(folder))


def throughput(account: dict[str, str], orders: list[str], folder: Path, rounds: int) -> None:
    """The command line against a bare Session pool, then the same ids once more."""
    pool, ours, again = [], [], []
    for n in range(rounds):
        pool.append(session_pool(account, orders))
        data = folder / f"round-{n}"
        ours.append(command_line(account, orders, data, rate=0))
        again.append(command_line(account, orders, data, rate=0))
        assert ours[-1].said["requests"] == len(orders)
        assert again[-1].said["requests"] == 0
    print(f"{len(orders):,} ids, {DELAY_MS} ms delay, {CONCURRENCY} at once, no limit; medians of {rounds}")
    print(f"{'':34}{'lookups/s':>12}{'CPU s/1,000':>14}{'whole process s':>18}")
    for name, runs in (("Session pool, stores nothing", pool), ("nxcc lookup, archive and all", ours)):
        rate, cpu = per_second(runs), cpu_per_1000(runs)
        print(f"{name:34}{rate:12,.0f}{cpu:14.2f}{median(run.wall_s for run in runs):18.2f}")
    rates = median(o.said["asked"] / o.said["seconds"] * p.said["seconds"] / p.said["asked"] for o, p in zip(ours, pool))
    cpus = median(o.cpu_s / p.cpu_s for o, p in zip(ours, pool))
    print(f"{'ratio, pair by pair':34}{rates:12.2f}{cpus:14.2f}")
    print(f"second run of the same ids: 0 requests, {median(run.wall_s for run in again):.2f} s with start-up")


def paced(account: dict[str, str], orders: list[str], folder: Path) -> None:
    """The pace that is set is the pace that is kept."""
    limit = 50
    run = command_line(account, orders, folder / "paced", rate=limit)
    ideal = len(orders) / limit
    print(f"{len(orders)} ids at {limit}/s: {run.said['seconds']:.2f} s, {run.said['seconds'] / ideal:.3f} of the ideal")


def per_second(runs: list[Run]) -> float:
    return median(run.said["asked"] / run.said["seconds"] for run in runs)


def cpu_per_1000(runs: list[Run]) -> float:
    return median(run.cpu_s / run.said["asked"] * 1000 for run in runs)


def session_pool(account: dict[str, str], orders: list[str]) -> Run:
    return timed([sys.executable, "-m", "tests.bench.session_pool", str(CONCURRENCY)], orders, account)


def command_line(account: dict[str, str], orders: list[str], data: Path, rate: int) -> Run:
    settings = {"NXCC_DATA_DIR": str(data), "NXCC_RATE_PER_SECOND": str(rate), "NXCC_CONCURRENCY": str(CONCURRENCY)}
    return timed([sys.executable, "-m", "nxcc", "lookup", "--ids-file", "-"], orders, account | settings)


def timed(command: list[str], orders: list[str], settings: dict[str, str]) -> Run:
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(
        command, input="\n".join(orders), env=os.environ | settings, capture_output=True, text=True, check=True
    )
    after, wall_s = os.times(), time.perf_counter() - started
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(json.loads(done.stdout), wall_s, cpu_s)


@contextmanager
def sandbox(delay_ms: int) -> Iterator[dict[str, str]]:
    """A sandbox in a process of its own, as settings."""
    command = [sys.executable, "-m", "nxcc", "sandbox", "--port", "0", "--delay-ms", str(delay_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline().strip() for _ in range(4)]
        try:
            yield dict(line.split("=", 1) for line in lines)
        finally:
            process.terminate()
            process.stdout.read()


if __name__ == "__main__":
    main()
