"""An installation carried over to a team's database and lake, and back: all of it, once, even when interrupted."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nxcc import access, data_folder
from nxcc.__main__ import main
from nxcc.aliases import Aliases
from nxcc.archive import Archive, Lake
from nxcc.audit import Audit
from nxcc.data_folder import JOBS, TABLES
from nxcc.errors import ArchiveBusy, NxccError
from nxcc.filters import Filters
from nxcc.jobs import Store
from nxcc.moving import Part, carry_over
from nxcc.sandbox import Sandbox
from nxcc.sign_outs import SignOuts
from nxcc.team.place import Team
from nxcc.views import Views

from .backup.conftest import OWNER, state
from .jobs.conftest import House
from .jobs.test_store import JOB
from .places import at_port, run_sql
from .test_command import PROJECT

NUMBER = "+85235757580"
Place = Path | Team


@pytest.fixture(scope="session")
def whole(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with something of everything; no test changes it."""
    folder = tmp_path_factory.mktemp("whole") / "data"
    house = House(folder, sandbox)
    house.jobs.begin()
    for n in range(3):
        house.done(house.start([f"SAMPLE-VENDOR~moved{n}-{m}" for m in range(4)]))
    house.upload([["order_id"], ["A1"]])
    house.store.add(replace(JOB, state="running"))
    house.store.add(replace(JOB, id="f" * 16, state="halted"))
    house.end()
    other = Archive(folder / "sandbox.duckdb", "127.0.0.1", 7)
    other.close()
    place = folder / TABLES
    views, audit, ended, aliases = Views(place, OWNER), Audit(place, OWNER), SignOuts(place), Aliases(place, OWNER)
    views.save("mine", replace(Filters(), find="客户 %"))
    for n in range(7):
        audit.note(access.here("ann"), "looked up", count=n)
    ended.end({"sub": "ann", "iat": 1})
    aliases.in_address(NUMBER)
    for table in (views, audit, ended, aliases):
        table.close()
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(whole, tmp_path / "data")


def contents(place: Place, beside: Path) -> dict[str, Any]:
    """All that an installation keeps."""
    tables = place if isinstance(place, Team) else place / TABLES
    found: dict[str, Any] = {
        name: run_sql(tables, f"SELECT json_agg(x) FROM (SELECT * FROM {name}{order}) AS x")[0]
        if isinstance(tables, Team)
        else _rows(tables, f"SELECT * FROM {name}{order}")
        for name, order in {
            "jobs": " ORDER BY id", "audit": " ORDER BY n", "views": "", "sign_outs": "", "aliases": "",
        }.items()
    }  # fmt: skip
    for name in ("archive", "sandbox"):
        archive = Archive(Lake(place, name, beside) if isinstance(place, Team) else place / f"{name}.duckdb", "", 0)
        for table in ("lookups", "calls"):
            query = f"SELECT * FROM (SELECT * FROM archive.{table}) ORDER BY ALL"
            found[f"{name}.{table}"] = archive.read(query, {}).to_pylist()
        archive.close()
    root = (place.folder if isinstance(place, Team) else place) / JOBS
    found["files"] = {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.glob("*/*"))
        if path.is_file()
    }
    return found


def _rows(path: Path, query: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]


def as_told(parts: list[Part]) -> dict[str, tuple[int, int]]:
    return {part.name: (part.count, part.arrived) for part in parts}


def paused(found: dict[str, Any]) -> dict[str, Any]:
    """What is there after a move: a job that was at work waits."""
    jobs = [
        job | {"state": "paused", "note": "", "cure": ""} if job["state"] in ("running", "queued", "paused") else job
        for job in found["jobs"]
    ]
    return found | {"jobs": jobs}


