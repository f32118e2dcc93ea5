"""`make bench`: figures of this machine, each beside a baseline, taken in turns in one run.

    python -m tests.bench [--rounds 5] [--orders 2000]

Two windows for each: the asking (seconds from the first request to the last answer, kept in the archive; CPU of all
that the program does once its imports are done), and the whole process from start to exit, as the operating system
counts it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

from nxcc.sandbox import Sandbox, World

CONCURRENCY = 32
DELAY_MS = 20
PYTHON = (sys.executable, "-m")


@dataclass(frozen=True)
class Run:
    """One process: what it said (asked, requests), and seconds and CPU seconds of its asking and of all of it."""

    said: dict[str, float]
    seconds: float
    command_s: float  # the same with opening and closing the archive
    cpu_s: float
    whole_s: float
    whole_cpu_s: float


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
        with Sandbox(delay_s=DELAY_MS / 1000) as watched:
            paced(watched, orders[:500], Path(folder))


def throughput(account: dict[str, str], orders: list[str], folder: Path, rounds: int) -> None:
    """The command line against a bare Session pool, then the same ids once more."""
    pool, ours, again = [], [], []
    for n in range(rounds):
        pool.append(timed([*PYTHON, "tests.bench.session_pool", str(CONCURRENCY)], orders, account))
        ours.append(command_line(account, orders, folder / f"round-{n}", rate=0))
        again.append(command_line(account, orders, folder / f"round-{n}", rate=0))
        assert ours[-1].said["requests"] == len(orders)
        assert again[-1].said["requests"] == 0
    print(f"{len(orders):,} ids, {DELAY_MS} ms delay, {CONCURRENCY} at once, no limit; medians of {rounds}")
    print(f"{'':32}{'lookups/s':>11}{'CPU s/1,000':>13}{'whole process: s':>19}{'CPU s/1,000':>13}")
    for name, runs in (("Session pool, stores nothing", pool), ("nxcc lookup, archive and all", ours)):
        row = [len(orders) / middle(runs, "seconds"), middle(runs, "cpu_s") / len(orders) * 1000]
        row += [middle(runs, "whole_s"), middle(runs, "whole_cpu_s") / len(orders) * 1000]
        print(f"{name:32}{row[0]:11,.0f}{row[1]:13.2f}{row[2]:19.2f}{row[3]:13.2f}")
    ratios = [
        median(getattr(a, figure) / getattr(b, figure) for a, b in pairs)
        for figure, pairs in (
            ("seconds", list(zip(pool, ours, strict=True))),
            ("cpu_s", list(zip(ours, pool, strict=True))),
            ("whole_s", list(zip(ours, pool, strict=True))),
            ("whole_cpu_s", list(zip(ours, pool, strict=True))),
        )
    ]
    print(f"{'ratio, median of the pairs':32}{ratios[0]:11.2f}{ratios[1]:13.2f}{ratios[2]:19.2f}{ratios[3]:13.2f}")
    opened = median(a.command_s / b.command_s for a, b in zip(pool, ours, strict=True))
    print(f"lookups/s with opening and closing the archive counted as asking: ratio {opened:.2f}")
    print(f"the same ids again: 0 requests, {middle(again, 'whole_s'):.2f} s from start to exit")


def paced(watched: Sandbox, orders: list[str], folder: Path) -> None:
    """The pace that is set is the pace that is kept, as the server sees it."""
    limit = 50
    said = watched.credentials
    account = {"NXCC_BASE_URL": watched.base_url, "NXCC_ACCESS_KEY": said.access_key}
    account |= {"NXCC_ACCESS_SECRET": said.access_secret, "NXCC_TENANT_ID": str(said.tenant_id)}
    run = command_line(account, orders, folder / "paced", rate=limit)
    at = sorted(request.at for request in watched.requests)
    busiest = max(bisect_left(at, moment + 1) - n for n, moment in enumerate(at))
    ideal = len(orders) / limit
    print(f"{len(orders)} ids at {limit}/s: {run.seconds:.2f} s, {run.seconds / ideal:.3f} of the ideal; ", end="")
    print(f"{busiest} requests in the busiest second")


def middle(runs: list[Run], figure: str) -> float:
    return median(getattr(run, figure) for run in runs)


def command_line(account: dict[str, str], orders: list[str], data: Path, rate: int) -> Run:
    settings = {"NXCC_DATA_DIR": str(data), "NXCC_RATE_PER_SECOND": str(rate), "NXCC_CONCURRENCY": str(CONCURRENCY)}
    return timed([*PYTHON, "tests.bench.command_line"], orders, account | settings)


def timed(command: list[str], orders: list[str], settings: dict[str, str]) -> Run:
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(
        command, input="\n".join(orders), env=os.environ | settings, capture_output=True, text=True, check=True
    )
    after, whole_s = os.times(), time.perf_counter() - started
    whole_cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return Run(said[0], said[0]["seconds"], said[-1]["seconds"], said[-1]["cpu_seconds"], whole_s, whole_cpu_s)


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
