"""What a soak measures, whether it is well, and its table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

JUDGED_FROM_MIN = 5.0  # before this, memory is still on its way to where it stays
MAY_GROW = 0.05
MAY_GROW_MB = 20.0
MOST_TOLD = 10


@dataclass(frozen=True, slots=True)
class Memory:
    """The server's resident memory at a moment; seconds from the start, CPU seconds so far."""

    at_s: float
    mb: float
    cpu_s: float


@dataclass(slots=True)
class Figures:
    """Seconds of each click by its kind, clicks that nothing followed, what went wrong, and the memory."""

    clicks: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    idle: int = 0
    errors: list[str] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)

    @property
    def all(self) -> list[float]:
        """Seconds of every click."""
        return [seconds for of_kind in self.clicks.values() for seconds in of_kind]


def growth(memory: Sequence[Memory]) -> float:
    """MB by which the last quarter of the time lies above the one before it, by their medians."""
    end = memory[-1].at_s
    quarters = [[m.mb for m in memory if end * n / 4 <= m.at_s <= end * (n + 1) / 4] for n in (2, 3)]
    return median(quarters[1]) - median(quarters[0]) if all(quarters) else 0.0


def levels_off(memory: Sequence[Memory]) -> bool | None:
    """Whether the last quarter lies at most 5 % (or 20 MB) above the one before it; None = too short to say.

    A leak grows with every click, so as much in the last quarter as in the one before; caches that fill and memory that
    is freed and kept by the allocator do not.
    """
    if memory[-1].at_s < JUDGED_FROM_MIN * 60:
        return None
    return growth(memory) <= max(MAY_GROW_MB, MAY_GROW * median(m.mb for m in memory))


def well(figures: Figures) -> bool:
    """Whether nothing went wrong."""
    return not figures.errors and levels_off(figures.memory) is not False and bool(figures.all)


def table(figures: Figures) -> str:
    """All of it, to be printed."""
    lines = [f"{'click':<24}{'clicks':>8}{'p50, s':>9}{'p95, s':>9}{'slowest, s':>12}"]
    for kind in sorted(figures.clicks):
        lines.append(_line(kind, figures.clicks[kind]))
    lines.append(_line("all", figures.all))
    memory, end = figures.memory, figures.memory[-1]
    middle = min(memory, key=lambda m: abs(m.at_s - end.at_s / 2))
    lines.append(
        f"server memory, MB: {memory[0].mb:,.0f} at start, {middle.mb:,.0f} in the middle, {end.mb:,.0f} at end"
    )
    verdict = {None: f"not judged under {JUDGED_FROM_MIN:.0f} minutes", True: "levels off", False: "does NOT level off"}
    lines.append(f"memory {verdict[levels_off(memory)]} ({growth(memory):+,.0f} MB from the third quarter to the last)")
    busy = (end.cpu_s - memory[0].cpu_s) / max(1.0, end.at_s - memory[0].at_s)
    lines.append(f"server CPU: {busy:.2f} of one core")
    lines.append(f"errors: {len(figures.errors)}")
    lines += [f"  {error}" for error in figures.errors[:MOST_TOLD]]
    return "\n".join(lines)


def _line(kind: str, seconds: Sequence[float]) -> str:
    if not seconds:
        return f"{kind:<24}{0:>8}"
    ranked = sorted(seconds)
    p95 = ranked[min(len(ranked) - 1, int(0.95 * len(ranked)))]
    return f"{kind:<24}{len(ranked):>8,}{median(ranked):>9.2f}{p95:>9.2f}{ranked[-1]:>12.2f}"