def test_move__there_and_back(folder: Path, team: Team, tmp_path: Path) -> None:
    before = state(folder)
    parts = as_told(carry_over(folder, team))
    assert parts == {
        "archive: lookups": (12, 12), "archive: call records": (24, 24), "sandbox: lookups": (0, 0),
        "sandbox: call records": (0, 0), "folders of jobs": (4, 4), "jobs": (5, 5), "audit": (7, 7), "views": (1, 1),
        "sign outs": (1, 1), "aliases": (1, 1), "periods": (0, 0), "schedules": (0, 0), "schedule runs": (0, 0),
    }  # fmt: skip
    assert state(folder) == before  # it stays as it was
    there = contents(team, tmp_path / "a")
    assert paused(there) == paused(contents(folder, tmp_path / "b"))
    (moved,) = [job for job in there["jobs"] if job["id"] == JOB.id]
    assert (moved["state"], moved["cure"]) == ("paused", "")
    assert moved["note"].startswith(f"Carried over from {folder}, ")

    store, audit = Store(team, OWNER), Audit(team, OWNER)
    audit.note(access.here("bob"), "paused", job=JOB.id)
    assert [entry.n for entry in audit.all()] == list(range(1, 9))  # the next number
    store.change(JOB.id, state="cancelled")
    for table in (store, audit):
        table.close()
    again = as_told(carry_over(folder, team))  # what the team did since stays
    assert again == parts
    back = tmp_path / "back"
    assert as_told(carry_over(team, back))["audit"] == (8, 8)
    assert contents(back, tmp_path / "c") == contents(team, tmp_path / "d")
    audit = Audit(back / TABLES, OWNER)
    audit.note(access.here("eve"), "paused")
    assert audit.newest(1)[0].n == 9
    audit.close()
    house = House(back, "http://127.0.0.1:9")  # an app on it
    assert house.store.get(JOB.id) and len(house.store.all()) == 5
    house.end()


# Where a move dies: the code that runs before it does; each goes on where the one before was killed.
KILLS = {
    "before anything is noted": "rows.Rows.mark = die",
    "before the batch is committed": """
        from contextlib import contextmanager
        whole = moving.Archive.writing
        class Dying:
            commit = die
            def __init__(self, cursor):
                self.cursor = cursor
            def __getattr__(self, name):
                return getattr(self.cursor, name)
        @contextmanager
        def writing(self):
            with whole(self) as cursor:
                yield Dying(cursor)
        moving.Archive.writing = writing
    """,
    "after the second batch": """
        batches = []
        carrying._say_how_far = lambda *_: batches.append(1) or (die() if len(batches) == 2 else None)
    """,
    "with half a file": """
        import shutil
        def half(source, target):
            target.write_bytes(source.read_bytes()[:10])
            die()
        shutil.copy2 = half
    """,
    "after some files": """
        import shutil
        copied, copy = [], shutil.copy2
        shutil.copy2 = lambda *two: die() if len(copied) == 5 else copied.append(copy(*two))
    """,
    "in the middle of the audit": """
        rows.BATCH = 3
        batches = rows.Rows._batches
        def some(self, name):
            for n, batch in enumerate(batches(self, name)):
                if name == "audit" and n == 2:
                    die()
                yield batch
        rows.Rows._batches = some
    """,
    "before the end is noted": "rows.Rows.end = die",
    "after it": """
        end = rows.Rows.end
        rows.Rows.end = lambda *two: (end(*two), die())
    """,
}


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_move__killed_again_and_again_loses_nothing_and_brings_nothing_twice(
    folder: Path, team: Team, tmp_path: Path, back: bool
) -> None:
    source: Place = folder
    target: Place = team
    if back:
        carry_over(folder, team)
        source, target = team, tmp_path / "back"
    for where, code in KILLS.items():
        if back and where in ("before anything is noted", "after some files", "after it"):
            continue  # the same as in the other direction
        assert _killed(code, target, team, folder) == -signal.SIGKILL, where
    parts = carry_over(source, target)
    assert all(part.count == part.arrived for part in parts), parts
    assert paused(contents(target, tmp_path / "a")) == paused(contents(source, tmp_path / "b"))
    assert not list((target.folder if isinstance(target, Team) else target).rglob(".moving-*"))


def _killed(code: str, target: Place, team: Team, folder: Path) -> int:
    head = """
        import os, signal, sys
        from nxcc.archive import moving
        from nxcc.moving import carrying, rows
        from nxcc.__main__ import main
        moving.BATCH = 5
        def die(*_, **__):
            os.kill(os.getpid(), signal.SIGKILL)
    """
    command = ["move"] if isinstance(target, Team) else ["move", "--to", str(target)]
    whole = f"{textwrap.dedent(head)}\n{textwrap.dedent(code)}\nsys.exit(main({command!r}))"
    done = subprocess.run(
        [sys.executable, "-c", whole], cwd=PROJECT, env=_environment(team, folder), capture_output=True, check=False
    )
    return done.returncode


def _environment(team: Team, folder: Path) -> dict[str, str]:
    said = {"NXCC_DATABASE_URL": team.database_url, "NXCC_LAKE_PATH": team.lake_path, "NXCC_DATA_DIR": str(folder)}
    return {name: value for name, value in os.environ.items() if not name.startswith("NXCC_")} | said


