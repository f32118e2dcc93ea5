"""`python -m nxcc lookup --file`: the orders file of the Bulk page, gone on with after any end, done by the app when it
runs."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from nxcc import __main__
from nxcc.desk import Desk, open_desk
from nxcc.export import RESULT_COLUMNS
from nxcc.sandbox import Sandbox
from nxcc.settings import Settings, load

from .conftest import TODAY, own, seen
from .jobs.conftest import answered, as_csv, wait_for
from .test_command import KEYS, CommandLine, command, rows_of  # noqa: F401 - a fixture

Command = Callable[..., CommandLine]


class Here:
    """The command in this process: quicker, and the same but for its start."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.err = ""

    def __call__(self, *arguments: object) -> int:
        self._capsys.readouterr()
        code = __main__.main(["lookup", *map(str, arguments)])
        self.out, self.err = self._capsys.readouterr()
        assert "Traceback" not in self.err
        return code

    @property
    def summary(self) -> dict[str, Any]:
        (line,) = self.out.splitlines()
        said: dict[str, Any] = json.loads(line)
        assert list(said) == KEYS
        return said


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, tmp_path: Path) -> Here:
    connect(monkeypatch, sandbox, tmp_path)
    monkeypatch.chdir(tmp_path)
    return Here(capsys)


