"""Memory that was freed goes back to the system: a server of many threads would keep what each of them once needed."""

from __future__ import annotations

import ctypes
import threading

EVERY_S = 30.0


def give_back(ending: threading.Event) -> None:
    """Every half minute until the server ends, where the system's allocator can (glibc); for a thread of its own."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return
    while not ending.wait(EVERY_S):
        trim(0)
