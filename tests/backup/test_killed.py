"""Whoever is killed in the middle of a backup or a restore leaves a data folder that can be used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nxcc import backup, data_folder
from nxcc.archive import copying
from nxcc.backup import seal, tables
from nxcc.sandbox import Sandbox

from ..jobs.conftest import House
from .conftest import manifest_of, nobody, restore, state

PROJECT = Path(__file__).parents[2]


def killed(what: str, kept: Path, base: Path, file: str, steps: range) -> list[str]:
    """How each try ended."""
    command = [sys.executable, "-m", "tests.backup.killing", what, str(kept), str(base), file, *map(str, steps)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture(scope="module")
def older(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of another day: two jobs, other answers."""
    base = tmp_path_factory.mktemp("older")
    house = House(base / "data", sandbox)
    house.jobs.begin()
    for n in range(2):
        house.done(house.start([f"SAMPLE-VENDOR~older{n}"]))
    house.end()
    backup.make(base / "data", base / "older.zip", nobody)
    return base / "older.zip"


def what_is_there(folder: Path) -> tuple[int, frozenset[str], frozenset[str]]:
    """Lookups, jobs in the table, and their folders."""
    ledger = copying.look_over(folder / "archive.duckdb")
    folders = frozenset(path.name for path in (folder / "jobs").iterdir())
    return ledger.tables["lookups"], frozenset(tables.jobs(folder / "jobs.sqlite")), folders


def test_killed__in_a_restore_it_is_all_as_before_or_all_as_in_the_backup(
    kept: Path, older: Path, tmp_path: Path
) -> None:
    steps = range(1, 24)
    ended = killed("restore", kept, tmp_path, str(older), steps)
    old = what_is_there(kept)
    restore(tmp_path / "new", older)
    new = what_is_there(tmp_path / "new")
    assert old != new
    found = []
    for n in steps:
        folder = tmp_path / str(n) / "data"
        with data_folder.use(folder):  # as whoever opens it next does
            pass
        found.append(there := what_is_there(folder))
        assert there in (old, new), n
        assert list(folder.glob(".*")) == []
        aside = list(folder.glob("replaced-*"))
        if there == old:
            assert (aside, state(folder)) == ([], state(kept))
        else:
            (path,) = aside
            assert state(path) == state(kept)
    assert "killed" in ended[:8]
    assert ended[-1] == "done"
    assert found[0] == old
    assert found[-1] == new
    in_the_middle = [how for how, there in zip(ended, found, strict=True) if (how, there) == ("killed", new)]
    assert len(in_the_middle) >= 6  # and was carried to its end


def test_killed__in_a_backup_nothing_is_changed(kept: Path, tmp_path: Path) -> None:
    steps = range(1, 36, 3)
    ended = killed("backup", kept, tmp_path, "backup.zip", steps)
    assert ended[0] == "killed"
    assert ended[-1] == "done"
    for n, how in zip(steps, ended, strict=True):
        folder, path = tmp_path / str(n) / "data", tmp_path / str(n) / "backup.zip"
        with data_folder.use(folder):
            pass
        assert state(folder) == state(kept), n
        assert list(folder.glob(".*")) == []
        if path.exists():  # whole, though whoever made it could not say so any more
            with path.open("rb") as file:
                seal.opened(file, path.name).close()
        else:
            assert how == "killed"
            backup.make(folder, path, nobody)  # what is left of the other one is in nobody's way
        assert manifest_of(path).lookups == 4
        assert [each.name for each in sorted(path.parent.iterdir())] == ["backup.zip", "data"]
