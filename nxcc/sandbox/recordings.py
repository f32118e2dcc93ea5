"""The recordings that the sandbox serves: a short chime as a real WAV, in parts when the browser asks for them.

8 kHz, 16 bits, mono, 2.4 s, below 40 kB. Which of five chimes a call has depends on its id only.
"""

from __future__ import annotations

import array
import io
import math
import re
import sys
import wave
import zlib
from functools import lru_cache

from nxcc.sandbox.reply import Headers, Reply, http_error

PREFIX = "/recordings/"
_RATE_HZ = 8000
_SECONDS = 2.4
_NAME = re.compile(r"[A-Za-z0-9-]{1,64}\.wav")
_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")
_ROOTS_HZ = (392.0, 440.0, 494.0, 523.25, 587.33)


def recording(name: str, wanted: str | None) -> Reply:
    """The recording `name`, or the part of it that the `Range` header in `wanted` asks for; 404 for a strange name."""
    if not _NAME.fullmatch(name):
        return http_error(404, "Not Found")
    audio = chime(zlib.crc32(name.encode()) % len(_ROOTS_HZ))
    headers: Headers = (
        (b"content-type", b"audio/wav"),
        (b"accept-ranges", b"bytes"),
        (b"cache-control", b"max-age=3600"),
    )
    match = _RANGE.fullmatch(wanted.strip()) if wanted else None
    if match is None or match.groups() == ("", ""):
        return Reply(200, audio, None, headers)
    first, last = match.groups()
    if first:
        start, stop = int(first), min(int(last) + 1 if last else len(audio), len(audio))
    else:  # the last n bytes
        start, stop = max(0, len(audio) - int(last)), len(audio)
    if start >= stop:
        return Reply(416, b"", None, (*headers, (b"content-range", b"bytes */%d" % len(audio))))
    part = (b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, len(audio)))
    return Reply(206, audio[start:stop], None, (*headers, part))


@lru_cache(maxsize=len(_ROOTS_HZ))
def chime(which: int) -> bytes:
    """A WAV file: three rising notes that fade, each with a soft octave above it."""
    root = _ROOTS_HZ[which]
    samples = array.array("h", bytes(2 * int(_RATE_HZ * _SECONDS)))
    for note, (at_s, ratio) in enumerate(((0.0, 1.0), (0.35, 1.25), (0.7, 1.5))):
        step = 2 * math.pi * root * ratio / _RATE_HZ
        for i in range(int(at_s * _RATE_HZ), len(samples)):
            age_s = i / _RATE_HZ - at_s
            loud = 6500 * math.exp(-2.6 * age_s) * min(1.0, age_s * 120)
            samples[i] += round(loud * (math.sin(step * i + note) + 0.25 * math.sin(2 * step * i)))
    if sys.byteorder == "big":
        samples.byteswap()
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(_RATE_HZ)
        out.writeframes(samples.tobytes())
    return file.getvalue()
