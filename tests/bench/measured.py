"""What a measured program says of itself: one JSON line with what it did, its seconds, CPU seconds and peak memory."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def peak_mb() -> float:
    """The most memory that this process has held, in MB.

    Linux counts it anew after exec in /proc; what getrusage says begins with the memory of whoever started us.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / (1024 * 1024 if sys.platform == "darwin" else 1024)


@contextmanager
def measured(**said: float) -> Iterator[dict[str, float]]:
    """Measures what is done inside and prints it; more can be put into what is yielded."""
    started, cpu = time.perf_counter(), time.process_time()
    yield said
    said |= {"seconds": time.perf_counter() - started, "cpu_s": time.process_time() - cpu, "peak_mb": peak_mb()}
    print(json.dumps(said), flush=True)
