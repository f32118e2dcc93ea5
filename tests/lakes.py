"""Lakes for tests, quickly: engines that are used again, and databases copied from one in which the tables are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import duckdb
import psycopg

from nxcc.archive import Archive, Lake, ledger_lake
from nxcc.team.place import Team
from tests.postgres import Postgres

_idle: list[duckdb.DuckDBPyConnection] = []
_prepared: dict[Postgres, str] = {}
real_engine = ledger_lake.engine


@contextmanager
def quick_engines() -> Iterator[None]:
    """Lakes that are opened meanwhile take an engine that has been used before: loading extensions takes a second."""
    with ExitStack() as after:

        def engine(lake: Lake) -> duckdb.DuckDBPyConnection:
            root = _idle.pop() if _idle else real_engine(lake)
            after.callback(_use_again, root)
            return root.cursor()

        with patch.object(ledger_lake, "engine", engine):
            yield


def _use_again(root: duckdb.DuckDBPyConnection) -> None:
    for name in ("archive", "explored"):
        root.execute(f"DETACH DATABASE IF EXISTS {name}")
    _idle.append(root)


@contextmanager
def lakes(postgres: Postgres, folder: Path) -> Iterator[Callable[[Path, int, str], Archive]]:
    """Opens archives in one lake; the folder of the path that is given is that of a process."""
    team = Team(_copy_of_prepared(postgres, folder), str(folder / "lake"))
    (folder / "lake").mkdir()
    with ExitStack() as closing:
        closing.callback(postgres.drop, team.database_url)
        closing.enter_context(quick_engines())

        def open_archive(path: Path, tenant_id: int, gateway: str) -> Archive:
            archive = Archive(Lake(team, "archive", path.parent / "beside"), gateway, tenant_id)
            closing.callback(archive.close)
            return archive

        yield open_archive


def _copy_of_prepared(postgres: Postgres, folder: Path) -> str:
    if postgres not in _prepared:
        url = postgres.create()
        Archive(Lake(Team(url, str(folder)), "archive", folder / "beside"), "gateway", 1).close()
        _prepared[postgres] = url.rpartition("/")[2]
    url = postgres.create(_prepared[postgres])
    with psycopg.connect(url) as connection:
        connection.execute(
            "UPDATE archive.ducklake_metadata SET value = %s WHERE key = 'data_path'", [f"{folder}/lake/archive/"]
        )
    return url
