"""A week of 200,000 calls read by time, while calls are added, 20 % of the requests fail and the app is killed once;
every call is checked. `tests/jobs/test_kill_import.py` is the same with fewer. And what a file of a week's orders costs
by time: as it was planned, and as it was."""

from __future__ import annotations

import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from nxcc.sandbox import Sandbox
from tests.jobs import importing
from tests.jobs.conftest import House, as_csv
from tests.jobs.test_import import week_of

# Calls of a week, the share of them that do not say their order, and the share of orders without calls.
WORLDS = ((12_000, 0.0, 0.0), (12_000, 0.01, 0.004), (12_000, 0.1, 0.0), (3_000, 0.02, 0.0))


def main() -> None:
    print("an import of 7 days, kill -9 of the app in the middle")
    with tempfile.TemporaryDirectory() as folder:
        figures = importing.run(Path(folder), calls=200_000, faults=0.2, seed=7, delay_s=0.02)
    print(f"  {figures.calls:,} calls kept, each once; {figures.caught:,} of {figures.added:,} added meanwhile")
    print(f"  {figures.seconds:,.0f} s, {figures.calls / figures.seconds:,.0f} calls/s, {figures.windows} windows")
    print(f"  {figures.requests:,} requests, {figures.retries:,} of them failed; at most {figures.most_requests:,.0f}")
    assert figures.requests <= figures.most_requests
    _plans()


def _plans() -> None:
    print("\na file of all orders of a week: requests by time, pages and single ones")
    print(f"{'orders':>8}{'calls':>9}{'blank':>8}{'without':>9}{'planned':>14}{'made':>14}{'of singles':>12}")
    for calls, blank, without in WORLDS:
        crowd = importing.past(calls, blank=blank, without_calls=without)
        orders = crowd.orders()
        with Sandbox(crowd=crowd) as gateway, tempfile.TemporaryDirectory() as folder:
            house = House(Path(folder) / "data", gateway, concurrency=16)
            with ExitStack() as ending:
                ending.callback(house.end)
                house.jobs.begin()
                upload = house.upload(as_csv([["order_id"], *([order] for order in orders)]))
                stop = threading.Event()
                plan = house.jobs.price_by_period(upload, week_of(crowd), use_fresh=True, stop=stop)
                before = len(gateway.requests)
                job = house.done(house.start(orders, period=week_of(crowd)), within_s=300)
                pages = sum("/cdr/page" in seen.path for seen in gateway.requests[before:])
        planned, made = f"{plan.pages} + {plan.singles}", f"{pages} + {job.requests - pages}"
        share = f"{job.requests / len(orders):.1%}"
        print(f"{len(orders):>8,}{calls:>9,}{blank:>8.1%}{without:>9.1%}{planned:>14}{made:>14}{share:>12}", flush=True)


if __name__ == "__main__":
    main()
