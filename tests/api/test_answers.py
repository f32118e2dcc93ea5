"""Answers as they may stand on the wire, read off one connection."""

from __future__ import annotations

import gzip
import socket
import zlib
from collections.abc import Callable
from typing import Any, cast

import pytest
from urllib3.exceptions import HTTPError, ProtocolError

from nxcc.api.answers import Answers, Response
from nxcc.errors import ApiError

OK = b"HTTP/1.1 200 OK\r\n"
PLAIN = OK + b"Content-Length: 2\r\nDate: now\r\nRETRY-AFTER: 7\r\n\r\n{}"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n1;note=x\r\n{\r\n1\r\n}\r\n0\r\nDate: a trailer\r\n\r\n"
UNTIL_CLOSED = OK + b"\r\n{}"


class Said:
    """A socket's end for reading: the other end has said this, and has gone unless `ends` is False."""

    def __init__(self, said: bytes, *, ends: bool = True, at_a_time: int = 2**20) -> None:
        self._said, self._ends, self._at_a_time = said, ends, at_a_time

    def recv(self, size: int) -> bytes:
        part = self._said[: min(size, self._at_a_time)]
        self._said = self._said[len(part) :]
        if not part and not self._ends:
            raise TimeoutError
        return part


def answers_of(said: bytes, **how: Any) -> Answers:
    return Answers(cast(socket.socket, Said(said, **how)))


def test_next__status_body_and_the_two_headers() -> None:
    answers = answers_of(PLAIN)
    assert answers.next() == Response(200, b"{}", "now", "7")
    assert answers.keeps_open


def test_next__one_after_another() -> None:
    answers = answers_of(PLAIN + CHUNKED, at_a_time=len(PLAIN))
    assert answers.next() == Response(200, b"{}", "now", "7")
    assert answers.next() == Response(200, b"{}", "", "")


@pytest.mark.parametrize("answer", [PLAIN, CHUNKED, UNTIL_CLOSED], ids=["length", "chunked", "until closed"])
def test_next__comes_byte_by_byte(answer: bytes) -> None:
    assert answers_of(answer, at_a_time=1).next().body == b"{}"


@pytest.mark.parametrize(
    ("answer", "keeps_open"),
    [
        (PLAIN, True),
        (CHUNKED, True),
        (UNTIL_CLOSED, False),
        (OK + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}", True),
        (PLAIN + PLAIN.replace(b"{}", b"[]"), False),
        (PLAIN + b"nonsense", False),
        (OK + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}{}", False),
    ],
)
def test_keeps_open__only_where_another_answer_can_follow(answer: bytes, keeps_open: bool) -> None:
    answers = answers_of(answer)
    assert answers.next().body == b"{}"
    assert answers.keeps_open is keeps_open


@pytest.mark.parametrize("before", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_next__what_comes_before_the_answer_is_passed_over(before: bytes) -> None:
    early = b"HTTP/1.1 " + before + b"\r\nRetry-After: 9\r\nDate: early\r\n\r\n"
    answers = answers_of(early + early + CHUNKED)
    assert answers.next() == Response(200, b"{}", "", "")
    assert answers.keeps_open


def test_next__a_header_on_two_lines() -> None:
    said = OK + b"Retry-After: Thu,\r\n 01 Jan\r\nContent-Length: 2\r\n\r\n{}"
    assert answers_of(said).next() == Response(200, b"{}", "", "Thu, 01 Jan")


def test_next__lines_without_carriage_return() -> None:
    assert answers_of(PLAIN.replace(b"\r\n", b"\n")).next() == Response(200, b"{}", "now", "7")


def test_next__no_body_where_there_is_none() -> None:
    answers = answers_of(b"HTTP/1.1 204 No Content\r\n\r\n", ends=False)
    assert answers.next() == Response(204, b"", "", "")


BROKEN = [
    b"",
    b"HTTP/1.1 200",
    OK + b"Content-Length: 2\r\n",
    OK + b"Content-Length: 3\r\n\r\n{}",
    CHUNKED[:-2],
    CHUNKED[:-30],
    OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}}",
    OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    OK + b"Content-Length: -2\r\n\r\n{}",
    OK + b"no colon\r\n\r\n{}",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"<html>",
    OK + b"X: " + b"x" * 200_000 + b"\r\n\r\n",
    OK + b"x: y\r\n" * 60_000 + b"\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" * 9_000,
]


@pytest.mark.parametrize("answer", BROKEN, ids=range(len(BROKEN)))
def test_next__one_that_is_none_or_not_whole(answer: bytes) -> None:
    with pytest.raises(ProtocolError):
        answers_of(answer).next()


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [(b"gzip", gzip.compress), (b"GZIP", gzip.compress), (b"deflate", zlib.compress), (b"deflate", _raw_deflate)],
)
def test_next__unpacks(encoding: bytes, pack: Callable[[bytes], bytes]) -> None:
    body = pack(b"{}" * 9_000)
    head = OK + b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n" % (encoding, len(body))
    assert answers_of(head + body).next().body == b"{}" * 9_000


def test_next__what_cannot_be_unpacked() -> None:
    with pytest.raises(HTTPError):
        answers_of(OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain").next()


@pytest.mark.parametrize("trickle", [b"1\r\n \r\n", b"1;" + b"x" * 90 + b"\r\n \r\n"], ids=["chunks", "extensions"])
def test_next__too_large_as_sent(trickle: bytes) -> None:
    said = OK + b"Transfer-Encoding: chunked\r\n\r\n" + trickle * (6 * 2**20 // len(trickle))
    with pytest.raises(ApiError, match="larger than 5 MB"):
        answers_of(said, ends=False).next()


def test_next__too_large_behind_the_body() -> None:
    with pytest.raises(ApiError, match="larger than 5 MB"):
        answers_of(CHUNKED[:-2] + b"X: y\r\n" * 2**20, ends=False).next()
