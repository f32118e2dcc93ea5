"""For any world and any period, whatever arrives between pages and wherever reading is broken off: the union of the
windows is the world, each call is kept once in each of its states, and nothing is read twice without need."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from nxcc.archive import Archive, periods
from nxcc.errors import ArchiveError, NxccError
from nxcc.importing import Importer, PageSize, importer, reading
from nxcc.importing.importer import Passed, stretches_of
from nxcc.stretches import CallFilters, Stretch
from nxcc.traces import LeftOut

from .gateway import LONG_AGO, Edges, Gateway, Order, WorldCall

BASE_S = 1_770_000_000
HOUR = 3600
BATCH = 2  # pages that are kept at once
PERIODS = (Stretch(BASE_S, BASE_S + 5 * HOUR), Stretch(BASE_S, BASE_S + 20 * HOUR), Stretch(BASE_S, BASE_S + 71 * HOUR))
_tenants = itertools.count(1)


@dataclass(frozen=True)
class Break:
    """The reading is broken off: at this request of it, or at the first pages that are kept from then on."""

    kind: str  # stop, gateway, archive
    at: int


@st.composite
def moments(draw: st.DrawFn, period: Stretch) -> int:
    """When a call began (epoch ms): anywhere, many in one second, and around the edges of windows."""
    parts = stretches_of(period)
    edges = sorted({edge for part in parts for edge in (part.from_s, part.to_s)})
    anywhere = st.integers(period.from_s, period.to_s)
    crowded = st.sampled_from([parts[0].from_s + 977, parts[-1].from_s + 1234])
    second = draw(st.one_of(anywhere, crowded, crowded, st.sampled_from(edges)))
    return 1000 * second + draw(st.sampled_from([-1001, -1000, -1, 0, 0, 1, 500, 999, 1000]))


@dataclass
class Case:
    """A world, and all that happens to it."""

    period: Stretch
    gateway: Gateway
    breaks: list[Break]
    honest: bool  # a page holds as many calls as are asked for

    @property
    def arrivals(self) -> int:
        """How often something happens."""
        return sum(map(len, self.gateway.happens.values()))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    period = draw(st.sampled_from(PERIODS))
    cap = draw(st.integers(2, 6))
    began = draw(st.lists(moments(period), min_size=draw(st.sampled_from([0, 8, 30])), max_size=60))
    calls = [WorldCall(n, at_ms, named=draw(st.integers(0, 9)) > 0) for n, at_ms in enumerate(began)]
    gateway = Gateway(
        calls,
        cap=cap,
        order=draw(st.sampled_from(Order.__args__)),  # type: ignore[attr-defined]
        edges=draw(st.sampled_from(Edges.__args__)),  # type: ignore[attr-defined]
    )
    named = [call for call in calls if call.named]
    for n in range(draw(st.integers(0, 3 * cap - 1))):  # three full pages in a row without anything new are an error
        if named and draw(st.booleans()):
            what = partial(gateway.change, draw(st.sampled_from(named)))
        else:
            what = partial(gateway.add, WorldCall(1000 + n, draw(moments(period))))
        gateway.happens.setdefault(draw(st.integers(1, 30)), []).append(what)
    breaks = draw(
        st.lists(st.builds(Break, st.sampled_from(["stop", "gateway", "archive"]), st.integers(1, 12)), max_size=3)
    )
    return Case(period, gateway, breaks, draw(st.booleans()))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """One for all worlds; each is that of another team."""
    made = Archive(tmp_path_factory.mktemp("worlds") / "archive.duckdb", "gateway", 0)
    yield made
    made.close()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few pages are many, and nothing waits."""
    monkeypatch.setattr(importer, "BATCH", BATCH)
    monkeypatch.setattr(importer, "LOOK_S", 0.002)
    monkeypatch.setattr(reading, "DEEPEST", 3)
    monkeypatch.setattr("nxcc.archive.ledger_file.LedgerFile.keep_every_s", 0.005)


def an_importer(gateway: Any, archive: Archive, period: Stretch, **more: Any) -> Importer:
    """As a job has one."""
    now = datetime.now(UTC)
    said = {"after": LONG_AGO, "own": now, "now": lambda: datetime.now(UTC), "stop": threading.Event()} | more
    return Importer(gateway, archive, period, CallFilters(), left_out=LeftOut(), size=PageSize(), patience_s=10, **said)


def run(importing: Importer) -> list[Passed]:
    """To its end; what came, without the times when nothing did."""
    return [passed for passed in importing.run() if passed.pages]


