"""What is forgotten, or past, is in no table and no byte of the data folder; all else is as it was."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import xlsxwriter

from nxcc import access, keeping, records
from nxcc.archive.history import lookups_of
from nxcc.archive.left_out import FORGOTTEN
from nxcc.desk import Desk, open_desk
from nxcc.errors import NxccError
from nxcc.filters import Filters
from nxcc.jobs import Checked, FileRequest, Folder, Job, Jobs
from nxcc.keeping import Removed, in_app
from nxcc.outcome import Outcome
from nxcc.sandbox import Sandbox
from nxcc.settings import Settings
from nxcc.team.place import Team
from nxcc.traces import MARK, TraceError

from .conftest import TODAY, at
from .jobs.conftest import as_csv, installation, wait_for
from .places import kept_by

PROJECT = Path(__file__).parent.parent
__all__ = ["installation"]  # a fixture
on_both = pytest.mark.parametrize("installation", ["file", "team"], indirect=True)

ME = access.here("an operator")
WHO, DIGITS = "+852 9876 5432", "85298765432"
FORMS = (DIGITS, "9876 5432", "9876-5432", "８５２９８７６５４３２", "8.5298765432E")
DeskOf = Callable[..., Desk]


def settings_of(sandbox: Sandbox, path: Path, **more: Any) -> Settings:
    account = sandbox.credentials
    return Settings(
        base_url=sandbox.base_url,
        access_key=account.access_key,  # type: ignore[arg-type]
        access_secret=account.access_secret,  # type: ignore[arg-type]
        tenant_id=account.tenant_id,
        data_dir=path,
        **({"rate_per_second": 0, "concurrency": 2} | more),
    )


@pytest.fixture
def desk_of(sandbox: Sandbox, tmp_path: Path, installation: Team | None) -> Iterator[DeskOf]:
    """Opens desks on the test's data folder, or on its team, one after the other."""
    shared = {"database_url": installation.database_url, "lake_path": installation.lake_path} if installation else {}
    with ExitStack() as closing:

        def open_one(gateway: Sandbox = sandbox, *, begin: bool = True, **more: Any) -> Desk:
            desk = open_desk(settings_of(gateway, tmp_path / "data", **shared, **more), with_jobs=True)
            closing.callback(desk.close)
            if begin:
                jobs_of(desk).begin()
            return desk

        yield open_one


def jobs_of(desk: Desk) -> Jobs:
    assert desk.jobs
    return desk.jobs


def call(call_id: str, caller: str = "1001", callee: str = "+85261110000", **more: Any) -> dict[str, Any]:
    return {"callId": call_id, "caller": caller, "callee": callee, "startTime": 1690442400000, **more}


def know(desk: Desk, order_id: str, *sent: dict[str, Any], asked_at: datetime | None = None) -> None:
    """The archive has this answer, given just now."""
    rows = records.calls(order_id, sent)
    asked_at = asked_at or datetime.now(UTC) - timedelta(minutes=1)
    word = "found" if rows else "no_calls"
    desk.archive.append([(Outcome(order_id, word, calls=len(rows), asked_at=asked_at, attempts=1), rows)])  # type: ignore[arg-type]


def upload(desk: Desk, name: str, content: bytes, column: int = 0) -> Folder:
    folder = jobs_of(desk).upload(name, io.BytesIO(content))
    folder.read()
    folder.check(column)
    return folder


def run_job(desk: Desk, folder: Folder, column: int = 0, name: str = "a job") -> Job:
    job = jobs_of(desk).start(folder, Checked(column), name=name, who="an analyst")
    return ended(desk, job)


def ended(desk: Desk, job: Job) -> Job:
    def there() -> Job:
        now = jobs_of(desk).store.get(job.id)
        assert now
        return now

    wait_for(lambda: there().state not in ("queued", "running"))
    live = jobs_of(desk).live(there())
    wait_for(lambda: not (live and live.running))
    return there()


