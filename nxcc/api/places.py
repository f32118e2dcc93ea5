"""As many requests at once as are allowed, first come, first served: so that runs beside each other get equal shares.

A semaphore will not do: whoever gives a place back takes it again before the one that waits has woken up, and a small
run beside a big one got nothing at all (0 of 50 requests in 4 s, where the big one got 336).
"""

from __future__ import annotations

import threading
from collections import deque

LOOK_EVERY_S = 0.1


class Places:
    """So many places. Thread-safe."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._line: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    def take(self, stop: threading.Event) -> bool:
        """Waits for a place; False when `stop` was set before there was one."""
        with self._lock:
            if self._free and not self._line:
                self._free -= 1
                return True
            turn = threading.Event()
            self._line.append(turn)
        while not turn.wait(LOOK_EVERY_S):
            if stop.is_set() and self._leave(turn):
                return False
        return True

    def give_back(self) -> None:
        """The place goes to the first in the line."""
        with self._lock:
            if self._line:
                self._line.popleft().set()
            else:
                self._free += 1

    def _leave(self, turn: threading.Event) -> bool:
        """Out of the line; False when the place came at this very moment."""
        with self._lock:
            if turn.is_set():
                return False
            self._line.remove(turn)
            return True
