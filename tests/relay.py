"""A line to a server that can be cut as a network is: what is sent gets nowhere, and nobody is told."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit

from nxcc.team.place import Team


class Relay:
    """Passes on what comes to a free local port, but for the time between `cut` and `mend`."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._whole = threading.Event()
        self._whole.set()
        self._ended = False
        self._sockets: list[socket.socket] = [self._listening]
        self._threads: list[threading.Thread] = []
        self._run(self._accept)

    def cut(self) -> None:
        """Nothing passes any more; connections stay open, and new ones get no answer."""
        self._whole.clear()

    def mend(self) -> None:
        """What was held back passes."""
        self._whole.set()

    def end(self) -> None:
        """Closes all, and waits for its threads."""
        self._ended = True
        self._whole.set()
        for each in self._sockets:
            _close(each)
        for thread in self._threads:
            thread.join(10)

    def _run(self, work: object, *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended:
            try:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._to)
            except OSError:
                continue
            self._sockets += [near, far]
            self._run(self._pass, near, far)
            self._run(self._pass, far, near)

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65_536):
                self._whole.wait()
                target.sendall(piece)
        _close(source)
        _close(target)


def through(team: Team, relay: Relay) -> Team:
    """The same team, reached by the relay."""
    parts = urlsplit(team.database_url)
    user = parts.netloc.rpartition("@")[0]
    return replace(team, database_url=parts._replace(netloc=f"{user}@127.0.0.1:{relay.port}").geturl())


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
