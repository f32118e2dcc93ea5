"""Files of an enemy: each becomes a table or is refused in a sentence, soon, in little memory, touching nothing."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nxcc import export, intake
from nxcc.intake import IntakeError, Overrides
from nxcc.intake.values import Styles
from tests.hostile import files, texts

SLOWEST_S = 20.0  # of the largest of them, on a busy machine; the bombs that were found took minutes
NO_MORE_THAN = 150_000_000  # bytes that Python allocates


@pytest.fixture(autouse=True)
def _smaller_bombs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may come out of a .gz: the bombs here are smaller than real ones, and so is the limit."""
    monkeypatch.setattr("nxcc.intake.content.LARGEST_CONTENT", 50_000_000)


def taken(folder: Path, name: str, content: bytes) -> intake.Reading | IntakeError:
    """What becomes of an upload; of a table, that each of its columns can be checked and shown."""
    (folder / "upload").write_bytes(content)
    try:
        reading = intake.read(folder / "upload", name, folder / "cells.parquet")
    except IntakeError as error:
        if not error.what or (folder / "cells.parquet").exists():
            raise
        return error
    sample = intake.sample(folder / "cells.parquet")
    column = intake.propose(reading.columns, sample)
    check = intake.check(folder / "cells.parquet", column or 0, folder / "ids.parquet")
    assert check.rows == reading.rows == check.blank + check.duplicate + check.invalid + check.ids
    for order_id in (
        pq.read_table(folder / "ids.parquet", columns=["order_id", "sends"])
        .filter(pq.filters_to_expression([("sends", "=", True)]))["order_id"]
        .to_pylist()
    ):
        assert len(order_id) <= intake.LONGEST
    (folder / "cells.parquet").unlink()
    return reading


@pytest.mark.parametrize("which", files.ALL)
def test_read__a_table_or_a_refusal(tmp_path: Path, which: str) -> None:
    name, make = files.ALL[which]
    content = make()
    began = time.monotonic()
    taken(tmp_path, name, content)
    assert time.monotonic() - began < SLOWEST_S
    assert not Path("/tmp/hostile_was_here").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) in (["upload"], ["ids.parquet", "upload"])


@pytest.mark.parametrize(
    "which", ["workbook: a bomb that names its kind", "packed: a bomb of 60 MB", "workbook: a billion laughs"]
)
def test_read__a_bomb_stays_packed(tmp_path: Path, which: str) -> None:
    name, make = files.ALL[which]
    content = make()
    tracemalloc.start()
    try:
        assert isinstance(taken(tmp_path, name, content), IntakeError)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_read__a_zip_of_a_million_parts_is_refused_unread(tmp_path: Path) -> None:
    """Each of its parts would take ten times its entry; only the directory's size is looked at."""
    entry = b"PK\x01\x02" + bytes(24) + (1).to_bytes(2, "little") + bytes(16) + b"x"
    directory = entry * 300_000
    end = (
        b"PK\x05\x06"
        + bytes(4)
        + b"\xff\xff\xff\xff"
        + len(directory).to_bytes(4, "little")
        + (4).to_bytes(4, "little")
        + bytes(2)
    )
    content = b"PK\x03\x04" + directory + end
    tracemalloc.start()
    try:
        found = taken(tmp_path, "orders.xlsx", content)
        assert isinstance(found, IntakeError)
        assert "far more parts" in found.what
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("value", ["1E+999999999", "-1E+999999999", "1e-999999999", "1e400", "nan", "-inf"])
def test_number__that_no_machine_holds(value: str) -> None:
    styles = Styles.of([0, 14, 46], {46: "[h]:mm"}, epoch_1904=False)
    assert [styles.text(value, style) for style in ("0", "2")] == [value, "0:00:00" if "e-9" in value else value]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.lists(st.sampled_from(texts.SHORT) | st.text(max_size=20), min_size=1, max_size=4), min_size=1, max_size=8
    ),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030", "cp1252"]),
)
def test_read__any_cells_in_any_encoding(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str, encoding: str
) -> None:
    content = files.table(rows, delimiter).decode().encode(encoding, "replace")
    taken(tmp_path_factory.mktemp("any"), "orders.csv", content)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=400), st.sampled_from(["x.csv", "x.txt", "x.xlsx", "x.gz", ""]))
def test_read__any_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str) -> None:
    taken(tmp_path_factory.mktemp("bytes"), name, content)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2_000), st.binary(max_size=4), st.integers(0, 8))
def test_read__a_workbook_changed_anywhere(
    tmp_path_factory: pytest.TempPathFactory, at: int, new: bytes, cut: int
) -> None:
    whole = files.book()
    at %= len(whole)
    taken(tmp_path_factory.mktemp("book"), "orders.xlsx", whole[:at] + new + whole[at + cut :])


@pytest.mark.parametrize(
    "overrides",
    [{"header": 2**31}, {"header": -1}, {"sheet": "../x"}, {"delimiter": "x"}, {"quote": "\x00"}, {"encoding": "idna"}],
)
def test_read__overrides_that_nobody_offers(tmp_path: Path, overrides: dict[str, object]) -> None:
    (tmp_path / "upload").write_bytes(files.book())
    with pytest.raises(IntakeError):
        intake.read(tmp_path / "upload", "x.xlsx", tmp_path / "cells", Overrides(**overrides))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", files.NAMES, ids=ascii)
def test_file_name__of_a_download(tmp_path: Path, name: str) -> None:
    for suffix in ("orders", ""):
        made = export.file_name(name, suffix, "csv")
        assert made.endswith(".csv")
        assert 4 < len(made) <= 80
        assert made.isprintable()
        assert not set(made) & set('/\\<>:"|?*')
        assert made == made.strip()
        assert not made.startswith((".", "-", "~", "=", "+", "@"))
        (tmp_path / made).write_bytes(b"")
    assert {path.parent for path in tmp_path.rglob("*")} == {tmp_path}
