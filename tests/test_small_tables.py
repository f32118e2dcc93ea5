"""The small tables in a team's database: seen by all at once, refused in a sentence, mended by themselves."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from nxcc import small_postgres, small_tables
from nxcc.access import Role, Viewer
from nxcc.aliases import Aliases
from nxcc.audit import Audit
from nxcc.errands import Errands
from nxcc.errors import AwayError, NxccError
from nxcc.filters import Filters
from nxcc.jobs import EveryJob, JobsError, Store
from nxcc.sign_outs import SignOuts
from nxcc.team.place import Team
from nxcc.views import Views

from .cut import wire
from .jobs.conftest import wait_for
from .jobs.test_store import JOB
from .places import at_port, kept_by, run_sql
from .postgres import Postgres
from .test_command import PROJECT

LEE = Viewer("lee@example.com", Role.LEAD)
NUMBER = "+85235757580"
LONGEST_S = 7.5  # of a wait in vain, on a machine that is at work


@pytest.fixture
def tables(team: Team) -> Iterator[Callable[..., dict[str, Any]]]:
    """Opens all tables of a team, with something in each."""
    with ExitStack() as closing:

        def opened(place: Team = team) -> dict[str, Any]:
            kinds: list[Any] = [Store, Audit, Views, Aliases, Errands]
            made = {kind.__name__: kind(place, "us") for kind in kinds} | {"SignOuts": SignOuts(place)}
            for each in made.values():
                closing.callback(each.close)
            return made

        yield opened


def uses(tables: dict[str, Any]) -> list[Callable[[], object]]:
    """Something that each table is asked for."""
    return [
        tables["Store"].all,
        lambda: tables["Store"].change(JOB.id, found=1),
        tables["Audit"].count,
        lambda: tables["Audit"].note(LEE, "played"),
        lambda: tables["Views"].save("mine", Filters()),
        lambda: tables["Aliases"].in_address(NUMBER),
        lambda: tables["Errands"].ask("keep", {}),
        lambda: tables["SignOuts"].end({"sub": str(time.monotonic())}),
    ]


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and all that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def run(code: str, team: Team) -> subprocess.Popen[str]:
    """Another process of the team."""
    head = f"from nxcc.team.place import Team\nteam = Team({team.database_url!r}, '')\n"
    command = [sys.executable, "-c", head + textwrap.dedent(code)]
    return subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_create__by_several_processes_at_once(team: Team) -> None:
    code = """
        import sys
        from nxcc.audit import Audit
        from nxcc.jobs import Store
        from nxcc.schedules import Schedules
        from nxcc.views import Views
        from nxcc.sign_outs import SignOuts
        from nxcc.aliases import Aliases
        from nxcc.errands import Errands
        print("ready", flush=True)
        sys.stdin.readline()
        for kind in (Store, Audit, Views, Aliases, Errands, Schedules):
            kind(team, "us").close()
        SignOuts(team).close()
        print("made", flush=True)
    """
    running = [run(code, team) for _ in range(3)]
    for process in running:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    for process in running:
        assert process.communicate()[0] == "made\n"
        assert process.returncode == 0
    found = run_sql(team, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    # jobs, runners, files, periods, audit, views, sign-outs, aliases, errands, schedules and their runs
    assert found[0] == 11


def test_tables__another_process_sees_rows_at_once(team: Team, tables: Callable[..., dict[str, Any]]) -> None:
    here = tables()
    code = f"""
        import sys
        from nxcc.jobs import Store
        from nxcc.audit import Audit
        from nxcc.access import Role, Viewer
        store = Store(team, "us")
        print("ready", flush=True)
        for line in sys.stdin:
            print(store.get({JOB.id!r}).note, flush=True)
            store.change({JOB.id!r}, note="from there")
            Audit(team, "us").note(Viewer("amy", Role.ANALYST), "started")
            print("done", flush=True)
        store.close()
    """
    with run(code, team) as there:
        assert there.stdin and there.stdout
        assert there.stdout.readline() == "ready\n"
        here["Store"].add(replace(JOB, note="from here"))
        there.stdin.write("\n")
        there.stdin.flush()
        assert there.stdout.readline() == "from here\n"
        assert there.stdout.readline() == "done\n"
        job = here["Store"].get(JOB.id)
        assert (job.note, [entry.who for entry in here["Audit"].all()]) == ("from there", ["amy"])
        there.stdin.close()
        assert there.wait(20) == 0


def test_tables__the_same_thing_at_the_same_moment(tables: Callable[..., dict[str, Any]]) -> None:
    here, there = tables(), tables()
    at_once: list[Callable[[int], object]] = [
        lambda n: (here, there)[n % 2]["Views"].save("mine", Filters()),
        lambda n: (here, there)[n % 2]["Aliases"].in_address(NUMBER),
        lambda n: (here, there)[n % 2]["Store"].beat(n, JOB.created_at),
        lambda n: (here, there)[n % 2]["Store"].want_file(JOB.id, "orders.csv", {"kind": "orders"}),
        lambda n: (here, there)[n % 2]["SignOuts"].end({"sub": "amy"}),
    ]
    with ThreadPoolExecutor(6) as pool:
        for work in at_once:
            came = list(pool.map(work, range(12)))
            if work is at_once[1]:
                assert len(set(came)) == 1
    assert came.count(True) >= 1
    assert len(here["Views"].all()) == 1


def test_sign_outs__are_heard_of_by_the_other_replica_within_two_seconds(team: Team) -> None:
    here, there = SignOuts(team), SignOuts(team)
    ended = time.monotonic()
    assert not there.has_ended({"sub": "amy"})
    assert here.end({"sub": "amy"})
    wait_for(lambda: there.has_ended({"sub": "amy"}), 4)
    assert time.monotonic() - ended < 2
    assert not there.has_ended({"sub": "bob"})
    assert not there.end({"sub": "amy"})
    here.close()
    there.close()


def test_tables__postgresql_goes_and_comes_back(
    postgres: Postgres, team: Team, tables: Callable[..., dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    here = tables()
    here["Store"].add(JOB)
    rows = EveryJob(team)
    assert rows.ids() == {JOB.id}
    postgres.stop("immediate")
    try:
        for use in [*uses(here), rows.ids]:
            began = time.monotonic()
            with pytest.raises(AwayError) as failed:
                use()
            assert time.monotonic() - began < LONGEST_S
            assert f"The team's database ({team.host}) does not answer" in failed.value.what
            assert "when it is back" in failed.value.cure
            _holds_no_password(failed.value, team, caplog)
    finally:
        postgres.start()
    for use in [*uses(here), rows.ids]:
        use()
    assert here["Store"].get(JOB.id).found == 1
    rows.close()


def test_tables__a_restart_in_between_is_not_noticed(postgres: Postgres, tables: Callable[..., dict[str, Any]]) -> None:
    here = tables()
    with ThreadPoolExecutor(3) as pool:  # several connections lie idle
        list(pool.map(lambda use: use(), uses(here)))
    postgres.stop("fast")
    postgres.start()
    for use in uses(here):
        use()


def test_tables__the_network_is_cut_without_a_word(
    team: Team, tables: Callable[..., dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    with wire(urlsplit(team.database_url).port or 0) as line:
        here = tables(at_port(team, line.port))
        here["Store"].add(JOB)
        line.freeze()
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(JobsError, match="does not answer") as failed:
                here["Store"].all()
            assert isinstance(failed.value, AwayError)
            assert time.monotonic() - began < LONGEST_S
            _holds_no_password(failed.value, team, caplog)
        line.thaw()
        assert [job.id for job in here["Store"].all()] == [JOB.id]
        for each in here.values():
            each.close()


def test_tables__in_the_middle_of_a_statement(
    team: Team, tables: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tables()
    here["Store"].add(JOB)
    monkeypatch.setattr(small_postgres.Patient, "patience_s", 1.0)
    with small_tables.engine(team).begin() as other:
        other.execute(sa.text("LOCK TABLE jobs"))
        began = time.monotonic()
        with pytest.raises(AwayError):
            here["Store"].all()
        assert time.monotonic() - began < 4
    assert [job.id for job in here["Store"].all()] == [JOB.id]


@pytest.mark.parametrize("changed", [{"password": "not-the-password"}, {"user": "nobody"}, {"name": "nowhere"}])
def test_tables__who_is_not_let_in_is_told(
    team: Team, changed: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    parts = urlsplit(team.database_url)
    user, password, name = changed.get("user", parts.username), changed.get("password", parts.password), parts.path
    name = f"/{changed['name']}" if "name" in changed else name
    url = parts._replace(netloc=f"{user}:{password}@{parts.hostname}:{parts.port}", path=name).geturl()
    refused = Team(url, team.lake_path)
    with pytest.raises(NxccError, match="does not let us in") as failed:
        Store(refused, "us")
    assert not isinstance(failed.value, AwayError)
    assert "NXCC_DATABASE_URL" in failed.value.cure
    _holds_no_password(failed.value, refused, caplog)


def test_engine__holds_no_password(team: Team, caplog: pytest.LogCaptureFixture) -> None:
    engine = small_tables.engine(team)
    assert small_tables.engine(replace(team)) is engine  # one for all tables of a process
    with caplog.at_level(logging.DEBUG), engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
        shown = [engine, engine.url, engine.pool, connection, connection.connection.driver_connection, team]
    assert team.password not in " ".join(map(repr, shown)) + " ".join(map(str, shown)) + caplog.text
    engine.dispose()


def test_tables__what_is_refused_is_told_without_its_values(
    team: Team, tables: Callable[..., dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    here = tables()
    run_sql(team, "DROP TABLE aliases")
    with pytest.raises(NxccError, match=r"did not take this \(UndefinedTable\)") as failed:
        here["Aliases"].in_address(NUMBER)
    _holds_no_password(failed.value, team, caplog)
    assert NUMBER not in "".join(traceback.format_exception(failed.value)) + caplog.text


def test_text__a_nul_and_the_order_of_code_points(team: Team, tables: Callable[..., dict[str, Any]]) -> None:
    here = tables()
    here["Store"].add(replace(JOB, name="a\0b"))
    assert here["Store"].get(JOB.id).name == "a\N{SYMBOL FOR NULL}b"
    said = here["Aliases"].in_address(f"{NUMBER}\0")
    assert here["Aliases"].in_address(f"{NUMBER}\0") == said
    found = run_sql(team, "SELECT collation_name FROM information_schema.columns WHERE column_name = 'created_at'")
    assert found[0] == "C"


def test_wipe__what_was_forgotten_is_in_no_table_file(
    postgres: Postgres, team: Team, tables: Callable[..., dict[str, Any]]
) -> None:
    here, rows = tables(), EveryJob(team)
    here["Store"].add(replace(JOB, note=f"from {NUMBER}", rows=5_000_000_000))
    here["Views"].save(NUMBER, Filters())
    here["Aliases"].in_address(NUMBER)
    run_sql(team, "ANALYZE")
    assert NUMBER in kept_by(postgres)
    rows.reword(lambda text: text.replace(NUMBER, ""))
    here["Views"].forget(lambda text: NUMBER in text)
    here["Aliases"].forget(lambda text: NUMBER in text)
    assert NUMBER in kept_by(postgres)
    assert rows.wipe()
    assert NUMBER not in kept_by(postgres)
    assert here["Store"].get(JOB.id).rows == 5_000_000_000
    rows.close()


def test_wipe__while_somebody_reads_for_long(team: Team, tables: Callable[..., dict[str, Any]]) -> None:
    here, rows = tables(), EveryJob(team)
    here["Store"].add(JOB)
    with small_tables.engine(team).begin() as other:
        other.execute(sa.text("SELECT * FROM jobs"))
        assert rows.wipe() is False
    assert rows.wipe() is True
    rows.close()


def _holds_no_password(error: BaseException, team: Team, caplog: pytest.LogCaptureFixture) -> None:
    said = "".join(traceback.format_exception(error)) + caplog.text
    for each in chain(error):
        said += f"{each!r} {each} {vars(each)}"
    assert team.password
    assert team.password not in said