def whole(path: Path) -> Iterator[tuple[str, bytes]]:
    """All bytes in a folder: of each file, and of what is packed in it."""
    for file in sorted(path.rglob("*")):
        if not file.is_file() or file.name.startswith("errands"):
            continue
        content = file.read_bytes()
        yield file.name, content
        if content[:2] == b"\x1f\x8b":
            yield f"{file.name} unpacked", gzip.decompress(content)
        if content[:2] == b"PK":
            with zipfile.ZipFile(file) as book:
                for member in book.namelist():
                    yield f"{file.name}: {member}", book.read(member)
        if content[:4] == b"PAR1":
            yield f"{file.name} as rows", repr(pq.read_table(file).to_pydict()).encode()


def holding(path: Path, *texts: str) -> list[str]:
    kinds = [text.encode(name) for text in texts for name in ("utf-8", "gb18030", "utf-16-le")]
    return [name for name, content in whole(path) if any(kind in content for kind in kinds)]


def everything(desk: Desk) -> dict[str, Any]:
    """What there is, as its readers see it."""
    jobs = jobs_of(desk)
    folders = {path.name: Folder(path) for path in jobs.folders.iterdir()} if jobs.folders.is_dir() else {}
    return {
        "calls": sorted(map(repr, desk.archive.read("SELECT * FROM archive.calls", {}).to_pylist())),
        "lookups": sorted(map(repr, desk.archive.read("SELECT * FROM archive.lookups", {}).to_pylist())),
        "jobs": jobs.store.all(),
        "views": desk.views.all() if desk.views else [],
        "cells": {name: pq.read_table(folder.cells).to_pydict() for name, folder in folders.items()},
        "ids": {name: pq.read_table(folder.ids).to_pydict() for name, folder in folders.items()},
        "about": {name: folder.about() for name, folder in folders.items()},
        "uploads": {name: folder.upload.read_bytes() for name, folder in folders.items()},
    }


