"""What Explore shows of the calls that pass filters: tiles with their change, and charts that filter each other.

A chart that something is picked in keeps its other bars: it stands on all filters but its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nxcc import charts, kpis, wording
from nxcc.archive import Explored, Look, Tallied
from nxcc.archive.tallied import TALK_EDGES_S, binned
from nxcc.charts import Chart
from nxcc.filters import Days, Filters
from nxcc.kpis import Terms
from nxcc.palette import Palette
from nxcc.picks import bars_of, bins_of
from nxcc.tiles import MAIN, Tile
from nxcc.totals import Totals

MOST_DAYS = 92  # a longer time is drawn by month
POINTS = 30  # of a line on a tile or in a table
_asking = ThreadPoolExecutor(4, "explore")
# What a tile's line divides by what, of the sums by day.
_LINES = {
    "calls": ("calls", ""),
    "answer_rate": ("answered", "calls"),
    "average_talk": ("talk_s", "talked"),
    "short_calls": ("short", "talked"),
    "cost_per_call": ("cost", "priced"),
    "unanswered_cost": ("unanswered_cost", ""),
}
COST_BY = ("Day", "Agent", "Direction")


class Overview:
    """One look at the calls: the engine is asked at once for all that it shows, and answers while charts are drawn.

    Every property and method raises `ArchiveError`.
    """

    def __init__(self, explored: Explored, filters: Filters, look: Look, now: datetime) -> None:
        self.filters = filters
        self.look = look
        self.tallied = tallied = Tallied(explored, filters, look)
        self._now = now
        earlier = filters.before()
        self._totals = _asking.submit(tallied.totals)
        self._before = _asking.submit(tallied.totals, earlier) if earlier else None
        self._days = _asking.submit(tallied.by_day)
        self._slots = _asking.submit(tallied.by_slot, filters.without("slot", "hour"))
        self._reasons = _asking.submit(tallied.reasons)
        self._steps = _asking.submit(tallied.steps)
        self._waits = _asking.submit(tallied.waits)

    @property
    def totals(self) -> Totals:
        """Of the calls that pass."""
        return self._totals.result()

    @property
    def before(self) -> Totals | None:
        """Of the time just before, as long; None without a period."""
        return self._before.result() if self._before else None

    @property
    def compared(self) -> Days | None:
        """The days that changes are against; None when there was no call in them."""
        earlier = self.filters.before()
        return earlier.span if earlier and self.before and self.before.total("calls") else None

    @property
    def days(self) -> pd.DataFrame:
        """Calls by local day and result (`Tallied.by_day`)."""
        return self._days.result()

    @property
    def zone_text(self) -> str:
        """The zone's offset in this time, or its name where that changes."""
        return zone_text(self.look.zone, self.days["day"], self._now)

    @property
    def by(self) -> charts.By:
        """What charts over time draw a bar for."""
        return "month" if self._day_span > MOST_DAYS else "day"

    @property
    def first_day(self) -> date | None:
        """The day of the first call there is; None without calls."""
        days = self._days_shown["day"]
        return days.min().date() if len(days) else None

    @cached_property
    def _day_span(self) -> int:
        days = self._days_shown["day"]
        return int((days.max() - days.min()).days) if len(days) else 0

    @cached_property
    def _days_shown(self) -> pd.DataFrame:
        """Those of the whole period: picked days stand beside the others."""
        if not self.filters.is_set("days"):
            return self.days
        return self.tallied.by_day(self.filters.without("days"))

    def tiles(self, terms: Terms, names: Iterable[str] = MAIN, *, lines: bool = True) -> list[Tile]:
        """These figures; `lines` gives them their line over the time."""
        return [
            Tile(
                now := kpis.kpi(name, self.totals, terms),
                kpis.change(now, kpis.kpi(name, self.before, terms)) if self.before else "",
                self._line(name) if lines else (),
            )
            for name in names
        ]

    def _line(self, name: str) -> Sequence[float]:
        """The figure by day, or by as many stretches of days as fit; without those that have none."""
        top, bottom = _LINES.get(name, ("", ""))
        if not top or self.days.empty:
            return ()
        line = self._stretches[top]
        if bottom:
            line = np.divide(
                line, self._stretches[bottom], out=np.full(len(line), np.nan), where=self._stretches[bottom] > 0
            )
        known: list[float] = line[np.isfinite(line)].tolist()
        return known

    @cached_property
    def _stretches(self) -> dict[str, NDArray[np.float64]]:
        """What lines are made of, by stretch of days."""
        days = self.days["day"].to_numpy().astype("datetime64[D]").astype(np.int64)
        stretch = (days - days.min()) // (int(days.max() - days.min()) // POINTS + 1)
        answered = (self.days["result"] == "answered").to_numpy()

        def added(column: str, keep: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
            values = np.nan_to_num(self.days[column].to_numpy(dtype=float))
            return np.bincount(stretch, values if keep is None else values * keep).astype(float)

        sums = {column: added(column) for column in ("calls", "talk_s", "talked", "short", "cost", "priced")}
        return sums | {"answered": added("calls", answered), "unanswered_cost": added("cost", ~answered)}

    def answered(self) -> Overview:
        """This look, once the engine has answered all that it was asked."""
        asked: list[Future[Any]] = [self._totals, self._days, self._slots, self._reasons, self._steps, self._waits]
        wait(asked)
        return self

    def charts(self, palette: Palette, terms: Terms, cost_by: str = "Day") -> list[list[Chart]]:
        """All charts, in rows as a page has them."""
        draws: list[list[Callable[[], Chart]]] = [
            [lambda: self.calls_by_day(palette), lambda: self.heat(palette)],
            [lambda: self.hangups(palette), lambda: self.talk(palette), lambda: self.cost(palette, terms, cost_by)],
            [lambda: self.attempts(palette), lambda: self.hours(palette), lambda: self.waits(palette)],
        ]
        return [[draw() for draw in row] for row in draws]

    def calls_by_day(self, palette: Palette) -> Chart:
        """Calls over the time, stacked by result."""
        shown = self._days_shown
        at = shown["day"]
        if self.by == "month":
            at = at.dt.to_period("M").dt.to_timestamp()
        picked = bars_of(self.filters.days, at, self.by)
        return charts.calls_by_day(shown.assign(at=at), palette, self._zone_shown, picked=picked, by=self.by)

    @property
    def _zone_shown(self) -> str:
        return zone_text(self.look.zone, self._days_shown["day"], self._now)

    def hours(self, palette: Palette) -> Chart:
        """Calls by hour of the day."""
        return charts.calls_by_hour(self._slots.result(), palette, self._zone_shown, picked=self.filters.hour)

    def heat(self, palette: Palette) -> Chart:
        """Answer rate by hour of the week."""
        slots = self._slots.result()
        cells = slots.assign(answered=slots["calls"].where(slots["result"] == "answered", 0))
        return charts.answer_rate_heat(cells, palette, self._zone_shown, picked=self.filters.slot)

    def talk(self, palette: Palette) -> Chart:
        """Talk time."""
        chosen = self.filters.is_set("talk")
        shown = self.tallied.totals(self.filters.without("talk")) if chosen else self.totals
        bins = binned(shown.talk_s["talk_s"], shown.talk_s["n"], TALK_EDGES_S)
        return charts.talk_distribution(bins, shown.median_talk_s, palette, picked=bins_of("talk", self.filters))

    def waits(self, palette: Palette) -> Chart:
        """Queue and ring time."""
        picked = [f"{kind}:{edge:g}" for kind in ("queue", "ring") for edge in bins_of(kind, self.filters)]
        return charts.waits(self._waits.result(), palette, picked=picked)

    def hangups(self, palette: Palette) -> Chart:
        """Why calls ended."""
        return charts.hangups(self._reasons.result(), palette, picked=self.filters.reason)

    def attempts(self, palette: Palette) -> Chart:
        """How reach grows with each attempt."""
        steps = self._steps.result()
        orders = int(steps["tried"].iloc[0]) if len(steps) else 0
        return charts.attempts_until_answered(steps, orders, palette, picked=self.filters.attempt)

    def cost(self, palette: Palette, terms: Terms, what: str = "Day") -> Chart:
        """What calls cost, over the time, by agent or by direction."""
        if what == "Day":
            shown = self._days_shown
            at = shown["day"].dt.to_period("M").dt.to_timestamp() if self.by == "month" else shown["day"]
            answered = shown["result"] == "answered"
            each = shown.assign(
                value=at.dt.strftime("%Y-%m-%d"),
                answered_cost=shown["cost"].fillna(0).where(answered, 0),
                unanswered_cost=shown["cost"].fillna(0).where(~answered, 0),
                unanswered=shown["calls"].where(~answered, 0),
            )
            columns = ["answered_cost", "unanswered_cost", "calls", "unanswered", "priced"]
            rows = each.groupby("value", as_index=False)[columns].sum()
            picked = bars_of(self.filters.days, at, self.by)
            return charts.cost_by(self.by, rows, palette, terms.money, picked=picked, zone_text=self._zone_shown)
        name = what.lower()
        rows = self.agents if name == "agent" else self.tallied.directions()
        rows = rows.assign(value=rows[name], unanswered=rows["calls"] - rows["answered"])
        picked_texts = self.filters.agent if name == "agent" else self.filters.direction
        by: charts.What = "agent" if name == "agent" else "direction"
        return charts.cost_by(by, rows, palette, terms.money, picked=picked_texts)

    @cached_property
    def agents(self) -> pd.DataFrame:
        """By agent (None = nobody), most calls first: `calls`, `answered`, `talk_s`, `talked`, costs, `priced`, and
        `line`, the calls over the time."""
        days = self._day_span // POINTS + 1
        rows = self.tallied.agents(days)
        name = rows["agent"].fillna("")
        sums = ["calls", "answered", "talk_s", "talked", "answered_cost", "unanswered_cost", "priced"]
        agents = rows[sums].fillna(0).groupby(name).sum()
        timed = rows[rows["stretch"].notna()]
        if len(timed):
            stretch = timed["stretch"].astype(int)
            whole = range(int(stretch.min()), int(stretch.max()) + 1)
            lines = timed["calls"].groupby([name[timed.index], stretch]).sum().unstack(fill_value=0)
            lines = lines.reindex(columns=whole, fill_value=0).reindex(agents.index, fill_value=0)
            agents["line"] = lines.to_numpy().tolist()
        else:
            agents["line"] = [[] for _ in range(len(agents))]
        agents = agents.sort_values("calls", ascending=False, kind="stable").reset_index()
        agents["agent"] = agents["agent"].where(agents["agent"] != "", None)
        return agents


def zone_text(zone: ZoneInfo, days: pd.Series[pd.Timestamp], now: datetime) -> str:
    """What an axis says of the zone over these local days: its offset, or its name where that changes."""
    if days.empty:
        return wording.offset(zone, now)
    noons = pd.Series(
        [datetime.combine(day, time(12), zone).astimezone(UTC) for day in days.dt.date.unique()],
        dtype="datetime64[us, UTC]",
    )
    return wording.zone_of(noons, zone, now)
