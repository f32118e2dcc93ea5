"""A job of 1,000,000 ids that are all in the archive: how soon there is something to see, and the file."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

from tests.bench import big_list
from tests.bench.processes import middle, timed

ORDERS = 1_000_000
ROUNDS = 3


def main() -> None:
    """Prints a line for each step."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        big_list.fill(data, ORDERS)
        csv = data / "orders.csv"
        big_list.write_csv(csv, ORDERS)
        runs = []
        for _ in range(ROUNDS):
            with closing(big_list.open_archive(data)) as archive:
                job = big_list.start_job(big_list.open_jobs(data, archive), csv)
            runs.append(timed("tests.bench.million_job", str(data), job.id))
    print(f"\na job of {ORDERS:,} ids that are all in the archive; medians of {ROUNDS}, each in a fresh process")
    for figure, name in (
        ("tally_s", "how far it is (tally)"),
        ("first_tiles_s", "first tiles: figures and charts"),
        ("csv_s", "orders file as CSV"),
    ):
        print(f"  {name:34}{middle(runs, lambda run, figure=figure: run.said[figure]):7.1f} s")
    print(f"  {'most memory':34}{middle(runs, lambda run: run.said['peak_mb']):7.0f} MB")
