"""What an operator polls: each thing well, to be warned of, or failed; and nothing is changed by looking."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter, namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nxcc import checks, errands
from nxcc.archive.copying import NEWEST
from nxcc.archive.schema import migrate
from nxcc.checks import Check
from nxcc.desk import open_desk, open_errands, open_store
from nxcc.jobs import Checked
from nxcc.sandbox import Sandbox
from nxcc.serving import handlers
from nxcc.settings import Settings, load

from .api.wire import Wire, http
from .conftest import TODAY, outcomes_of, own, seen

PROJECT = Path(__file__).parent.parent
ALL = ["settings", "api", "clock", "disk", "archive", "jobs"]
Configure = Callable[..., dict[str, str]]


@pytest.fixture
def configure(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Sets the environment of an installation that asks a gateway; returns what it set."""

    def make(gateway: str = sandbox.base_url, **other: str) -> dict[str, str]:
        account = sandbox.credentials
        wanted = {
            "NXCC_BASE_URL": gateway,
            "NXCC_ACCESS_KEY": account.access_key,
            "NXCC_ACCESS_SECRET": account.access_secret,
            "NXCC_TENANT_ID": str(account.tenant_id),
            "NXCC_DATA_DIR": str(tmp_path / "data"),
            "NXCC_TIMEOUT_S": "2",
            "NXCC_RATE_PER_SECOND": "0",
        } | {f"NXCC_{name}": value for name, value in other.items()}
        for name, value in wanted.items():
            monkeypatch.setenv(name, value)
        return wanted

    return make


def looked(*, offline: bool = False) -> dict[str, Check]:
    return {check.name: check for check in checks.run(offline=offline)}


def states(found: dict[str, Check]) -> dict[str, str]:
    return {name: check.state for name, check in found.items()}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def filled(settings: Settings) -> None:
    """An archive with a found order, one without calls, and a job that is done."""
    desk = open_desk(settings, with_jobs=True)
    outcomes_of(desk.lookup.run([own("SAMPLE-VENDOR"), own("SHAPE-LIST")]))
    desk.close()


# The whole.


def test_run__a_fresh_installation_is_well_and_nothing_is_made(configure: Configure, tmp_path: Path) -> None:
    configure()
    found = looked()
    assert list(found) == ALL
    assert states(found) == dict.fromkeys(ALL, "ok")
    assert "will be made" in found["disk"].what
    assert list(tmp_path.iterdir()) == []


def test_run__of_an_archive_changes_nothing(configure: Configure, sandbox: Sandbox, tmp_path: Path) -> None:
    configure()
    filled(load())
    before = contents(tmp_path)
    found = looked()
    assert states(found) == dict.fromkeys(ALL, "ok")
    value = found["archive"].value
    assert (value["calls"], value["lookups"], value["schema"], value["held_by"]) == (2, 2, NEWEST, "")
    assert value["bytes"] == (tmp_path / "data" / "archive.duckdb").stat().st_size
    assert 0 <= value["age_s"] < 60
    after = contents(tmp_path)
    assert {name: after[name] for name in before} == before
    assert {name.rpartition("-")[0] for name in after.keys() - before} <= {"data/jobs.sqlite"}  # SQLite's own log


def test_run__offline_asks_nothing(configure: Configure, sandbox: Sandbox) -> None:
    configure()
    before = len(sandbox.requests)
    assert list(looked(offline=True)) == ["settings", "disk", "archive", "jobs"]
    assert len(sandbox.requests) == before


