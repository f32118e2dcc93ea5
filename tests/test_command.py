"""`python -m nxcc lookup` as a person runs it: its own process, a strict gateway, real files."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from nxcc import records
from nxcc.archive import Archive
from nxcc.export import BOM, ORDER_COLUMNS
from nxcc.sandbox import Sandbox

from .api.wire import Wire, http
from .conftest import TODAY, own, seen

PROJECT = Path(__file__).parent.parent
KEYS = ["asked", "found", "no_calls", "failed", "invalid", "calls", "requests", "from_archive", "seconds"]


@dataclass
class Ran:
    """What a run left behind."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        (line,) = self.out.splitlines()
        said: dict[str, Any] = json.loads(line)
        assert list(said) == KEYS
        return said

    def counts(self, *names: str) -> tuple[int, ...]:
        return tuple(self.summary[name] for name in names)


@dataclass
class CommandLine:
    """Runs the command with settings of its own; every run is checked for what must never be told."""

    settings: dict[str, str]

    def start(self, *arguments: str | bytes, **how: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "nxcc", "lookup", *arguments]
        environment = dict(os.environ) | {f"NXCC_{name}": value for name, value in self.settings.items()}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | how
        return subprocess.Popen(command, cwd=PROJECT, env=environment, encoding="utf-8", **pipes)

    def end(self, process: subprocess.Popen[str], stdin: str = "") -> Ran:
        out, err = process.communicate(stdin, timeout=30)
        assert "Traceback" not in err
        for secret in ("sandbox-key", "sandbox-secret", "the-wrong-secret"):
            assert secret not in (out or "") + err
        return Ran(process.returncode, out, err)

    def __call__(self, *arguments: str | bytes, stdin: str = "") -> Ran:
        return self.end(self.start(*arguments), stdin)


@pytest.fixture
def command(sandbox: Sandbox, tmp_path: Path) -> Callable[..., CommandLine]:
    """Makes a command line for a gateway; the session's sandbox unless another is named."""

    def make(gateway: Sandbox | str = sandbox, **settings: str) -> CommandLine:
        account = sandbox.credentials
        return CommandLine(
            {
                "BASE_URL": gateway if isinstance(gateway, str) else gateway.base_url,
                "ACCESS_KEY": account.access_key,
                "ACCESS_SECRET": account.access_secret,
                "TENANT_ID": str(account.tenant_id),
                "DATA_DIR": str(tmp_path / "data"),
                "RATE_PER_SECOND": "0",
            }
            | settings
        )

    return make


def rows_of(path: Path) -> list[dict[str, str]]:
    content = path.read_bytes().decode("utf-8")
    assert content.startswith(BOM)
    assert content.endswith("\r\n")
    return list(csv.DictReader(content[1:].splitlines(keepends=True)))


def test_lookup__orders_and_calls_and_a_second_time_without_a_request(
    sandbox: Sandbox, command: Callable[..., CommandLine], tmp_path: Path
) -> None:
    found, silent, refused = own("SAMPLE-VENDOR"), own("SHAPE-LIST"), own("FAIL-CODE-41000")
    ids = tmp_path / "ids.txt"
    ids.write_text(f"\ufeff{found}\r\n\r\n{silent}\r\n1.5E+17\r\n {found} \r\n", encoding="utf-8")
    orders, calls = tmp_path / "orders.csv", tmp_path / "calls.csv"
    files = ("--ids-file", str(ids), "--orders-out", str(orders), "--calls-out", str(calls))
    run = command(TIMEZONE="Asia/Hong_Kong")

    first = run(refused, *files)
    assert first.code == 3
    assert first.counts("asked", "found", "no_calls", "failed", "invalid", "calls") == (3, 1, 1, 1, 1, 2)
    assert first.counts("requests", "from_archive") == (3, 0)
    assert 0 < first.summary["seconds"] < 30

    rows = rows_of(orders)
    assert list(rows[0]) == list(ORDER_COLUMNS)
    assert [(row["order_id"], row["outcome"]) for row in rows] == [
        (refused, "failed"), (found, "found"), (silent, "no_calls"), ("1.5E+17", "invalid"),
    ]  # fmt: skip
    assert "41000" in rows[0]["reason"]
    assert (rows[0]["calls"], rows[2]["calls"], rows[3]["calls"]) == ("", "0", "")
    assert [rows[1][name] for name in ORDER_COLUMNS[2:10]] == [
        "", "2", "1", "2023-07-27T10:00:44+08:00", "5", "0.07", "User abandoned while in queue", "false",
    ]  # fmt: skip
    assert datetime.fromisoformat(rows[1]["asked_at"]).utcoffset() is not None

    told = rows_of(calls)
    assert list(told[0]) == list(records.SCHEMA.names)
    assert [row["order_id"] for row in told] == [found, found]
    assert [row["call_id"] for row in told] == ["6605fcd9563616c6c009c6240", "63b09b9a163616c6c009cb326"]
    assert told[0]["started_at"] == "2023-07-27T10:00:37.704+08:00"

    second = run(found, silent, "--calls-out", str(calls))
    assert second.code == 0
    assert second.counts("asked", "found", "no_calls", "calls", "requests", "from_archive") == (2, 1, 1, 2, 0, 2)
    assert rows_of(calls) == told

    third = run("--ids-file", "-", "--ask-again", stdin=f"{found}\n{silent}\n")
    assert third.code == 0
    assert third.counts("asked", "requests", "from_archive") == (2, 2, 0)
    assert len(seen(sandbox, found, silent)) == 4