def run_broken(case: Case, archive: Archive, broken: Break, **more: Any) -> None:
    """Until it is broken off there, or to its end where it does not come that far."""
    stop, gateway = threading.Event(), case.gateway
    at = gateway.requests + broken.at

    def break_off() -> None:
        if broken.kind == "stop":
            stop.set()
        elif broken.kind == "gateway":
            raise NxccError("The gateway has had enough.", cure="None.")

    gateway.happens.setdefault(at, []).append(break_off)
    importing = an_importer(gateway, archive, case.period, stop=stop, **more)
    with pytest.MonkeyPatch.context() as patch:
        if broken.kind == "archive":
            patch.setattr(periods, "keep", _failing(gateway, at))
        with suppress(NxccError):
            run(importing)
    gateway.happens[at].remove(break_off)


def _failing(gateway: Gateway, at: int, keep: Callable[..., int] = periods.keep) -> Callable[..., int]:
    """What keeps pages, and once does not: it is in order again at once, as a database that was away."""
    failed = []

    def keep_or_fail(*arguments: Any) -> int:
        if not failed and gateway.requests >= at:
            failed.append(True)
            raise ArchiveError("The disk has had enough.", cure="None.")
        return keep(*arguments)

    return keep_or_fail


@settings(
    max_examples=50, phases=(Phase.explicit, Phase.generate), deadline=None, suppress_health_check=list(HealthCheck)
)
@given(case=cases())
@pytest.mark.usefixtures("small")
def test_union_of_windows_is_the_world_and_none_is_read_twice_without_need(archive: Archive, case: Case) -> None:
    archive.owner["tenant"] = next(_tenants)
    gateway, period, own = case.gateway, case.period, datetime.now(UTC)  # of one job, whoever goes on with it
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "MOST_ON_A_PAGE", gateway.cap if case.honest else 1000)
        for broken in case.breaks:
            run_broken(case, archive, broken, own=own)
        last = an_importer(gateway, archive, period, own=own)
        run(last)
        assert last.left() == []
        asked = gateway.requests
        assert run(an_importer(gateway, archive, period)) == []
        assert gateway.requests == asked
    check_calls(case, archive)
    check_requests(case, archive)


def check_calls(case: Case, archive: Archive) -> None:
    """All that was there is here, once, and no older than when its window began to be read."""
    query = "SELECT call_id, raw, cost, asked_at FROM archive.calls WHERE tenant_id = $tenant AND gateway = $gateway"
    kept = sorted(archive.read(query, {}).to_pylist(), key=lambda row: row["asked_at"])
    newest = {row["call_id"] or row["raw"]: row["cost"] for row in kept}
    reads = periods.read_whole(archive)
    for call in case.gateway.calls:
        in_windows = [r.began for r in reads if 1000 * r.stretch.from_s <= call.at_ms < 1000 * r.stretch.to_s]
        if not in_windows:
            assert not 1000 * case.period.from_s <= call.at_ms < 1000 * case.period.to_s
            continue
        if call.there_from < max(in_windows):
            name = f"c{call.n}" if call.named else next(raw for raw in newest if f'nameless {call.n}"' in raw)
            assert newest[name] >= call.cost_at(max(in_windows))
    assert set(Counter(row["raw"] for row in kept).values()) <= {1}


def check_requests(case: Case, archive: Archive) -> None:
    """Each page of a window was kept once, and asked once but for what was under way when reading was broken off."""
    query = "SELECT from_s, to_s, page, ended FROM archive.lookups WHERE tenant_id = $tenant AND gateway = $gateway"
    pages = archive.read(query, {}).to_pylist()
    assert max(Counter((row["from_s"], row["to_s"], row["page"]) for row in pages).values()) == 1
    windows = [Stretch(row["from_s"], row["to_s"]) for row in pages if row["ended"]]
    assert len(windows) == len(set(windows))
    there = sum(
        1000 * (window.from_s - 1) <= call.at_ms <= 1000 * window.to_s + 999
        for window in windows
        for call in case.gateway.calls
    )
    again = 2 * case.arrivals  # each pushes one call to another page, in two windows at most
    assert len(pages) <= (there + again) / case.gateway.cap + 2 * len(windows)
    under_way = {"stop": 0, "gateway": 1, "archive": 5 * BATCH + Gateway.concurrency}
    assert case.gateway.requests - len(pages) <= sum(under_way[broken.kind] for broken in case.breaks)
