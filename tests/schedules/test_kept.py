"""Schedules where an installation is backed up, carried over, and where something is forgotten."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from nxcc import backup, keeping
from nxcc.jobs import Store
from nxcc.moving import carry_over
from nxcc.sandbox import Sandbox
from nxcc.schedules import Run, Schedule, Schedules, Tell, What, When
from nxcc.small_tables import Place
from nxcc.team.place import Team

from ..backup.conftest import nobody, restore
from ..conftest import at
from ..jobs.conftest import installation
from ..places import kept_by
from ..postgres import Postgres
from ..test_keeping import ME, DeskOf, desk_of, holding, on_both
from .conftest import NOON

__all__ = ["desk_of", "installation"]  # fixtures
TONIGHT = at("2026-11-25T02:00:00")
NUMBER, DIGITS = "+852 9876 5432", "85298765432"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a schedule that is on, one that is off, and a run that is under way."""
    data = tmp_path / "data"
    data.mkdir()
    Store(data / "jobs.sqlite", "us").close()
    schedules = Schedules(data / "jobs.sqlite", "us")
    nightly = schedules.add(
        "nightly", What("ask_again", days=7), When("0 2 * * *", "Asia/Shanghai"), Tell(finish=True), who="ann", now=NOON
    )
    run = schedules.claim(nightly, TONIGHT, "me")
    assert run
    schedules.under_way(run.id, "a" * 16)
    schedules.close_run(schedules.followed(TONIGHT)[0], "done", "3 calls.", now=TONIGHT, told={"finished": "sent"})
    schedules.close()
    return data


def inside(place: Place) -> tuple[list[Schedule], list[Run]]:
    schedules = Schedules(place, "us")
    try:
        found = schedules.all()
        return found, [run for one in found for run in schedules.history(one.id, 99)]
    finally:
        schedules.close()


def is_off(now: list[Schedule], before: list[Schedule], said: str) -> None:
    """All is as it was, but that nothing is due, and why."""
    for one, other in zip(now, before, strict=True):
        assert (one.id, one.name, one.what, one.when, one.tell) == (
            other.id, other.name, other.what, other.when, other.tell,
        )  # fmt: skip
        assert (one.on, one.next_at) == (False, None)
        assert said in one.note


def test_backup__comes_back_switched_off(folder: Path, tmp_path: Path) -> None:
    before, runs = inside(folder / "jobs.sqlite")
    path = tmp_path / "backup.zip"
    backup.make(folder, path, nobody)
    unpacked, _ = restore(tmp_path / "other", path)
    assert unpacked.off == 1
    assert unpacked.manifest.tables["schedules"] == 1
    assert unpacked.manifest.tables["schedule_runs"] == 1
    there, theirs = inside(tmp_path / "other" / "jobs.sqlite")
    is_off(there, before, "Put back from a backup of")
    assert theirs == runs
    assert inside(folder / "jobs.sqlite")[0] == before


def test_move__there_and_back(folder: Path, team: Team, tmp_path: Path) -> None:
    before, runs = inside(folder / "jobs.sqlite")
    told = {part.name: (part.count, part.arrived) for part in carry_over(folder, team)}
    assert (told["schedules"], told["schedule runs"]) == ((1, 1), (1, 1))
    there, theirs = inside(team)
    is_off(there, before, "Carried over from")
    assert theirs == runs
    told = {part.name: (part.count, part.arrived) for part in carry_over(folder, team)}  # once more: all is there
    assert told["schedules"] == (1, 1)
    told = {part.name: (part.count, part.arrived) for part in carry_over(team, tmp_path / "back")}
    assert (told["schedules"], told["schedule runs"]) == ((1, 1), (1, 1))
    is_off(inside(tmp_path / "back" / "jobs.sqlite")[0], before, "Carried over from")


def test_move__not_into_a_place_with_schedules(folder: Path, team: Team) -> None:
    theirs = Schedules(team, "us")
    theirs.add("theirs", What("import"), When("0 2 * * *", "UTC"), Tell(), who="", now=NOON)
    theirs.close()
    with pytest.raises(Exception, match="an installation of its own already"):
        carry_over(folder, team)


@on_both
def test_forget__a_number_that_somebody_typed(
    desk_of: DeskOf, installation: Team | None, request: pytest.FixtureRequest, tmp_path: Path, sandbox: Sandbox
) -> None:
    desk = desk_of(begin=False)
    assert desk.timekeeper
    schedules = desk.timekeeper.schedules
    schedules.add(f"Calls of {NUMBER}", What("import"), When("0 2 * * *", "UTC"), Tell(), who="", now=NOON)
    kept = schedules.add("kept", What("import"), When("0 2 * * *", "UTC"), Tell(), who="", now=NOON)
    run = schedules.begin_now(kept.id, "ann", NOON, "me")
    schedules.close_run(run, "failed", f"{NUMBER} again", now=NOON + timedelta(minutes=1))
    assert keeping.forget_number(desk, NUMBER, ME, dry=True).texts == 2
    assert keeping.forget_number(desk, NUMBER, ME).texts == 2
    first, second = schedules.all()
    assert first.name.startswith("Calls of ")
    assert second.name == "kept"
    if installation:
        postgres: Postgres = request.getfixturevalue("postgres")
        assert "9876 5432" not in kept_by(postgres)
    else:
        assert holding(tmp_path / "data", "9876 5432") == []
