"""The files of a job: the uploaded rows, untouched and in their order, with what became of each; each call once."""

from __future__ import annotations

import csv
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from nxcc import export
from nxcc.errors import NxccError
from nxcc.export import BOM, RESULT_COLUMNS, Format, convert_apart
from nxcc.jobs import Checked, FileRequest, Job, Kind, download_name, files
from nxcc.sandbox import Sandbox

from ..conftest import own
from .conftest import HouseOf, as_csv, wait_for

pytestmark = pytest.mark.usefixtures("quick")


def request(kind: Kind = "orders", format: Format = "parquet", zone: str = "Asia/Shanghai") -> FileRequest:
    return FileRequest(kind, format, zone)


def column(path: Path, name: str) -> list[Any]:
    """A column of a Parquet file."""
    return list(pq.read_table(path)[name].to_pylist())


def content_of(path: Path) -> bytes:
    """What a CSV file holds, or the sheet of an XLSX file, whose other parts say when it was made."""
    if path.suffix == ".csv":
        return path.read_bytes()
    with zipfile.ZipFile(path) as book:
        return b"".join(book.read(name) for name in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"))


def table_of(path: Path) -> list[list[str]]:
    """Header and rows of a CSV file."""
    content = path.read_bytes().decode()
    assert content.startswith(BOM)
    return list(csv.reader(content[1:].splitlines(keepends=True)))


@pytest.mark.parametrize(("format", "limit"), [("csv", "FEW_CELLS"), ("xlsx", "FEW_BYTES")])
def test_file__made_here_or_in_a_process_of_its_own_is_the_same(
    sandbox: Sandbox, house_of: HouseOf, monkeypatch: pytest.MonkeyPatch, format: Format, limit: str
) -> None:
    house = house_of(sandbox)
    found = [own("SAMPLE-VENDOR") for _ in range(3)]
    job = house.done(house.start(found))
    apart: list[Path] = []

    def noted(source: Path, path: Path, *said: Any, **more: Any) -> int:
        apart.append(path)
        return convert_apart(source, path, *said, **more)

    monkeypatch.setattr(export, "convert_apart", noted)
    path = house.jobs.file(job, request("calls", format))
    here = content_of(path)
    assert apart == []
    path.unlink()
    monkeypatch.setattr(files, limit, 10)
    assert content_of(house.jobs.file(job, request("calls", format))) == here
    assert apart == [path]


def test_orders__row_for_row_as_uploaded(sandbox: Sandbox, house_of: HouseOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ROWS_AT_ONCE", 3)  # the seams of the pieces
    found, silent, refused = own("SAMPLE-VENDOR"), own("SHAPE-LIST"), own("FAIL-CODE-41000")
    rows = [
        ["陈 1", f" {found} ", "x"],
        ["", silent, '=HYPERLINK("http://bad.example")'],
        ['"quoted", with comma', refused, "line\nbreak"],
        ["+852 3575 7580", "", "blank"],
        ["dup", found, ""],
        ["cut", "1.23457E+17", "@SUM(A1)"],
        ["dup of silent", silent, "  spaces stay  "],
        ["long", "x" * 129, "-1"],
    ]
    title = "Export of November\r\n\r\n".encode("gb18030")
    content = title + as_csv([["name", "order id", "name"], *rows]).decode().encode("gb18030")
    house = house_of(sandbox)
    folder = house.upload(content, column=1)
    job = house.done(house.jobs.start(folder, Checked(1), name="n", who="w"))
    assert job.words == {"found": 1, "no_calls": 1, "failed": 1, "invalid": 3, "pending": 0}
    header, *lines = table_of(house.jobs.file(job, request(format="csv")))
    assert header == ["name", "order id", "name", *RESULT_COLUMNS]
    assert len(lines) == job.rows == len(rows)
    safe = export.safe_text
    assert [line[:3] for line in lines] == [[safe(cell) for cell in row] for row in rows]
    results = [dict(zip(RESULT_COLUMNS, line[3:], strict=True)) for line in lines]
    assert [(r["order_id_sent"], r["outcome"]) for r in results] == [
        (found, "found"), (silent, "no_calls"), (refused, "failed"), ("", "invalid"), (found, "found"),
        ("", "invalid"), (silent, "no_calls"), ("", "invalid"),
    ]  # fmt: skip
    assert [r["reason"].partition(":")[0] for r in results] == [
        "", "", "41000", "blank", "", "excel_scientific", "", "too_long",
    ]  # fmt: skip
    assert results[0] == results[4] | {"order_id_sent": found}  # a repeated id has the same answer
    assert (results[0]["calls"], results[0]["answered_calls"], results[0]["talk_s"]) == ("2", "1", "5")
    assert results[0]["first_answered_at"] == "2023-07-27T10:00:44+08:00"
    assert (results[1]["calls"], results[2]["calls"]) == ("0", "")

    words = Counter(r["outcome"] for r in results)
    distinct = Counter({r["order_id_sent"]: r["outcome"] for r in results if r["order_id_sent"]}.values())
    assert dict(distinct) == {word: n for word, n in job.words.items() if n and word != "invalid"}
    assert dict(words) == {word: n for word, n in house.jobs.listed(job).figures().rows.items() if n}


def test_orders__without_a_header(sandbox: Sandbox, house_of: HouseOf) -> None:
    found = own("SAMPLE-VENDOR")
    house = house_of(sandbox)
    job = house.done(
        house.jobs.start(house.upload(f"{found}\n".encode(), name="ids.txt"), Checked(0), name="n", who="w")
    )
    table = pq.read_table(house.jobs.file(job, request()))
    assert table.column_names[1:] == list(RESULT_COLUMNS)
    assert list(table.to_pylist()[0].values())[:3] == [found, found, "found"]


def test_calls__each_once_in_the_order_of_the_rows(
    sandbox: Sandbox, house_of: HouseOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ROWS_AT_ONCE", 4)
    ids = [own("SAMPLE-VENDOR") for _ in range(10)]
    house = house_of(sandbox)
    job = house.done(house.start([ids[0], own("SHAPE-LIST"), *ids, own("FAIL-CODE-41000"), ids[3], ""]))
    table = pq.read_table(house.jobs.file(job, request("calls")))
    assert "raw" not in table.column_names
    assert table.num_rows == job.calls == 20
    told = [(row["order_id"], row["call_id"]) for row in table.to_pylist()]
    calls = ["6605fcd9563616c6c009c6240", "63b09b9a163616c6c009cb326"]
    assert told == [(order_id, call_id) for order_id in ids for call_id in calls]


def test_formats__hold_the_same(sandbox: Sandbox, house_of: HouseOf) -> None:
    house = house_of(sandbox)
    ids = [own("SAMPLE-VENDOR"), "007", "6912345678901234567", own("SHAPE-LIST")]
    job = house.done(house.start(ids))
    header, *lines = table_of(house.jobs.file(job, request("calls", "csv")))
    parquet = pq.read_table(house.jobs.file(job, request("calls")))
    assert parquet.num_rows == len(lines) == job.calls
    at = header.index("order_id")
    assert parquet.column(at).to_pylist() == [line[at] for line in lines]
    with CalamineWorkbook.from_path(house.jobs.file(job, request("calls", "xlsx"))) as book:
        _, *cells = book.get_sheet_by_index(0).to_python()
    assert [row[at] for row in cells] == [line[at] for line in lines]


def test_file__of_a_job_in_mid_run_shows_what_is_there(house_of: HouseOf, sandbox: Sandbox) -> None:
    house = house_of(sandbox, begin=False)
    job = house.start([own("SAMPLE-VENDOR"), "B"])
    assert column(house.jobs.file(job, request()), "outcome") == ["pending", "pending"]
    house.jobs.begin()
    ended = house.done(job)
    assert column(house.jobs.file(ended, request()), "outcome") == ["found", "no_calls"]


def test_file__made_once_for_as_long_as_nothing_changes(
    sandbox: Sandbox, house_of: HouseOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    real: Callable[..., Any] = export.write

    def counted(batches: Any, path: Path, format: Format, *more: Any, **named: Any) -> int:
        made.append(path.name.partition("-")[0])
        return int(real(batches, path, format, *more, **named))

    monkeypatch.setattr(export, "write", counted)
    house = house_of(sandbox)
    job = house.done(house.start([own("FAIL-CODE-41000-1"), own("SAMPLE-VENDOR")]))
    first = house.jobs.file(job, request())
    assert house.jobs.file(job, request()) == first
    house.jobs.file(job, request("calls"))
    assert made == ["orders", "calls"]
    house.jobs.file(job, request(zone="UTC"))
    assert made == ["orders", "calls", "orders"]

    house.jobs.retry_failed(job)
    again = house.done(job)
    assert column(house.jobs.file(again, request()), "outcome") == ["found", "found"]
    assert made[3:] == ["orders"]
    folder = house.jobs.folder(job.id)
    assert folder
    assert len(list((folder.path / "files").glob("orders-*"))) == 1  # old ones go


def test_file__by_whoever_runs_the_jobs(sandbox: Sandbox, house_of: HouseOf) -> None:
    house = house_of(sandbox)
    job = house.done(house.start([own("SAMPLE-VENDOR")]))
    house.store.want_file(job.id, "orders.parquet", {"kind": "orders", "format": "parquet", "zone": "UTC"})
    house.store.want_file(job.id, "bad", {"kind": "orders", "format": "csv", "zone": "Nowhere/Land"})
    wait_for(lambda: house.store.file_state(job.id, "orders.parquet")[0] == "ready")
    wait_for(lambda: house.store.file_state(job.id, "bad")[0] == "failed")
    assert Path(house.store.file_state(job.id, "orders.parquet")[1]) == house.jobs.file(job, request(zone="UTC"))


def test_file__that_a_killed_process_was_making_is_made_by_the_next(sandbox: Sandbox, house_of: HouseOf) -> None:
    house = house_of(sandbox)
    job = house.done(house.start([own("SAMPLE-VENDOR")]))
    house.end()
    house = house_of(sandbox, begin=False)
    house.store.want_file(job.id, "orders.parquet", {"kind": "orders", "format": "parquet", "zone": "UTC"})
    house.store.file_is(job.id, "orders.parquet", "made")
    house.jobs.begin()
    wait_for(lambda: house.store.file_state(job.id, "orders.parquet")[0] == "ready")


@pytest.mark.parametrize("lost", ["cells.parquet", "ids.parquet", ""])
def test_file__of_files_that_are_gone_is_a_sentence(sandbox: Sandbox, house_of: HouseOf, lost: str) -> None:
    house = house_of(sandbox)
    job: Job = house.done(house.start([own("SAMPLE-VENDOR")]))
    folder = house.jobs.folder(job.id)
    assert folder
    if lost:
        (folder.path / lost).unlink()
    else:
        folder.remove()
    with pytest.raises(NxccError, match="not there") as failed:
        house.jobs.file(job, request())
    assert "Upload the file again" in failed.value.cure


def test_download_name__out_of_the_uploaded_one(sandbox: Sandbox, house_of: HouseOf) -> None:
    house = house_of(sandbox, begin=False)
    folder = house.upload(as_csv([["order_id"], ["A"]]), name="crm 回访.csv.gz.csv")
    job = house.jobs.start(folder, Checked(0), name="n", who="w")
    assert download_name(job, "orders", "xlsx") == "crm 回访 orders.xlsx"
