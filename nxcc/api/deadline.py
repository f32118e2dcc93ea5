"""A last moment for each request, whatever trickles in: status line, headers, body or trailers.

A socket's timeout only bounds the wait for the next byte. So one thread looks after the requests under way and shuts
down the socket of one that takes too long; whoever reads from it sees the connection end.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

LOOK_EVERY_S = 0.25


@dataclass(slots=True)
class Watched:
    """A request under way on `sock`, once there is one; `cut` when it took too long."""

    until: float
    sock: socket.socket | None = None
    cut: bool = False


class Deadline:
    """Bounds requests that a pool sends, each in the thread that sends it. Thread-safe."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._lock = threading.Lock()
        self._under_way: dict[int, Watched] = {}
        self._looking = False

    @contextlib.contextmanager
    def watch(self) -> Iterator[Watched]:
        """Bounds the request that is sent inside, from now until its whole answer is read."""
        watched = Watched(time.monotonic() + self._limit_s)
        me = threading.get_ident()
        with self._lock:
            self._under_way[me] = watched
            if not self._looking:
                self._looking = True
                threading.Thread(target=self._look, name="nxcc-deadline", daemon=True).start()
        try:
            yield watched
        finally:
            with self._lock:
                del self._under_way[me]

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_EVERY_S)
            with self._lock:
                if not self._under_way:
                    self._looking = False
                    return
                for watched in self._under_way.values():
                    if time.monotonic() > watched.until and watched.sock:
                        watched.cut = True
                        with contextlib.suppress(OSError):
                            # The plain socket's shutdown: that of a TLS socket is not for another thread to call.
                            socket.socket.shutdown(watched.sock, socket.SHUT_RDWR)
