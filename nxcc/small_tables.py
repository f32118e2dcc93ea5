"""The file of small tables that change (jobs, saved views): SQLite, opened alike by whoever has a table in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

WAIT_FOR_LOCK_S = 5


def engine(path: Path, wait_for_lock_s: float = WAIT_FOR_LOCK_S) -> sa.Engine:
    """SQLAlchemy's engine for the file: readers do not stop a writer, and a commit survives a killed process."""
    made = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": wait_for_lock_s})
    event.listen(made, "connect", _prepare)
    return made


def _prepare(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA secure_delete=ON")  # what is deleted or changed is overwritten with zeros
    cursor.close()


def wipe(engine: sa.Engine) -> bool:
    """Takes what was deleted before out of the file, and out of its log; False while somebody reads for long."""
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM")
        busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
    return not busy
