"""The parts of the desk on real ground: a sandbox over HTTP, an archive in a real file, a clock and waits that cost
nothing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from nxcc.account import Credentials
from nxcc.api.client import Client
from nxcc.archive import Archive, Freshness
from nxcc.lookup import Lookup
from nxcc.outcome import Outcome
from nxcc.sandbox import Sandbox, Seen
from nxcc.team.database import Database
from nxcc.team.place import Team
from tests.postgres import Postgres, binaries
from tests.postgres import postgres as a_postgres

TODAY = date(2026, 11, 24)  # a Tuesday
SAMPLES = Path(__file__).parent / "samples"
DAY = Freshness(timedelta(days=1), timedelta(minutes=5))
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_tags = count()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("NXCC_") or name.lower() in _PROXIES:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(today=TODAY) as running:
        yield running


class Waits:
    """Stands in for waiting: notes the seconds and goes on at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, stop: threading.Event, seconds: float) -> bool:
        self.seconds.append(seconds)
        return stop.is_set()


def a_millisecond_later() -> Callable[[], float]:
    """A clock that no two looks find at the same millisecond."""
    start, looks = time.time(), count()
    return lambda: start + next(looks) / 1000


def credentials_of(sandbox: Sandbox, **other: Any) -> Credentials:
    """The account that the sandbox lets in, with anything else about it replaced."""
    said = sandbox.credentials
    right = {
        "base_url": sandbox.base_url,
        "access_key": said.access_key,
        "access_secret": said.access_secret,
        "tenant_id": said.tenant_id,
    }
    return Credentials(**(right | other))


def client_of(where: Sandbox | str, *, account: dict[str, Any] | None = None, **options: Any) -> Client:
    """A client of the sandbox, or of another address, without a limit on its rate, whose waits take no time."""
    if isinstance(where, Sandbox):
        credentials = credentials_of(where, **(account or {}))
    else:
        credentials = Credentials(where, "the-key", "the-secret", 1)
    quick = {"rate_per_second": 0, "timeout_s": 5, "wait": Waits(), "now": a_millisecond_later()}
    return Client(credentials, **(quick | options))


@pytest.fixture
def archive_at(tmp_path: Path) -> Iterator[Callable[..., Archive]]:
    """Opens archives that are closed after the test."""
    with ExitStack() as closing:

        def open_archive(
            path: Path = tmp_path / "archive.duckdb", tenant_id: int = 1, gateway: str = "gateway"
        ) -> Archive:
            archive = Archive(path, gateway, tenant_id)
            closing.callback(archive.close)
            return archive

        yield open_archive


@pytest.fixture
def lookup_on(archive_at: Callable[..., Archive]) -> Callable[..., Lookup]:
    """Makes a lookup on a sandbox with an archive of its own; options go to the client."""

    def make(sandbox: Sandbox | str, *, freshness: Freshness = DAY, **options: Any) -> Lookup:
        return Lookup(client_of(sandbox, **options), archive_at(), freshness)

    return make


def outcomes_of(batches: Iterator[list[Outcome]]) -> dict[str, Outcome]:
    """Everything a run brings, by order id; a run that comes to no end is a failure."""
    found: dict[str, Outcome] = {}
    give_up_at = time.monotonic() + 20
    for batch in batches:
        assert time.monotonic() < give_up_at, "the run comes to no end"
        assert not found.keys() & {outcome.order_id for outcome in batch}, "an id came twice"
        found.update((outcome.order_id, outcome) for outcome in batch)
    return found


def seen(sandbox: Sandbox, *order_ids: str) -> list[Seen]:
    """The requests that reached the sandbox for these ids."""
    return [request for request in sandbox.requests if request.order_id in order_ids]


def own(order_id: str) -> str:
    """A reserved id of the sandbox that no other test asks for."""
    return f"{order_id}~{next(_tags)}"


def sample(name: str) -> Any:
    """One of the vendor's own examples."""
    return orjson.loads((SAMPLES / f"{name}.json").read_bytes())


def at(text: str) -> datetime:
    """An aware time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A private PostgreSQL. Without one on a person's machine, what needs it is skipped; in CI it fails."""
    if binaries() is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed: `python -m tests.postgres` says how to get it")
    with a_postgres() as running:
        yield running


@pytest.fixture
def team(postgres: Postgres, tmp_path: Path) -> Iterator[Team]:
    """An empty place that a team's processes share."""
    url = postgres.create()
    lake = tmp_path / "lake"
    lake.mkdir()
    yield Team(url, str(lake))
    postgres.drop(url)


@pytest.fixture
def database(team: Team) -> Iterator[Database]:
    """The team's database, open."""
    opened = Database(team).open()
    yield opened
    opened.close()
