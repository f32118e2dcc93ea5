"""What the app does by itself each night, and when a command line asks it to."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from nxcc import access
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.keeping.forgetting import forget_number, forget_order
from nxcc.keeping.past import past

FIRST_AFTER_S = 60.0
AGAIN_AFTER_S = 3_600.0
AT_HOUR = 3  # of the night, when few look at pages that would wait
COMMAND_LINE = "command line"

log = logging.getLogger(__name__)


def daily(desk: Desk, ending: threading.Event, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
    """Removes what is past, soon after the desk is open and then each night; for a thread of its own."""
    wait_s = FIRST_AFTER_S
    while desk.settings.keep_days and not ending.wait(wait_s):
        try:
            with _one_of_the_team(desk) as ours:
                if not ours:
                    wait_s = AGAIN_AFTER_S
                    continue
                removed = past(desk, now(), access.here("NXCC_KEEP_DAYS"))
            if removed.calls:
                desk.explored.refresh()  # made anew now, rather than when somebody looks in the morning
        except NxccError as error:
            log.warning("what is past could not be removed: %s", error.what)
            wait_s = AGAIN_AFTER_S
            continue
        if removed.anything:
            figures = {name: n for name, n in removed.to_json().items() if n and name not in ("dry", "left")}
            log.info("what is past was removed", extra=figures)
        wait_s = until_night_s(now(), desk.settings.timezone)


def _one_of_the_team(desk: Desk) -> AbstractContextManager[bool]:
    """Of several apps, one does it."""
    return desk.team.database.alone("keeping") if desk.team else nullcontext(True)


def until_night_s(now: datetime, zone: str | None) -> float:
    """Seconds until the next night, in a zone or in this machine's."""
    here = now.astimezone(ZoneInfo(zone) if zone else None)
    night = here.replace(hour=AT_HOUR, minute=0, second=0, microsecond=0)
    wait_s = (night - here).total_seconds()
    return wait_s if wait_s > 0 else wait_s + 86_400


def handlers(desk: Desk) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
    """What the app does for a command line that finds the archive held by it (`nxcc.errands`)."""
    who = access.here(COMMAND_LINE)

    def forget(wants: dict[str, Any]) -> dict[str, Any]:
        dry = wants.get("dry") is not False
        if isinstance(number := wants.get("number"), str):
            return forget_number(desk, number, who, national=wants.get("national") is True, dry=dry).to_json()
        return forget_order(desk, str(wants.get("order") or ""), who, dry=dry).to_json()

    def keep(wants: dict[str, Any]) -> dict[str, Any]:
        return past(desk, datetime.now(UTC), who, dry=wants.get("dry") is not False).to_json()

    return {"forget": forget, "keep": keep}
