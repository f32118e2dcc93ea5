"""The same figures by pandas on the frame of all calls, loaded before: what a notebook would do."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from nxcc.archive import Explored
from nxcc.archive.tallied import WAIT_EDGES_S
from nxcc.facts import PARTS, Is
from nxcc.filters import Filters
from tests.bench.explore_changes import CHANGES, EVERYTHING
from tests.bench.many_calls import open_archive
from tests.bench.measured import measured

ZONE = "Europe/Berlin"
_COLUMNS = """quarter, started_at, d.text AS direction, a.text AS agent, r.text AS reason, result, party, code,
    queue_s, ring_s, talk_s, wait_s, cost, bits, order_calls, to_answer, time_to_answer_s"""


def load(path: Path) -> pd.DataFrame:
    """All calls, with categories for words and local times worked out."""
    with closing(open_archive(path)) as archive:
        explored = Explored(archive)
        explored.refresh()
        frame = explored.read(
            f"""SELECT {_COLUMNS} FROM calls LEFT JOIN words AS d ON d.id = direction
            LEFT JOIN words AS a ON a.id = agent LEFT JOIN words AS r ON r.id = reason""",
            {},
        ).to_pandas()
    for name in ("direction", "agent", "reason"):
        frame[name] = frame[name].astype("category")
    local = frame.pop("started_at").dt.tz_convert(ZONE).dt.tz_localize(None)
    return frame.assign(
        day=local.dt.normalize(),
        slot=local.dt.dayofweek * 24 + local.dt.hour,
        bits=frame["bits"] + int(Is.SHORT) * (frame["talk_s"] < 10) + int(Is.IN_TIME) * (frame["wait_s"] <= 20),
    )


def passing(calls: pd.DataFrame, filters: Filters) -> pd.DataFrame:
    """The calls that pass."""
    keep = np.ones(len(calls), dtype=bool)
    for name in ("direction", "agent", "reason"):
        if texts := getattr(filters, name):
            keep &= calls[name].isin(texts).to_numpy()
    if filters.answered is not None:
        keep &= ((calls["bits"] & int(Is.ANSWERED)) > 0).to_numpy() == filters.answered
    if filters.talk != (None, None):
        keep &= calls["talk_s"].between(*filters.talk, inclusive="left").to_numpy()
    if filters.period:
        first, last = (pd.Timestamp(day) for day in filters.period)
        keep &= calls["day"].between(first, last).to_numpy()
    return calls[keep]


def totals(calls: pd.DataFrame) -> dict[str, float]:
    """Every part, and the medians."""
    bits = calls["bits"].to_numpy()
    found = {}
    for name, part in PARTS.items():
        fits = (bits & part.mask) == int(part.all_of)
        if part.direction:
            fits &= (calls["direction"] == part.direction).to_numpy()
        found[name] = float(fits.sum() if part.value == "n" else calls.loc[fits, part.value].sum())
    talked = int(Is.COUNTED | Is.ANSWERED | Is.TALKED)
    found["median_talk"] = float(calls.loc[(bits & talked) == talked, "talk_s"].median())
    found["time"] = float(calls["time_to_answer_s"].median())
    return found


def figures(calls: pd.DataFrame, filters: Filters) -> None:
    """All that tiles and charts stand on."""
    now = passing(calls, filters)
    totals(now)
    if earlier := filters.before():
        totals(passing(calls, earlier))
    answered = (now["bits"] & int(Is.ANSWERED)) > 0
    now = now.assign(answered=answered, answered_talk_s=now["talk_s"].where(answered), is_short=now["talk_s"] < 10)
    sums = {"calls": ("bits", "size"), "talk": ("answered_talk_s", "sum"), "talked": ("answered_talk_s", "count")}
    costs = {"cost": ("cost", "sum"), "priced": ("cost", "count"), "short": ("is_short", "sum")}
    now.groupby(["day", "result"], observed=True).agg(**sums, **costs)
    now.groupby(["slot", "result"]).size()
    for name in ("queue_s", "ring_s"):
        np.histogram(now[name].dropna(), [*WAIT_EDGES_S, np.inf])
    now.groupby(["reason", "code", "party"], observed=True, dropna=False)["bits"].agg(["size"])
    weeks = (now["day"] - now["day"].min()).dt.days // 13
    for keys in (["agent", weeks.rename("stretch")], ["direction"]):
        now.groupby(keys, observed=True, dropna=False).agg(**sums, **costs, answered=("answered", "sum"))
    orders = now[(now["bits"] & int(Is.ORDER)) > 0]
    orders.groupby(["order_calls", "to_answer"], dropna=False).size()


def main() -> None:
    with measured() as said:
        calls = load(Path(sys.argv[1]))
        figures(calls, CHANGES[0])
        took = []
        for filters in CHANGES:
            at = time.perf_counter()
            figures(calls, filters)
            took.append((time.perf_counter() - at) * 1000)
        at = time.perf_counter()
        figures(calls, EVERYTHING)
        said |= {"all_ms": (time.perf_counter() - at) * 1000, "figures_ms": median(took)}


if __name__ == "__main__":
    main()
