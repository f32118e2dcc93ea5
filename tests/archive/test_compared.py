"""A whole list against the answers before, in a real file; the engine counts what `nxcc.changes` tells of one order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nxcc import changes, intake, records, story
from nxcc.archive import Archive, Listed, Window
from nxcc.archive.compared import Compared, compare

from ..test_changes import SENT
from .test_ledger import ArchiveAt, answer
from .test_listed import NOON, after, before, failure

AGAIN = Window(NOON, NOON, failed=NOON, may_pass=NOON, own=NOON)  # a job begun at noon that asks all anew
LINK = "https://records.invalid/1.mp3"
IdsOf = Callable[..., Path]
_gateways = count()  # one a case, so that no case sees the answers of another


@pytest.fixture
def ids_of(tmp_path: Path) -> IdsOf:
    """Writes ids as the list of a file that holds them."""

    def write(*order_ids: str) -> Path:
        cells = {"row": pa.array(range(2, len(order_ids) + 2), pa.int64()), "c0": pa.array(order_ids, pa.string())}
        pq.write_table(pa.table(cells), tmp_path / "cells.parquet")
        intake.check(tmp_path / "cells.parquet", 0, tmp_path / "ids.parquet")
        return tmp_path / "ids.parquet"

    return write


def counted(found: Compared) -> dict[str, int]:
    names = ("asked_before", "changed", "outcome", "new_calls", "gone_calls", "costs", "recordings", "others")
    return {name: n for name in names if (n := getattr(found, name))}


def a(**more: Any) -> dict[str, Any]:
    return {"callId": "a", "startTime": 1_790_000_000_000} | more


def test_compare__counts_orders_by_what_changed(archive_at: ArchiveAt, ids_of: IdsOf) -> None:
    archive = archive_at()
    archive.append([answer(one, asked_at=before(days=9)) for one in ("NOW", "SAME-NONE")])
    first = [answer(one, a(), asked_at=before(days=2)) for one in ("PRICE", "SOUND", "MORE", "SAME", "LESS", "OTHER")]
    archive.append([*first, answer("ALONE", a(), asked_at=before(days=2)), failure("FAILED", before(days=2))])
    archive.append(
        [
            answer("NOW", a(), asked_at=after(minutes=1)),
            answer("SAME-NONE", asked_at=after(minutes=1)),
            answer("PRICE", a(totalCustomerPrice=0.1), asked_at=after(minutes=1)),
            answer("SOUND", a(leaveMsgUrl=LINK), asked_at=after(minutes=1)),
            answer("MORE", a(), a(callId="b"), asked_at=after(minutes=1)),
            answer("SAME", a(), asked_at=after(minutes=1)),
            answer("LESS", asked_at=after(minutes=1)),
            answer("OTHER", a(callStatus="Normal"), asked_at=after(minutes=1)),
            answer("FAILED", a(), asked_at=after(minutes=1)),
        ]
    )
    names = ("SAME", "OTHER", "NOW", "PRICE", "SOUND", "MORE", "PRICE", "SAME-NONE", "LESS", "ALONE", "FAILED", "NEVER")
    found = compare(archive, Listed(archive, ids_of(*names), AGAIN))
    assert counted(found) == {
        "asked_before": 8, "changed": 6, "outcome": 2, "new_calls": 2, "gone_calls": 1, "costs": 1, "recordings": 1,
        "others": 1,
    }  # fmt: skip
    assert found.first["order_id"].to_pylist() == ["OTHER", "NOW", "PRICE", "SOUND", "MORE", "LESS"]
    row = found.first.slice(1, 1).to_pylist()[0]
    assert (row["outcome_before"], row["outcome"], row["new_calls"]) == ("no_calls", "found", 1)


def test_compare__with_the_answer_right_before(archive_at: ArchiveAt, ids_of: IdsOf) -> None:
    archive = archive_at()
    archive.append([answer("A", asked_at=before(days=3))])
    archive.append([answer("A", a(), asked_at=before(days=2))])
    archive.append([failure("A", before(days=1))])
    archive.append([answer("A", a(), asked_at=after(minutes=1))])
    assert counted(compare(archive, Listed(archive, ids_of("A"), AGAIN))) == {"asked_before": 1}


def test_compare__an_answer_out_of_the_archive_is_not_asked_anew(archive_at: ArchiveAt, ids_of: IdsOf) -> None:
    archive = archive_at()
    archive.append([answer("A", asked_at=before(days=3))])
    archive.append([answer("A", a(), asked_at=before(hours=2))])
    window = Window(before(days=1), before(minutes=5), failed=NOON, may_pass=NOON, own=NOON)
    assert counted(compare(archive, Listed(archive, ids_of("A"), window))) == {}


def test_compare__only_the_first_ones_are_listed(archive_at: ArchiveAt, ids_of: IdsOf) -> None:
    archive = archive_at()
    names = [f"A{n:02}" for n in range(9, -1, -1)]
    archive.append([answer(name, asked_at=before(days=3)) for name in names])
    archive.append([answer(name, a(), asked_at=after(minutes=1)) for name in names])
    found = compare(archive, Listed(archive, ids_of(*names), AGAIN), most=3)
    assert (found.changed, found.first["order_id"].to_pylist()) == (10, names[:3])


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(SENT, SENT), min_size=20, max_size=40))
def test_compare__agrees_with_what_is_told_of_one_order(
    archive_at: ArchiveAt,
    ids_of: IdsOf,
    answers: list[tuple[list[Any], list[Any]]],
) -> None:
    archive: Archive = archive_at(path=Path(ids_of("x")).with_name("agree.duckdb"), gateway=f"G{next(_gateways)}")
    names, kept = [f"A{n}" for n in range(len(answers))], []
    for name, (then, now) in zip(names, answers, strict=True):
        kept += [answer(name, *then, asked_at=before(days=1)), answer(name, *now, asked_at=after(minutes=1))]
    archive.append(kept)
    found = compare(archive, Listed(archive, ids_of(*names), AGAIN))
    archive.close()
    expected = dict.fromkeys(("new_calls", "gone_calls", "costs", "recordings", "others"), 0)
    for then, now in answers:
        told = changes.between(*(story.in_order(records.table(records.calls("A", one))) for one in (then, now)))
        kinds = {_counted_as(change) for change in told}
        for kind in kinds:
            expected[kind] += 1
    assert {name: getattr(found, name) for name in expected} == expected


def _counted_as(change: changes.Change) -> str:
    if not change.column:
        return "new_calls" if change.kind == "new" else "gone_calls"
    if change.column == "cost":
        return "costs"
    return "recordings" if change.column.endswith("_url") and change.kind == "arrived" else "others"
