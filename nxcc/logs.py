"""What the program says of itself: an event a line, plain or JSON, with what it is about beside it in fields.

On the standard library's logging: Streamlit, uvicorn and all others log by it, so structlog would only stand on top.
Nothing that a line says is trusted: secrets, tokens and phone numbers are taken out of it, whoever wrote it, and of a
foreign exception its class and where it came up are told, never its words.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import Any, Literal, TextIO
from urllib.parse import quote

from nxcc.errors import NxccError

Format = Literal["plain", "json"]
Level = Literal["debug", "info", "warning", "error"]

# What a line may have beside its message; anything else that a library adds to a record is not for us.
FIELDS = (
    "job", "attempt", "status", "code", "req_id", "latency_ms", "state", "ids", "found", "no_calls", "failed",
    "invalid", "calls", "from_archive", "requests", "seconds", "count",
)  # fmt: skip
GONE = "[hidden]"
NUMBER = "[number]"
MOST_CHARACTERS = 4_000
MOST_FRAMES = 40
MOST_CAUSES = 5
SHORTEST_SECRET = 4  # characters; a shorter one would take letters out of every word

_NAMES = r"sign|access_?key|access_?secret|client_?secret|cookie_?secret|(?:(?:id|access|refresh)_?)?token|api_?key"
_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)\b((?:set-)?cookie|(?:proxy-)?authorization)(\W{1,4})[^\r\n]+"), rf"\1\2{GONE}"),
    (re.compile(r"\beyJ[\w-]{4,}(?:\.[\w-]*){0,4}"), GONE),  # a JWT, or its first part
    (re.compile(r"(?i)(\b_streamlit_\w+=)[^;,\s]+"), rf"\1{GONE}"),
    (re.compile(rf"(?i)\b({_NAMES}|password)(['\"]?\s?[=:]\s?['\"]?)[^\s&'\",;}})]+"), rf"\1\2{GONE}"),
    (re.compile(r"(?i)\b((?:session_)?state|code|nonce)=[\w.%~+/-]{12,}"), rf"\1={GONE}"),  # of a sign-in's address
    (re.compile(r"(?i)(://)[^\s/@:]*:[^\s/@]*@"), rf"\1{GONE}@"),
    (re.compile(r"(?i)(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{32})(?![0-9a-f])"), GONE),  # a bare signature
    (re.compile(r"(?i)\b(caller|callee)(['\"]?\s?[=:]\s?['\"]?)[^\s'\",;}]+"), rf"\1\2{NUMBER}"),
    (re.compile(r"\+\s?\d(?:[ ().\-/]{0,2}\d){4,}"), NUMBER),
    (re.compile(r"(?<![\w.])(?!\d{4}-\d\d-\d\d\b)\d(?:[ ()\-/]{0,2}\d){6,}(?!\w)"), NUMBER),
    (re.compile(r"\d{9,}"), NUMBER),  # within a word or a path as well
)
_hidden: list[str] = []
_about: ContextVar[Mapping[str, object]] = ContextVar("nxcc_about", default=MappingProxyType({}))

log = logging.getLogger(__name__)


def begin(format: Format, level: Level, stream: TextIO | None = None) -> None:
    """From now on every logger of the process writes to `stream` (stderr) in this format; a second time replaces it.

    Below warnings only this program's own lines are written: what others tell of requests and widgets is not ours to
    tell.
    """
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(_Json() if format == "json" else _Plain())
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("nxcc").setLevel(level.upper())
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda said: _uncaught(said.exc_type, said.exc_value, said.exc_traceback)
    sys.unraisablehook = lambda said: _uncaught(said.exc_type, said.exc_value, said.exc_traceback)


def join(logger: logging.Logger) -> None:
    """Takes away a logger's own way out: what it says goes where everything goes. It stays at infos or above."""
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.propagate = True
    logger.setLevel(max(logging.INFO, logging.getLogger("nxcc").level))


def hide(*secrets: str) -> None:
    """Takes these out of all that is logged, as they are and as they stand in addresses and in quotes."""
    found = set(_hidden)
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            found |= {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    _hidden[:] = sorted(found, key=len, reverse=True)  # one may be a part of another


@contextmanager
def about(**fields: object) -> Iterator[None]:
    """Every line that is written inside has these fields; threads have them when they run in a copy of the context."""
    token = _about.set({**_about.get(), **fields})
    try:
        yield
    finally:
        _about.reset(token)


def broke(logger: logging.Logger, what: str, error: BaseException) -> None:
    """Logs something that nobody foresaw: where it broke, not what it said, which may hold a number out of a record."""
    logger.error("%s broke: %s", what, type(error).__name__, extra={"frames": _frames(error.__traceback__)})


def redact(text: str) -> str:
    """`text` without what must never leave: secrets, signatures, cookies, tokens, phone numbers."""
    text = _without_secrets(text)
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Nothing of the record, which Python's own would print whole; a full disk is no reason to end either."""
        try:
            self.stream.write(f"a line of {_one_line(record.name)} could not be logged\n")
        except (OSError, ValueError):
            return


class _Formatter(logging.Formatter):
    """What both formats have in common: the parts of a line, harmless."""

    def parts(self, record: logging.LogRecord) -> tuple[dict[str, Any], list[str]]:
        """Time, level, logger, message and fields; where an exception came up, a frame a line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said: dict[str, Any] = {
            "at": at,
            "level": record.levelname.lower(),
            "logger": _one_line(record.name),
            "message": _cut(_one_line(redact(_message(record)))),
        }
        fields = {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        for name, value in {**_about.get(), **fields}.items():
            if value not in (None, ""):
                plain = value if isinstance(value, int | float) else _cut(_one_line(_without_secrets(str(value))))
                said[name] = plain
        frames = list(getattr(record, "frames", ()))
        if record.exc_info and record.exc_info[1] is not None:
            said["error"], frames = _told(record.exc_info[1])
        return said, [_one_line(_without_secrets(frame)) for frame in frames]


class _Plain(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said, frames = self.parts(record)
        at, level, logger, message = (said.pop(name) for name in ("at", "level", "logger", "message"))
        error = said.pop("error", "")
        fields = " ".join(f"{name}={value}" for name, value in said.items())
        line = f"{at} {level.upper():<7} {logger}: {message}"
        line += f" [{fields}]" if fields else ""
        return "\n    ".join([line + (f" ({error})" if error else ""), *frames])


class _Json(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said, frames = self.parts(record)
        return json.dumps(said | ({"frames": frames} if frames else {}))  # ASCII: no sign of it can end a line


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # a message that its values do not fit
        return str(record.msg)


def _told(error: BaseException) -> tuple[str, list[str]]:
    """The classes of an exception and of what led to it (of our own, their sentences), and where they came up."""
    words: list[str] = []
    frames: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(words) < MOST_CAUSES:
        sentence = f": {_one_line(redact(str(seen)))}" if isinstance(seen, NxccError) else ""
        words.append(_cut(type(seen).__name__ + sentence))
        frames += _frames(seen.__traceback__)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return " after ".join(words), frames


def _frames(trace: TracebackType | None) -> list[str]:
    found = traceback.extract_tb(trace)[-MOST_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in found]


def _uncaught(kind: type[BaseException], error: BaseException | None, _: TracebackType | None) -> None:
    if error is not None and not issubclass(kind, KeyboardInterrupt | SystemExit):
        log.critical("nobody foresaw this", exc_info=error)


def _without_secrets(text: str) -> str:
    for secret in _hidden:
        text = text.replace(secret, GONE)
    return text


def _one_line(text: str) -> str:
    """Control, direction and invisible characters in their escaped form: no text can begin another line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
