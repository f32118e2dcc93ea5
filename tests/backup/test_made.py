"""A backup holds what the folder held at one moment, and brings it back."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from nxcc import access, backup, data_folder
from nxcc.archive import Archive, copying
from nxcc.audit import Audit
from nxcc.backup import BackupError
from nxcc.errors import ArchiveBusy, NxccError
from nxcc.sandbox import Sandbox
from nxcc.sign_outs import SignOuts
from nxcc.views import Views

from ..archive.test_ledger import answer
from ..conftest import own, sample, seen
from ..jobs.conftest import House, HouseOf, house_of, installation, quick, wait_for  # noqa: F401
from .conftest import OWNER, manifest_of, members_of, nobody, restore, state


def test_backup__says_what_is_in_it_and_brings_it_back(
    folder: Path, made: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    manifest = manifest_of(made)
    assert (manifest.lookups, manifest.calls, manifest.jobs) == (4, 8, 2)
    (owner,) = manifest.ledgers["archive.duckdb"].owners
    assert (owner.gateway, owner.tenant_id, owner.lookups, owner.calls) == ("gateway", 1, 4, 8)
    assert (manifest.tables["jobs"], manifest.tables["views"], manifest.tables["audit"]) == (1, 1, 1)
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert not [name for name in members_of(made) if "explored" in name or "secrets" in name]

    unpacked, aside = restore(tmp_path / "other", made)
    assert (unpacked.manifest, unpacked.paused, aside) == (manifest, 0, "")
    house = House(tmp_path / "other", sandbox)
    try:
        assert house.archive.size().lookups == 4
        (job,) = house.store.all()
        assert house.jobs.listed(job).tally().words["found"] == job.found == 4
        folder_of_job = house.jobs.folder(job.id)
        assert folder_of_job and folder_of_job.upload.read_bytes() == (folder / "jobs" / job.id / "upload").read_bytes()
        views = Views(house.store.place, OWNER)
        assert [view.name for view in views.all()] == ["mine"]
        views.close()
        new = own("SHAPE-LIST")
        house.jobs.begin()
        house.done(house.start([new, "SAMPLE-VENDOR~kept0"]))
        assert len(seen(sandbox, new)) == 1  # it works on, and asks nothing that was answered
    finally:
        house.end()
    assert sorted(path.name for path in (tmp_path / "other").glob(".*")) == []


def test_backup__any_zip_program_reads_it(made: Path) -> None:
    with zipfile.ZipFile(made) as archive:
        assert archive.testzip() is None


def test_copy__is_of_one_moment_while_answers_come(archive_at: Callable[..., Archive], tmp_path: Path) -> None:
    archive, stop, kept = archive_at(), threading.Event(), [0]
    sent = sample("queryByOrderId-success")["data"]
    assert len(sent) == 2

    def append() -> None:
        while not stop.is_set():
            archive.append([answer(f"A{kept[0]}-{n}", *sent) for n in range(50)])
            kept[0] += 1

    def go_on(beyond: int) -> int:
        wait_for(lambda: kept[0] > beyond)
        return kept[0]

    thread = threading.Thread(target=append)
    thread.start()
    try:
        for n in range(4):
            before = go_on(kept[0] + 2)
            copying.copy(archive, tmp_path / f"{n}.duckdb")
            tables = copying.look_over(tmp_path / f"{n}.duckdb").tables
            assert tables["calls"] == 2 * tables["lookups"]  # never half an answer
            assert tables["lookups"] % 50 == 0  # they are kept all or none
            assert before <= tables["lookups"] // 50 <= kept[0] + 1
        go_on(kept[0] + 2)
    finally:
        stop.set()
        thread.join()
    assert not [path for path in tmp_path.glob("*.wal") if path.name[0].isdecimal()]  # each is one file


@pytest.mark.usefixtures("quick")
def test_restore__of_a_job_at_work_waits_for_resume_and_goes_on(
    house_of: HouseOf,  # noqa: F811
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    ids = [own("SAMPLE-VENDOR") for _ in range(300)]
    house = house_of(sandbox, rate_per_second=20)
    job = house.start(ids)
    wait_for(lambda: house.job(job).found >= 5)
    path = tmp_path / "backup.zip"
    with copied_by(house):
        backup.make(house.path, path, nobody)
    house.end()

    unpacked, _ = restore(tmp_path / "other", path)
    assert unpacked.paused == 1
    assert 5 <= unpacked.manifest.lookups < 300
    before = len(seen(sandbox, *ids))
    again = House(tmp_path / "other", sandbox)
    try:
        again.jobs.begin()
        assert (again.job(job).state, again.jobs.live(job)) == ("paused", None)
        assert "backup of" in again.job(job).note
        again.jobs.resume(again.job(job))
        assert again.done(job).found == 300
        assert len(seen(sandbox, *ids)) - before == 300 - unpacked.manifest.lookups
    finally:
        again.end()


@contextmanager
def copied_by(house: House) -> Iterator[None]:
    """This process has the ledger open, where the engine's own lock does not stop it: it copies as the app does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copying, "copy_closed", lambda _, target: copying.copy(house.archive, target))
        yield


def test_backup__a_job_that_is_deleted_meanwhile_is_not_in_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nxcc.backup import tables

    copy = tables.copy

    def slow(path: Path, target: Path) -> None:
        copy(path, target)
        for job in tables.jobs(target):
            shutil.rmtree(folder / "jobs" / job)

    monkeypatch.setattr(tables, "copy", slow)
    backup.make(folder, tmp_path / "b.zip", nobody)
    assert manifest_of(tmp_path / "b.zip").tables["jobs"] == 0
    restore(tmp_path / "other", tmp_path / "b.zip")


