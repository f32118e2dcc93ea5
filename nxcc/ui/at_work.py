"""What the server does whether or not anybody looks: jobs go on as soon as it starts, and are kept when it ends."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streamlit import App

from nxcc.ui import resources


@asynccontextmanager
async def lifespan(_: App) -> AsyncIterator[None]:
    """Opens the desk beside the server's start, closes it at its end."""
    threading.Thread(target=resources.opened, name="nxcc-open", daemon=True).start()
    yield
    resources.close()