def test_run__without_credentials_no_sandbox_is_started(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    configure()
    before = threading.active_count()
    for name in ("BASE_URL", "ACCESS_KEY", "ACCESS_SECRET", "TENANT_ID"):
        monkeypatch.delenv(f"NXCC_{name}")
    found = looked()
    assert states(found) == {name: "ok" for name in ALL if name != "clock"}
    assert found["api"].value == {"sandbox": True}
    assert threading.active_count() == before


# Settings.


def test_settings__a_wrong_one_is_all_that_is_told(configure: Configure) -> None:
    configure(TIMEOUT_S="fast")
    found = looked()
    assert states(found) == {"settings": "fail"}
    assert "NXCC_TIMEOUT_S" in found["settings"].what
    assert "seconds" in found["settings"].cure


def test_settings__each_with_its_source_and_no_secret(configure: Configure) -> None:
    configure(ADMINS="ann@example.com,@example.org")
    value = looked(offline=True)["settings"].value
    assert list(value) == [f"NXCC_{name.upper()}" for name in Settings.model_fields]
    assert value["NXCC_ACCESS_KEY"] == {"value": "sa•••ey", "source": "environment"}
    assert value["NXCC_ACCESS_SECRET"] == {"value": "set, never shown", "source": "environment"}
    assert value["NXCC_ADMINS"] == {"value": "2 entries", "source": "environment"}
    assert value["NXCC_ATTEMPTS"] == {"value": "5", "source": "default"}


# API and clock.


def test_api__one_request_that_is_not_kept(configure: Configure, sandbox: Sandbox) -> None:
    configure()
    filled(load())
    before = len(seen(sandbox, checks.ASKED))
    found = looked()
    assert found["api"].what == "The gateway answers and lets us in."
    assert 0 <= found["api"].value["latency_ms"] < 2_000
    assert len(found["api"].value["req_id"]) == 32
    assert len(seen(sandbox, checks.ASKED)) == before + 1
    assert looked(offline=True)["archive"].value["lookups"] == 2


REFUSED = [
    ({"ACCESS_SECRET": "the-wrong-secret"}, "1003", "NXCC_ACCESS_SECRET"),
    ({"ACCESS_KEY": "the-wrong-key"}, "1005", "NXCC_ACCESS_KEY"),
]


@pytest.mark.parametrize(("wrong", "code", "cure"), REFUSED, ids=["secret", "key"])
def test_api__wrong_credentials(configure: Configure, wrong: dict[str, str], code: str, cure: str) -> None:
    configure(**wrong)
    found = looked()
    assert states(found) | {"api": "ok"} == dict.fromkeys(ALL, "ok")
    assert found["api"].state == "fail"
    assert code in found["api"].what
    assert cure in found["api"].cure
    assert "the-wrong" not in repr(found)


def test_api__the_gateway_is_away(configure: Configure) -> None:
    configure("http://127.0.0.1:9")
    found = looked()
    assert (found["api"].state, found["clock"].state) == ("fail", "warn")
    assert "refuses connections" in found["api"].what


ANSWERS = [
    ("200 OK", b'{"code":41000,"msg":"orderId is wrong","data":{}}', "ok"),
    ("200 OK", b'{"code":77777,"msg":"?","data":{}}', "warn"),
    ("200 OK", b'{"code":0,"data":"see attachment"}', "warn"),
    ("429 Too Many Requests", b"", "warn"),
    ("503 Service Unavailable", b"", "fail"),
    ("404 Not Found", b"<html>", "fail"),
    ("200 OK", b"<html>sign in", "fail"),
]


@pytest.mark.parametrize(("status", "body", "state"), ANSWERS)
def test_api__what_an_answer_means(configure: Configure, status: str, body: bytes, state: str) -> None:
    with Wire(http(body, status=status)) as wire:
        configure(wire.url)
        found = looked()
        assert len(wire.asked) == 1  # whatever the answer: once
    assert found["api"].state == state
    assert bool(found["api"].cure) is (state != "ok")


@pytest.mark.parametrize(
    ("off_s", "api", "clock"), [(0, "ok", "ok"), (20, "ok", "warn"), (-20, "ok", "warn"), (300, "fail", "fail")]
)
def test_clock__against_the_gateways(configure: Configure, off_s: int, api: str, clock: str) -> None:
    with Sandbox(today=TODAY, clock=lambda: time.time() + off_s) as elsewhere:
        configure(elsewhere.base_url)
        found = looked()
    assert (found["api"].state, found["clock"].state) == (api, clock)
    assert found["clock"].value["difference_s"] == pytest.approx(off_s, abs=2)
    if off_s:
        assert ("behind" if off_s > 0 else "ahead of") in found["clock"].what
        assert "time server" in found["clock"].cure


@pytest.mark.parametrize(("off_s", "state"), [(5, "ok"), (-5, "ok"), (5.1, "warn"), (50, "warn"), (-50.1, "fail")])
def test_clock__bounds(off_s: float, state: str) -> None:
    assert checks.of_clock(off_s).state == state


# Disk.


def test_disk__a_folder_that_cannot_be_written(configure: Configure) -> None:
    configure(DATA_DIR="/proc/nxcc")  # not even by root
    found = looked(offline=True)
    assert found["disk"].state == "fail"
    assert "cannot be written" in found["disk"].what
    assert found["disk"].value["writable"] is False


@pytest.mark.parametrize(("free", "state"), [(10**9, "ok"), (10**9 - 1, "warn"), (49_999_999, "fail")])
def test_disk__how_much_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    usage = namedtuple("usage", "total used free")  # a full disk is not to be had
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: usage(10**12, 10**12 - free, free))
    check = checks.of_disk(tmp_path)
    assert (check.state, check.value["free_bytes"]) == (state, free)
    assert list(tmp_path.iterdir()) == []


