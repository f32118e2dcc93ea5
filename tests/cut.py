"""A wire between a client and a server that can be cut: frozen (nothing comes through, nobody is told), broken
(connections end, new ones are refused), or cut in the moment after certain bytes went to the server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Wire:
    """`port` on 127.0.0.1 leads to another port of it."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._broken = False
        self._cut_after = b""
        self.cut = threading.Event()  # it was cut after the bytes
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        ready = threading.Event()
        self._ready = ready.set
        self.port = 0
        self._thread.start()
        ready.wait(10)

    def freeze(self) -> None:
        """Nothing comes through any more."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def thaw(self) -> None:
        """What was held back comes through, and all that follows."""
        self._loop.call_soon_threadsafe(self._flows.set)

    def break_(self) -> None:
        """All connections end, and new ones are refused."""
        self._broken = True
        self._loop.call_soon_threadsafe(self._end_all)

    def mend(self) -> None:
        """New connections come through again."""
        self._broken = False

    def cut_after(self, sent: bytes) -> None:
        """Once: when these bytes have gone to the server, everything is broken before it answers."""
        self.cut.clear()
        self._cut_after = sent

    def end(self) -> None:
        """Ends it."""
        self.thaw()
        self.break_()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._flows.set()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._connect, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self._ready()
        self._loop.run_forever()
        self._server.close()
        if left := asyncio.all_tasks(self._loop):
            self._loop.run_until_complete(asyncio.wait(left, timeout=5))
        self._loop.close()

    def _end_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._broken:
            writer.transport.abort()
            return
        with suppress(OSError):
            there, to_server = await asyncio.open_connection("127.0.0.1", self._to)
            self._writers |= {writer, to_server}
            await asyncio.gather(
                self._pump(reader, to_server, up=True), self._pump(there, writer), return_exceptions=True
            )
            self._writers -= {writer, to_server}

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, up: bool = False) -> None:
        with suppress(OSError):
            while data := await source.read(1 << 16):
                await self._flows.wait()
                cut = up and self._cut_after and self._cut_after in data
                if cut:
                    self._flows.clear()
                target.write(data)
                await target.drain()
                if cut:
                    self._cut_after = b""
                    await asyncio.sleep(0.3)  # the server has done it by then
                    self._end_all()
                    self._flows.set()
                    self.cut.set()
        target.transport.abort() if self._broken else target.close()


@contextmanager
def wire(to: int) -> Iterator[Wire]:
    """A wire for as long as this lasts."""
    running = Wire(to)
    try:
        yield running
    finally:
        running.end()
