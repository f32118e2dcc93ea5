"""What Explore computes and draws for each change of filters."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from nxcc import records
from nxcc.archive import Explored, Look
from nxcc.filters import Filters
from nxcc.kpis import Terms
from nxcc.overview import Overview
from nxcc.palette import LIGHT
from nxcc.tiles import MORE
from nxcc.wording import Money
from tests.bench.explore_changes import CHANGES, EVERYTHING
from tests.bench.many_calls import open_archive
from tests.bench.measured import measured

LOOK = Look(ZoneInfo("Europe/Berlin"), 10, 20)
TERMS = Terms(Money("HKD", 4))
A_PAGE = 50


def figures(overview: Overview) -> None:
    """All that tiles, charts and the table of agents stand on, against the time before."""
    overview.tiles(TERMS)
    for names in MORE.values():
        overview.tiles(TERMS, names, lines=False)
    overview.answered()
    _ = overview.agents


def page(overview: Overview) -> int:
    """All tiles and charts, as the browser gets them; returns the charts' size in bytes."""
    overview.tiles(TERMS)
    for names in MORE.values():
        overview.tiles(TERMS, names, lines=False)
    charts = [chart for row in overview.charts(LIGHT, TERMS) for chart in row]
    return sum(len(chart.figure.to_json()) for chart in charts if chart.figure)


def rows(overview: Overview) -> int:
    """The table below; returns its size in bytes."""
    shown = overview.tallied.calls("calls", 0, A_PAGE)
    records.frame(shown)
    return int(shown.nbytes)


def main() -> None:
    with measured() as said, closing(open_archive(Path(sys.argv[1]))) as archive:
        explored = Explored(archive)
        explored.refresh()

        def look(filters: Filters) -> Overview:
            return Overview(explored, filters, LOOK, datetime.now(UTC))

        page(look(CHANGES[0]))  # imports, and the file's first pages
        figures_ms, page_ms, rows_ms, sizes = [], [], [], []
        for filters in CHANGES:
            at = time.perf_counter()
            figures(look(filters))
            figures_ms.append((time.perf_counter() - at) * 1000)
            at = time.perf_counter()
            drawn = page(seen := look(filters))
            page_ms.append((time.perf_counter() - at) * 1000)
            at = time.perf_counter()
            sizes.append(drawn + rows(seen))
            rows_ms.append((time.perf_counter() - at) * 1000)
        at = time.perf_counter()
        figures(look(EVERYTHING))
        said["all_ms"] = (time.perf_counter() - at) * 1000
        said |= {
            "figures_ms": median(figures_ms),
            "page_ms": median(page_ms),
            "rows_ms": median(rows_ms),
            "wire_kb": max(sizes) / 1000,
        }


if __name__ == "__main__":
    main()
