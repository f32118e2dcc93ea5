"""What a reading by time must not lose, case by case: edges, the rest of a long stretch, what is broken off."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nxcc.archive import Archive, periods
from nxcc.errors import ArchiveError, NxccError
from nxcc.importing import importer, reading
from nxcc.importing.importer import stretches_of
from nxcc.importing.reading import PageSize
from nxcc.stretches import CallFilters, Stretch

from ..jobs.conftest import wait_for
from .gateway import LONG_AGO, Edges, Gateway, Order, WorldCall
from .test_importer_property import BASE_S, HOUR, an_importer, run, small  # noqa: F401

DAY = Stretch(BASE_S, BASE_S + 24 * HOUR)
HOURS = Stretch(BASE_S, BASE_S + HOUR)  # read in one go
pytestmark = pytest.mark.usefixtures("small")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = Archive(tmp_path / "archive.duckdb", "gateway", 1)
    yield made
    made.close()


def world(*at_ms: int) -> list[WorldCall]:
    return [WorldCall(n, at) for n, at in enumerate(at_ms)]


def of_second(second: int) -> int:
    """Epoch ms of a second after the beginning."""
    return 1000 * (BASE_S + second)


def kept(archive: Archive) -> Counter[str]:
    return Counter(archive.read("SELECT call_id FROM archive.calls", {})["call_id"].to_pylist())


def whole(calls: list[WorldCall]) -> Counter[str]:
    return Counter(f"c{call.n}" for call in calls)


def pages_of(archive: Archive) -> list[dict[str, Any]]:
    query = "SELECT from_s, to_s, page, ended, epoch_us(began_at) AS began FROM archive.lookups ORDER BY asked_at"
    return archive.read(query, {}).to_pylist()


def break_off() -> None:
    raise NxccError("The gateway has had enough.", cure="None.")


@pytest.mark.parametrize("edges", Edges.__args__)  # type: ignore[attr-defined]
def test_edges__belong_to_a_window_whatever_the_gateway_counts_in(archive: Archive, edges: Edges) -> None:
    near = (-1000, -1, 0, 1, 999)
    calls = world(*(1000 * part.from_s + ms for part in stretches_of(DAY) for ms in near))
    inside = [call for call in calls if call.at_ms >= 1000 * DAY.from_s]
    run(an_importer(Gateway(calls, cap=7, edges=edges), archive, DAY))
    assert whole(inside) - kept(archive) == Counter()
    assert max(kept(archive).values()) == 1


@pytest.mark.parametrize("order", ["falling", "rising"])
@pytest.mark.parametrize("edges", Edges.__args__)  # type: ignore[attr-defined]
@pytest.mark.parametrize("cap", [2, 4])
def test_deep__the_rest_goes_on_as_a_stretch_of_its_own_and_no_second_is_cut(
    archive: Archive, order: Order, cap: int, edges: Edges
) -> None:
    calls = world(*(of_second(60 + n // 4) + n % 4 // 3 for n in range(60)))  # each second has four
    gateway = Gateway(calls, cap=cap, order=order, edges=edges)
    run(an_importer(gateway, archive, HOURS))
    assert kept(archive) == whole(calls)
    windows = [read.stretch for read in periods.read_whole(archive)]
    assert len(windows) > 3
    assert sum(window.seconds for window in windows) == HOURS.seconds
    assert max(page for _, _, page in gateway.asked) < 60 / cap  # and its pages are counted from 1 again


@pytest.mark.parametrize("order", ["falling", "rising"])
def test_deep__what_has_come_counts_as_read_since_its_first_page_and_the_rest_does_not(
    archive: Archive, order: Order
) -> None:
    calls = world(*(of_second(60 * n) for n in range(1, 21)))
    gateway = Gateway(calls, cap=2, order=order)
    gateway.happens[5] = [break_off]  # the second page of the rest
    with pytest.raises(NxccError):
        run(an_importer(gateway, archive, HOURS))
    pages = pages_of(archive)
    assert [(row["page"], row["ended"]) for row in pages] == [(1, False), (2, False), (3, True), (1, False)]
    assert pages[2]["began"] == pages[0]["began"] < pages[3]["began"]
    (left,) = an_importer(gateway, archive, HOURS).left()
    assert (left.from_s, left.to_s) == (pages[3]["from_s"], pages[3]["to_s"])
    assert sum(1000 * left.from_s <= call.at_ms < 1000 * left.to_s for call in calls) in {14, 15}
    run(an_importer(gateway, archive, HOURS))
    assert kept(archive) == whole(calls)


def test_deep__a_reading_that_goes_on_has_not_seen_in_what_order_calls_come(archive: Archive) -> None:
    """One page that is in order by chance says nothing of those before it."""
    calls = world(*random.Random(3).sample([of_second(60 * n) for n in range(1, 40)], 24))
    gateway = Gateway(calls, cap=2, order="unsorted")
    for broken_at in range(2, 13):
        gateway.happens = {gateway.requests + 2: [break_off]}
        with pytest.raises(NxccError):
            run(an_importer(gateway, archive, HOURS))
        assert [(row["page"], row["ended"]) for row in pages_of(archive)][-1] == (broken_at - 1, False)
    gateway.happens = {}
    run(an_importer(gateway, archive, HOURS))
    assert kept(archive) == whole(calls)
    assert [read.stretch for read in periods.read_whole(archive)] == [HOURS]


def test_half__of_somebody_else_counts_only_where_it_was_settled(archive: Archive) -> None:
    """Else the period would be read to its end, and not count as read."""
    now_s = int(datetime.now(UTC).timestamp())
    period = Stretch(now_s - 2 * HOUR, now_s - 60)
    calls = world(*(1000 * (period.from_s + 60 * n) for n in range(100)))
    gateway = Gateway(calls, cap=40)
    gateway.happens[2] = [break_off]
    with pytest.raises(NxccError):
        run(an_importer(gateway, archive, period))
    assert len(periods.half_read(archive, CallFilters(), LONG_AGO)) == 1
    ours = an_importer(gateway, archive, period)
    run(ours)
    assert ours.left() == []
    assert ours.as_of()
    assert set(kept(archive)) == set(whole(calls))


def test_as_of__the_oldest_of_the_newest_readings(archive: Archive) -> None:
    gateway = Gateway(world(of_second(60)), cap=5)
    one = an_importer(gateway, archive, Stretch(DAY.from_s, DAY.from_s + 6 * HOUR))
    assert one.as_of() is None
    run(one)
    first = one.as_of()
    both = an_importer(gateway, archive, Stretch(DAY.from_s, DAY.from_s + 12 * HOUR))
    assert both.as_of() is None
    run(both)
    assert both.as_of() == first
    anew = an_importer(gateway, archive, one.period, after=datetime.now(UTC))
    run(anew)
    assert first and (anew.as_of() or first) > first


def test_lost__pages_that_could_not_be_kept_are_missed(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive is in order again at once; what came after them must not be kept as if they were there."""
    calls = world(*(of_second(n) for n in range(60)))
    gateway, keep, failed = Gateway(calls, cap=2, order="unsorted"), periods.keep, []

    def once_not(*arguments: Any) -> int:
        if not failed:
            wait_for(lambda: gateway.requests > 5)  # more have come meanwhile
            failed.append(True)
            raise ArchiveError("The disk has had enough.", cure="None.")
        return keep(*arguments)

    monkeypatch.setattr(periods, "keep", once_not)
    with pytest.raises(ArchiveError):
        run(an_importer(gateway, archive, HOURS))
    run(an_importer(gateway, archive, HOURS))
    assert kept(archive) == whole(calls)