def workbook() -> bytes:
    """A list on the first sheet, the number only on the second one."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        first, second = book.add_worksheet("list"), book.add_worksheet("customers")
        first.write_column(0, 0, ["order_id", "SO-1", "SO-2"])
        second.write_row(0, 0, ["Chan", int(DIGITS)])
    return out.getvalue()


CRM = [
    ["标题", "", ""],
    ["order_id", "phone", "note"],
    ["SO-1", "+852 9876 5432", "his own"],
    ["SO-2", "+86 138 0000 0000", "陈; call back 9876 5432"],
    ["SO-3", "0085298765432", ""],
    ["SO-1", "", "ask ８５２９８７６５４３２"],
    [f"X-{DIGITS}", "+85212345678", "its id holds it"],
]


def lived_in(desk: Desk) -> tuple[Job, Job]:
    """A desk on which the number stands wherever it may: two jobs, an upload, views, addresses, files."""
    know(desk, "SO-1", call("a", WHO), call("b", other="no, 9876 5432 is short"))
    know(desk, "SO-2", call("c", callee=f"00{DIGITS}"))
    know(desk, "SO-3", call("d", recordUrl=f"https://store.example/{DIGITS}.wav"), call("e"))
    know(desk, f"X-{DIGITS}", call("f"))
    know(desk, "SO-4", call("g"))
    job = run_job(desk, upload(desk, f"{DIGITS}.csv", as_csv(CRM)), name=f"for {WHO}")
    assert (job.found, job.calls, job.ids) == (4, 6, 4)
    other = run_job(desk, upload(desk, "book.xlsx", workbook()))
    upload(desk, "packed.csv.gz", gzip.compress("SO-4\t陈\t+852-9876-5432\r\nSO-5\t\t\r\n".encode("utf-16")))
    jobs_of(desk).upload("picture.png", io.BytesIO(b"\x89PNG\r\n" + DIGITS.encode()))
    for one in (job, other):
        for kind in ("orders", "calls"):
            for format in ("csv", "xlsx", "parquet"):
                jobs_of(desk).file(one, FileRequest(kind, format, "UTC"))  # type: ignore[arg-type]
    assert desk.views and desk.aliases
    desk.views.save("Mr Chan", replace(Filters(), find=DIGITS))
    desk.views.save("cheap", Filters())
    desk.aliases.in_address(WHO)
    desk.aliases.in_address("+85212345678")
    desk.explored.refresh()
    return job, other


@on_both
def test_forget_number__wherever_it_stands(
    desk_of: DeskOf,
    tmp_path: Path,
    installation: Team | None,
    request: pytest.FixtureRequest,
) -> None:
    desk = desk_of()
    job, other = lived_in(desk)
    jobs = jobs_of(desk)
    before = everything_but_pictures(desk)
    assert len(holding(tmp_path, *FORMS)) >= 10

    would = keeping.forget_number(desk, WHO, ME, dry=True)
    assert everything_but_pictures(desk) == before
    assert len(holding(tmp_path, *FORMS)) >= 10
    gone = keeping.forget_number(desk, WHO, ME)
    assert replace_(gone, bytes=0, dry=True) == replace_(would, bytes=0)
    assert (gone.calls, gone.lookups, gone.orders, gone.changed) == (4, 1, 4, 3)
    assert (gone.cells, gone.lists, gone.uploads, gone.texts, gone.files, gone.left) == (5, 3, 1, 3, 12, [])
    assert not keeping.forget_number(desk, WHO, ME).anything

    assert holding(tmp_path, *FORMS[:1], *FORMS[2:]) == []
    with_local = holding(tmp_path, FORMS[1])  # which is not the number, for nobody said so
    assert all("upload" in name or name.startswith(("cells", "archive", "ducklake")) for name in with_local)

    after = everything_but_pictures(desk)
    rows = after["cells"][job.id]
    assert rows["row"] == before["cells"][job.id]["row"] == [3, 4, 5, 6, 7]
    assert rows["c0"] == ["SO-1", "SO-2", "SO-3", "SO-1", MARK]
    assert rows["c1"] == [MARK, "+86 138 0000 0000", MARK, "", "+85212345678"]
    assert rows["c2"] == ["his own", "陈; call back 9876 5432", "", MARK, "its id holds it"]
    assert after["ids"][job.id]["problem"] == [None, None, None, "duplicate_of_row_3", "forgotten"]
    for unchanged in ("cells", "ids"):
        assert after[unchanged][other.id] == before[unchanged][other.id]

    now = jobs.store.get(job.id)
    assert now and (now.name, now.file_name) == (f"for {MARK}", f"{MARK}.csv")
    assert (now.state, now.ids, now.found, now.no_calls, now.calls, now.invalid, now.pending) == (
        "done",
        3,
        2,
        1,
        2,
        1,
        0,
    )
    tally = jobs.listed(now).tally()
    assert tally.words | {"invalid": now.invalid} == now.words
    orders = pq.read_table(jobs.file(now, FileRequest("orders", "parquet", "UTC"))).to_pylist()
    assert [row["outcome"] for row in orders] == ["found", "no_calls", "found", "found", "invalid"]
    assert [row["calls"] for row in orders] == [1, 0, 1, 1, None]
    assert orders[1]["reason"] == FORGOTTEN
    assert desk.views
    assert [view.name for view in desk.views.all()] == ["cheap"]
    assert desk.audit
    assert [(entry.who, entry.deed, entry.what, entry.count) for entry in desk.audit.all()][-2:] == [
        ("an operator", "forgot", "a phone number", 4), ("an operator", "forgot", "a phone number", 0),
    ]  # fmt: skip
    desk.close()
    assert holding(tmp_path, *FORMS[:1], *FORMS[2:]) == []
    if installation:
        assert not [form for form in (*FORMS[:1], *FORMS[2:]) if form in kept_by(request.getfixturevalue("postgres"))]


def replace_(removed: Removed, **values: Any) -> Removed:
    return replace(removed, **values)


def everything_but_pictures(desk: Desk) -> dict[str, Any]:
    for path in jobs_of(desk).folders.iterdir():
        if not (path / "cells.parquet").exists():
            assert {file.name for file in path.iterdir()} == {"upload", "about.json"}
            picture = path
            break
    else:
        return everything(desk)
    aside = picture.rename(jobs_of(desk).folders.parent / picture.name)
    try:
        return everything(desk)
    finally:
        aside.rename(picture)


def test_forget_number__what_is_left_of_a_file_is_read_again_with_the_same_rows(desk_of: DeskOf) -> None:
    desk = desk_of()
    job, other = lived_in(desk)
    keeping.forget_number(desk, WHO, ME)
    jobs = jobs_of(desk)
    for one, header in ((job, 2), (other, 1)):
        folder = jobs.repeat(one)
        rows = pq.read_table(folder.cells).to_pydict()
        assert folder.read().header == header
        columns = folder.read().columns
        folder.cells.unlink()  # so that it is read out of the file
        assert folder.read().columns == columns
        assert pq.read_table(folder.cells).to_pydict() == rows


def test_forget_order__its_rows_are_not_asked_and_all_others_are_as_they_were(desk_of: DeskOf, tmp_path: Path) -> None:
    desk = desk_of()
    job, _ = lived_in(desk)
    before = everything_but_pictures(desk)
    gone = keeping.forget_order(desk, "SO-1", ME)
    assert (gone.calls, gone.lookups, gone.cells, gone.lists, gone.uploads) == (2, 1, 3, 2, 0)
    assert not keeping.forget_order(desk, "SO-1", ME).anything
    assert lookups_of(desk.archive, "SO-1") == []
    assert holding(tmp_path, "SO-1") == []
    after = everything_but_pictures(desk)
    assert after["cells"][job.id]["c0"] == [MARK, "SO-2", "SO-3", MARK, f"X-{DIGITS}"]
    assert after["ids"][job.id]["problem"] == ["forgotten", None, None, "forgotten", None]
    for name in ("c1", "c2"):
        assert after["cells"][job.id][name] == before["cells"][job.id][name]
    assert set(after["calls"]) < set(before["calls"]) and len(after["calls"]) == len(before["calls"]) - 2
    now = jobs_of(desk).store.get(job.id)
    assert now and (now.ids, now.found, now.calls, now.invalid, now.pending) == (3, 3, 4, 2, 0)
    assert after["views"] == before["views"]


def test_forget_number__too_short_is_refused_unless_it_is_a_whole_caller(desk_of: DeskOf) -> None:
    desk = desk_of()
    know(desk, "SO-1", call("a", "1001"), call("b", "21001", other="1001"))
    folder = upload(desk, "a.csv", as_csv([["order_id", "n"], ["SO-1", "1001"]]))
    for dry in (True, False):
        with pytest.raises(TraceError, match="too short"):
            keeping.forget_number(desk, "432", ME, dry=dry)
    gone = keeping.forget_number(desk, "1001", ME)
    assert (gone.calls, gone.cells) == (1, 0)
    assert pq.read_table(folder.cells)["c1"].to_pylist() == ["1001"]  # a number like any other
    for nothing in ("", "  ", "+852 9876 5432\n+852 9876 5433", "1" * 19):
        with pytest.raises(TraceError):
            keeping.forget_number(desk, nothing, ME)


def test_forget__the_other_ledger_of_the_folder_and_what_cannot_be_looked_into(desk_of: DeskOf, tmp_path: Path) -> None:
    sandboxed = open_desk(Settings(data_dir=tmp_path / "data"))
    try:
        know(sandboxed, "SO-9", call("z", WHO))
    finally:
        sandboxed.close()
    desk = desk_of()
    folder = upload(desk, "a.csv", as_csv([["order_id"], ["SO-1"]]))
    folder.cells.write_bytes(b"PAR1 not whole")
    (tmp_path / "data" / "replaced-2026-11-25").mkdir()
    gone = keeping.forget_number(desk, WHO, ME)
    assert gone.calls == 1
    assert [sentence.split(". ")[0] for sentence in gone.left] == [
        f"The folder of job {folder.id} was not looked into",
        "The folder replaced-2026-11-25, which a restore put aside, was not looked into: delete it.",
    ]
    folder.remove()
    assert holding(tmp_path, DIGITS) == []


def numbers_of(gateway: Sandbox, order_id: str) -> list[str]:
    """Phone numbers in the calls of an order."""
    texts = [str(record[name]) for record in gateway.world.records(order_id) for name in ("caller", "callee")]
    return [text for text in texts if text.lstrip("+").isdecimal() and len(text) > 9]


def test_forget__a_job_that_runs_does_not_ask_it_any_more_and_goes_on(desk_of: DeskOf) -> None:
    with Sandbox(today=TODAY, delay_s=0.05) as gateway:
        desk = desk_of(gateway, concurrency=1)
        ids = [order_id for order_id in gateway.world.orders() if numbers_of(gateway, order_id)][:60]
        folder = upload(desk, "ids.csv", as_csv([["order_id"], *([order_id] for order_id in ids)]))
        job = jobs_of(desk).start(folder, Checked(0), name="a job", who="an analyst")
        wait_for(lambda: len(gateway.requests) >= 10)
        asked = {request.order_id for request in gateway.requests}
        late, early = ids[-1], next(order_id for order_id in ids if order_id in asked)
        number = numbers_of(gateway, ids[-5])[0]
        for forget in (
            lambda: keeping.forget_order(desk, late, ME),
            lambda: keeping.forget_order(desk, early, ME),
            lambda: keeping.forget_number(desk, number, ME),
        ):
            forget()
        n = sum(request.order_id == early for request in gateway.requests)
        done = ended(desk, job)
        assert (done.state, done.ids, done.invalid, done.pending) == ("done", 58, 2, 0)
        requests = [request.order_id for request in gateway.requests]
        assert late not in requests
        assert requests.count(early) == n
        assert lookups_of(desk.archive, early) == lookups_of(desk.archive, late) == []
        assert ids[-5] in requests
        assert number.lstrip("+") not in repr(desk.archive.read("SELECT * FROM archive.calls", {}).to_pylist())
        (outcome,) = lookups_of(desk.archive, ids[-5])
        assert outcome.reason == FORGOTTEN
        tally = jobs_of(desk).listed(done).tally()
        assert tally.words | {"invalid": done.invalid} == done.words


def test_forget__a_lookup_under_way_does_not_bring_it_back(desk_of: DeskOf) -> None:
    with Sandbox(today=TODAY, delay_s=0.3) as gateway:
        desk = desk_of(gateway)
        order_id = next(iter(gateway.world.orders()))
        found: list[Outcome] = []
        asking = threading.Thread(target=lambda: [found.extend(batch) for batch in desk.lookup.run([order_id])])
        asking.start()
        wait_for(lambda: len(gateway.arrived) >= 1 if hasattr(gateway, "arrived") else len(gateway.requests) >= 1)
        keeping.forget_order(desk, order_id, ME)
        asking.join(20)
        assert lookups_of(desk.archive, order_id) == []
        list(desk.lookup.run([order_id]))  # a new lookup is somebody's wish
        assert lookups_of(desk.archive, order_id)


POINTS = ["ledgers", "lists", "check", "_write_csv", "note", "reword", "count_anew", "wipe"]
KILLED = """
import os, sys
from pathlib import Path
from nxcc import access, keeping
from nxcc.desk import open_desk
from nxcc.jobs import EveryJob, Folder, Jobs
from nxcc.jobs import forgetting as jobs_forgetting
from nxcc.keeping import forgetting
from nxcc.settings import load
def end(*_, **__): os._exit(9)
def end_at_last_note(self, **values):
    if values.get("forgetting") is False: os._exit(9)
    note(self, **values)
