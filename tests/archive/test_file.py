"""The archive's file: who may have it, what happens when it cannot be had, and that a kill loses nothing committed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from nxcc.archive import Archive
from nxcc.errors import ArchiveError
from nxcc.outcome import Outcome

from ..both import archives
from ..conftest import DAY, at

ArchiveAt = Callable[..., Archive]
PROJECT = Path(__file__).parent.parent.parent
NOW = at("2026-11-24T12:00:00")


@pytest.fixture(params=["file"])
def archive_at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ArchiveAt]:
    """Opens archives in files that are closed after the test."""
    yield from archives(request, tmp_path)


def test_archive__makes_its_folder(archive_at: ArchiveAt, tmp_path: Path) -> None:
    path = tmp_path / "a folder" / "it's new" / "archive.duckdb"
    archive_at(path)
    assert path.exists()


def test_archive__what_does_not_fit_into_memory_lies_beside_it_and_goes(archive_at: ArchiveAt, tmp_path: Path) -> None:
    overflow = tmp_path / "archive-overflow"
    overflow.mkdir()
    (overflow / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"+85261234567")  # of a process that was killed
    archive = archive_at(tmp_path / "archive.duckdb")
    assert not overflow.exists()
    with archive.writing() as cursor:
        cursor.execute("SET memory_limit = '50MB'")
        cursor.execute("CREATE TEMP TABLE many AS SELECT hash(i)::VARCHAR AS text FROM range(3000000) AS t(i)")
        assert list(overflow.iterdir())
    archive.close()
    assert not overflow.exists()


def _in_another_process(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=30, check=True)


def test_archive__a_second_process_is_told_who_has_it(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    code = """if True:
        import sys, pathlib
        from nxcc.archive import Archive
        from nxcc.errors import ArchiveError
        try:
            Archive(pathlib.Path(sys.argv[1]), "gateway", 1)
        except ArchiveError as error:
            print(error)
    """
    said = _in_another_process(code, archive.path).stdout
    assert f"process {os.getpid()}" in said
    assert "one process at a time" in said
    assert "NXCC_DATA_DIR" in said
    archive.close()
    assert _in_another_process(code, archive.path).stdout == ""


def test_append__what_was_committed_survives_a_kill(archive_at: ArchiveAt, tmp_path: Path) -> None:
    code = """if True:
        import itertools, sys, pathlib
        from datetime import datetime, timezone
        from nxcc import records
        from nxcc.archive import Archive
        from nxcc.outcome import Outcome
        archive, now = Archive(pathlib.Path(sys.argv[1]), "gateway", 1), datetime.now(timezone.utc)
        for batch in itertools.count():
            ids = [f"{batch}-{n}" for n in range(100)]
            outcomes = [Outcome(i, "found", calls=1, asked_at=now) for i in ids]
            archive.append([(o, records.calls(o.order_id, [{"callId": o.order_id}])) for o in outcomes])
            print(batch, flush=True)
    """
    path = tmp_path / "killed.duckdb"
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        for line in writer.stdout:
            if line == "5\n":
                break
        writer.send_signal(signal.SIGKILL)
    archive = archive_at(path)
    size = archive.size()
    assert size.lookups >= 600
    assert size.lookups % 100 == 0  # a batch is there whole or not at all
    assert size.calls == size.lookups
    archive.append([(Outcome("after", "no_calls", asked_at=NOW), [])])


def _spoil(start: int, length: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:start] + b"\xaa" * length + content[start + length :]


DAMAGES = [
    lambda _: b"order_id,outcome\r\n",
    _spoil(0, 4096),
    _spoil(4096, 8192),
    lambda content: content[:5000],
]


@pytest.mark.parametrize("damage", DAMAGES, ids=["other", "header", "blocks", "cut"])
def test_archive__a_damaged_file_is_told(
    archive_at: ArchiveAt, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "damaged.duckdb"
    archive_at(path).close()
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(ArchiveError, match="damaged") as failed:
        Archive(path, "gateway", 1)
    assert "backup" in failed.value.cure
    assert path.read_bytes() == before


@pytest.mark.parametrize("path", ["file/archive.duckdb", "folder"])
def test_archive__a_place_that_cannot_be_written_is_told(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ArchiveError, match="cannot be opened or written") as failed:
        Archive(tmp_path / path, "gateway", 1)
    assert "NXCC_DATA_DIR" in failed.value.cure


def test_archive__one_that_could_not_be_opened_is_not_held(archive_at: ArchiveAt, tmp_path: Path) -> None:
    path = tmp_path / "newer.duckdb"
    archive_at(path).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO schema_version VALUES (999, now())")
    with pytest.raises(ArchiveError, match="schema 999") as failed:
        Archive(path, "gateway", 1)
    assert "Update nxcc" in failed.value.cure
    with duckdb.connect(str(path)) as connection:  # while the error is still at hand
        assert connection.execute("SELECT count(*) FROM lookups").fetchone() == (0,)


def test_archive__closed_is_an_error_not_an_empty_answer(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.close()
    for action in (
        archive.size,
        lambda: archive.known(["A"], DAY.at(NOW)),
        lambda: archive.append([(Outcome("A", "no_calls", asked_at=NOW), [])]),
    ):
        with pytest.raises(ArchiveError):
            action()


def test_archive__an_empty_file_is_begun_anew(archive_at: ArchiveAt, tmp_path: Path) -> None:
    path = tmp_path / "empty.duckdb"
    path.touch()
    assert archive_at(path).size().lookups == 0
