"""The audit: what was done is added, and nothing is ever changed or taken away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from nxcc.access import Role, Viewer, here
from nxcc.audit import Audit, AuditError, as_row
from nxcc.small_tables import Place
from nxcc.team.place import Team

from .places import both, place, run_sql

__all__ = ["place"]  # a fixture

LEE = Viewer("lee@example.com", Role.LEAD)


@both
def test_note__who_what_how_many_and_when(place: Place) -> None:
    audit = Audit(place, "us")
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


@both
def test_audit__is_there_after_a_restart_and_each_team_sees_its_own(place: Place) -> None:
    ours, theirs = Audit(place, "us"), Audit(place, "them")
    ours.note(LEE, "played")
    theirs.note(LEE, "deleted")
    ours.close()
    again = Audit(place, "us")
    assert [entry.deed for entry in again.all()] == ["played"]
    assert (again.count(), theirs.count()) == (1, 1)
    again.close()
    theirs.close()


@both
@pytest.mark.parametrize("sql", ["UPDATE audit SET who = 'nobody'", "DELETE FROM audit", "UPDATE audit SET n = n + 1"])
def test_audit__cannot_be_changed_even_by_sql(place: Place, sql: str) -> None:
    audit = Audit(place, "us")
    audit.note(LEE, "played")
    with pytest.raises(sa.exc.IntegrityError, match="only added to"):
        run_sql(place, sql)
    assert [entry.who for entry in audit.all()] == [LEE.who]
    audit.close()


@both
def test_newest__the_last_ones_only(place: Place) -> None:
    audit = Audit(place, "us")
    for n in range(5):
        audit.note(LEE, "looked up", count=n)
    assert [entry.count for entry in audit.newest(2)] == [4, 3]
    audit.close()


@both
def test_note__a_table_that_cannot_be_written_is_an_error_and_not_a_gap(place: Place) -> None:
    audit = Audit(place, "us")
    run_sql(place, "DROP TABLE audit")
    with pytest.raises(AuditError, match="was not done"):
        audit.note(LEE, "exported")
    audit.close()


@pytest.mark.parametrize(
    "sql", ["UPDATE audit SET who = 'x'", "DELETE FROM audit WHERE false", "TRUNCATE audit", "TRUNCATE audit CASCADE"]
)
def test_audit__of_a_team_cannot_be_emptied_either(team: Team, sql: str) -> None:
    audit = Audit(team, "us")
    audit.note(LEE, "played")
    with pytest.raises(sa.exc.IntegrityError, match="only added to"):
        run_sql(team, sql)
    assert audit.count() == 1
    audit.close()
