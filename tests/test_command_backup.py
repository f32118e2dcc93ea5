"""`python -m nxcc backup` and `restore` as a person runs them, also while the app works on the data folder."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nxcc import __main__, data_folder
from nxcc.archive import Archive
from nxcc.command import restore
from nxcc.errors import ArchiveBusy, NxccError
from nxcc.sandbox import Sandbox

from .archive.test_ledger import answer
from .backup.conftest import manifest_of, state
from .browser.server import app
from .conftest import TODAY, own
from .jobs.conftest import as_csv, wait_for
from .test_command import PROJECT, CommandLine, Ran, command  # noqa: F401 - a fixture
from .test_desk import configured  # noqa: F401 - a fixture

Command = Callable[..., CommandLine]
BACKUP = ["file", "bytes", "made_at", "lookups", "calls", "jobs", "by_app", "seconds"]
RESTORE = ["file", "made_at", "lookups", "calls", "jobs", "paused", "moved_aside", "by_app", "seconds"]


Run = Callable[..., Ran]


def nxcc(run: CommandLine, *arguments: str | Path) -> Ran:
    """Runs any command in a process of its own, with the settings of this one."""
    environment = dict(os.environ) | {f"NXCC_{name}": value for name, value in run.settings.items()}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    line = [sys.executable, "-m", "nxcc", *map(str, arguments)]
    return run.end(subprocess.Popen(line, cwd=PROJECT, env=environment, encoding="utf-8", **pipes))


@pytest.fixture
def here(command: Command, capsys: pytest.CaptureFixture[str]) -> Run:  # noqa: F811
    """Runs any command in this process, on the data folder of this name, with other settings or (None) without them:
    quicker, and the same but for its start."""

    def ran(*arguments: str | Path, data: str = "data", **settings: str | None) -> Ran:
        run = command()
        folder = str(Path(run.settings["DATA_DIR"]).with_name(data))
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (run.settings | {"DATA_DIR": folder} | settings).items():
                if value is not None:
                    patch.setenv(f"NXCC_{name}", value)
            capsys.readouterr()
            code = __main__.main([*map(str, arguments)])
        out, err = capsys.readouterr()
        assert "sandbox-secret" not in out + err
        return Ran(code, out, err)

    return ran


def said(ran: Ran, keys: list[str]) -> dict[str, Any]:
    """The JSON line."""
    (line,) = ran.out.splitlines()
    summary: dict[str, Any] = json.loads(line)
    assert list(summary) == keys
    assert 0 < summary["seconds"] < 60
    return summary


def deeds(folder: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(folder / "jobs.sqlite")) as connection:
        return connection.execute("SELECT who, deed FROM audit ORDER BY n").fetchall()


def test_backup__and_restore_into_an_empty_folder(here: Run, tmp_path: Path) -> None:
    ids = [own("SAMPLE-VENDOR") for _ in range(3)]
    assert here("lookup", *ids).code == 0
    path = tmp_path / "nxcc.zip"
    made = here("backup", path)
    assert made.code == 0, made.err
    summary = said(made, BACKUP)
    assert [summary[name] for name in BACKUP[3:7]] == [3, 6, 0, False]
    assert summary["bytes"] == path.stat().st_size
    assert "3 lookups and 6 call records of team" in made.err
    assert "has every call record in it" in made.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for secret in (b"sandbox-key", b"sandbox-secret"):
        assert secret not in path.read_bytes()
    assert deeds(tmp_path / "data") == [("command line", "backed up")]

    there = here("backup", path)
    assert (there.code, there.out) == (2, "")
    assert "is there already" in there.err
    assert "--force" in there.err
    assert here("backup", path, "--force").code == 0

    back = here("restore", path, data="other")
    assert back.code == 0, back.err
    summary = said(back, RESTORE)
    assert [summary[name] for name in RESTORE[2:8]] == [3, 6, 0, 0, None, False]
    assert stat.S_IMODE((tmp_path / "other").stat().st_mode) == 0o700
    assert deeds(tmp_path / "other") == [("command line", "backed up"), ("command line", "restored")]
    asked = here("lookup", *ids, data="other")
    assert asked.counts("found", "requests", "from_archive") == (3, 0, 3)


def test_restore__over_what_is_there_only_when_it_is_said(here: Run, tmp_path: Path) -> None:
    path = tmp_path / "nxcc.zip"
    first, second = own("SAMPLE-VENDOR"), own("SAMPLE-VENDOR")
    assert here("lookup", first).code == 0
    assert here("backup", path).code == 0
    assert here("lookup", second).code == 0
    before = state(tmp_path / "data")
    refused = here("restore", path)
    assert (refused.code, refused.out) == (2, "")
    assert "holds an archive or jobs already" in refused.err
    assert "--replace" in refused.err
    assert state(tmp_path / "data") == before

    replaced = here("restore", path, "--replace")
    assert replaced.code == 0, replaced.err
    aside = Path(said(replaced, RESTORE)["moved_aside"])
    assert aside.parent == tmp_path / "data"
    assert str(aside) in replaced.err
    assert before.items() <= state(aside).items()
    assert here("lookup", first, second).counts("requests", "from_archive") == (1, 1)


def test_restore__of_another_team_says_whose_it_is(here: Run, tmp_path: Path) -> None:
    path = tmp_path / "nxcc.zip"
    Archive(tmp_path / "data" / "archive.duckdb", "api-hk.nxlink.ai", 77).close()
    with closing(Archive(tmp_path / "data" / "archive.duckdb", "api-hk.nxlink.ai", 77)) as archive:
        archive.append([answer("A1")])
    assert here("backup", path).code == 0
    back = here("restore", path, data="other")
    assert back.code == 0
    assert "1 lookups and 0 call records of team 77 at api-hk.nxlink.ai" in back.err
    assert "None of it is of the team and gateway of these settings" in back.err
    sandbox_only = dict.fromkeys(("BASE_URL", "ACCESS_KEY", "ACCESS_SECRET", "TENANT_ID"))
    assert "shows the sandbox until they are" in here("restore", path, data="third", **sandbox_only).err


def test_restore__what_is_refused_leaves_no_folder(here: Run, tmp_path: Path) -> None:
    (tmp_path / "odd.zip").write_bytes(b"PK\x03\x04 not a backup" * 20)
    for path, told in ((tmp_path / "odd.zip", "is not a backup of nxcc"), (tmp_path / "no.zip", "There is no file")):
        refused = here("restore", path)
        assert (refused.code, refused.out) == (2, "")
        assert told in refused.err
        assert not (tmp_path / "data").exists()
    nothing = here("backup", tmp_path / "b.zip")
    assert (nothing.code, nothing.out) == (2, "")
    assert "nothing to back up" in nothing.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["odd.zip"]


def test_backup__an_archive_that_something_else_has_is_told(
    command: Command,  # noqa: F811
    archive_at: Callable[..., Archive],
    tmp_path: Path,
) -> None:
    archive_at(tmp_path / "data" / "archive.duckdb")
    ran = nxcc(command(), "backup", tmp_path / "b.zip")
    assert (ran.code, ran.out) == (2, "")
    assert f"process {os.getpid()}" in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_backup__and_restore_while_the_app_works(command: Command, tmp_path: Path) -> None:  # noqa: F811
    data, path = tmp_path / "data", tmp_path / "nxcc.zip"
    data.mkdir()
    ids = [own("SAMPLE-VENDOR") for _ in range(900)]
    crm = tmp_path / "crm.csv"
    crm.write_bytes(as_csv([["order_id"], *([order_id] for order_id in ids)]))
    with Sandbox(today=TODAY) as slow:
        run = command(slow, RATE_PER_SECOND="40")
        other = command(slow, DATA_DIR=str(tmp_path / "other"), RATE_PER_SECOND="0")
        with app(data, {f"NXCC_{name}": value for name, value in run.settings.items()}):
            watching = run.start("--file", str(crm), "--orders-out", str(tmp_path / "orders.csv"))
            wait_for(lambda: len(slow.requests) >= 60, within_s=60)
            made = nxcc(run, "backup", path)
            assert made.code == 0, made.err
            assert "The app has the archive open: it copies it." in made.err
            summary = said(made, BACKUP)
            assert summary["by_app"] is True
            assert 40 <= summary["lookups"] < 900
            assert summary["calls"] == 2 * summary["lookups"]

            back = nxcc(other, "restore", path)  # the same counts, in an empty folder
            assert back.code == 0, back.err
            there = said(back, RESTORE)
            assert [there[name] for name in ("lookups", "calls", "jobs")] == [
                summary[name] for name in ("lookups", "calls", "jobs")
            ]
            assert (there["paused"], there["by_app"]) == (1, False)
            assert "1 of the jobs were at work: they are paused" in back.err

            ended = run.end(watching)
            assert (ended.code, ended.summary["found"]) == (0, 900)
            with data_folder.use(data):  # as a command line does that works on its own
                refused = nxcc(run, "restore", path, "--replace")
            assert (refused.code, refused.out) == (2, "")
            assert "works on this data folder" in refused.err

            before = len(slow.requests)
            replaced = nxcc(run, "restore", path, "--replace")
            assert replaced.code == 0, replaced.err
            assert said(replaced, RESTORE)["by_app"] is True
            kept = ids[:40]
            again = run(*kept)  # the app answers out of what was put back
            assert again.code == 0
            assert again.counts("found", "from_archive", "requests") == (40, 40, 0)
            assert len(slow.requests) == before
            assert deeds(data)[-1] == ("command line", "restored")
        assert other(*ids).counts("found", "requests") == (900, 900 - summary["lookups"])
    assert manifest_of(path).lookups == summary["lookups"]
    assert list(data.glob(".*")) == []


def test_restore__an_app_that_dies_in_the_middle_is_carried_on_for(
    configured: Any,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = configured.data_dir
    for name in ("data", "fresh"):
        Archive(tmp_path / name / "archive.duckdb", name, 1).close()
    scratch = folder / ".restoring-abc"
    (tmp_path / "fresh").rename(scratch)
    before = state(scratch)

    class Dying:
        """The app begins, and no more is heard of it."""

        def ask(self, kind: str, wants: dict[str, Any]) -> str:
            assert (kind, wants) == ("put_back", {"scratch": scratch.name, "replace": True})
            with monkeypatch.context() as patch:
                patch.setattr(data_folder, "_finish", lambda _: None)
                data_folder.replace(folder, scratch, "replaced-then")
            return "id"

        def wait(self, errand_id: str, timeout_s: float) -> dict[str, Any]:
            raise NxccError("The app has ended, or hangs, in the middle of this.", cure="Start it again.")

        def close(self) -> None: ...

    monkeypatch.setattr(restore, "open_errands", lambda settings, of_anybody: Dying())
    done = restore._ask_app(configured, scratch, ArchiveBusy("busy"), replace=True)
    assert done.aside == "replaced-then"
    assert "this command carried it to its end" in done.problem
    assert state(folder) | before == state(folder)
    assert (folder / "replaced-then" / "archive.duckdb").is_file()