# The archive.


@pytest.mark.parametrize(
    "damage", [lambda whole: b"no archive" * 500, lambda whole: whole[:9_000]], ids=["other", "cut"]
)
def test_archive__damaged(configure: Configure, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    configure()
    filled(load())
    path = tmp_path / "data" / "archive.duckdb"
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    found = looked(offline=True)
    assert found["archive"].state == "fail"
    assert "damaged" in found["archive"].what
    assert "backup" in found["archive"].cure
    assert path.read_bytes() == damaged


@pytest.mark.parametrize(("schema", "state"), [(1, "ok"), (99, "fail")])
def test_archive__of_another_schema_stays_as_it_is(
    configure: Configure, tmp_path: Path, schema: int, state: str
) -> None:
    configure()
    path = tmp_path / "data" / "archive.duckdb"
    path.parent.mkdir()
    with duckdb.connect(path) as connection:
        migrate(connection, up_to=min(schema, 1))
        if schema == 99:
            connection.execute("INSERT INTO schema_version VALUES (99, now())")
    before = path.read_bytes()
    assert looked(offline=True)["archive"].state == state
    assert path.read_bytes() == before


HOLD = """
import sys
from pathlib import Path
from nxcc.archive import Archive
archive = Archive(Path(sys.argv[1]), "127.0.0.1", 1001)
print("open", flush=True)
sys.stdin.read()
"""


def test_archive__held_by_a_process_that_does_not_answer(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure()
    monkeypatch.setattr(errands, "TAKEN_WITHIN_S", 0.3)
    path = tmp_path / "data" / "archive.duckdb"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLD, path], cwd=PROJECT, text=True, **pipes) as holder:  # type: ignore[call-overload]
        assert holder.stdout.readline() == "open\n"
        check = looked(offline=True)["archive"]
        holder.stdin.close()
    assert check.state == "warn"
    assert f"process {holder.pid}" in check.what
    assert "does not answer" in check.what


@contextmanager
def at_work(settings: Settings) -> Iterator[Any]:
    """A desk that does errands, as the app has it."""
    desk, ending, table = open_desk(settings, with_jobs=True), threading.Event(), open_errands(settings)
    thread = threading.Thread(target=table.serve, args=(handlers(desk), ending))
    thread.start()
    try:
        yield desk
    finally:
        ending.set()
        thread.join()
        table.close()
        desk.close()


