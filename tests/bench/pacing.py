"""The pace that is set is the pace that is kept, as the server sees it."""

from __future__ import annotations

from bisect import bisect_left
from pathlib import Path

from nxcc.sandbox import Sandbox
from tests.bench.processes import timed

LIMIT_PER_S = 50


def main(orders: list[str], folder: Path) -> None:
    """Prints the time against the ideal, and the busiest second."""
    with Sandbox(delay_s=0.02) as watched:
        said = watched.credentials
        settings = {"NXCC_BASE_URL": watched.base_url, "NXCC_ACCESS_KEY": said.access_key}
        settings |= {"NXCC_ACCESS_SECRET": said.access_secret, "NXCC_TENANT_ID": str(said.tenant_id)}
        settings |= {"NXCC_RATE_PER_SECOND": str(LIMIT_PER_S), "NXCC_CONCURRENCY": "32"}
        settings |= {"NXCC_DATA_DIR": str(folder / "paced")}
        run = timed("tests.bench.clients.nxcc_lookup", stdin="\n".join(orders), settings=settings)
        at = sorted(request.at for request in watched.requests)
    busiest = max(bisect_left(at, moment + 1) - n for n, moment in enumerate(at))
    seconds, ideal = run.lines[0]["seconds"], len(orders) / LIMIT_PER_S
    print(f"\n{len(orders)} ids at {LIMIT_PER_S}/s: {seconds:.2f} s, {seconds / ideal:.3f} of the ideal; ", end="")
    print(f"{busiest} requests in the busiest second")