def test_backup__deleted_rows_do_not_travel(folder: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(folder / "jobs.sqlite", isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("UPDATE views SET name = 'a name that nobody may read'")
        connection.execute("DELETE FROM views")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"nobody may read" in (folder / "jobs.sqlite").read_bytes()
    backup.make(folder, tmp_path / "b.zip", nobody)
    assert b"nobody may read" not in (tmp_path / "b.zip").read_bytes()


def test_restore__replaces_moves_aside_and_keeps_the_audit(folder: Path, made: Path) -> None:
    audit, ended = Audit(folder / "jobs.sqlite", OWNER), SignOuts(folder / "jobs.sqlite")
    audit.note(access.here("bob"), "deleted", count=1)
    ended.end({"sub": "bob", "iat": 2})
    audit.close()
    ended.close()
    (folder / "archive-explored.duckdb").write_bytes(b"of the archive that goes")
    (folder / "server.log").write_bytes(b"not ours")
    before = state(folder)
    with pytest.raises(BackupError, match="holds an archive or jobs already"):
        restore(folder, made)
    assert state(folder) == before

    _, aside = restore(folder, made, replace=True)
    there = state(folder / aside)
    assert {name: of for name, of in before.items() if name != "server.log"}.items() <= there.items()
    assert (folder / "server.log").read_bytes() == b"not ours"
    assert not (folder / "archive-explored.duckdb").exists()
    audit, ended = Audit(folder / "jobs.sqlite", OWNER), SignOuts(folder / "jobs.sqlite")
    assert [(entry.who, entry.deed) for entry in audit.all()] == [("ann", "looked up"), ("bob", "deleted")]
    assert ended.has_ended({"sub": "bob", "iat": 2})
    audit.close()
    ended.close()

    _, second = restore(folder, made, replace=True)  # twice in a second perhaps
    assert second != aside
    assert state(folder / aside) == there


def test_restore__of_tables_that_are_damaged_goes_on(folder: Path, made: Path) -> None:
    (folder / "jobs.sqlite").write_bytes(b"no longer a table" * 400)
    _, aside = restore(folder, made, replace=True)
    assert (folder / aside / "jobs.sqlite").read_bytes().startswith(b"no longer")
    audit = Audit(folder / "jobs.sqlite", OWNER)
    assert audit.count() == 1
    audit.close()


def test_backup__without_jobs_or_without_answers(tmp_path: Path) -> None:
    only = tmp_path / "only"
    Archive(only / "sandbox.duckdb", "127.0.0.1", 1).close()
    backup.make(only, tmp_path / "a.zip", nobody)
    assert set(members_of(tmp_path / "a.zip")) == {"sandbox.duckdb", "manifest.json"}
    unpacked, _ = restore(tmp_path / "other", tmp_path / "a.zip")
    assert (unpacked.manifest.lookups, unpacked.manifest.jobs) == (0, 0)
    assert (tmp_path / "other" / "sandbox.duckdb").is_file()


def test_backup__what_cannot_be_done_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "there.zip").write_bytes(b"mine")
    for place, told in (
        (tmp_path / "there.zip", "is there already"),
        (tmp_path, "is a folder"),
        (tmp_path / "nowhere" / "b.zip", "There is no folder"),
    ):
        with pytest.raises(BackupError, match=told):
            backup.make(folder, place, nobody)
    with pytest.raises(BackupError, match="nothing to back up"):
        backup.make(tmp_path / "empty", tmp_path / "b.zip", nobody)
    assert (tmp_path / "there.zip").read_bytes() == b"mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "there.zip"]
    backup.make(folder, tmp_path / "there.zip", nobody, force=True)
    assert manifest_of(tmp_path / "there.zip").lookups == 4


def test_backup__a_full_disk_leaves_nothing_half(folder: Path, made: Path, tmp_path: Path) -> None:
    before, whole = state(folder), made.stat().st_size
    old = tmp_path / "old.zip"
    old.write_bytes(b"the backup of yesterday")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in (0, 5_000, 60_000, whole // 2, whole - 10):  # in the tables, in the ledger, in the file itself
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        try:
            with pytest.raises(NxccError, match=r"full|cannot be (written|opened|read)"):
                backup.make(folder, old, nobody, force=True)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert old.read_bytes() == b"the backup of yesterday"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "old.zip"], size
        assert state(folder) == before


def test_restore__a_full_disk_changes_nothing(folder: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = state(folder)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, limits[1]))
    try:
        with pytest.raises(BackupError, match="cannot be unpacked"):
            restore(folder, made, replace=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert state(folder) == before
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 1_000_000))  # type: ignore[attr-defined]
    with pytest.raises(BackupError, match=r"needs \d+ MB, and 1 MB are free"):
        restore(folder, made, replace=True)
    assert state(folder) == before


def test_restore__waits_for_nobody_who_works_on_the_folder(folder: Path, made: Path) -> None:
    before = state(folder)
    with data_folder.use(folder), pytest.raises(ArchiveBusy, match="works on this data folder"):
        restore(folder, made, replace=True)
    assert state(folder) == before


def test_tables__of_one_moment_while_rows_are_written(folder: Path, tmp_path: Path) -> None:
    """A writer in the middle of a transaction, whose rows come or do not come together."""
    with closing(sqlite3.connect(folder / "jobs.sqlite", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO audit (owner, at, who, role, deed, what, job) VALUES ('o', '', '', '', '', '', '')")
        backup.make(folder, tmp_path / "b.zip", nobody)
        writer.execute("ROLLBACK")
    assert manifest_of(tmp_path / "b.zip").tables["audit"] == 1
