"""Parquet that any reader opens: typed, and no name twice."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from nxcc import records
from nxcc.export import RESULT_COLUMNS, convert, write
from nxcc.export.parquet_file import ROWS_A_GROUP, true_names

from ..conftest import sample
from .tables import SHANGHAI, UPLOADED, orders, sheets


def test_parquet__types_times_in_the_zone_and_values(tmp_path: Path) -> None:
    path, table = tmp_path / "orders.parquet", orders(10, ["id"])
    assert write(table.to_reader(), path, "parquet", SHANGHAI) == 10
    read = parquet.read_table(path)
    local = pa.timestamp("us", "Asia/Shanghai")
    assert read.schema.types == [local if pa.types.is_timestamp(kind) else kind for kind in table.schema.types]
    assert [column.cast(kind) for column, kind in zip(read.columns, table.schema.types, strict=True)] == table.columns


def test_parquet__calls_keep_their_schema(tmp_path: Path) -> None:
    table = records.table(records.calls("007", sample("queryByOrderId-success")["data"]))
    write(table.to_reader(), tmp_path / "calls.parquet", "parquet", SHANGHAI)
    read = parquet.read_table(tmp_path / "calls.parquet")
    assert read.select(["flags", "raw", "cost"]) == table.select(["flags", "raw", "cost"])
    assert read.column_names == records.SCHEMA.names


def test_parquet__repeated_and_blank_names_are_made_unique_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    write(orders(3).to_reader(), path, "parquet", SHANGHAI)
    schema = parquet.read_schema(path)
    ours = ["outcome_2" if name == "outcome" else name for name in RESULT_COLUMNS]
    assert schema.names == ["order_id", "column_2", "note", "note_2", "outcome", *ours]
    assert true_names(schema) == [*UPLOADED, *RESULT_COLUMNS]


def test_parquet__names_of_the_caller_go_before_the_schemas(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    write(pa.table({"c0": ["1"], "c1": ["2"]}).to_reader(), path, "parquet", SHANGHAI, names=["订单号", "订单号"])
    assert parquet.read_schema(path).names == ["订单号", "订单号_2"]
    assert true_names(parquet.read_schema(path)) == ["订单号", "订单号"]


def test_parquet__duckdb_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    write(orders(5).to_reader(), path, "parquet", SHANGHAI)
    found = duckdb.sql(f"SELECT count(*), sum(calls), min(note_2) FROM '{path}' WHERE outcome_2 = 'found'").fetchone()
    assert found == (3, 4, "note 1")


def test_parquet__small_batches_become_large_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "n.parquet"
    table = pa.table({"n": pa.array(range(ROWS_A_GROUP + 5_000))})
    small = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=2_048))
    assert write(small, path, "parquet", SHANGHAI) == table.num_rows
    with parquet.ParquetFile(path) as file:
        groups = [file.metadata.row_group(n).num_rows for n in range(file.metadata.num_row_groups)]
    assert len(groups) == 2
    assert max(groups) <= ROWS_A_GROUP
    assert parquet.read_table(path)["n"].equals(table["n"])


def test_true_names__of_a_foreign_file_are_its_own(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"a": ["1"]}), tmp_path / "a.parquet")
    assert convert(tmp_path / "a.parquet", tmp_path / "a.xlsx", "xlsx", SHANGHAI) == 1
    assert sheets(tmp_path / "a.xlsx")["orders"] == [["a"], ["1"]]


@pytest.mark.parametrize("rows", [0, 1])
def test_parquet__few_rows(tmp_path: Path, rows: int) -> None:
    assert write(orders(rows).to_reader(), tmp_path / "o.parquet", "parquet", SHANGHAI) == rows
    assert parquet.read_table(tmp_path / "o.parquet").num_rows == rows
