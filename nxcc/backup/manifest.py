"""What a backup says of itself: when and by what it was made, what is in it, and the hash of each of its members."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from nxcc.archive.copying import Ledger, Owner
from nxcc.data_folder import LEDGERS, TABLES
from nxcc.errors import NxccError

NAME = "manifest.json"
FORMAT = "nxcc backup"
VERSION = 1
OF_A_JOB = ("upload", "cells.parquet", "ids.parquet", "about.json")

_MEMBER = re.compile(
    "|".join(map(re.escape, (*LEDGERS, TABLES))) + r"|jobs/[0-9a-f]{16}/(" + "|".join(map(re.escape, OF_A_JOB)) + ")"
)
_SHA256 = re.compile(r"[0-9a-f]{64}")


class BackupError(NxccError):
    """A backup cannot be made, is no backup, or is damaged."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a backup."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`made_at` is aware UTC; `ledgers` are by file name, `tables` are rows of `jobs.sqlite` by table."""

    nxcc: str
    made_at: datetime
    ledgers: dict[str, Ledger]
    tables: dict[str, int]
    jobs: int  # folders
    members: dict[str, Member]

    @property
    def lookups(self) -> int:
        """In all ledgers."""
        return sum(ledger.tables.get("lookups", 0) for ledger in self.ledgers.values())

    @property
    def calls(self) -> int:
        """Rows in all ledgers: a call counts each time that it was fetched."""
        return sum(ledger.tables.get("calls", 0) for ledger in self.ledgers.values())

    def to_json(self) -> bytes:
        """As it stands in the file."""
        said = {"format": FORMAT, "version": VERSION} | asdict(self) | {"made_at": self.made_at.isoformat()}
        return json.dumps(said, indent=1).encode()


def is_member(name: str) -> bool:
    """Whether a backup may hold a file of this name: nothing else becomes a path."""
    return bool(_MEMBER.fullmatch(name))


def from_json(content: bytes) -> Manifest:
    """The manifest in a file. Raises `BackupError` when it is none, or a newer one."""
    try:
        said = json.loads(content)
        if said["format"] != FORMAT:
            raise ValueError
        version = _count(said["version"])
        if version <= VERSION:
            return _manifest(said)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BackupError("The backup's manifest cannot be read.", cure="Use another backup.") from error
    raise BackupError(
        f"The backup is of format {version}, made by a newer nxcc; this one knows formats up to {VERSION}.",
        cure="Update nxcc, then try again.",
    )


def _manifest(said: Mapping[str, Any]) -> Manifest:
    made_at = datetime.fromisoformat(said["made_at"])
    if made_at.tzinfo is None:
        raise ValueError
    members = {name: Member(_count(of["bytes"]), of["sha256"]) for name, of in said["members"].items()}
    ledgers = {name: _ledger(of) for name, of in said["ledgers"].items()}
    if not all(is_member(name) and _SHA256.fullmatch(of.sha256) for name, of in members.items()):
        raise ValueError
    if not ledgers.keys() == members.keys() & set(LEDGERS):
        raise ValueError
    tables = {str(name): _count(n) for name, n in said["tables"].items()}
    return Manifest(str(said["nxcc"]), made_at.astimezone(UTC), ledgers, tables, _count(said["jobs"]), members)


def _ledger(said: Mapping[str, Any]) -> Ledger:
    owners = tuple(
        Owner(str(of["gateway"]), _count(of["tenant_id"]), _count(of["lookups"]), _count(of["calls"]))
        for of in said["owners"]
    )
    return Ledger(_count(said["schema"]), {str(name): _count(n) for name, n in said["tables"].items()}, owners)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError
    return value
