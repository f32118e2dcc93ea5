"""A week of 200,000 calls read by time, while calls are added, 20 % of the requests fail and the app is killed once;
every call is checked. `tests/jobs/test_kill_import.py` is the same with fewer."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.jobs import importing


def main() -> None:
    print("an import of 7 days, kill -9 of the app in the middle")
    with tempfile.TemporaryDirectory() as folder:
        figures = importing.run(Path(folder), calls=200_000, faults=0.2, seed=7, delay_s=0.02)
    print(f"  {figures.calls:,} calls kept, each once; {figures.caught:,} of {figures.added:,} added meanwhile")
    print(f"  {figures.seconds:,.0f} s, {figures.calls / figures.seconds:,.0f} calls/s, {figures.windows} windows")
    print(f"  {figures.requests:,} requests, {figures.retries:,} of them failed; at most {figures.most_requests:,.0f}")
    assert figures.requests <= figures.most_requests


if __name__ == "__main__":
    main()
