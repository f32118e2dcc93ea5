"""The small tables (`jobs.sqlite`) in a backup: copied at one moment, looked over, and made ready to be put back."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from nxcc.audit import Audit
from nxcc.backup.manifest import BackupError
from nxcc.data_folder import TABLES
from nxcc.jobs import Store
from nxcc.schedules import Schedules
from nxcc.sign_outs import SignOuts
from nxcc.views import Views

WAIT_FOR_LOCK_S = 20.0
OUTLIVING = {"audit", "sign_outs"}


def copy(path: Path, target: Path) -> None:
    """All tables as they are at this moment, whoever writes; without what was deleted, and without who runs jobs."""
    with _sentences(path), _opened(path, "rw") as connection:
        connection.execute("VACUUM INTO ?", (str(target),))
    with _sentences(target), _opened(target, "rw") as connection:
        for passing in ("runners", "files"):  # of the process that runs now
            if passing in _counted(connection):
                connection.execute(f"DELETE FROM {passing}")
        connection.commit()


def jobs(path: Path) -> set[str]:
    """The ids of all jobs that have a folder: those that read calls by time alone have none."""
    with _sentences(path), _opened(path, "ro") as connection:
        there = _counted(connection)
        if "jobs" not in there:
            return set()
        imports = "WHERE id NOT IN (SELECT job_id FROM periods WHERE NOT answers)" if "periods" in there else ""
        return {row[0] for row in connection.execute(f"SELECT id FROM jobs {imports}")}


def without_jobs(path: Path, gone: set[str]) -> None:
    """Takes jobs out that were deleted while the rest was copied."""
    with _sentences(path), _opened(path, "rw") as connection:
        for table, column in (("jobs", "id"), ("periods", "job_id")):
            if table in _counted(connection):
                connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", [(job,) for job in gone])
        connection.commit()


def look_over(path: Path) -> dict[str, int]:
    """Rows by table of a file that came from elsewhere.

    Raises `BackupError` when it is damaged, of another version, or does more than keep rows.
    """
    with _sentences(path), _opened(path, "ro") as connection, _ours() as ours:
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise BackupError(f"{path.name} in the backup is damaged.", cure="Use another backup.")
        if not _acting(connection) <= _acting(ours):
            raise BackupError(f"{path.name} in the backup holds more than rows.", cure="Use another backup.")
        counted = _counted(connection)
        for table in counted.keys() & _counted(ours).keys():
            if missing := set(_columns(ours, table)) - set(_columns(connection, table)):
                raise BackupError(
                    f"{path.name} in the backup is of another version: {table} has no {min(missing)}.",
                    cure="Use the nxcc that made it.",
                )
        return counted


def pause(path: Path, made_at: datetime) -> tuple[int, int]:
    """Jobs that were at work wait until somebody lets them go on, and schedules are switched off: asking costs. Returns
    how many jobs and how many schedules."""
    note = f"Put back from a backup of {made_at:%d %b %Y %H:%M} UTC."
    changes = {
        "jobs": "UPDATE jobs SET state = 'paused', note = ?, cure = '' WHERE state IN ('queued', 'running')",
        "schedules": "UPDATE schedules SET enabled = 0, next_at = NULL, note = ? WHERE enabled",
    }
    with _sentences(path), _opened(path, "rw") as connection:
        there = _counted(connection)
        changed = [connection.execute(sql, (note,)).rowcount if name in there else 0 for name, sql in changes.items()]
        connection.commit()
    jobs, schedules = changed
    return jobs, schedules


def carry_over(current: Path, fresh: Path) -> None:
    """What must outlive a restore goes from the tables that are replaced into those that take their place: the audit,
    and sign-ins that were ended. Raises `BackupError` when the current ones cannot be read."""
    Audit(fresh, "").close()
    SignOuts(fresh).close()
    with _sentences(current), _opened(current, "ro") as there, _opened(fresh, "rw") as connection:
        for table in OUTLIVING & _counted(there).keys():
            columns = [name for name in _columns(there, table) if name != "n" and name in _columns(connection, table)]
            names = ", ".join(map(_quoted, columns))
            same = " AND ".join(f"{_quoted(name)} IS ?" for name in columns)
            add = f"""INSERT INTO {table} ({names}) SELECT {", ".join("?" * len(columns))}
                WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {same})"""
            rows = there.execute(f"SELECT {names} FROM {table} ORDER BY rowid")
            connection.executemany(add, ((*row, *row) for row in rows))
        connection.commit()
        connection.execute("PRAGMA journal_mode=DELETE")  # one file again


@contextmanager
def _ours() -> Iterator[sqlite3.Connection]:
    """The tables as this version makes them, with nothing in them."""
    with tempfile.TemporaryDirectory(prefix="nxcc-") as folder:
        path = Path(folder) / TABLES
        Store(path, "").close()
        for made in (Views(path, ""), Audit(path, ""), SignOuts(path), Schedules(path, "")):
            made.close()
        with _opened(path, "rw") as connection:
            yield connection


def _acting(connection: sqlite3.Connection) -> set[tuple[str, ...]]:
    """What does something by itself."""
    query = "SELECT type, name, sql FROM sqlite_master WHERE type NOT IN ('table', 'index')"
    virtual = "SELECT type, name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%'"
    return {tuple(map(str, row)) for each in (query, virtual) for row in connection.execute(each)}


def _counted(connection: sqlite3.Connection) -> dict[str, int]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    names = [row[0] for row in connection.execute(query)]
    return {name: connection.execute(f"SELECT count(*) FROM {_quoted(name)}").fetchone()[0] for name in names}


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({_quoted(table)})")]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    with closing(sqlite3.connect(address, uri=True, timeout=WAIT_FOR_LOCK_S)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        yield connection


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        said = str(error)
        if "disk is full" in said or "disk I/O" in said:
            raise BackupError(
                f"The disk of {path.parent} is full.", cure="Free some space and try again; nothing was changed."
            ) from error
        raise BackupError(
            f"{path.name} cannot be read or copied: {said}.", cure="Close what has it open, or use another backup."
        ) from error
