"""Stretches of time, what is left of them when some have been read, and which calls of them are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """Calls that began from one moment up to, not including, another; epoch seconds."""

    from_s: int
    to_s: int

    def __post_init__(self) -> None:
        if self.to_s <= self.from_s:
            raise ValueError("a stretch ends after it began")

    @property
    def seconds(self) -> int:
        """How long it is."""
        return self.to_s - self.from_s

    @property
    def began(self) -> datetime:
        """Its first moment, aware UTC."""
        return datetime.fromtimestamp(self.from_s, UTC)

    @property
    def ended(self) -> datetime:
        """The first moment after it, aware UTC."""
        return datetime.fromtimestamp(self.to_s, UTC)

    def shared(self, other: Stretch) -> Stretch | None:
        """What lies in both."""
        from_s, to_s = max(self.from_s, other.from_s), min(self.to_s, other.to_s)
        return Stretch(from_s, to_s) if from_s < to_s else None


@dataclass(frozen=True, slots=True)
class CallFilters:
    """Which calls of a stretch: those that fit everything that is set.

    `direction` is inbound, outbound or aicc; `agent` an account, `caller` and `callee` whole numbers.
    """

    direction: str = ""
    answered: bool | None = None
    agent: str = ""
    caller: str = ""
    callee: str = ""
    call_id: str = ""
    order_id: str = ""

    @property
    def text(self) -> str:
        """What is set, as text; the same filters are always the same text, and none are an empty one."""
        said = {name: value for name, value in asdict(self).items() if value not in ("", None)}
        return json.dumps(said, ensure_ascii=False, sort_keys=True) if said else ""

    @classmethod
    def read(cls, text: str) -> CallFilters:
        """Back from `text`."""
        return cls(**json.loads(text)) if text else cls()

    def wider(self) -> Iterator[CallFilters]:
        """Filters that let these calls pass, and perhaps others: the same ones with fewer set, all calls last."""
        chosen = {name: value for name, value in asdict(self).items() if value not in ("", None)}
        for n in range(len(chosen), -1, -1):
            for names in combinations(chosen, n):
                yield CallFilters(**{name: chosen[name] for name in names})


def of_days(first: date, last: date, zone: ZoneInfo) -> Stretch:
    """Whole days, both included, as the zone counts them."""
    after = datetime.combine(last + timedelta(days=1), time(), zone)
    return Stretch(int(datetime.combine(first, time(), zone).timestamp()), int(after.timestamp()))


def days_of(stretch: Stretch, zone: ZoneInfo) -> tuple[date, date]:
    """The days that it touches, as the zone counts them: the first and the last."""
    last = datetime.fromtimestamp(stretch.to_s - 1, UTC)
    return stretch.began.astimezone(zone).date(), last.astimezone(zone).date()


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same time in as few stretches as can be, the earliest first."""
    whole: list[Stretch] = []
    for one in sorted(stretches):
        if whole and one.from_s <= whole[-1].to_s:
            whole[-1] = Stretch(whole[-1].from_s, max(whole[-1].to_s, one.to_s))
        else:
            whole.append(one)
    return whole


def without(wanted: Stretch, read: Iterable[Stretch]) -> list[Stretch]:
    """What is left of a stretch, the earliest first."""
    left, at = [], wanted.from_s
    for one in joined(filter(None, (wanted.shared(other) for other in read))):
        if one.from_s > at:
            left.append(Stretch(at, one.from_s))
        at = one.to_s
    if at < wanted.to_s:
        left.append(Stretch(at, wanted.to_s))
    return left


def cut(stretches: Iterable[Stretch], longest_s: int) -> list[Stretch]:
    """The same time in stretches of at most so many seconds, the parts of one as long as each other."""
    parts = []
    for one in stretches:
        n = -(-one.seconds // longest_s)
        edges = [one.from_s + one.seconds * i // n for i in range(n + 1)]
        parts += [Stretch(edges[i], edges[i + 1]) for i in range(n)]
    return parts
