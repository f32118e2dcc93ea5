"""A whole run while the app is killed: what `test_kill` and `python -m tests.bench kill` do."""

from __future__ import annotations

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from nxcc import records
from nxcc.jobs import Store
from nxcc.lookup import SLICE
from nxcc.sandbox import Sandbox, World

from ..conftest import TODAY
from .conftest import answered, as_csv, wait_for

PROJECT = Path(__file__).parents[2]
REFUSED, BROKEN, MENDED = "FAIL-CODE-41000", "FAIL-500", "FAIL-503-2"
START_S = 60.0


@dataclass(frozen=True)
class Figures:
    """What a run took, and what came of it."""

    ids: int
    kills: int
    seconds: float
    requests: int
    answered_twice: int
    outcomes: dict[str, int]


class Installation:
    """An app with its data folder, whose process can be killed, and the command line beside it."""

    def __init__(self, path: Path, sandbox: Sandbox, **settings: object) -> None:
        self.path = path
        account = sandbox.credentials
        given = {
            "BASE_URL": sandbox.base_url,
            "ACCESS_KEY": account.access_key,
            "ACCESS_SECRET": account.access_secret,
            "TENANT_ID": account.tenant_id,
            "DATA_DIR": path / "data",
            "RATE_PER_SECOND": 0,
        } | settings
        clean = {name: value for name, value in os.environ.items() if not name.startswith("NXCC_")}
        self._environment = clean | {f"NXCC_{name}": str(value) for name, value in given.items()}
        self._log = (path / "app.log").open("w+")
        self._app: subprocess.Popen[bytes] | None = None
        (path / "data").mkdir()
        self.store = Store(path / "data" / "jobs.sqlite", f"archive|127.0.0.1|{account.tenant_id}")

    def start(self) -> None:
        """Starts the app and waits until it runs the jobs; nobody opens a page."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
        self._app = app = subprocess.Popen(
            command, cwd=PROJECT, env=self._environment, stdout=self._log, stderr=self._log
        )
        wait_for(lambda: app.poll() is not None or self.store.runner(datetime.now(UTC)) == app.pid, START_S)
        assert app.poll() is None, self.said()

    def kill(self) -> None:
        """kill -9."""
        if self._app:
            self._app.send_signal(signal.SIGKILL)
            self._app.wait()
            self._app = None

    def said(self) -> str:
        """All that the app has written."""
        return (self.path / "app.log").read_text()

    def lookup(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts `python -m nxcc lookup`."""
        command = [sys.executable, "-m", "nxcc", "lookup", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=PROJECT, env=self._environment, stdout=pipe, stderr=pipe, encoding="utf-8")

    def close(self) -> None:
        """Ends all."""
        self.kill()
        self.store.close()
        self._log.close()


@contextmanager
def installation(path: Path, sandbox: Sandbox, **settings: object) -> Iterator[Installation]:
    """One that is ended after the block."""
    made = Installation(path, sandbox, **settings)
    try:
        yield made
    finally:
        made.close()


