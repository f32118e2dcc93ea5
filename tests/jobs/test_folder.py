"""A job's folder: what was uploaded is on the disk before anything else, and a list that has begun never changes."""

from __future__ import annotations

import errno
import io
import os
import time
from pathlib import Path
from typing import Any

import pytest

from nxcc import intake
from nxcc.intake import IntakeError, Overrides
from nxcc.jobs import Folder, JobsError
from nxcc.jobs.folder import UNSTARTED_KEPT_S, is_id, tidy

CRM = "customer;订单号\r\nChan;007\r\n陈;6912345678901234567\r\n".encode("gb18030")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.keep(tmp_path / "data" / "jobs", "crm.csv", io.BytesIO(CRM))


def test_keep__the_upload_is_there_byte_by_byte(folder: Folder) -> None:
    assert folder.upload.read_bytes() == CRM
    assert (folder.name, folder.exists, is_id(folder.id)) == ("crm.csv", True, True)
    assert not folder.cells.exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "订单 \u202e.csv", "", "a\x00b.csv", "n" * 500])
def test_keep__the_files_name_is_no_path(tmp_path: Path, name: str) -> None:
    folder = Folder.keep(tmp_path / "jobs", name, io.BytesIO(CRM))
    assert folder.name == name
    assert {path.name for path in tmp_path.rglob("*")} == {"jobs", folder.id, "upload", "about.json"}


def test_keep__a_file_that_is_no_table_is_still_kept(tmp_path: Path) -> None:
    folder = Folder.keep(tmp_path / "jobs", "picture.xlsx", io.BytesIO(b"PK\x03\x04 not a workbook"))
    with pytest.raises(IntakeError):
        folder.read()
    assert folder.upload.read_bytes() == b"PK\x03\x04 not a workbook"


IDS = [("0123456789abcdef", True), ("0123456789ABCDEF", False), ("", False), ("../0123456789abc", False),
       ("0123456789abcde", False), ("0123456789abcdef0", False), ("0123456789abcdef\n", False),
       ("０123456789abcdef", False), ("0123456789abcd/.", False)]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), IDS)
def test_is_id__nothing_else_becomes_a_path(text: str, expected: bool) -> None:
    assert is_id(text) is expected


def test_read__once_for_each_way_of_reading(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Overrides] = []
    real = intake.read

    def counted(source: Path, name: str, into: Path, overrides: Overrides) -> Any:
        calls.append(overrides)
        return real(source, name, into, overrides)

    monkeypatch.setattr(intake, "read", counted)
    first = folder.read()
    assert (first.columns, first.encoding, first.delimiter, first.rows) == (["customer", "订单号"], "GB18030", ";", 2)
    assert folder.read() == Folder(folder.path).read() == first  # another process as well
    assert len(calls) == 1
    other = Overrides(header=0)
    assert folder.read(other).rows == 3
    assert folder.read(other) == folder.read()  # what was chosen last stays chosen
    assert folder.overrides() == other
    assert len(calls) == 2


