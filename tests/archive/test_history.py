"""What one order was answered each time, out of a real file."""

from __future__ import annotations

from nxcc import records
from nxcc.archive import history
from nxcc.outcome import Outcome

from .test_ledger import NOW, ArchiveAt, ago, answer


def test_lookups__all_of_them_the_newest_first(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.append([answer("A", asked_at=ago(days=2))])
    failed = Outcome("A", "failed", "No answer.", 0, ago(hours=1), attempts=5, code=99, req_id="R1", may_pass=True)
    archive.append([(failed, [])])
    archive.append([answer("A", {"callId": "c"}, asked_at=NOW), answer("B", {"callId": "d"})])
    found = history.lookups_of(archive, "A")
    assert [(one.word, one.calls, one.asked_at) for one in found] == [
        ("found", 1, NOW),
        ("failed", 0, ago(hours=1)),
        ("no_calls", 0, ago(days=2)),
    ]
    assert (found[1].reason, found[1].code, found[1].req_id, found[1].attempts) == ("No answer.", 99, "R1", 5)
    assert found[1].may_pass
    assert [one.word for one in history.trusted(found)] == ["found", "no_calls"]


def test_lookups__nothing_of_another_team_or_gateway(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.append([answer("A", {"callId": "c"})])
    archive.close()
    assert history.lookups_of(archive_at(tenant_id=2), "A") == []


def test_lookups__an_id_is_only_text(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.append([answer("A", {"callId": "c"})])
    assert history.lookups_of(archive, "A' OR '1'='1") == []


def test_calls_of__those_that_this_lookup_brought(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    archive.append([answer("A", {"callId": "c"}, asked_at=ago(hours=1))])
    archive.append([answer("A", {"callId": "c", "totalCustomerPrice": 2}, {"callId": "d"}, asked_at=NOW)])
    newest, before = history.lookups_of(archive, "A")
    assert history.calls_of(archive, newest)["cost"].to_pylist() == [2, None]
    assert history.calls_of(archive, before)["cost"].to_pylist() == [None]
    assert history.calls_of(archive, before).schema == records.SCHEMA


def test_asked_last__each_order_once(archive_at: ArchiveAt) -> None:
    archive = archive_at()
    for hours, order_id in ((5, "A"), (4, "B"), (3, "C"), (2, "A")):
        archive.append([answer(order_id, asked_at=ago(hours=hours))])
    assert [one.order_id for one in history.asked_last(archive, 2)] == ["A", "C"]
    assert [one.order_id for one in history.asked_last(archive, 9)] == ["A", "C", "B"]
