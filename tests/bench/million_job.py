"""A job whose ids are all in the archive, seen for the first time: `python -m tests.bench.million_job FOLDER ID`."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from nxcc import charts, kpis, records
from nxcc.jobs import FileRequest
from nxcc.palette import LIGHT
from nxcc.totals import of_frames
from nxcc.wording import Money
from tests.bench import big_list
from tests.bench.measured import measured

ZONE = ZoneInfo("Asia/Shanghai")


def main() -> None:
    data, job_id = Path(sys.argv[1]), sys.argv[2]
    with closing(big_list.open_archive(data)) as archive, measured() as said:
        jobs = big_list.open_jobs(data, archive)
        job = jobs.store.get(job_id)
        assert job
        at = time.perf_counter()
        tally = jobs.listed(job).tally()
        said["tally_s"], at = time.perf_counter() - at, time.perf_counter()
        assert tally.words["pending"] == 0

        found = jobs.listed(job).figures()
        calls = records.frame(found.calls)
        money = Money.of(calls["cost"].drop_duplicates(), "HKD")
        terms = kpis.Terms(money)
        orders = found.orders.to_pandas()
        added = of_frames(orders, calls, short_s=terms.short_s, in_time_s=terms.in_time_s)
        kpis.lookup_kpis(added, terms)
        charts.talk_time(calls, LIGHT)
        charts.hangup_reasons(calls, LIGHT)
        charts.cost_by_day(calls, LIGHT, ZONE, datetime.now(UTC), money)
        said["first_tiles_s"], at = time.perf_counter() - at, time.perf_counter()
        del found, calls, orders, added

        file = jobs.file(job, FileRequest("orders", "csv", ZONE.key))
        said["csv_s"], said["csv_mb"] = time.perf_counter() - at, file.stat().st_size / 1e6


if __name__ == "__main__":
    main()
