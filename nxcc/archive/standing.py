"""How an archive stands: schema, size, newest answer; of the open one, or of a file that is only looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import duckdb

from nxcc.archive.copying import NEWEST
from nxcc.archive.ledger import Archive
from nxcc.archive.ledger_file import bytes_of
from nxcc.archive.sentences import sentences
from nxcc.errors import ArchiveError

_MINE = "WHERE gateway = $gateway AND tenant_id = $tenant"
_SCHEMA = "SELECT max(version) AS version FROM archive.schema_version"
_LOOKUPS = "SELECT count(*) FILTER (order_id <> '') AS n, epoch_us(max(asked_at)) AS newest_us FROM archive.lookups"
_CALLS = "SELECT count(DISTINCT call_id) AS n FROM archive.calls"
Read = Callable[[str], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one team: lookups made, distinct calls kept, epoch seconds of the newest answer (None: none yet).

    `schema` and `bytes` are of the file, or of the lake with its catalog.
    """

    schema: int
    bytes: int
    lookups: int
    calls: int
    newest_s: float | None

    @property
    def newest_at(self) -> datetime | None:
        """When the newest answer came, in UTC."""
        return None if self.newest_s is None else datetime.fromtimestamp(self.newest_s, UTC)


def standing(archive: Archive) -> Standing:
    """Of the open archive. Raises `ArchiveError`."""

    def standing() -> Standing:
        with archive.reading() as read:
            mine = _MINE if archive.owner["gateway"] else ""
            return _standing(lambda query: read(query, {}).to_pylist()[0], archive.file.bytes, mine)

    return archive.again(standing)


def standing_of_file(path: Path, gateway: str, tenant_id: int) -> Standing:
    """Of a file that nobody has open; it stays as it is, an older schema too. "" as gateway: of all that is in it.

    Raises `ArchiveBusy` when somebody has it open, `ArchiveError` when it cannot be read or is of a newer nxcc.
    """
    values = {"gateway": gateway, "tenant": tenant_id} if gateway else {}
    with sentences(path), duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        connection.execute("ATTACH '" + str(path).replace("'", "''") + "' AS archive (READ_ONLY)")

        def read(query: str) -> dict[str, Any]:
            found = connection.execute(query, values if "$tenant" in query else {}).to_arrow_table()
            return cast(dict[str, Any], found.to_pylist()[0])

        return _standing(read, lambda _: bytes_of(path), _MINE if gateway else "")


def _standing(read: Read, size: Callable[[Read], int], mine: str) -> Standing:
    schema = read(_SCHEMA)["version"] or 0
    if schema > NEWEST:
        raise ArchiveError(
            f"The archive has schema {schema}, written by a newer nxcc; this one knows schemas up to {NEWEST}.",
            cure="Update nxcc.",
        )
    lookups, calls = read(f"{_LOOKUPS} {mine}"), read(f"{_CALLS} {mine}")
    newest_us = lookups["newest_us"]
    return Standing(schema, size(read), lookups["n"], calls["n"], None if newest_us is None else newest_us / 1e6)
