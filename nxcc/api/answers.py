"""The answers on one connection, read one after another.

llhttp parses them, the parser of Node.js. With http.client, whose parser is that of e-mail, and the objects of urllib3
around it, a request took 430 us of CPU; so it takes 70, and a whole lookup little more than half of what it did.
"""

from __future__ import annotations

import io
import socket
from dataclasses import dataclass
from typing import Any

import urllib3
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from nxcc.errors import ApiError

MAX_ANSWER_BYTES = 5 * 1024 * 1024
_MAX_HEAD_BYTES = 64 * 1024
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: HTTP status, whole body, and the two headers that matter here ("" when missing)."""

    status: int
    body: bytes
    date: str
    retry_after: str


class Answers:
    """The answers that come on `sock`. `keeps_open` says after each whether another can follow."""

    def __init__(self, sock: socket.socket) -> None:
        self.keeps_open = True
        self._sock = sock
        self._parser = HttpResponseParser(self)
        # As old servers write: a header on two lines, lines without \r. http.client reads them as well.
        self._parser.set_dangerous_leniencies(lenient_headers=True, lenient_optional_cr_before_lf=True)
        self._begin()

    def next(self) -> Response:
        """Reads one whole answer.

        Raises `urllib3.exceptions.HTTPError` for one that is cut short or is none, `OSError` as the socket does, and
        `ApiError` for one that is too large, as sent or unpacked.
        """
        self._begin()
        received = 0
        while not self._whole:
            data = self._sock.recv(_CHUNK)
            received += len(data)
            if data:
                self._feed(data)
            else:
                self._end()
            if received > _MAX_HEAD_BYTES + (MAX_ANSWER_BYTES if self._headed else 0):
                raise _too_large() if self._headed else urllib3.exceptions.ProtocolError("endless headers")
        body, said = b"".join(self._parts), self._headers
        if packed := said.get(b"content-encoding"):
            body = _unpacked(body, packed.decode("latin-1"))
        if len(body) > MAX_ANSWER_BYTES:
            raise _too_large()
        date, retry_after = said.get(b"date", b""), said.get(b"retry-after", b"")
        return Response(self._status, body, date.decode("latin-1"), retry_after.decode("latin-1"))

    def _begin(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._parts: list[bytes] = []
        self._status = 0
        self._headed = self._whole = False

    def _feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self.keeps_open = False
            if not self._whole:  # else it is about what came after it
                raise urllib3.exceptions.ProtocolError("not an answer of HTTP") from error

    def _end(self) -> None:
        """The connection has ended: that ends an answer which says nothing of its length."""
        if not self._headed or not self._headers.keys().isdisjoint((b"content-length", b"transfer-encoding")):
            raise urllib3.exceptions.ProtocolError("the connection ended before the answer did")
        self._whole, self.keeps_open = True, False

    # What the parser tells.

    def on_message_begin(self) -> None:
        if self._whole:
            self.keeps_open = False  # nobody asked for what comes now

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._headed:  # else it stands behind the body
            self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        if not self._whole:
            self._headed, self._status = True, self._parser.get_status_code()

    def on_body(self, part: bytes) -> None:
        if not self._whole:
            self._parts.append(part)

    def on_message_complete(self) -> None:
        if self._status < 200:  # 100 and its like: the answer is still to come
            self._begin()
        elif not self._whole:
            self._whole, self.keeps_open = True, self._parser.should_keep_alive()


def _unpacked(body: bytes, encoding: str) -> bytes:
    packed: Any = io.BytesIO(body)
    response = urllib3.HTTPResponse(packed, {"Content-Encoding": encoding}, preload_content=False)
    parts, size = [], 0
    while part := response.read1(_CHUNK, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise _too_large()
    return b"".join(parts)


def _too_large() -> ApiError:
    return ApiError(
        f"The API's answer is larger than {MAX_ANSWER_BYTES // 2**20} MB.",
        cure="Nothing was taken from it; show it to the vendor.",
    )
