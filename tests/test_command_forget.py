"""`python -m nxcc forget` and `keep` as a person runs them: here, on a terminal, and while the app has the archive."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nxcc import __main__, keeping
from nxcc.archive.history import lookups_of
from nxcc.desk import Desk, open_desk, open_errands
from nxcc.sandbox import Sandbox

from .test_keeping import DIGITS, PROJECT, WHO, call, environment, holding, know, settings_of

RunOf = Callable[..., "Ran"]


class Ran:
    """What a run left behind; no number in any of it."""

    def __init__(self, code: int, out: str, err: str) -> None:
        assert "Traceback" not in err
        for told in (out, err):
            assert DIGITS not in told and WHO not in told
        self.code, self.err = code, err
        self.figures: dict[str, Any] = json.loads(out) if out else {}


@pytest.fixture
def apart(sandbox: Sandbox, tmp_path: Path) -> RunOf:
    """Runs a command in a process of its own."""

    def run_it(*arguments: str, stdin: bytes = b"", **settings: str) -> Ran:
        command = [sys.executable, "-m", "nxcc", *arguments]
        known = environment(sandbox, tmp_path / "data", **settings)
        done = subprocess.run(
            command, cwd=PROJECT, env=known, input=stdin, capture_output=True, timeout=300, check=False
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run_it


@pytest.fixture
def run(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunOf:
    """Runs a command in this process: quicker, and the same but for its start."""

    def run_it(*arguments: str, stdin: bytes = b"", **settings: str) -> Ran:
        with monkeypatch.context() as patch:
            for name, value in environment(sandbox, tmp_path / "data", **settings).items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            capsys.readouterr()
            try:
                code = __main__.main(arguments)
            except SystemExit as end:
                code = end.code  # type: ignore[assignment]
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run_it


@pytest.fixture
def known(sandbox: Sandbox, tmp_path: Path) -> None:
    """Two orders, one of them with the number."""
    desk = open_desk(settings_of(sandbox, tmp_path / "data"))
    know(desk, "SO-1", call("a", WHO), call("b"))
    know(desk, "SO-2", call("c"), asked_at=datetime.now(UTC) - timedelta(days=9))
    desk.close()


@pytest.fixture
def app(sandbox: Sandbox, tmp_path: Path, known: None) -> Iterator[Desk]:
    """Has the archive open, and does what command lines ask for."""
    settings = settings_of(sandbox, tmp_path / "data", keep_days=7)
    desk, ending = open_desk(settings, with_jobs=True), threading.Event()
    errands = open_errands(settings)
    serving = threading.Thread(target=errands.serve, args=(keeping.handlers(desk), ending))
    serving.start()
    yield desk
    ending.set()
    serving.join(30)
    errands.close()
    desk.close()


def test_forget__an_order_here_after_a_dry_run(known: None, run: RunOf) -> None:
    would = run("forget", "--order", "SO-1", "--dry-run")
    assert (would.code, would.figures["calls"], would.figures["dry"]) == (0, 2, True)
    assert "Would go: 2 call records, 1 lookup and" in would.err
    gone = run("forget", "--order", " SO-1", "--yes")
    assert (gone.code, gone.figures["calls"], gone.figures["lookups"], gone.figures["dry"]) == (0, 2, 1, False)
    again = run("forget", "--order", "SO-1")
    assert (again.code, again.figures["calls"]) == (0, 0)
    assert "nothing" in again.err


def test_forget__nobody_there_to_agree_changes_nothing(known: None, run: RunOf) -> None:
    ran = run("forget", "--number-from-stdin", stdin=WHO.encode())
    assert (ran.code, ran.figures) == (2, {})
    assert "--yes" in ran.err
    assert run("forget", "--number-from-stdin", "--dry-run", stdin=WHO.encode()).figures["calls"] == 1


def test_forget__a_number_out_of_standard_input(known: None, apart: RunOf, tmp_path: Path) -> None:
    ran = apart("forget", "--number-from-stdin", "--yes", stdin=b"\xef\xbb\xbf00852-9876-5432\r\n")
    assert (ran.code, ran.figures["calls"], ran.figures["changed"]) == (0, 1, 1)
    assert holding(tmp_path, DIGITS) == []


WRONG = [
    (("--number-from-stdin", "--yes"), b"432", "too short"),
    (("--number-from-stdin", "--yes"), b"", "No phone number"),
    (("--number-from-stdin", "--yes"), b"\xff\xfe1", "not UTF-8"),
    (("--order", " ", "--yes"), b"", "No order id"),
    ((), b"", "required"),
    (("--order", "A", "--number-from-stdin"), b"", "not allowed with"),
]


@pytest.mark.parametrize(("arguments", "stdin", "told"), WRONG)
def test_forget__what_it_cannot_do_is_told(
    known: None, run: RunOf, arguments: tuple[str, ...], stdin: bytes, told: str
) -> None:
    ran = run("forget", *arguments, stdin=stdin)
    assert (ran.code, ran.figures) == (2, {})
    assert told in ran.err


@pytest.mark.parametrize(("typed", "code"), [("yes\n", 0), ("no\n", 2)])
def test_forget__on_a_terminal_it_asks(known: None, sandbox: Sandbox, tmp_path: Path, typed: str, code: int) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "nxcc", "forget", "--order", "SO-1"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, cwd=PROJECT, env=environment(sandbox, tmp_path / "data"), stdin=theirs, stdout=pipe, stderr=pipe
    )
    os.write(ours, typed.encode())
    out, err = process.communicate(timeout=120)
    os.close(ours)
    os.close(theirs)
    assert (process.returncode, bool(out)) == (code, code == 0), err
    assert b"Would go, for good" in err
    desk = open_desk(settings_of(sandbox, tmp_path / "data"))
    assert bool(lookups_of(desk.archive, "SO-1")) == (code == 2)
    desk.close()


def test_forget_and_keep__the_app_does_it_when_it_has_the_archive(app: Desk, apart: RunOf, tmp_path: Path) -> None:
    gone = apart("forget", "--number-from-stdin", "--yes", stdin=WHO.encode())
    assert (gone.code, gone.figures["calls"]) == (0, 1)
    assert "The app has the archive open" in gone.err
    assert [outcome.calls for outcome in lookups_of(app.archive, "SO-1")] == [1]
    assert "too short" in apart("forget", "--number-from-stdin", "--yes", stdin=b"432").err
    kept = apart("keep", KEEP_DAYS="7")
    assert (kept.code, kept.figures["lookups"]) == (0, 1)
    assert lookups_of(app.archive, "SO-2") == []
    assert app.audit
    assert [(entry.who, entry.deed, entry.count) for entry in app.audit.all()] == [
        ("command line", "forgot", 1), ("command line", "removed old data", 1),
    ]  # fmt: skip
    assert [path.name for path in tmp_path.rglob("*") if path.is_file() and DIGITS.encode() in path.read_bytes()] == []


def test_keep__says_when_no_days_are_set_and_what_would_go(known: None, run: RunOf) -> None:
    ran = run("keep")
    assert (ran.code, ran.figures["lookups"]) == (0, 0)
    assert "NXCC_KEEP_DAYS is not set" in ran.err
    assert run("keep", "--dry-run", KEEP_DAYS="7").figures["lookups"] == 1
    assert run("keep", KEEP_DAYS="7").figures["lookups"] == 1
    assert run("keep", KEEP_DAYS="7").figures["lookups"] == 0
