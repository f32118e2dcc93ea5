"""A file is whole or is not there; the same file comes out in this process and apart."""

from __future__ import annotations

import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest

from nxcc.export import FORMATS, RESULT_COLUMNS, ROWS_AT_ONCE, ExportError, Format, convert, convert_apart, write

from .tables import NEW_YORK, SHANGHAI, UPLOADED, csv_rows, one, orders, sheets

Convert = Callable[..., int]
LINUX = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux tells what was started")
EACH_FORMAT = pytest.mark.parametrize("format", FORMATS)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "orders.parquet"
    write(orders(50).to_reader(), path, "parquet", SHANGHAI)
    return path


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file of this process may grow past 20 kB, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def broken(rows: int) -> pa.RecordBatchReader:
    """A stream that ends in an error of its own."""
    table = orders(rows)

    def batches() -> Iterator[pa.RecordBatch]:
        yield from table.to_batches()
        raise RuntimeError("the archive went away")

    return pa.RecordBatchReader.from_batches(table.schema, batches())


@EACH_FORMAT
def test_write__puts_one_whole_file_in_place_of_an_older_one(tmp_path: Path, format: Format) -> None:
    path = tmp_path / f"orders.{format}"
    path.write_bytes(b"older")
    assert write(orders(100).to_reader(), path, format, SHANGHAI) == 100
    assert path.stat().st_size > 1000
    assert list(tmp_path.iterdir()) == [path]


@EACH_FORMAT
def test_write__says_how_far_it_is(tmp_path: Path, format: Format) -> None:
    said: list[int] = []
    rows = 2 * ROWS_AT_ONCE + 1
    assert write(one(list(range(rows))), tmp_path / "n", format, SHANGHAI, progress=said.append) == rows
    assert said == sorted(said)
    assert said[-1] == rows


@EACH_FORMAT
def test_write__nothing_is_left_when_the_stream_breaks(tmp_path: Path, format: Format) -> None:
    path = tmp_path / f"orders.{format}"
    path.write_bytes(b"older")
    with pytest.raises(RuntimeError, match="went away"):
        write(broken(100), path, format, SHANGHAI)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"older"


@EACH_FORMAT
@pytest.mark.usefixtures("small_files")
def test_write__nothing_is_left_when_the_disk_is_full(tmp_path: Path, format: Format) -> None:
    with pytest.raises(ExportError, match=f"no room to write orders.{format}") as raised:
        write(orders(5_000).to_reader(), tmp_path / f"orders.{format}", format, SHANGHAI)
    assert "Free some space" in raised.value.cure
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["missing", "a file"])
def test_write__a_folder_that_cannot_be_written(tmp_path: Path, folder: str) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(ExportError, match=r"orders\.csv cannot be written") as raised:
        write(orders(1).to_reader(), tmp_path / folder / "orders.csv", "csv", SHANGHAI)
    assert "folder" in raised.value.cure


def test_write__as_many_names_as_columns(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 names for 1 columns"):
        write(one(["x"]), tmp_path / "x.csv", "csv", SHANGHAI, names=["a", "b"])
    assert list(tmp_path.iterdir()) == []


def test_write__csv_has_the_names_of_the_uploaded_file_made_safe(tmp_path: Path) -> None:
    table = pa.table({"a": ["1"], "b": ["=2"], "c": ["3"]})
    write(table.to_reader(), tmp_path / "o.csv", "csv", SHANGHAI, names=["", "=1+1", 'a "b",\nc'])
    assert csv_rows(tmp_path / "o.csv") == [["", "'=1+1", 'a "b",\nc'], ["1", "'=2", "3"]]


@pytest.mark.parametrize("make", [convert, convert_apart])
def test_convert__true_names_and_every_row(tmp_path: Path, stored: Path, make: Convert) -> None:
    assert make(stored, tmp_path / "orders.csv", "csv", NEW_YORK) == 50
    header, *rows = csv_rows(tmp_path / "orders.csv")
    assert header == [*UPLOADED, *RESULT_COLUMNS]
    assert [row[0] for row in rows] == [f"order_id {n}" for n in range(50)]
    assert rows[1][10] == "2026-10-31T09:00:00.001-04:00"


@EACH_FORMAT
def test_convert_apart__makes_what_convert_makes(tmp_path: Path, stored: Path, format: Format) -> None:
    here, there = tmp_path / f"here.{format}", tmp_path / f"there.{format}"
    assert convert(stored, here, format, SHANGHAI, sheet="calls") == 50
    assert convert_apart(stored, there, format, SHANGHAI, sheet="calls") == 50
    if format == "xlsx":
        assert sheets(here) == sheets(there)
        assert list(sheets(there)) == ["calls"]
    else:
        assert here.read_bytes() == there.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"orders.parquet", here.name, there.name}


@pytest.mark.parametrize("make", [convert, convert_apart])
@pytest.mark.parametrize("content", [None, b"", b"no parquet"])
def test_convert__a_source_that_cannot_be_read(tmp_path: Path, make: Convert, content: bytes | None) -> None:
    source = tmp_path / "orders.parquet"
    if content is not None:
        source.write_bytes(content)
    before = list(tmp_path.iterdir())
    with pytest.raises(ExportError, match=r"orders\.parquet cannot be read") as raised:
        make(source, tmp_path / "orders.csv", "csv", SHANGHAI)
    assert raised.value.cure == "Make the files again."
    assert list(tmp_path.iterdir()) == before


@pytest.fixture
def waiting(tmp_path: Path) -> Path:
    """A source for which the process waits until it is ended."""
    path = tmp_path / "waiting.parquet"
    os.mkfifo(path)
    return path


def when_it_runs(act: Callable[[int], None]) -> threading.Thread:
    """Calls `act` with the id of the process that makes the file, once it has loaded Arrow."""

    def watch() -> None:
        while not (started := [pid for pid in children() if makes_a_file(pid)]):
            os.sched_yield()
        act(started[0])

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def makes_a_file(pid: int) -> bool:
    process = Path("/proc") / str(pid)
    with suppress(OSError):  # it has ended meanwhile
        return b"nxcc.export" in (process / "cmdline").read_bytes() and "libarrow" in (process / "maps").read_text()
    return False


def children() -> list[int]:
    found: list[int] = []
    for of_a_thread in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended meanwhile
            found += [int(pid) for pid in of_a_thread.read_text().split()]
    return found


@LINUX
def test_convert_apart__a_process_that_is_killed(tmp_path: Path, waiting: Path) -> None:
    thread = when_it_runs(lambda pid: os.kill(pid, signal.SIGKILL))
    with pytest.raises(ExportError, match=r"orders\.csv was not made: its process ended with signal 9") as raised:
        convert_apart(waiting, tmp_path / "orders.csv", "csv", SHANGHAI)
    thread.join()
    assert "short of memory" in raised.value.cure
    assert list(tmp_path.iterdir()) == [waiting]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C interrupts, also where the tests run in the background of a shell, which has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@LINUX
@pytest.mark.usefixtures("interruptible")
def test_convert_apart__ends_the_process_when_the_caller_is_interrupted(tmp_path: Path, waiting: Path) -> None:
    thread = when_it_runs(lambda _: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        convert_apart(waiting, tmp_path / "orders.csv", "csv", SHANGHAI)
    thread.join()
    assert children() == []
    assert list(tmp_path.iterdir()) == [waiting]
