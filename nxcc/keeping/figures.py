"""What went, in figures by table and file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


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

    def __bool__(self) -> bool:
        counts = (self.calls, self.lookups, self.changed, self.jobs, self.uploads, self.lists, self.cells, self.texts)
        return any(counts)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Removed:
        """What `to_json` gave."""
        return cls(**{each.name: values[each.name] for each in fields(cls)})
