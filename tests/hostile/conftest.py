"""A guard around every test here, and one archive that has been told everything that an enemy could say."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import orjson
import pytest

from nxcc.archive import Archive, Explored, Freshness
from nxcc.lookup import Lookup
from nxcc.outcome import Outcome
from nxcc.sandbox import Sandbox
from nxcc.sandbox.reply import Reply, success
from tests.conftest import client_of, outcomes_of
from tests.hostile import records, texts

GUARD = Path(__file__).parent / "guard"


def _guard_module() -> ModuleType:
    """Loaded by its path: where the folder is in PYTHONPATH, Python does it itself."""
    spec = importlib.util.spec_from_file_location("hostile_guard", GUARD / "sitecustomize.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Gateway:
    """A sandbox, strict as ever, that answers with hostile calls for the ids that have some.

    `calls` are these: order id -> records. `replies` are whole answers: order id -> HTTP status and body.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.calls: dict[str, list[records.Record]] = {}
        self.replies: dict[str, tuple[int, bytes]] = {}
        app: Any = sandbox._app
        true = app._reserved.outcome

        def outcome(order_id: str) -> Any:
            if order_id in self.replies:
                return Reply(*self.replies[order_id])
            return success(orjson.dumps(self.calls[order_id])) if order_id in self.calls else true(order_id)

        app._reserved = SimpleNamespace(outcome=outcome)


@dataclass(frozen=True)
class Told:
    """Everything that was looked up: the archive, the outcomes by id, and which text an id's calls hold."""

    archive: Archive
    explored: Explored
    lookup: Lookup
    outcomes: dict[str, Outcome]
    texts: dict[str, str]


@pytest.fixture(scope="session")
def guard() -> Iterator[Any]:
    """Refuses and notes connections while a test of this folder runs; a hook can never be taken away again."""
    made = _guard_module().Guard(frozenset())
    made.on = False
    sys.addaudithook(made)
    yield made
    made.on = False


@pytest.fixture(scope="session")
def gateway() -> Iterator[Gateway]:
    with Sandbox() as sandbox:
        yield Gateway(sandbox)


@pytest.fixture(autouse=True)
def nothing_leaves(request: pytest.FixtureRequest, guard: Any, gateway: Gateway) -> Iterator[None]:
    """No test of this folder connects to anything but the gateway."""
    guard.allowed = frozenset({gateway.sandbox.base_url.removeprefix("http://")})
    guard.notes.clear()
    guard.on = True
    yield
    guard.on = False
    if "bites" not in request.node.name:
        assert guard.notes == []


@pytest.fixture(scope="session")
def told(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Each text in every field of two calls; the shorter ones are order ids as well, where they can be."""
    said = {f"T-{n:04d}": text for n, text in enumerate(texts.ALL)} | {text: text for text in texts.AS_IDS}
    gateway.calls |= {order_id: records.saying(text, n) for n, (order_id, text) in enumerate(said.items())}
    typed = {f"W-{n:04d}": record for n, record in enumerate(records.wrongly_typed().values())}
    gateway.calls |= {order_id: [record] for order_id, record in typed.items()}
    archive = Archive(tmp_path_factory.mktemp("told") / "archive.duckdb", "gateway", 1)
    client = client_of(gateway.sandbox)
    lookup = Lookup(client, archive, Freshness(timedelta(days=1), timedelta(minutes=5)))
    outcomes = outcomes_of(lookup.run([*said, *typed]))
    explored = Explored(archive)
    explored.refresh()
    yield Told(archive, explored, lookup, outcomes, said)
    archive.close()
