"""What went, in figures by table and file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

_NAMES = {
    "calls": ("call record", "call records"),
    "lookups": ("lookup", "lookups"),
    "orders": ("order that they are of", "orders that they are of"),
    "changed": ("other lookup that loses calls", "other lookups that lose calls"),
    "jobs": ("job that has ended", "jobs that have ended"),
    "uploads": ("upload without a job", "uploads without a job"),
    "lists": ("changed list of a job or an upload", "changed lists of jobs and uploads"),
    "cells": ("cell", "cells"),
    "texts": ("name, saved view or address", "names, saved views and addresses"),
    "files": ("file", "files"),
}


@dataclass(slots=True)
class Removed:
    """What went, or (`dry`) would go. `left` says in sentences what could not be looked into."""

    calls: int = 0  # rows of the ledger: a call that was fetched twice counts twice
    lookups: int = 0  # times that an order was asked
    orders: int = 0  # orders that those belong to
    changed: int = 0  # lookups that stay, with fewer calls
    jobs: int = 0
    uploads: int = 0  # uploaded files without a job
    lists: int = 0  # jobs and uploads whose cells or file were changed
    cells: int = 0  # that say [forgotten] now
    texts: int = 0  # names, views and addresses
    files: int = 0  # made for download, and of jobs and uploads
    bytes: int = 0  # of files, and by which the ledger is smaller
    dry: bool = False
    left: list[str] = field(default_factory=list)

    @property
    def anything(self) -> bool:
        """Whether there is anything, but for files that are made anew when somebody asks for them."""
        return any(getattr(self, name) for name in _NAMES if name != "files")

    def in_words(self) -> str:
        """The figures that are not 0: `2 call records, 1 lookup, 3 cells and 1.2 MB of files`; else `nothing`."""
        said = [f"{n:,} {_NAMES[name][n > 1]}" for name in _NAMES if (n := getattr(self, name))]
        if self.bytes:
            said.append(f"{self.bytes / 1e6:,.1f} MB" if self.bytes >= 1e5 else f"{self.bytes / 1e3:,.1f} kB")
        return " and ".join([", ".join(said[:-1]), said[-1]] if said[1:] else said) or "nothing"

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Removed:
        """What `to_json` gave."""
        return cls(**{each.name: values[each.name] for each in fields(cls)})
