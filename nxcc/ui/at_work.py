"""What the server does whether or not anybody looks: jobs go on as soon as it starts, and are kept when it ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streamlit import App

from nxcc.desk import Desk
from nxcc.ui import freed_memory, left_pages, resources, server_logs

AGAIN_AFTER_S = 5.0

log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_: App) -> AsyncIterator[None]:
    """Opens the desk beside the server's start, closes it at its end."""
    server_logs.begin()
    left_pages.ignore()
    ending = threading.Event()
    threading.Thread(target=_open, args=(ending,), name="nxcc-open", daemon=True).start()
    threading.Thread(target=freed_memory.give_back, args=(ending,), name="nxcc-memory", daemon=True).start()
    yield
    ending.set()
    resources.close()


def _open(ending: threading.Event) -> None:
    """Until it is open: a command line may have the archive for now, or the data folder come later."""
    said = ""
    while not isinstance(desk := resources.opened(), Desk):
        if desk.what != said:
            log.warning("jobs do not run yet: %s", desk)
            said = desk.what
        if ending.wait(AGAIN_AFTER_S):
            return
    log.info("at work on %s", "the sandbox" if desk.sandbox else "the configured account")
