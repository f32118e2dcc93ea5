"""Refuses and notes every connection, and every look-up of a name, but to the addresses that are allowed.

Python imports this file at its start where its folder is in PYTHONPATH. `HOSTILE_GUARD` is the file for the notes,
`HOSTILE_ALLOWED` the addresses, such as `127.0.0.1:8766`. Without the first nothing is guarded.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

_LOOKS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
_SENDS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_OTHERS = ("ftplib.connect", "smtplib.connect", "urllib.Request", "http.client.connect", "webbrowser.open")


class Guard:
    """An audit hook: `notes` holds what was refused."""

    def __init__(self, allowed: frozenset[str], log: Path | None = None) -> None:
        self.allowed, self.log = allowed, log
        self.notes: list[str] = []
        self.on = True

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and (event in _SENDS or event in _LOOKS or event in _OTHERS):
            where = self._where(event, arguments)
            if where is not None and where not in self.allowed:
                self._refuse(event, where)

    def _where(self, event: str, arguments: tuple[Any, ...]) -> str | None:
        """The address as `host:port`; None for what leaves no machine, such as a socket between two processes."""
        if event in _SENDS:
            address = arguments[1]
            return f"{address[0]}:{address[1]}" if isinstance(address, tuple) and len(address) >= 2 else None
        if event == "socket.getaddrinfo":
            return f"{arguments[0]}:{arguments[1]}" if arguments[0] is not None else None
        if event == "http.client.connect":
            return f"{arguments[1]}:{arguments[2]}"
        return str(arguments[0])

    def _refuse(self, event: str, where: str) -> None:
        self.notes.append(f"{event} {where}")
        if self.log is not None:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(f"{event} {where!r}\n")
        raise PermissionError(f"{event} is refused here")


if _log := os.environ.get("HOSTILE_GUARD"):
    sys.addaudithook(Guard(frozenset(os.environ.get("HOSTILE_ALLOWED", "").split(",")), Path(_log)))
