"""Out of a lake: no byte is left in its files, nor in PostgreSQL's tables; the other processes go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import psycopg
import pytest

from nxcc import traces
from nxcc.archive import Archive, Explored, Lake, Look, Tallied, compaction, lake_forgetting
from nxcc.archive.compaction import compact
from nxcc.archive.forgetting import Gone, take_out
from nxcc.errors import ArchiveError
from nxcc.filters import Filters
from nxcc.team.place import Team
from tests.lakes import quick_engines
from tests.postgres import Postgres

from .test_forgetting import NOW, WHO, answer, call

LOOK = Look(ZoneInfo("UTC"), 10, 20)
TRACED = (WHO, WHO[1:], "Rosalind-7731", "her words")


@pytest.fixture
def open_lake(team: Team, tmp_path: Path) -> Iterator[Callable[..., Archive]]:
    """Opens the team's archive, each time as another process would."""
    opened: list[Archive] = []

    def open_archive() -> Archive:
        opened.append(Archive(Lake(team, "archive", tmp_path / "beside"), "gateway", 1))
        return opened[-1]

    with quick_engines():
        yield open_archive
        for archive in opened:
            archive.close()


@pytest.fixture
def in_parts(open_lake: Callable[..., Archive], monkeypatch: pytest.MonkeyPatch) -> Archive:
    """A lake with traces of somebody in merged files, in small ones, and in rows that are in the catalog."""
    monkeypatch.setattr(compaction, "ENOUGH_ROWS", 1)
    monkeypatch.setattr(compaction, "ENOUGH_FILES", 3)
    archive = open_lake()
    kept = [answer(f"K{n}", call(f"k{n}", f"+8613{n:09}", answered=True)) for n in range(60)]
    hers = answer("A", call("a", WHO, agentName="Rosalind-7731", other="her words"), call("b"))
    for first in range(0, 40, 10):
        archive.append(kept[first : first + 10])
        if not first:
            archive.append([hers])
        compact(archive)
    archive.append([*kept[40:], *[answer(f"B{n}", call(f"c{n}", WHO, hangupReason="her words")) for n in range(50)]])
    archive.append([answer("C", call("d", callee=WHO))])
    return archive


def holding(folder: Path, *texts: str) -> list[str]:
    """The files in a folder in whose bytes any of the texts stands; Parquet files as their columns' contents."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes() if path.suffix != ".parquet" else _read(path).encode()
            if any(text.encode() in content for text in texts):
                found.append(path.name)
    return found


def _read(path: Path) -> str:
    with duckdb.connect() as connection:
        rows = connection.execute("SELECT * FROM read_parquet($path)", {"path": str(path)}).to_arrow_table().to_pylist()
        meta = connection.execute("SELECT * FROM parquet_metadata($path)", {"path": str(path)}).fetchall()
    return f"{rows} {meta}"


def tables_of(postgres: Postgres, team: Team) -> dict[str, str]:
    """The tables of a database, by the file of its data folder that they are in, which are written to the disk."""
    postgres.run("CHECKPOINT")
    with psycopg.connect(team.database_url) as connection:
        query = "SELECT oid::regclass::text, pg_relation_filepath(oid) FROM pg_class WHERE relkind IN ('r', 't', 'i')"
        return {path: table for table, path in connection.execute(query).fetchall() if path}


def in_postgres(postgres: Postgres, team: Team, *texts: str) -> list[str]:
    """The tables and indexes in whose bytes any of the texts stands."""
    tables = tables_of(postgres, team)
    folder = postgres.folder / "data"
    files = [path for name in tables for path in (folder / name).parent.glob(f"{Path(name).name}*")]
    return sorted(
        {
            tables.get(str(path.relative_to(folder)), path.name)
            for path in files
            if any(text.encode() in path.read_bytes() for text in texts)
        }
    )


def test_bytes__none_are_left_in_the_lake_nor_in_the_catalog(
    in_parts: Archive, open_lake: Callable[..., Archive], postgres: Postgres, team: Team, tmp_path: Path
) -> None:
    other = open_lake()
    explored, theirs = Explored(in_parts), Explored(other)
    explored.refresh()
    theirs.refresh()
    for one in (in_parts, other):
        with one.writing() as cursor:
            cursor.execute("CHECKPOINT explored")
    assert len(holding(team.folder, *TRACED)) >= 2
    assert set(holding(tmp_path / "beside", *TRACED)) == {"explored.duckdb"}
    before = in_postgres(postgres, team, *TRACED)
    assert any("inlined_data" in table for table in before)
    assert any("column_stats" in table for table in before)

    assert take_out(in_parts, explored, traces.number(WHO)) == Gone(calls=52, orders=52, changed=52)

    assert holding(team.folder, *TRACED) == []
    assert in_postgres(postgres, team, *TRACED) == []
    theirs.refresh()  # the other process hears of it when it looks
    assert holding(tmp_path / "beside", *TRACED) == []
    assert Tallied(theirs, Filters(), LOOK).count() == Tallied(explored, Filters(), LOOK).count() == 61
    assert other.size().lookups == 112
    other.append([answer("N", call("n"), asked_at=NOW)])
    assert in_parts.size().lookups == 113
    assert take_out(in_parts, explored, traces.number(WHO)) == Gone()


def test_explored__texts_keep_their_numbers_when_another_process_forgets(
    in_parts: Archive, open_lake: Callable[..., Archive]
) -> None:
    theirs = Explored(open_lake())
    theirs.refresh()
    before = Tallied(theirs, Filters(), LOOK)
    directions = before.directions()
    take_out(in_parts, Explored(in_parts), traces.order("K7"))
    theirs.refresh()
    assert before.directions()["direction"].tolist() == directions["direction"].tolist()
    assert before.directions()["calls"].sum() == directions["calls"].sum() - 1


def test_beside__what_a_process_left_that_has_ended_goes_as_well(
    in_parts: Archive, open_lake: Callable[..., Archive], tmp_path: Path
) -> None:
    ended = open_lake()
    Explored(ended).refresh()
    ended.close()
    assert "explored.duckdb" in holding(tmp_path / "beside", *TRACED)
    take_out(in_parts, Explored(in_parts), traces.number(WHO))
    assert holding(tmp_path / "beside", *TRACED) == []


@pytest.mark.parametrize("where", ["_write_anew", "_forget_past", "sweep"])
def test_failed__the_lake_is_as_it_was_or_as_it_is_to_be_and_the_next_time_ends_it(
    in_parts: Archive, postgres: Postgres, team: Team, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    before = in_parts.size()

    def fails(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(lake_forgetting, where, fails)
        with pytest.raises(ArchiveError, match=r"disk .* is full"):
            take_out(in_parts, Explored(in_parts), traces.number(WHO))
    left = in_parts.size()
    assert (left == before) == (where == "_write_anew")
    take_out(in_parts, Explored(in_parts), traces.number(WHO))
    assert in_parts.size().calls == before.calls - 52
    assert holding(team.folder, *TRACED) == []
    assert in_postgres(postgres, team, *TRACED) == []


def test_tables__keep_what_their_columns_say(in_parts: Archive) -> None:
    query = """SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns()
        WHERE database_name = 'archive' ORDER BY ALL"""
    before = in_parts.read(query, {})
    take_out(in_parts, Explored(in_parts), traces.number(WHO))
    assert in_parts.read(query, {}).equals(before)
