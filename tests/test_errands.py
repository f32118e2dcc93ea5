"""Errands: asked by one process, done by another, told with their cure, and forgotten."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from nxcc import errands
from nxcc.errands import ANYBODY, Errands
from nxcc.errors import NxccError
from nxcc.small_tables import Place
from nxcc.team.place import Team

from .jobs.conftest import wait_for
from .places import both, place, run_sql
from .test_command import PROJECT

__all__ = ["place"]  # a fixture

NUMBER = "+85235757580"


@pytest.fixture
def at(place: Place) -> Iterator[Callable[..., Errands]]:
    """Opens the table for an owner."""
    with ExitStack() as closing:

        def opened(owner: str = "ours") -> Errands:
            table = Errands(place, owner)
            closing.callback(table.close)
            return table

        yield opened


@pytest.fixture
def serve(at: Callable[..., Errands]) -> Iterator[Callable[..., threading.Event]]:
    """An app that does errands in a thread until the test ends."""
    with ExitStack() as closing:

        def begin(owner: str = "ours", **handlers: Any) -> threading.Event:
            ending = threading.Event()
            thread = threading.Thread(target=at(owner).serve, args=(handlers, ending))
            thread.start()
            closing.callback(thread.join, 10)
            closing.callback(ending.set)
            return ending

        yield begin


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(errands, "WAIT_EVERY_S", 0.02)
    monkeypatch.setattr(errands, "TAKEN_WITHIN_S", 0.6)
    monkeypatch.setattr(errands, "LOST_AFTER_S", 0.6)


def kept_in(place: Place) -> str:
    """All that the table holds: in a file, to its last byte."""
    if isinstance(place, Path):
        return b"".join(path.read_bytes() for path in place.parent.glob(f"{place.name}*")).decode(errors="replace")
    return str(run_sql(place, "SELECT json_agg(errands) FROM errands"))


@both
def test_errands__one_asks_another_does(at: Callable[..., Errands], serve: Callable[..., Any], quick: None) -> None:
    serve(double=lambda wants: {"is": 2 * wants["number"]})
    asker = at()
    assert asker.wait(asker.ask("double", {"number": 21}), 10) == {"is": 42}
    table = at()
    assert [table.wait(table.ask("double", {"number": n}), 10)["is"] for n in range(3)] == [0, 2, 4]


@both
def test_errands__many_at_once_are_done_one_at_a_time(
    at: Callable[..., Errands], serve: Callable[..., Any], quick: None
) -> None:
    at_once, most = [], []

    def work(wants: dict[str, Any]) -> dict[str, Any]:
        at_once.append(wants)
        threading.Event().wait(0.15)
        most.append(len(at_once))
        at_once.pop()
        return wants

    serve(work=work)
    table = at()
    with ThreadPoolExecutor(8) as pool:  # the last waits for longer than anyone may go untaken
        came = list(pool.map(lambda n: table.wait(table.ask("work", {"n": n}), 20)["n"], range(8)))
    assert came == list(range(8))
    assert set(most) == {1}


@both
def test_errands__what_is_wanted_is_in_no_file_afterwards(
    at: Callable[..., Errands], serve: Callable[..., Any], place: Place, quick: None
) -> None:
    asker = at()
    errand = asker.ask("forget", {"number": NUMBER})
    assert NUMBER in kept_in(place)
    began, go_on = threading.Event(), threading.Event()

    def forget(wants: dict[str, Any]) -> dict[str, Any]:
        began.set()
        go_on.wait(10)
        return {"removed": 3, "seen": wants["number"] == NUMBER}

    serve(forget=forget)
    assert began.wait(10)
    go_on.set()
    assert asker.wait(errand, 10) == {"removed": 3, "seen": True}
    wait_for(lambda: NUMBER not in kept_in(place))


@both
def test_errands__an_error_comes_with_its_cure(
    at: Callable[..., Errands], serve: Callable[..., Any], quick: None
) -> None:
    def refuse(_: dict[str, Any]) -> dict[str, Any]:
        raise NxccError("The disk is full.", cure="Free some space.")

    serve(refuse=refuse)
    table = at()
    with pytest.raises(NxccError) as told:
        table.wait(table.ask("refuse", {}), 10)
    assert (told.value.what, told.value.cure) == ("The disk is full.", "Free some space.")
    with pytest.raises(NxccError, match="does not know how"):
        table.wait(table.ask("dance", {}), 10)


@both
def test_errands__what_breaks_is_told_without_its_words(
    at: Callable[..., Errands], serve: Callable[..., Any], caplog: pytest.LogCaptureFixture, quick: None
) -> None:
    serve(broken=lambda wants: {"is": int(wants["number"])}, odd=lambda _: {"is": object()})
    table = at()
    for kind in ("broken", "odd"):
        with caplog.at_level(logging.ERROR), pytest.raises(NxccError, match="not made for") as told:
            table.wait(table.ask(kind, {"number": f"{NUMBER}x"}), 10)
        assert NUMBER not in str(told.value) + caplog.text
    assert "ValueError" in caplog.text


@both
def test_errands__nobody_there_is_told_and_the_errand_withdrawn(
    at: Callable[..., Errands], serve: Callable[..., Any], place: Place, quick: None
) -> None:
    table = at()
    errand = table.ask("forget", {"number": NUMBER})
    with pytest.raises(NxccError, match="holds the archive but does not answer"):
        table.wait(errand, 10)
    assert NUMBER not in kept_in(place)
    done: list[Any] = []
    serve(forget=lambda wants: done.append(wants) or {}, now=lambda _: {})
    table.wait(table.ask("now", {}), 10)
    assert done == []


@both
def test_errands__of_other_owners_are_left_to_them(
    at: Callable[..., Errands], serve: Callable[..., Any], quick: None
) -> None:
    serve("theirs", whose=lambda _: {"whose": "theirs"})
    ours, anybody = at("ours"), at(ANYBODY)
    with pytest.raises(NxccError, match="does not answer"):
        ours.wait(ours.ask("whose", {}), 10)
    assert anybody.wait(anybody.ask("whose", {}), 10) == {"whose": "theirs"}


@both
def test_errands__that_take_long_are_waited_for_only_so_long(
    at: Callable[..., Errands], serve: Callable[..., Any], quick: None
) -> None:
    go_on = threading.Event()
    serve(slow=lambda _: {"went_on": go_on.wait(10)})
    table = at()
    with pytest.raises(NxccError, match="has not ended this within 1 s"):
        table.wait(table.ask("slow", {}), 1.2)  # longer than an app may be silent: it says that it is at it
    go_on.set()


@both
def test_errands__too_much_is_refused(at: Callable[..., Errands]) -> None:
    with pytest.raises(NxccError, match="too much"):
        at().ask("forget", {"numbers": "1" * errands.MOST_BYTES})
    with pytest.raises(ValueError):
        at().ask("For get", {})
    with pytest.raises(ValueError):
        at().ask("forget", {"number": float("nan")})


@both
def test_errands__of_an_app_that_was_killed_are_given_up(
    at: Callable[..., Errands], serve: Callable[..., Any], place: Place, quick: None
) -> None:
    said = f"Team({place.database_url!r}, '')" if isinstance(place, Team) else f"Path({str(place)!r})"
    app = f"""
        import threading
        from pathlib import Path
        from nxcc.errands import Errands
        from nxcc.team.place import Team
        def hang(wants):
            print("taken", flush=True)
            threading.Event().wait(60)
            return {{}}
        Errands({said}, "ours").serve({{"hang": hang}}, threading.Event())
    """
    table = at()
    errand = table.ask("hang", {"number": NUMBER})
    command = [sys.executable, "-c", textwrap.dedent(app)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "taken\n"
        os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(NxccError, match="has ended, or hangs"):
        table.wait(errand, 30)
    serve(now=lambda _: {})
    table.wait(table.ask("now", {}), 10)
    wait_for(lambda: NUMBER not in kept_in(place))


def test_errands__a_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / errands.FILE).write_bytes(b"no table at all" * 100)
    with pytest.raises(NxccError, match=r"errands\.sqlite"):
        Errands(tmp_path / errands.FILE, "ours")