where = sys.argv[1]
desk = open_desk(load(Path("none")), with_jobs=True)
note = Folder.note
would = forgetting._forget_now
def real(desk, trace, *, dry):
    if not dry:
        if where in ("ledgers", "lists", "wipe"): setattr(forgetting, where, end)
        elif where == "check": jobs_forgetting.intake.check = end
        elif where == "_write_csv": jobs_forgetting._write_csv = end
        elif where == "note": Folder.note = end_at_last_note
        elif where == "reword": EveryJob.reword = end
        elif where == "count_anew": Jobs.count_anew = end
    return would(desk, trace, dry=dry)
forgetting._forget_now = real
keeping.forget_number(desk, "+85298765432", access.here("a test"))
"""


def environment(sandbox: Sandbox, path: Path, **more: str) -> dict[str, str]:
    account = sandbox.credentials
    said = {
        "BASE_URL": sandbox.base_url, "ACCESS_KEY": account.access_key, "ACCESS_SECRET": account.access_secret,
        "TENANT_ID": str(account.tenant_id), "DATA_DIR": str(path),
    } | more  # fmt: skip
    return dict(os.environ) | {f"NXCC_{name}": value for name, value in said.items()}


@pytest.mark.parametrize("where", POINTS)
def test_killed__run_again_it_does_the_rest(sandbox: Sandbox, desk_of: DeskOf, tmp_path: Path, where: str) -> None:
    desk = desk_of()
    job, _ = lived_in(desk)
    desk.close()
    command = [sys.executable, "-c", KILLED, where]
    known = environment(sandbox, tmp_path / "data")
    done = subprocess.run(command, cwd=PROJECT, env=known, capture_output=True, check=False, timeout=60)
    assert done.returncode == 9, done.stderr.decode()
    assert DIGITS.encode() not in done.stdout + done.stderr
    again = desk_of()
    keeping.forget_number(again, WHO, ME)
    assert not keeping.forget_number(again, WHO, ME).anything
    assert holding(tmp_path, *FORMS[:1], *FORMS[2:]) == []
    now = jobs_of(again).store.get(job.id)
    assert now and (now.state, now.ids, now.found, now.no_calls, now.calls, now.invalid) == ("done", 3, 2, 1, 2, 1)
    rows = everything_but_pictures(again)
    assert rows["cells"][job.id]["c0"] == ["SO-1", "SO-2", "SO-3", "SO-1", MARK]
    assert rows["ids"][job.id]["problem"] == [None, None, None, "duplicate_of_row_3", "forgotten"]
    assert rows["about"][job.id]["check"]["ids"] == 3


def aged(folder: Folder, days: float) -> None:
    moment = datetime.now(UTC).timestamp() - days * 86_400
    for path in (folder.path, folder.upload):
        os.utime(path, (moment, moment))


@on_both
def test_past__calls_jobs_and_uploads_go_and_views_stay(desk_of: DeskOf, tmp_path: Path) -> None:
    desk = desk_of(keep_days=30)
    jobs, now = jobs_of(desk), datetime.now(UTC)
    know(desk, "OLD", call("o", WHO), asked_at=now - timedelta(days=30, hours=1))
    know(desk, "NEW", call("n", startTime=946_684_900_000))
    old = run_job(desk, upload(desk, "old.csv", b"order_id\r\nNEW\r\n"))
    new = run_job(desk, upload(desk, "new.csv", b"order_id\r\nNEW\r\nOLD-2\r\n"))
    paused = jobs.start(upload(desk, "paused.csv", b"order_id\r\nNEW-3\r\n"), Checked(0), name="p", who="")
    jobs.pause(paused)
    wait_for(lambda: jobs.store.get(paused.id).state == "paused")  # type: ignore[union-attr]
    fresh = upload(desk, "fresh.csv", b"order_id\r\nNEW\r\n")
    stale = upload(desk, "stale.csv", b"order_id\r\nNEW\r\n")
    orphan = upload(desk, "orphan.csv", b"order_id\r\nNEW\r\n")
    orphan.note(begun=True)  # somebody was killed while deleting its job
    for folder in (stale, orphan, Folder(jobs.folders / paused.id), Folder(jobs.folders / old.id)):
        aged(folder, 31)
    jobs.store.change(old.id, finished_at=now - timedelta(days=31))
    jobs.store.change(paused.id, created_at=now - timedelta(days=400))
    jobs.file(new, FileRequest("calls", "csv", "UTC"))
    assert desk.views and desk.aliases
    desk.views.save("kept", replace(Filters(), find="12345"))
    alias = desk.aliases.in_address(WHO)

    would = keeping.past(desk, now, ME, dry=True)
    assert {folder.name for folder in jobs.folders.iterdir()} >= {old.id, stale.id, orphan.id}
    gone = keeping.past(desk, now, ME)
    assert replace(gone, bytes=0, files=0, dry=True) == replace(would, bytes=0, files=0)
    assert (gone.calls, gone.lookups, gone.jobs, gone.uploads) == (1, 1, 1, 2)
    assert not keeping.past(desk, now, ME).anything
    assert {folder.name for folder in jobs.folders.iterdir()} == {new.id, paused.id, fresh.id}
    assert {job.id for job in jobs.store.all()} == {new.id, paused.id}
    assert lookups_of(desk.archive, "OLD") == [] and lookups_of(desk.archive, "NEW")
    assert [view.name for view in desk.views.all()] == ["kept"]
    assert desk.aliases.meant(alias) == WHO
    assert keeping.past(desk, now + timedelta(days=29), ME).texts == 0
    assert keeping.past(desk, now + timedelta(days=31), ME).texts == 1
    assert desk.audit and desk.audit.all()[0].deed == "removed old data"


def test_past__for_ever_unless_days_are_set(desk_of: DeskOf) -> None:
    desk = desk_of()
    know(desk, "OLD", call("o"), asked_at=at("2001-01-01T00:00:00"))
    assert not keeping.past(desk, datetime.now(UTC), ME).anything
    assert lookups_of(desk.archive, "OLD")


def test_past__a_job_at_work_keeps_its_own_answers(desk_of: DeskOf) -> None:
    desk = desk_of(begin=False, keep_days=1)
    now = datetime.now(UTC)
    folder = upload(desk, "ids.csv", b"order_id\r\nA\r\nB\r\n")
    job = jobs_of(desk).start(folder, Checked(0), name="long", who="")
    jobs_of(desk).store.change(job.id, created_at=now - timedelta(days=3))
    know(desk, "A", call("a"), asked_at=now - timedelta(days=2))
    know(desk, "Z", call("z"), asked_at=now - timedelta(days=4))
    assert keeping.past(desk, now, ME).calls == 1
    assert lookups_of(desk.archive, "A")
    jobs_of(desk).cancel(job)
    assert keeping.past(desk, now, ME).calls == 1
    assert lookups_of(desk.archive, "A") == []


def test_daily__soon_after_the_start_and_each_night_until_the_end(
    desk_of: DeskOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(keep_days=10)
    monkeypatch.setattr(in_app, "FIRST_AFTER_S", 0.0)
    monkeypatch.setattr(in_app, "until_night_s", lambda *_: 0.0)
    looks: list[datetime] = []

    class Broken(NxccError):
        pass

    def look(_: Desk, now: datetime, who: access.Viewer) -> Removed:
        looks.append(now)
        if len(looks) == 2:
            raise Broken("the disk is full")
        return Removed(calls=1)

    monkeypatch.setattr(in_app, "past", look)
    monkeypatch.setattr(in_app, "AGAIN_AFTER_S", 0.0)
    ending = threading.Event()
    thread = threading.Thread(target=keeping.daily, args=(desk, ending))
    thread.start()
    wait_for(lambda: len(looks) >= 4)
    ending.set()
    thread.join(10)
    assert not thread.is_alive()


def test_in_words() -> None:
    assert Removed().in_words() == Removed(dry=True, left=["x"]).in_words() == "nothing"
    assert Removed(calls=1, lookups=1200, bytes=1_260_000).in_words() == "1 call record, 1,200 lookups and 1.3 MB"
    assert Removed(cells=2).in_words() == "2 cells"


NIGHTS = [
    ("2026-11-24T02:00:00", "UTC", 3600),
    ("2026-11-24T03:00:00", "UTC", 86_400),
    ("2026-11-24T18:59:00", "Asia/Hong_Kong", 60),
]


@pytest.mark.parametrize(("now", "zone", "seconds"), NIGHTS)
def test_until_night(now: str, zone: str, seconds: float) -> None:
    assert in_app.until_night_s(at(now), zone) == seconds
