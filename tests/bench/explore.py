"""Explore: what a change of filters costs the server, beside pandas on the loaded calls and beside SQLite."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench import many_calls
from tests.bench.processes import timed

SIZES = (1_000_000, 10_000_000)
BESIDE = 1_000_000  # the size at which others compute the same
CLIENTS = {"nxcc": "explore_nxcc", "pandas on the loaded frame": "explore_pandas", "SQLite": "explore_sqlite"}


def main() -> None:
    """Prints a table for each size."""
    for calls in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "archive.duckdb"
            many_calls.fill(path, calls)
            first = timed("tests.bench.explore_ready", str(path)).said
            print(f"\n{calls:,} calls: made ready once in {first['seconds']:.1f} s, {first['peak_mb']:.0f} MB at most")
            print(
                f"{'':30}{'figures, ms':>12}{'charts, ms':>12}{'rows, ms':>10}"
                f"{'of all, ms':>12}{'wire, kB':>10}{'peak MB':>9}"
            )
            for name, module in CLIENTS.items():
                if name != "nxcc" and calls != BESIDE:
                    continue
                said = timed(f"tests.bench.{module}", str(path)).said
                page = f"{said['page_ms']:12.0f}{said['rows_ms']:10.0f}" if "page_ms" in said else f"{'':22}"
                wire = f"{said['wire_kb']:10.0f}" if "wire_kb" in said else f"{'':10}"
                print(
                    f"{name:30}{said['figures_ms']:12.0f}{page}{said['all_ms']:12.0f}{wire}{said['peak_mb']:9.0f}",
                    flush=True,
                )
    print("medians of ten changes of filters; charts: figures and drawing; rows: the table below; of all: no filter")