def test_lookup__a_wrong_secret_stops_it_with_the_cure(command: Callable[..., CommandLine], tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    with Sandbox(today=TODAY) as strict:
        run = command(strict, ACCESS_SECRET="the-wrong-secret", CONCURRENCY="3")
        ran = run(*(f"A{n}" for n in range(30)), "--orders-out", str(orders))
        assert 1 <= len(strict.requests) <= 3
    assert ran.code == 2
    assert "1003" in ran.err
    assert "NXCC_ACCESS_SECRET" in ran.err
    assert "30 of 30 ids have no answer yet" in ran.err
    assert ran.counts("asked", "failed", "calls") == (0, 0, 0)
    assert {row["outcome"] for row in rows_of(orders)} == {"pending"}


def test_lookup__a_wrong_setting_stops_it_before_any_request(
    sandbox: Sandbox, command: Callable[..., CommandLine]
) -> None:
    before = len(sandbox.requests)
    ran = command(TIMEOUT_S="ten")("A1")
    assert (ran.code, ran.out) == (2, "")
    assert "NXCC_TIMEOUT_S" in ran.err
    assert len(sandbox.requests) == before


@pytest.mark.parametrize("option", ["--orders-out", "--calls-out"])
def test_lookup__an_output_that_cannot_be_written_is_told_before_any_request(
    sandbox: Sandbox, command: Callable[..., CommandLine], tmp_path: Path, option: str
) -> None:
    before = len(sandbox.requests)
    ran = command()("A1", option, str(tmp_path / "nowhere" / "out.csv"))
    assert (ran.code, ran.out) == (2, "")
    assert "out.csv cannot be written" in ran.err
    assert len(sandbox.requests) == before


BAD_INPUT = [
    ((), "No order ids were given"),
    (("--ids-file", "nowhere.txt"), "nowhere.txt cannot be read"),
]


@pytest.mark.parametrize(("arguments", "told"), BAD_INPUT, ids=["none", "no file"])
def test_lookup__nothing_to_ask_is_told(
    command: Callable[..., CommandLine], arguments: tuple[str, ...], told: str
) -> None:
    ran = command()(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


def test_lookup__a_file_that_is_no_text_is_told_with_its_line(
    command: Callable[..., CommandLine], tmp_path: Path
) -> None:
    (tmp_path / "ids.txt").write_bytes("A1\nA2\n订单\n".encode("gb18030"))
    ran = command()("--ids-file", str(tmp_path / "ids.txt"))
    assert ran.code == 2
    assert "not UTF-8 text (line 3)" in ran.err


def test_lookup__an_archive_that_another_process_has_is_told(
    sandbox: Sandbox, command: Callable[..., CommandLine], archive_at: Callable[..., Archive], tmp_path: Path
) -> None:
    before = len(sandbox.requests)
    archive_at(tmp_path / "data" / "archive.duckdb")
    ran = command()("A1")
    assert ran.code == 2
    assert f"process {os.getpid()}" in ran.err
    assert len(sandbox.requests) == before


def test_lookup__text_out_of_records_runs_nothing(command: Callable[..., CommandLine], tmp_path: Path) -> None:
    record = {
        "callId": "=1+1", "caller": "+852 3575 7580", "other": '=HYPERLINK("http://bad.example")',
        "hangupReason": "@SUM(A1)\r\nx", "intent": "a\x00b", "totalCustomerPrice": -0.5, "answered": False,
    }  # fmt: skip
    orders, calls = tmp_path / "orders.csv", tmp_path / "calls.csv"
    with Wire(http(orjson.dumps({"code": 0, "data": [record]}))) as wire:
        ran = command(wire.url)("-A1", "A\x1b[31m", b"A\xff", "--orders-out", str(orders), "--calls-out", str(calls))
        assert ran.code == 2  # argparse takes -A1 for an option; it can be given after --
        run = command(wire.url)
        ran = run("--orders-out", str(orders), "--calls-out", str(calls), "--", "-A1", "A\x1b[31m", b"A\xff")
    assert (ran.code, ran.counts("asked", "found", "invalid")) == (0, (1, 1, 2))
    (call,) = rows_of(calls)
    assert (call["order_id"], call["call_id"], call["caller"]) == ("'-A1", "'=1+1", "'+852 3575 7580")
    assert (call["other"], call["intent"]) == ('\'=HYPERLINK("http://bad.example")', "ab")
    assert call["cost"] == "-0.5"  # a number stays one
    assert [(row["order_id"], row["outcome"]) for row in rows_of(orders)] == [
        ("'-A1", "found"), ("A\x1b[31m", "invalid"), ("A\ufffd", "invalid"),
    ]  # fmt: skip
    assert rows_of(orders)[0]["last_hangup_reason"] == "'@SUM(A1)\r\nx"


def _wait_for(condition: Callable[[], bool]) -> None:
    never, give_up_at = threading.Event(), time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up_at
        never.wait(0.01)


def test_lookup__ctrl_c_keeps_what_came(command: Callable[..., CommandLine], tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    ids = [f"SAMPLE-VENDOR~i{n}" for n in range(400)]
    with Sandbox(today=TODAY, delay_s=0.02) as slow:
        run = command(slow, CONCURRENCY="2")
        process = run.start(*ids, "--orders-out", str(orders))
        _wait_for(lambda: len(slow.requests) >= 100)  # more than a second: some answers have been kept
        process.send_signal(signal.SIGINT)
        ran = run.end(process)
        asked = len(slow.requests)
        assert ran.code == 130
        assert "Interrupted" in ran.err
        assert 0 < ran.summary["found"] < 400
        outcomes = [row["outcome"] for row in rows_of(orders)]
        assert outcomes.count("found") == ran.summary["found"]
        assert outcomes.count("pending") == 400 - ran.summary["found"]

        again = run(*ids[:100])
        assert again.code == 0
        assert again.summary["from_archive"] >= min(100, ran.summary["found"])
        assert len(slow.requests) - asked == again.summary["requests"] == 100 - again.summary["from_archive"]


def test_lookup__a_reader_that_has_gone_is_no_crash(command: Callable[..., CommandLine]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    run = command()
    process = run.start(own("SHAPE-LIST"), stdout=writing)
    os.close(writing)
    assert run.end(process).code == 130


def test_lookup__without_credentials_the_sandbox_answers_and_says_so(
    command: Callable[..., CommandLine], tmp_path: Path
) -> None:
    run = command()
    for name in ("BASE_URL", "ACCESS_KEY", "ACCESS_SECRET", "TENANT_ID"):
        del run.settings[name]
    ran = run("SAMPLE-VENDOR")
    assert ran.code == 0
    assert "sandbox" in ran.err
    assert ran.counts("found", "calls", "requests") == (1, 2, 1)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["sandbox.duckdb"]


def test_lookup__one_file_for_both_is_refused(command: Callable[..., CommandLine], tmp_path: Path) -> None:
    both = str(tmp_path / "both.csv")
    ran = command()("SAMPLE-VENDOR", "--orders-out", both, "--calls-out", both)
    assert ran.code == 2
    assert "both files" in ran.err


def test_lookup__says_why_ids_failed(command: Callable[..., CommandLine]) -> None:
    ran = command()("FAIL-CODE-41000~w1", "FAIL-CODE-41000~w2", "1.2E+17")
    assert ran.code == 3
    assert "2 failed: 41000" in ran.err
    assert "1 invalid: excel_scientific: Excel" in ran.err