def test_stop__what_has_come_is_kept_however_long_that_takes(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = world(*map(of_second, range(0, 24 * HOUR, 60)))
    gateway, stop = Gateway(calls, cap=5), threading.Event()
    importing = an_importer(gateway, archive, DAY, stop=stop)

    def keep_slowly(*arguments: Any, keep: Callable[..., int] = periods.keep) -> int:
        wait_for(importing._pages.full, 5)  # and more come, which wait for their place
        stop.set()
        threading.Event().wait(20 * importer.LOOK_S)
        monkeypatch.setattr(periods, "keep", keep)
        return keep(*arguments)

    monkeypatch.setattr(periods, "keep", keep_slowly)
    run(importing)
    assert 4 * importer.BATCH < gateway.requests == len(pages_of(archive))


def test_smaller_pages__whatever_the_first_stretch_says(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short page that was the last one does not mean that others are."""
    monkeypatch.setattr(importer, "MOST_THREADS", 1)
    few = [of_second(n) for n in range(3)]
    many = [of_second(7 * HOUR + n) for n in range(23)]
    calls = world(*few, *many)
    gateway = Gateway(calls, cap=5)
    run(an_importer(gateway, archive, DAY))
    assert kept(archive) == whole(calls)
    assert gateway.requests == 4 + 1 + 5  # a stretch each, one look behind the first page, four more pages


@pytest.mark.parametrize("page_says", ["nothing", "the last page"])
def test_smaller_pages__end_where_nothing_new_comes(archive: Archive, page_says: str) -> None:
    calls = world(*(of_second(n) for n in range(10)))

    class LastAgain(Gateway):
        """Behind its last page it shows that one again."""

        def query_page(self, from_s: int, to_s: int, page: int, *more: Any) -> Any:
            found = super().query_page(from_s, to_s, page, *more)
            return found if found.records or page == 1 else super().query_page(from_s, to_s, 2, *more)

    gateway = (LastAgain if page_says == "the last page" else Gateway)(calls, cap=5)
    last = an_importer(gateway, archive, HOURS)
    run(last)
    assert last.left() == []
    assert kept(archive) == whole(calls)


def test_page_size__no_fewer_than_any_page_has_held() -> None:
    size = PageSize()
    assert [size.is_full(calls) for calls in (30, 50, 49, 50, 100, 99, 50)] == [
        True, True, False, True, True, False, False,
    ]  # fmt: skip


def test_moments__no_two_are_the_same() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    moments = reading.Moments(lambda: now)
    assert [moments.next() - now for _ in range(3)] == [timedelta(microseconds=n) for n in range(3)]


def test_keep__what_another_import_brought_is_not_leant_on(archive: Archive) -> None:
    """Retention may take those pages away, while what was read later counts as read."""
    calls = world(*(1000 * (DAY.from_s + 60 * n) for n in range(50)))
    gateway = Gateway(calls, cap=20)
    run(an_importer(gateway, archive, DAY))
    began = datetime.now(UTC)
    run(an_importer(gateway, archive, DAY, after=began, own=began))
    mine = archive.read("SELECT call_id FROM archive.calls WHERE asked_at > $began", {"began": began})
    assert Counter(mine["call_id"].to_pylist()) == whole(calls)