@pytest.fixture
def set_team(team: Team, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _environment(team, folder).items():
        if name.startswith("NXCC_"):
            monkeypatch.setenv(name, value)


def test_command__a_table_and_its_exit_code(
    set_team: None, team: Team, folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["move"]) == 0
    said = capsys.readouterr()
    rows = [line.split() for line in said.out.splitlines()]
    assert rows[0] == ["there", "arrived"]
    assert ["archive:", "lookups", "12", "12"] in rows and ["audit", "7", "7"] in rows
    assert main(["move", "--to", str(tmp_path / "back")]) == 0
    assert team.password not in said.out + said.err
    # Somebody took something out of what has arrived.
    run_sql(team, "DELETE FROM views")
    shutil.rmtree(next((team.folder / JOBS).iterdir()))
    assert main(["move"]) == 1
    said = capsys.readouterr()
    assert "Not all has arrived as it was: folders of jobs, views." in said.err
    assert ["views", "1", "0", "differs"] in [line.split() for line in said.out.splitlines()]


def test_command__by_options(
    team: Team, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NXCC_DATA_DIR", str(folder))
    assert main(["move"]) == 2
    assert "Set NXCC_DATABASE_URL and NXCC_LAKE_PATH" in capsys.readouterr().err
    assert main(["move", "--to", team.database_url]) == 2
    assert "NXCC_LAKE_PATH is missing" in capsys.readouterr().err
    assert main(["move", "--to", team.database_url, "--lake", team.lake_path]) == 0
    said = capsys.readouterr()
    assert team.password not in said.out + said.err
    assert "NXCC_DATABASE_URL" not in os.environ


def test_move__not_while_somebody_works_on_it(folder: Path, team: Team, tmp_path: Path) -> None:
    with data_folder.use(folder), pytest.raises(ArchiveBusy, match="works on this data folder"):
        carry_over(folder, team)
    assert as_told(carry_over(folder, team))["jobs"] == (5, 5)
    member = "INSERT INTO team_members (id, kind, host, pid) VALUES ('a', 'worker', 'other-machine', 1)"
    run_sql(team, member)
    with pytest.raises(NxccError, match=r"is at work \(worker on other-machine\)"):
        carry_over(team, tmp_path / "back")
    assert not (tmp_path / "back" / TABLES).exists()


def _a_view(place: Place) -> None:
    views = Views(place if isinstance(place, Team) else place / TABLES, "others")
    views.save("theirs", Filters())
    views.close()


def _an_upload(place: Place) -> None:
    root = (place.folder if isinstance(place, Team) else place) / JOBS / ("a" * 16)
    root.mkdir(parents=True)
    (root / "about.json").write_text("{}")


def _a_move_from_elsewhere(place: Place) -> None:
    tables = place if isinstance(place, Team) else place / TABLES
    run_sql(tables, "CREATE TABLE moves (whence varchar PRIMARY KEY, begun_at varchar, ended_at varchar)")
    run_sql(tables, "INSERT INTO moves VALUES ('elsewhere', '', '')")


@pytest.mark.parametrize("used", [_a_view, _an_upload, _a_move_from_elsewhere])
@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_move__not_into_what_is_in_use(
    folder: Path, team: Team, tmp_path: Path, used: Callable[[Place], None], back: bool
) -> None:
    source, target = (team, tmp_path / "back") if back else (folder, team)
    if isinstance(target, Path):
        target.mkdir()
    used(target)
    with pytest.raises(NxccError, match="an installation of its own already"):
        carry_over(source, target)


def test_move__nothing_there(team: Team, tmp_path: Path) -> None:
    with pytest.raises(NxccError, match="nothing to carry over"):
        carry_over(tmp_path / "none", team)
    assert not (tmp_path / "none").exists()


def test_move__a_folder_with_an_archive_alone(folder: Path, team: Team, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(folder / "archive.duckdb", alone / "archive.duckdb")
    told = as_told(carry_over(alone, team))
    assert told["archive: lookups"][0] == told["archive: lookups"][1] > 0
    assert told["jobs"] == told["audit"] == (0, 0)


def test_move__the_database_is_away(folder: Path, team: Team) -> None:
    with pytest.raises(NxccError, match="does not answer") as failed:
        carry_over(folder, at_port(team, 9))  # nobody listens there
    assert team.password not in f"{failed.value!r} {failed.value}"
    assert json.dumps(as_told(carry_over(folder, team)))


def test_backup__of_a_team_is_left_to_its_database(
    set_team: None, folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for command in (["backup", str(tmp_path / "made.zip")], ["restore", str(tmp_path / "made.zip")]):
        assert main(command) == 2
        assert "pg_dump" in capsys.readouterr().err
    assert not (tmp_path / "made.zip").exists()