def connect(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, tmp_path: Path) -> Settings:
    """This process's settings, as the command line of the `command` fixture has them."""
    account = sandbox.credentials
    monkeypatch.setenv("NXCC_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("NXCC_ACCESS_KEY", account.access_key)
    monkeypatch.setenv("NXCC_ACCESS_SECRET", account.access_secret)
    monkeypatch.setenv("NXCC_TENANT_ID", str(account.tenant_id))
    monkeypatch.setenv("NXCC_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("NXCC_RATE_PER_SECOND", "0")
    return load()


def book(path: Path, **sheets: list[list[str]]) -> Path:
    with xlsxwriter.Workbook(path) as workbook:
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for n, row in enumerate(rows):
                sheet.write_row(n, 0, row)
    return path


def test_file__its_columns_and_the_results(here: Here, tmp_path: Path) -> None:
    found, silent = own("SAMPLE-VENDOR"), own("SHAPE-LIST")
    rows = [["Chan", found, "=1+1"], ["陈", silent, ""], ["", found, "x"], ["No", "", "y"]]
    crm = tmp_path / "crm.csv"
    crm.write_bytes(as_csv([["name", "order_id", "note"], *rows]))
    assert here("--file", crm, "--calls-out", tmp_path / "calls.parquet") == 0
    table = rows_of(tmp_path / "crm orders.csv")  # where none is named
    assert list(table[0]) == ["name", "order_id", "note", *RESULT_COLUMNS]
    assert [[row["name"], row["order_id"], row["note"]] for row in table] == [
        ["Chan", found, "'=1+1"], ["陈", silent, ""], ["", found, "x"], ["No", "", "y"],
    ]  # fmt: skip
    assert [row["outcome"] for row in table] == ["found", "no_calls", "found", "invalid"]
    assert pq.read_table(tmp_path / "calls.parquet")["order_id"].to_pylist() == [found, found]
    assert "4 rows, 2 distinct ids in column order_id" in here.err
    said = here.summary
    assert {name: said[name] for name in KEYS[:-1]} == {
        "asked": 2, "found": 1, "no_calls": 1, "failed": 0, "invalid": 1, "calls": 2, "requests": 2, "from_archive": 0,
    }  # fmt: skip
    assert 0 < said["seconds"] < 30

    assert here("--file", crm, "--orders-out", tmp_path / "again.xlsx") == 0  # a new job, out of the archive
    assert (here.summary["requests"], here.summary["from_archive"]) == (0, 2)
    with CalamineWorkbook.from_path(tmp_path / "again.xlsx") as again:
        header, *cells = again.get_sheet_by_index(0).to_python()
    assert header[:4] == ["name", "order_id", "note", "order_id_sent"]
    assert [row[:3] for row in cells] == rows

    assert here("--file", crm, "--orders-out", tmp_path / "third.parquet", "--ask-again") == 0
    assert (here.summary["requests"], here.summary["from_archive"]) == (2, 0)
    assert pq.read_table(tmp_path / "third.parquet")["note"].to_pylist() == ["=1+1", "", "x", "y"]


def test_file__some_failed_is_exit_code_3_and_they_are_asked_the_next_time(
    here: Here, sandbox: Sandbox, tmp_path: Path
) -> None:
    found, refused = own("SAMPLE-VENDOR"), own("FAIL-CODE-41000-1")
    (tmp_path / "ids.txt").write_text(f"{found}\n{refused}\n")
    out = ("--orders-out", tmp_path / "o.parquet")
    assert here("--file", tmp_path / "ids.txt", *out) == 3
    assert "1 failed: 41000" in here.err
    assert here("--file", tmp_path / "ids.txt", *out) == 0
    assert (here.summary["found"], here.summary["requests"]) == (2, 1)
    assert len(seen(sandbox, found)) == 1


COLUMNS = [
    (["--column", "ref"], "ref"),
    (["--column", "2"], "ref"),
    (["--column", "订单号"], "订单号"),
    ([], "订单号"),  # by its name
    (["--header", "0", "--column", "1"], "Column 1"),
]


@pytest.mark.parametrize(("options", "column"), COLUMNS)
def test_column__by_name_by_number_or_found(here: Here, tmp_path: Path, options: list[str], column: str) -> None:
    ids = [own("SAMPLE-VENDOR") for _ in range(4)]
    crm = tmp_path / "crm.csv"
    crm.write_bytes(as_csv([["订单号", "ref"], ids[:2], ids[2:]]))
    assert here("--file", crm, "--orders-out", tmp_path / "o.parquet", *options) == 0
    assert f"in column {column}." in here.err
    sent = pq.read_table(tmp_path / "o.parquet")["order_id_sent"].to_pylist()
    assert sent[-2:] == (ids[1::2] if column == "ref" else ids[::2])


@pytest.mark.parametrize("column", ["nowhere", "0", "3", "-1", ""])
def test_column__that_is_not_there_is_told_with_those_that_are(here: Here, tmp_path: Path, column: str) -> None:
    crm = tmp_path / "crm.csv"
    crm.write_bytes(as_csv([["订单号", "name"], ["A1", "Chan"]]))
    assert here("--file", crm, "--column", column) == 2
    assert f"There is no column {column}." in here.err
    assert "There are: 订单号, name." in here.err
    assert here.out == ""
    assert list((tmp_path / "data" / "jobs").iterdir()) == []  # nothing is left of it


def test_column__that_nothing_speaks_for_is_asked(here: Here, tmp_path: Path) -> None:
    crm = tmp_path / "crm.csv"
    crm.write_bytes(as_csv([["name", "city"], ["Chan", "Hong Kong"], ["Li", "Macau"]]))
    assert here("--file", crm) == 2
    assert "No column looks like order ids" in here.err
    assert "--column" in here.err


def test_sheet__by_its_name(here: Here, tmp_path: Path) -> None:
    found = own("SAMPLE-VENDOR")
    crm = book(tmp_path / "crm.xlsx", First=[["order_id"], ["A1"]], Second=[["title"], ["order_id"], [found]])
    out = ("--orders-out", tmp_path / "o.parquet")
    assert here("--file", crm, "--sheet", "Second", "--header", "2", *out) == 0
    assert pq.read_table(tmp_path / "o.parquet")["order_id_sent"].to_pylist() == [found]
    assert here("--file", crm, "--sheet", "Third", *out) == 2
    assert "Third" in here.err
    assert "Second" in here.err


BAD: list[tuple[str, bytes | None, list[str], str]] = [
    ("nowhere.csv", None, [], "cannot be read"),
    ("picture.xlsx", b"PK\x03\x04 not a workbook", [], "picture.xlsx"),
    ("empty.csv", b"", [], "empty.csv"),
    ("ids.csv", b"order_id\nA1\n", ["A2"], "do not go together"),
    ("ids.csv", b"order_id\nA1\n", ["--orders-out", "nowhere/o.csv"], "cannot be written"),
    ("ids.csv", b"order_id\nA1\n", ["--orders-out", "o.csv", "--calls-out", "o.csv"], "both files"),
]


@pytest.mark.parametrize(("name", "content", "options", "told"), BAD)
def test_file__what_cannot_be_done_is_told_before_any_request(
    here: Here, sandbox: Sandbox, tmp_path: Path, name: str, content: bytes | None, options: list[str], told: str
) -> None:
    before = len(sandbox.requests)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert here(*options, "--file", tmp_path / name) == 2
    assert told in here.err
    assert here.out == ""
    assert len(sandbox.requests) == before


def test_file__a_wrong_secret_halts_it_and_after_the_cure_it_goes_on(
    here: Here, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [own("SAMPLE-VENDOR") for _ in range(30)]
    (tmp_path / "ids.txt").write_text("\n".join(ids))
    right = os.environ["NXCC_ACCESS_SECRET"]
    monkeypatch.setenv("NXCC_ACCESS_SECRET", "the-wrong-secret")
    out = ("--orders-out", tmp_path / "o.parquet")
    assert here("--file", tmp_path / "ids.txt", *out) == 2
    assert "The job is halted." in here.err
    assert "1003" in here.err
    assert "NXCC_ACCESS_SECRET" in here.err
    assert "the-wrong-secret" not in here.err + here.out
    assert set(pq.read_table(tmp_path / "o.parquet")["outcome"].to_pylist()) == {"pending"}
    monkeypatch.setenv("NXCC_ACCESS_SECRET", right)
    assert here("--file", tmp_path / "ids.txt", *out) == 0
    assert "Going on with the job" in here.err
    assert here.summary["found"] == 30
    assert answered(seen(sandbox, *ids)) == dict.fromkeys(ids, 1)


ENDS = [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)]


@pytest.mark.parametrize(("how", "code"), ENDS, ids=["Ctrl-C", "kill -9"])
def test_file__ended_in_the_middle_and_run_again_it_goes_on(
    command: Command,  # noqa: F811
    tmp_path: Path,
    how: signal.Signals,
    code: int,
) -> None:
    ids = [f"SAMPLE-VENDOR~{how.name}{n}" for n in range(300)]
    (tmp_path / "ids.csv").write_bytes(as_csv([["n", "order_id"], *([str(n), id_] for n, id_ in enumerate(ids))]))
    orders = tmp_path / "orders.parquet"
    with Sandbox(today=TODAY, delay_s=0.02) as slow:
        run = command(slow, CONCURRENCY="2")
        arguments = ("--file", str(tmp_path / "ids.csv"), "--orders-out", str(orders))
        process = run.start(*arguments)
        wait_for(lambda: len(slow.requests) >= 80)  # some answers have been kept
        process.send_signal(how)
        ran = run.end(process)
        assert ran.code == code
        asked = len(slow.requests)
        assert asked < 300
        if how == signal.SIGINT:
            assert "run it again to go on" in ran.err
            assert ran.summary["found"] == asked
            words = Counter(pq.read_table(orders)["outcome"].to_pylist())
            assert words == {"found": asked, "pending": 300 - asked}

        run.settings["CONCURRENCY"] = "16"
        again = run(*arguments)
        assert again.code == 0, again.err
        assert "Going on with the job" in again.err
        assert again.summary["found"] == 300
        twice = sum(answered(slow.requests).values()) - 300
        # Of a killed one, what came in the last moment was not kept yet.
        assert twice <= (0 if how == signal.SIGINT else 40)
    table = pq.read_table(orders)
    assert table["order_id"].to_pylist() == ids
    assert set(table["outcome"].to_pylist()) == {"found"}


@contextmanager
def app(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, tmp_path: Path) -> Iterator[Desk]:
    """What the app's process does on this data folder, without its pages."""
    desk = open_desk(connect(monkeypatch, sandbox, tmp_path), with_jobs=True)
    try:
        assert desk.jobs
        desk.jobs.begin()
        wait_for(lambda: (tmp_path / "data" / "jobs.sqlite").is_file() and _runners(tmp_path))
        yield desk
    finally:
        desk.close()


def _runners(tmp_path: Path) -> list[tuple[int]]:
    with sqlite3.connect(tmp_path / "data" / "jobs.sqlite") as table:
        found: list[tuple[int]] = table.execute("SELECT pid FROM runners").fetchall()
    table.close()
    return found


def test_app__does_the_work_and_makes_the_files(
    command: Command,  # noqa: F811
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    ids = [own("SAMPLE-VENDOR") for _ in range(5)]
    (tmp_path / "crm.csv").write_bytes(as_csv([["n", "order_id"], *([str(n), id_] for n, id_ in enumerate(ids))]))
    files = ("--orders-out", str(tmp_path / "o.csv"), "--calls-out", str(tmp_path / "c.parquet"))
    with app(monkeypatch, sandbox, tmp_path) as desk:
        run = command()
        by_file = run("--file", str(tmp_path / "crm.csv"), *files)
        assert by_file.code == 0, by_file.err
        assert "The app runs on this data folder" in by_file.err
        assert by_file.counts("found", "requests", "calls") == (5, 5, 10)
        assert [(row["n"], row["outcome"]) for row in rows_of(tmp_path / "o.csv")] == [
            (str(n), "found") for n in range(5)
        ]
        assert pq.read_table(tmp_path / "c.parquet").num_rows == 10

        refused = own("FAIL-CODE-41000")
        by_ids = run(ids[0], refused, "007", *files)
        assert by_ids.code == 3, by_ids.err
        assert by_ids.counts("found", "no_calls", "failed", "requests", "from_archive") == (1, 1, 1, 2, 1)
        assert [row["order_id"] for row in rows_of(tmp_path / "o.csv")] == [ids[0], refused, "007"]

        assert desk.jobs
        assert [job.state for job in desk.jobs.store.all()] == ["done"]  # a few ids are none to be found for ever


def test_app__that_ends_is_told_and_run_again_it_goes_on(
    command: Command,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    ids = [f"SAMPLE-VENDOR~e{n}" for n in range(300)]
    (tmp_path / "ids.txt").write_text("\n".join(ids))
    with Sandbox(today=TODAY, delay_s=0.05) as slow:
        run = command(slow)
        arguments = ("--file", str(tmp_path / "ids.txt"), "--orders-out", str(tmp_path / "o.parquet"))
        with app(monkeypatch, slow, tmp_path):
            process = run.start(*arguments)
            wait_for(lambda: len(slow.requests) >= 40)
        ran = run.end(process)
        assert (ran.code, ran.out) == (2, "")
        assert "The app has ended." in ran.err
        asked = len(slow.requests)
        assert asked < 300
        again = run(*arguments)
        assert again.code == 0, again.err
        assert again.summary["found"] == 300
        assert len(slow.requests) == 300
    assert pq.read_table(tmp_path / "o.parquet").num_rows == 300


def test_file__a_second_command_line_is_told_who_has_the_archive(
    command: Command,  # noqa: F811
    tmp_path: Path,
) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.txt").write_text("\n".join(f"SAMPLE-VENDOR~{name}{n}" for n in range(100)))
    with Sandbox(today=TODAY, delay_s=0.1) as slow:
        run = command(slow, CONCURRENCY="1")
        first = run.start("--file", str(tmp_path / "one.txt"), "--orders-out", str(tmp_path / "one.parquet"))
        wait_for(lambda: len(slow.requests) > 1)
        for arguments in (("--file", str(tmp_path / "two.txt"), "--orders-out", str(tmp_path / "two.csv")), ("A1",)):
            second = run(*arguments)
            assert second.code == 2
            assert f"(process {first.pid}) has the archive" in second.err
        first.send_signal(signal.SIGINT)
        assert run.end(first).code == 130
        assert not any("two" in request.order_id for request in slow.requests)
