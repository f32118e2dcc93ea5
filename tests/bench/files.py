"""Files in and out: the archive asked for 100,000 ids, an orders file of 100,000 rows, a CSV of 1,000,000 rows read."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from nxcc.jobs.files import FileRequest
from tests.bench import big_list
from tests.bench.processes import Run, middle, timed

ARCHIVED, ASKED = 1_000_000, 100_000
ROUNDS = 3


def main() -> None:
    """Prints a line for each."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        big_list.fill(data, ARCHIVED)
        with closing(big_list.open_archive(data)) as archive:
            wanted = [big_list.order_id(n * ARCHIVED // ASKED) for n in range(ASKED)]
            window = big_list.FRESH.at(datetime.now(UTC))
            seconds = _median_s(lambda: archive.known(wanted, window), len(wanted))
            print(f"\ncache check of {ASKED:,} ids in an archive of {ARCHIVED:,}: {seconds:.2f} s")

            csv = data / "orders-100k.csv"
            big_list.write_csv(csv, ASKED)
            jobs = big_list.open_jobs(data, archive)
            job = big_list.start_job(jobs, csv)
            took = {}
            for format in ("parquet", "csv", "xlsx"):
                started = time.perf_counter()
                jobs.file(job, FileRequest("orders", format, "Asia/Shanghai"))
                took[format] = time.perf_counter() - started
            print(f"orders file of {ASKED:,} rows: CSV {took['parquet'] + took['csv']:.1f} s, XLSX ", end="")
            print(f"{took['parquet'] + took['xlsx']:.1f} s")
        intake(data)


def intake(data: Path) -> None:
    """Reading and checking a large file, beside pandas, which reads it and checks nothing."""
    csv = data / "orders-1m.csv"
    big_list.write_csv(csv, ARCHIVED)
    runs: dict[str, list[Run]] = {"nxcc": [], "pandas": []}
    for _ in range(ROUNDS):
        for way, of_way in runs.items():
            of_way.append(timed("tests.bench.intake", way, str(csv)))
            assert of_way[-1].said["rows"] == ARCHIVED
    print(f"CSV of {ARCHIVED:,} rows, {csv.stat().st_size / 1e6:.0f} MB; medians of {ROUNDS}, each in a fresh process")
    for way, name in (("nxcc", "intake and check"), ("pandas", "pandas.read_csv(dtype=str), checks nothing")):
        said = [middle(runs[way], lambda run, figure=figure: run.said[figure]) for figure in ("seconds", "peak_mb")]
        print(f"  {name:44}{said[0]:7.1f} s{said[1]:8.0f} MB at most")


def _median_s(call: Callable[[], dict[str, object]], expected: int) -> float:
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        assert len(call()) == expected
        seconds.append(time.perf_counter() - started)
    return median(seconds)
