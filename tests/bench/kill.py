"""20,000 ids through a gateway that fails 30 % of the requests, while the app is killed three times; every answer is
checked. `tests/jobs/test_kill.py` is the same with fewer."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.jobs import killing


def main() -> None:
    print("kill -9 of the app in mid-run")
    with tempfile.TemporaryDirectory() as folder:
        figures = killing.run(Path(folder), ids=20_000, kills=3, faults=0.3, delay_s=0.02, broken=5, CONCURRENCY=32)
    print(f"  {figures.ids:,} ids, {figures.kills} kills, 30 % of requests failed")
    print(f"  {figures.seconds:,.0f} s, {figures.requests:,} requests, {figures.answered_twice:,} answers asked twice")
    print("  " + ", ".join(f"{n:,} {word}" for word, n in figures.outcomes.items()))


if __name__ == "__main__":
    main()