def test_check__once_for_each_column(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = intake.check

    def counted(cells: Path, column: int, into: Path, *, insist: bool) -> Any:
        calls.append(column)
        return real(cells, column, into, insist=insist)

    monkeypatch.setattr(intake, "check", counted)
    folder.read()
    check = folder.check(1)
    assert (check.rows, check.ids) == (2, 2)
    assert folder.check(1) == check
    assert calls == [1]
    folder.check(0)
    folder.check(1)
    folder.check(1, insist=True)
    assert calls == [1, 0, 1, 1]
    folder.read(Overrides(header=0))  # another reading has another list
    assert folder.check(1, insist=True).rows == 3


def test_read__a_list_that_has_begun_does_not_change(folder: Folder) -> None:
    reading, check = folder.read(), folder.check(1)
    folder.note(begun=True)
    before = folder.ids.read_bytes()
    assert (folder.read(), folder.check(1)) == (reading, check)
    for change in (lambda: folder.read(Overrides(header=0)), lambda: folder.check(0)):
        with pytest.raises(JobsError, match="list does not change") as failed:
            change()
        assert "Repeat" in failed.value.cure
    assert folder.ids.read_bytes() == before


def test_copy__is_a_job_of_its_own(folder: Folder) -> None:
    reading, check = folder.read(), folder.check(1)
    folder.note(begun=True)
    twin = folder.copy()
    assert twin.id != folder.id
    assert (twin.read(), twin.check(1), twin.name) == (reading, check, "crm.csv")
    assert twin.fingerprint() == folder.fingerprint()
    twin.check(0)  # it has not begun
    assert folder.check(1) == check
    folder.remove()
    assert (folder.exists, twin.exists) == (False, True)
    assert twin.upload.read_bytes() == CRM


def test_fingerprint__of_the_bytes_and_of_how_they_are_read(tmp_path: Path) -> None:
    def fingerprint(content: bytes, column: int, **overrides: Any) -> str:
        folder = Folder.keep(tmp_path, f"any name {column}.csv", io.BytesIO(content))
        folder.read(Overrides(**overrides))
        folder.check(column)
        return folder.fingerprint()

    assert fingerprint(CRM, 1) == fingerprint(CRM, 1)
    others = {fingerprint(CRM, 1), fingerprint(CRM, 0), fingerprint(CRM, 1, header=0), fingerprint(CRM + b"A;1\r\n", 1)}
    assert len(others) == 4


DAMAGES = [b"", b"{", b"[]", b"null", b"{}", b'"crm.csv"', b'{"name": 7}', b"\xff\xfe", b'{"name": "crm.csv"']


@pytest.mark.parametrize("damage", DAMAGES, ids=repr)
def test_about__damaged_is_a_sentence(folder: Folder, damage: bytes) -> None:
    folder.read()
    (folder.path / "about.json").write_bytes(damage)
    for action in (lambda: folder.name, folder.read, lambda: folder.check(1), folder.copy, folder.overrides):
        with pytest.raises(JobsError, match="not there, or not whole") as failed:
            action()
        assert "Upload the file again" in failed.value.cure


def test_about__of_another_version_is_a_sentence(folder: Folder) -> None:
    folder.read()
    folder.check(1)
    folder.note(overrides={"colour": "red"})
    with pytest.raises(JobsError, match="not there, or not whole"):
        folder.overrides()
    folder.note(overrides=None, reading={"colour": "red"}, check={"colour": "red"})
    for action in (folder.read, lambda: folder.check(1)):
        with pytest.raises(JobsError, match="not there, or not whole"):
            action()


def test_folder__that_is_not_there(tmp_path: Path) -> None:
    folder = Folder(tmp_path / ("0" * 16))
    assert not folder.exists
    for action in (folder.read, lambda: folder.check(0), folder.copy, folder.fingerprint):
        with pytest.raises(JobsError, match="not there, or not whole"):
            action()
    folder.remove()


def test_keep__a_full_disk_is_told_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(JobsError, match="is full") as failed:
        Folder.keep(tmp_path / "jobs", "crm.csv", io.BytesIO(CRM))
    assert "Free some space" in failed.value.cure
    assert list((tmp_path / "jobs").iterdir()) == []


def test_keep__a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(JobsError, match="cannot be read or written") as failed:
        Folder.keep(tmp_path / "data" / "jobs", "crm.csv", io.BytesIO(CRM))
    assert "NXCC_DATA_DIR" in failed.value.cure


def test_tidy__old_uploads_that_nobody_started_and_what_is_half_made(tmp_path: Path) -> None:
    old, young, begun = (Folder.keep(tmp_path, "crm.csv", io.BytesIO(CRM)) for _ in range(3))
    begun.note(begun=True)
    (tmp_path / "notes").mkdir()
    (young.path / ".intake-half").mkdir()
    (begun.path / "files" / ".nxcc-half").mkdir(parents=True)
    long_ago = time.time() - UNSTARTED_KEPT_S - 60
    half_made = [young.path / ".intake-half", begun.path / "files" / ".nxcc-half"]
    (young.path / ".intake-now").mkdir()  # another process is at it
    for path in (old.path, begun.path, tmp_path / "notes", *half_made):
        os.utime(path, (long_ago, long_ago))
    tidy(tmp_path, time.time())
    assert (old.path.exists(), young.exists, begun.exists) == (False, True, True)
    assert (tmp_path / "notes").exists()
    assert not any(path.exists() for path in half_made)
    assert (young.path / ".intake-now").exists()
    tidy(tmp_path / "nowhere", time.time())