def run(path: Path, *, ids: int, kills: int, faults: float, delay_s: float, broken: int, **settings: object) -> Figures:
    """Looks up so many ids through the app while it is killed so many times, and checks every answer.

    `faults` is the share of requests that fail by chance; besides, some ids fail on purpose: each time and for good,
    a few times, and `broken` of them each time in a way that may pass.
    """
    order_ids = order_ids_of(ids, broken)
    (path / "ids.csv").write_bytes(as_csv([["order_id"], *([order_id] for order_id in order_ids)]))
    with (
        Sandbox(today=TODAY, faults=faults, delay_s=delay_s) as sandbox,
        installation(path, sandbox, **settings) as app,
    ):
        began = time.monotonic()
        app.start()
        command = app.lookup(
            "--file", str(path / "ids.csv"),
            "--orders-out", str(path / "orders.csv"), "--calls-out", str(path / "calls.parquet"),
        )  # fmt: skip
        for n in range(1, kills + 1):
            wait_for(lambda n=n: len(answered(sandbox.requests)) > ids * n / (kills + 1), within_s=600)  # type: ignore[misc]
            app.kill()
            before = len(sandbox.requests)
            app.start()
            wait_for(lambda before=before: len(sandbox.requests) > before)  # type: ignore[misc]
        out, err = command.communicate(timeout=600)
        if command.returncode == 2:  # it noticed that the app had ended: run again, it goes on
            assert "The app has ended" in err, err
            assert app.store.at_work(), "the job ended before the command line was run again"
            command = app.lookup(*command.args[4:])  # type: ignore[index]
            out, err = command.communicate(timeout=600)
            assert "Going on with the job" in err, err
        assert command.returncode == 3, err
        seconds = time.monotonic() - began
        (job,) = app.store.all()
        assert "Traceback" not in app.said() + err
        requests = sandbox.requests

        outcomes = check_orders(path / "orders.csv", order_ids, sandbox.world)
        check_calls(path / "calls.parquet", order_ids, sandbox.world)
        summary = json.loads(out)
        assert {word: summary[word] for word in ("found", "no_calls", "failed")} == dict(outcomes)
        assert (job.found, job.no_calls, job.failed) == tuple(outcomes[w] for w in ("found", "no_calls", "failed"))
        assert (job.state, job.pending, job.invalid) == ("done", 0, 0)
    twice = sum(n - 1 for n in answered(requests).values())
    assert twice <= SLICE * kills
    return Figures(ids, kills, seconds, len(requests), twice, dict(outcomes))


def order_ids_of(n: int, broken: int) -> list[str]:
    """Ids of real orders, of none, and of some that fail on purpose; each once, in no order of theirs."""
    special = [f"{kind}~{i}" for kind in (REFUSED, MENDED) for i in range(5)]
    special += [f"{BROKEN}~{i}" for i in range(broken)]
    nobody = [f"NOBODY-{i:06}" for i in range(n // 10)]
    real: dict[str, None] = {}
    today = TODAY
    while len(real) < n:
        real |= dict.fromkeys(World(7, today).orders())
        today -= timedelta(days=60)
    every = [*special, *nobody, *real][:n]
    return sorted(every, key=lambda order_id: zlib.crc32(order_id.encode()))


def _expected(order_id: str, world: World) -> tuple[str, list[dict[str, Any]]]:
    """The outcome of an id, and its calls."""
    name = order_id.partition("~")[0]
    if name in (REFUSED, BROKEN):
        return "failed", []
    sent = [world.found_record(order_id)] if name == MENDED else world.records(order_id)
    return ("found" if sent else "no_calls"), records.calls(order_id, sent)


def check_orders(path: Path, order_ids: list[str], world: World) -> Counter[str]:
    """Each row as uploaded, with the right outcome; returns the rows by outcome."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["order_id"] for row in rows] == [row["order_id_sent"] for row in rows] == order_ids
    for row in rows:
        word, calls = _expected(row["order_id"], world)
        assert row["outcome"] == word, row
        assert row["calls"] == ("" if word == "failed" else str(len(calls))), row
        assert bool(row["reason"]) == (word == "failed"), row
    return Counter(row["outcome"] for row in rows)


def check_calls(path: Path, order_ids: list[str], world: World) -> None:
    """Each call of each order once, in the order of the rows, as the sandbox holds it."""
    table = pq.read_table(path)
    expected: list[dict[str, Any]] = []
    for order_id in order_ids:
        calls = _expected(order_id, world)[1]
        expected += sorted(calls, key=lambda call: (call["started_at"], call["call_id"]))
    whole = records.table(expected)
    assert table.num_rows == whole.num_rows
    for name in table.column_names:
        assert table[name].to_pylist() == whole[name].cast(table[name].type).to_pylist(), name