# The command, in a process of its own.


def command(*arguments: str) -> tuple[int, str, str]:
    whole = [sys.executable, "-m", "nxcc", "check", *arguments]
    ran = subprocess.run(whole, check=False, cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in ran.stdout + ran.stderr
    for secret in ("sandbox-secret", "sandbox-key", "the-wrong-secret"):
        assert secret not in ran.stdout + ran.stderr
    return ran.returncode, ran.stdout, ran.stderr


def test_command__while_the_app_holds_the_archive_it_is_asked(configure: Configure) -> None:
    configure()
    with at_work(load()) as desk:
        outcomes_of(desk.lookup.run([own("SAMPLE-VENDOR")]))
        code, out, err = command("--json")
    said = json.loads(out)
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert list(said) == ["state", "at", "version", "checks"]
    assert [check["name"] for check in said["checks"]] == ALL
    assert all(list(check) == ["name", "state", "what", "cure", "value"] for check in said["checks"])
    archive = next(check for check in said["checks"] if check["name"] == "archive")
    assert (archive["state"], archive["value"]["held_by"], archive["value"]["calls"]) == ("ok", "app", 2)
    assert "as it should" in archive["what"]


def test_command__warnings_are_no_failure(configure: Configure) -> None:
    with Sandbox(today=TODAY, clock=lambda: time.time() + 20) as elsewhere:
        configure(elsewhere.base_url)
        code, out, _ = command()
    assert code == 0
    assert Counter(line.split()[0] for line in out.splitlines() if not line.startswith(" ")) == {"ok": 5, "warn": 1}


def test_command__a_failure_is_exit_code_2(configure: Configure) -> None:
    configure(ACCESS_SECRET="the-wrong-secret")
    code, out, _ = command()
    assert code == 2
    assert any(line.startswith("fail  api") and "1003" in line for line in out.splitlines())
    assert "                Check NXCC_ACCESS_SECRET" in out


def test_command__a_wrong_setting_is_told_as_json(configure: Configure) -> None:
    configure(TENANT_ID="zero")
    code, out, err = command("--json")
    said = json.loads(out)
    assert (code, err, said["state"], len(said["checks"])) == (2, "", "fail", 1)


# Jobs.


def test_jobs__halted_and_left_ones(configure: Configure) -> None:
    configure()
    settings = load()
    desk = open_desk(settings, with_jobs=True)
    assert desk.jobs
    folder = desk.jobs.upload("a list.csv", io.BytesIO(b"order_id\nA1\n"))
    folder.read()
    folder.check(0)
    job = desk.jobs.start(folder, Checked(0), name="a list", who="amy")
    desk.close()
    waits = looked(offline=True)["jobs"]
    assert (waits.state, waits.value["states"], waits.cure) == ("warn", {"queued": 1}, "Start the app: they go on.")
    store = open_store(settings)
    store.beat(os.getpid(), desk.lookup.now())
    assert checks.of_jobs(store).state == "ok"
    store.change(job.id, state="halted", code="1003", note="It came when A1 was asked.")
    store.close()
    halted = looked(offline=True)["jobs"]
    assert (halted.state, halted.value["halted"]) == ("warn", [{"id": job.id, "code": "1003"}])
    assert "A1" not in repr(halted)


def test_jobs__a_table_that_is_none(configure: Configure, tmp_path: Path) -> None:
    configure()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "jobs.sqlite").write_bytes(b"no table" * 100)
    found = looked(offline=True)
    assert found["jobs"].state == "fail"
    assert "cannot be read" in found["jobs"].what


def test_safely__what_nobody_foresaw_is_a_failed_check(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> list[Check]:
        raise KeyError("+852 3575 7580")

    (check,) = checks.safely("disk", broken)
    assert (check.name, check.state) == ("disk", "fail")
    assert "KeyError" in check.what
    assert "7580" not in check.what + check.cure + caplog.text
