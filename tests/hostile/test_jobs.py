"""A bulk lookup from end to end: hostile names, headers and cells in; hostile calls between; its files out."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from nxcc.export import FORMATS, RESULT_COLUMNS
from nxcc.jobs import Checked, FileRequest, download_name
from tests.hostile import files, records, texts
from tests.hostile.conftest import GUARD, Gateway
from tests.hostile.seen import csv_rows, is_live, require_dead_book
from tests.jobs.conftest import HouseOf, house_of, installation, quick  # noqa: F401 - fixtures

SHANGHAI = "Asia/Shanghai"
NAME = "../../<img src=x onerror=window.pwned=1>=1+1\u202evsc.csv"


@pytest.mark.usefixtures("quick")
def test_job__of_hostile_rows(
    gateway: Gateway,
    house_of: HouseOf,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = tmp_path / "refused"  # the files are made in processes of their own: guarded as well
    host = gateway.sandbox.base_url.removeprefix("http://")
    for name, value in (("PYTHONPATH", str(GUARD)), ("HOSTILE_GUARD", str(log)), ("HOSTILE_ALLOWED", host)):
        monkeypatch.setenv(name, value)
    asked = {f"J-{n}": text for n, text in enumerate(texts.SHORT[::2])} | {text: text for text in texts.AS_IDS[::2]}
    gateway.calls |= {order_id: records.saying(text, n) for n, (order_id, text) in enumerate(asked.items())}
    headers = [text.replace("\x00", "") for text in texts.SHORT if text.strip() and "\r" not in text][:40]
    rows = [[order_id, *[text.replace("\x00", "")] * len(headers)] for order_id, text in asked.items()]
    house = house_of(gateway.sandbox)
    folder = house.upload(files.table([["order_id", *headers], *rows]), name=NAME)
    job = house.done(house.jobs.start(folder, Checked(0), name=NAME, who=NAME), within_s=60)
    assert job.words["found"] + job.invalid == job.rows == len(rows)
    for kind in ("orders", "calls"):
        for format in FORMATS if kind == "orders" else ("csv", "parquet"):
            content = house.jobs.file(job, FileRequest(kind, format, SHANGHAI)).read_bytes()
            name = download_name(job, kind, format)
            assert name == f"img src=x onerror=window.pwned=1 =1+1vsc {kind}.{format}"
            if format == "csv":
                header, *lines = csv_rows(content)
                assert [cell[:80] for line in (header, *lines) for cell in line if is_live(cell)] == []
                if kind == "orders":
                    assert [cell.removeprefix("'") for cell in header] == [
                        h.removeprefix("'") for h in ["order_id", *headers, *RESULT_COLUMNS]
                    ]
                    as_put = [[cell.removeprefix("'") for cell in line[: len(headers) + 1]] for line in lines]
                    assert as_put == [[cell.removeprefix("'") for cell in row] for row in rows]
            elif format == "xlsx":
                require_dead_book(content)
                book = CalamineWorkbook.from_filelike(io.BytesIO(content))
                assert len(book.get_sheet_by_index(0).to_python()) == (len(rows) if kind == "orders" else job.calls) + 1
            else:
                assert pq.read_table(io.BytesIO(content)).num_rows == (len(rows) if kind == "orders" else job.calls)
    assert not log.exists()
