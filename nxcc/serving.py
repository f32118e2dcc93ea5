"""What the app does when a command line asks it to (`nxcc.errands`): a handler for each kind of errand."""

from __future__ import annotations

from collections.abc import Mapping

from nxcc.desk import Desk
from nxcc.errands import Handler


def handlers(desk: Desk) -> Mapping[str, Handler]:
    """By kind: what is done with what is wanted; each returns plain JSON, or raises an `NxccError` to be told."""
    return {"sizes": lambda _: {"path": desk.archive.path.name, **_sizes(desk)}}


def _sizes(desk: Desk) -> dict[str, int]:
    size = desk.archive.size()
    return {"lookups": size.lookups, "calls": size.calls}
