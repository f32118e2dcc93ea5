"""The audit: what was done is added, and nothing is ever changed or taken away."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nxcc.access import Role, Viewer, here
from nxcc.audit import Audit, AuditError, as_row

LEE = Viewer("lee@example.com", Role.LEAD)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jobs.sqlite"


def test_note__who_what_how_many_and_when(path: Path) -> None:
    audit = Audit(path, "us")
    before = datetime.now(UTC)
    audit.note(LEE, "exported", "calls of Explore, CSV", count=120)
    audit.note(here("root"), "deleted", job="0123456789abcdef")
    second, first = audit.newest()
    assert (first.who, first.role, first.deed, first.what, first.count, first.job) == (
        "lee@example.com", "lead", "exported", "calls of Explore, CSV", 120, "",
    )  # fmt: skip
    assert (second.who, second.role, second.job) == ("root", "", "0123456789abcdef")
    assert timedelta(seconds=-1) < first.at - before < timedelta(seconds=20)
    assert [entry.n for entry in audit.all()] == [first.n, second.n]
    assert as_row(first)["deed"] == "exported"
    audit.close()


def test_audit__is_there_after_a_restart_and_each_team_sees_its_own(path: Path) -> None:
    ours, theirs = Audit(path, "us"), Audit(path, "them")
    ours.note(LEE, "played")
    theirs.note(LEE, "deleted")
    ours.close()
    again = Audit(path, "us")
    assert [entry.deed for entry in again.all()] == ["played"]
    assert (again.count(), theirs.count()) == (1, 1)
    again.close()
    theirs.close()


@pytest.mark.parametrize("sql", ["UPDATE audit SET who = 'nobody'", "DELETE FROM audit", "UPDATE audit SET n = n + 1"])
def test_audit__cannot_be_changed_even_by_sql(path: Path, sql: str) -> None:
    audit = Audit(path, "us")
    audit.note(LEE, "played")
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError, match="only added to"):
        connection.execute(sql)
    connection.close()
    assert [entry.who for entry in audit.all()] == [LEE.who]
    audit.close()


def test_newest__the_last_ones_only(path: Path) -> None:
    audit = Audit(path, "us")
    for n in range(5):
        audit.note(LEE, "looked up", count=n)
    assert [entry.count for entry in audit.newest(2)] == [4, 3]
    audit.close()


def test_note__a_file_that_cannot_be_written_is_an_error_and_not_a_gap(path: Path) -> None:
    audit = Audit(path, "us")
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE audit")
    connection.close()
    with pytest.raises(AuditError, match="was not done"):
        audit.note(LEE, "exported")
    audit.close()
