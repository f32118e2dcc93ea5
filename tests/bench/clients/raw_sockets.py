"""The floor where there is no `wrk`: kept connections, requests made beforehand, answers looked at for their length."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator

from tests.bench.clients.requests_on_the_wire import ADDRESS, on_the_wire
from tests.bench.clients.signing import concurrency, ids
from tests.bench.measured import measured

SUCCESS = b'"code":0,'


def ask_all(requests: list[bytes], at_once: int) -> int:
    """How many were answered with success."""
    left, good, open_ = iter(requests), 0, 0
    with selectors.DefaultSelector() as selector:
        for request in (next(left) for _ in range(at_once)):
            connection = socket.create_connection((ADDRESS.hostname, ADDRESS.port))
            connection.sendall(request)
            selector.register(connection, selectors.EVENT_READ, bytearray())
            open_ += 1
        while open_:
            for key, _ in selector.select():
                answer: bytearray = key.data
                answer += key.fileobj.recv(65536)  # type: ignore[union-attr]
                if not _is_whole(answer):
                    continue
                good += SUCCESS in answer
                answer.clear()
                if not _send_next(key.fileobj, left):
                    selector.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr]
                    open_ -= 1
    return good


def _send_next(connection: object, left: Iterator[bytes]) -> bool:
    request = next(left, None)
    if request is not None:
        connection.sendall(request)  # type: ignore[attr-defined]
    return request is not None


def _is_whole(answer: bytearray) -> bool:
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return False
    at = answer.lower().find(b"content-length:", 0, head) + 15
    return len(answer) >= head + 4 + int(answer[at : answer.find(b"\r", at)])


def main() -> None:
    order_ids = ids()
    requests = [on_the_wire(order_id) for order_id in order_ids]
    with measured(asked=len(order_ids)):
        good = ask_all(requests, min(concurrency(), len(requests)))
    assert good == len(requests), "every order must be answered"


if __name__ == "__main__":
    main()
