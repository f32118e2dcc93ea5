"""What figures and charts of Explore are made of: calls counted and added up in the archive's engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from nxcc import masking, records
from nxcc.archive.call_rows import FLAG_BITS
from nxcc.archive.passing import SETTLED, SLOT, Condition, Local, condition, part_test
from nxcc.facts import PARTS, VALUES, Is
from nxcc.filters import Filters
from nxcc.hangup import PARTIES, RESULTS
from nxcc.totals import Totals

if TYPE_CHECKING:
    import pandas as pd

    from nxcc.archive.explored import Explored

# Talk and waits are binned where people think: seconds first, then minutes.
TALK_EDGES_S = (0, 5, 10, 20, 30, 60, 120, 180, 300, 600, 900, 1800, 3600)
WAIT_EDGES_S = (0, 5, 10, 15, 20, 30, 45, 60, 120, 300)
_EXAMPLES = 3
_SUMS = ", ".join(f"sum({value}) AS {value}" for value in VALUES if value != "n")
_COUNTED = f"bits & {Is.COUNTED:d} > 0"
_ANSWERED = f"bits & {Is.ANSWERED:d} > 0"
_ANSWERED_RESULT = RESULTS.index("answered") + 1  # just those with the bit
_ORDER = f"bits & {Is.ORDER:d} > 0"


@dataclass(frozen=True)
class Options:
    """What filters can choose from."""

    direction: list[str] = field(default_factory=list)
    agent: list[str] = field(default_factory=list)
    account: list[str] = field(default_factory=list)
    status: list[str] = field(default_factory=list)
    reason: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Look:
    """How calls are looked at: the analyst's zone, the settings that some figures depend on, and whether whole phone
    numbers may be seen (if not, texts are masked, and nothing is found by a number)."""

    zone: ZoneInfo
    short_s: float
    in_time_s: float
    numbers: bool = True


class Tallied:
    """The calls that pass filters, added up. One is made for each look; every method raises `ArchiveError`."""

    def __init__(self, explored: Explored, filters: Filters, look: Look) -> None:
        self._explored = explored
        self._look = look
        self.filters = filters
        words, first, last = explored.words()
        if not look.numbers:
            words = _masked(words)
        self._ids = {key: number for number, key in words.items()}
        self._texts = {number: text for number, (_, text) in words.items()}
        self._local = Local(look.zone, first, last)

    def any_calls(self) -> bool:
        """Whether there is a call at all, filters or not."""
        return bool(self._explored.read("SELECT EXISTS (FROM calls) AS n", {})["n"][0].as_py())

    def costs(self, most: int = 5_000) -> pd.Series[float]:
        """Some of the costs, to see how many digits they have."""
        return self._frame(
            f"SELECT cost FROM calls WHERE {{where}} AND cost IS NOT NULL LIMIT {most:d}", self._where(Filters())
        )["cost"]

    def options(self) -> Options:
        """All texts that calls carry, each list sorted."""
        found = Options()
        for kind, text in sorted(self._ids, key=lambda key: (key[1].casefold(), key[1])):
            getattr(found, kind).append(text)
        return found

    def totals(self, filters: Filters | None = None) -> Totals:
        """Of these filters, or of others."""
        where = self._where(filters or self.filters)
        look = {"short_s": self._look.short_s, "in_time_s": self._look.in_time_s}
        rows = self._frame(
            f"SELECT direction, {SETTLED} AS bits, count(*) AS n, {_SUMS} FROM calls WHERE {{where}} GROUP BY ALL",
            where,
            look,
        )
        rows["direction"] = self._said(rows["direction"])
        talked = int(Is.COUNTED | Is.ANSWERED | Is.TALKED)
        talk = self._frame(
            f"""SELECT talk_s, count(*) AS n FROM calls WHERE {{where}} AND bits & {talked} = {talked}
            GROUP BY talk_s ORDER BY talk_s""",
            where,
        )
        wait = self._frame(
            f"""SELECT coalesce(median(time_to_answer_s), 'nan') AS m FROM calls
            WHERE {{where}} AND bits & {Is.TIMED:d} > 0""",
            where,
        )["m"][0]
        return Totals(rows, talk, None if np.isnan(wait) else float(wait))

    def by_day(self, filters: Filters | None = None) -> pd.DataFrame:
        """By local day (`day`, naive midnight) and result: `calls`, and of answered ones `talk_s`, `talked`, `short`;
        `cost` and `priced`."""
        rows = self._frame(
            f"""SELECT day, result, calls, CASE WHEN answered THEN talk_s END AS talk_s,
                CASE WHEN answered THEN talked ELSE 0 END AS talked, CASE WHEN answered THEN short ELSE 0 END AS short,
                cost, priced
            FROM (
                SELECT {self._local.quarter} // 96 AS day, result, result = {_ANSWERED_RESULT:d} AS answered,
                    count(*) AS calls, sum(talk_s) AS talk_s, count(talk_s) AS talked,
                    count_if(talk_s < $short_s) AS short, sum(cost) AS cost, count(cost) AS priced
                FROM calls WHERE {{where}} AND {_COUNTED} AND quarter IS NOT NULL GROUP BY ALL)
            ORDER BY day, result""",
            self._where(filters or self.filters),
            {"short_s": self._look.short_s},
        )
        rows["day"] = rows["day"].to_numpy(dtype=np.int64).astype("datetime64[D]").astype("datetime64[s]")
        rows["result"] = _named(rows["result"], RESULTS, "other")
        return rows

    def by_slot(self, filters: Filters | None = None) -> pd.DataFrame:
        """By hour of the local week and result: `weekday` (0 = Monday), `hour`, `result`, `calls`."""
        rows = self._frame(
            f"""SELECT {SLOT.format(quarter=self._local.quarter)} AS slot, result, count(*) AS calls
            FROM calls WHERE {{where}} AND {_COUNTED} AND quarter IS NOT NULL GROUP BY ALL ORDER BY slot, result""",
            self._where(filters or self.filters),
        )
        rows["weekday"], rows["hour"] = rows["slot"] // 24, rows.pop("slot") % 24
        rows["result"] = _named(rows["result"], RESULTS, "other")
        return rows

    def waits(self) -> pd.DataFrame:
        """Queue and ring time: `kind`, `from_s`, `to_s`, `calls`."""
        import pandas as pd

        parts = []
        for kind in ("queue", "ring"):
            where = self._where(self.filters.without(kind))
            rows = self._frame(
                f"""SELECT {kind}_s AS s, count(*) AS n FROM calls
                WHERE {{where}} AND {_COUNTED} AND {kind}_s IS NOT NULL GROUP BY ALL""",
                where,
            )
            parts.append(binned(rows["s"], rows["n"], WAIT_EDGES_S).assign(kind=kind))
        return pd.concat(parts, ignore_index=True)

    def reasons(self) -> pd.DataFrame:
        """Why calls ended: `reason` (None = not said), `code`, `party`, `calls`, `contradictory`."""
        import pandas as pd

        # Codes as text: pandas reads whole numbers of which some are missing as floats, which hold no 64 bits. Of the
        # few rows that are left, not of every call.
        rows = self._frame(
            f"""SELECT reason, code::VARCHAR AS code, party, calls, contradictory FROM (
                SELECT reason, code, party, count(*) AS calls,
                    count_if(bits & {Is.CONTRADICTED:d} > 0) AS contradictory
                FROM calls WHERE {{where}} AND {_COUNTED} GROUP BY ALL)
            ORDER BY calls DESC, reason, code""",
            self._where(self.filters.without("reason", "party")),
        )
        rows["reason"] = self._said(rows["reason"])
        rows["party"] = _named(rows["party"], PARTIES, "unknown")
        rows["code"] = pd.array([int(code) if isinstance(code, str) else None for code in rows["code"]], "Int64")
        return rows

    def agents(self, days: int) -> pd.DataFrame:
        """By agent (None = nobody) and stretch of `days` local days: `agent`, `stretch` (a number that grows; missing
        for calls without a start), `calls`, `answered`, `talk_s`, `talked`, `answered_cost`, `unanswered_cost`,
        `priced`."""
        return self._by("agent", self.filters.without("agent"), f"{self._local.quarter} // {96 * days:d}")

    def directions(self) -> pd.DataFrame:
        """By direction: `direction`, `calls`, `answered`, `talk_s`, `answered_cost`, `unanswered_cost`."""
        return self._by("direction", self.filters.without("direction"))

    def _by(self, column: str, filters: Filters, stretch: str = "") -> pd.DataFrame:
        more, made = ("stretch,", f"{stretch} AS stretch,") if stretch else ("", "")
        # Answered and other calls are groups of their own first: that is quicker than to ask each call in each sum.
        rows = self._frame(
            f"""SELECT {column}, {more} sum(calls)::BIGINT AS calls,
                coalesce(sum(calls) FILTER (answered), 0)::BIGINT AS answered,
                sum(talk_s) FILTER (answered) AS talk_s, coalesce(sum(talked) FILTER (answered), 0)::BIGINT AS talked,
                coalesce(sum(cost) FILTER (answered), 0) AS answered_cost,
                coalesce(sum(cost) FILTER (NOT answered), 0) AS unanswered_cost, sum(priced)::BIGINT AS priced
            FROM (
                SELECT {column}, {made} {_ANSWERED} AS answered, count(*) AS calls, sum(talk_s) AS talk_s,
                    count(talk_s) AS talked, sum(cost) AS cost, count(cost) AS priced
                FROM calls WHERE {{where}} AND {_COUNTED} GROUP BY ALL)
            GROUP BY ALL ORDER BY ALL""",
            self._where(filters),
        )
        rows[column] = self._said(rows[column])
        return rows

    def steps(self) -> pd.DataFrame:
        """How far orders were tried: `attempt`, `reached` (first answered then), `tried` (had as many calls)."""
        import pandas as pd

        rows = self._frame(
            f"SELECT order_calls, to_answer, count(*) AS n FROM calls WHERE {{where}} AND {_ORDER} GROUP BY ALL",
            self._where(self.filters.without("attempt")),
        )
        calls, to_answer, n = (
            rows[name].fillna(0).to_numpy(dtype=np.int64) for name in ("order_calls", "to_answer", "n")
        )
        most = int(calls.max(initial=0))
        attempts = np.arange(1, most + 1)
        return pd.DataFrame(
            {
                "attempt": attempts,
                "reached": np.bincount(to_answer, n, most + 1)[1:].astype(np.int64),
                "tried": np.bincount(calls, n, most + 1)[::-1].cumsum()[::-1][1:].astype(np.int64),
            }
        )

    def by_flag(self) -> tuple[pd.DataFrame, list[tuple[str, Callable[[], Totals]]]]:
        """Quality flags: `flag`, `calls` with it, `examples` (order ids of some); and for each flag, how to add up the
        calls without it (no medians)."""
        import pandas as pd

        look = {"short_s": self._look.short_s, "in_time_s": self._look.in_time_s}
        rows = self._frame(
            f"""SELECT direction, {SETTLED} AS bits, flags, count(*) AS n, {_SUMS} FROM calls
            WHERE {{where}} GROUP BY ALL""",
            where := self._where(self.filters.without("flag")),
            look,
        )
        rows["direction"] = self._said(rows["direction"])
        counted = (rows["bits"].to_numpy() & int(Is.COUNTED)) > 0
        flags, n = rows["flags"].to_numpy(dtype=np.int64), rows["n"].to_numpy(dtype=np.int64)
        calls = [int(n[counted & ((flags & bit) > 0)].sum()) for bit in FLAG_BITS.values()]
        nothing = pd.DataFrame({"talk_s": np.zeros(0), "n": np.zeros(0, np.int64)})
        without: list[tuple[str, Callable[[], Totals]]] = [
            (flag, partial(Totals, rows[(flags & bit) == 0], nothing)) for flag, bit in FLAG_BITS.items()
        ]
        examples = [
            self._frame(
                f"SELECT DISTINCT order_id FROM calls WHERE {{where}} AND flags & {bit} > 0 LIMIT {_EXAMPLES}", where
            )["order_id"].tolist()
            if n_of
            else []
            for bit, n_of in zip(FLAG_BITS.values(), calls, strict=True)
        ]
        return pd.DataFrame({"flag": list(FLAG_BITS), "calls": calls, "examples": examples}), without

    def count(self, part: str = "calls") -> int:
        """How many calls (for a part of orders, their first calls) are behind a part."""
        return int(self._frame(f"SELECT count(*) AS n FROM ({self._rows(part)})", *self._of_rows())["n"][0])

    def calls(self, part: str, first: int, most: int) -> pa.Table:
        """The calls behind a part (`records.SCHEMA`), the newest first; `most` of them from the `first` on."""
        where, more = self._of_rows()
        names = ", ".join(
            "of_order AS order_id" if name == "order_id" else f"c.{name}" for name in records.SCHEMA.names
        )
        query = f"""WITH picked AS MATERIALIZED (
                SELECT ledger, order_id AS of_order FROM ({self._rows(part)})
                ORDER BY started_at DESC NULLS LAST, order_id, call_id LIMIT {most:d} OFFSET {first:d})
            SELECT {names} FROM archive.calls AS c JOIN picked ON c.rowid = picked.ledger
            WHERE c.rowid IN (SELECT ledger FROM picked)
            ORDER BY c.started_at DESC NULLS LAST, of_order, c.call_id"""
        return self._explored.read(query.format(where=where.sql), where.values | more).cast(records.SCHEMA)

    def _rows(self, part: str) -> str:
        test = part_test(PARTS[part], self._ids)
        return f"""SELECT ledger, order_id, call_id, started_at FROM (
            SELECT *, {SETTLED} AS settled FROM calls WHERE {{where}}) WHERE {test}"""

    def _of_rows(self) -> tuple[Condition, dict[str, Any]]:
        return self._where(self.filters), {"short_s": self._look.short_s, "in_time_s": self._look.in_time_s}

    def _where(self, filters: Filters) -> Condition:
        found = condition(filters, self._local, self._ids, by_number=self._look.numbers)
        tests, values = [found.sql], dict(found.values)
        for name in ("period", "days"):
            if quarters := self._local.within(getattr(filters, name)):
                tests.append(f"quarter >= {quarters[0]} AND quarter < {quarters[1]}")
        return Condition(" AND ".join(tests), values)

    def _frame(self, query: str, where: Condition, more: dict[str, Any] | None = None) -> pd.DataFrame:
        found = self._explored.read(query.format(where=where.sql), where.values | (more or {}))
        frame: pd.DataFrame = found.to_pandas()
        return frame

    def _said(self, numbers: pd.Series[int]) -> pd.Series[str]:
        import pandas as pd

        return pd.Series([self._texts.get(number) for number in numbers.tolist()], index=numbers.index, dtype=object)


def _masked(words: dict[int, tuple[str, str]]) -> dict[int, tuple[str, str]]:
    """Texts with the phone numbers in them masked; those that would be the same then are told apart by a number."""
    found: dict[int, tuple[str, str]] = {}
    taken: set[tuple[str, str]] = set()
    for number, (kind, text) in sorted(words.items()):
        key = kind, masking.text(text)
        copies = 1
        while key in taken:
            copies += 1
            key = kind, f"{masking.text(text)} ({copies})"
        taken.add(key)
        found[number] = key
    return found


def binned(values: pd.Series[float], n: pd.Series[int], edges: Sequence[float]) -> pd.DataFrame:
    """Seconds in bins `from_s`, `to_s` (not included; the last is open), with `calls`."""
    import pandas as pd

    places = np.clip(np.searchsorted(edges, values.to_numpy(dtype=float), side="right") - 1, 0, len(edges) - 1)
    calls = np.bincount(places, n.to_numpy(dtype=np.int64), len(edges)).astype(np.int64)
    return pd.DataFrame({"from_s": edges, "to_s": [*edges[1:], float("inf")], "calls": calls})


def _named(numbers: pd.Series[int], names: Sequence[str], other: str) -> pd.Series[str]:
    """Numbers from 1 as the words that they stand for."""
    import pandas as pd

    words = np.array([other, *names], dtype=object)
    return pd.Series(words[numbers.to_numpy(dtype=np.int64)], index=numbers.index, dtype=object)
