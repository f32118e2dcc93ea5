"""Times in a zone, a whole column at once.

Offsets come from `zoneinfo`, not from Arrow's own tables: those are missing on machines without a zone database, where
Python has the one of the package tzdata.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute as pc

from nxcc.export.texts import joined

Int64s = npt.NDArray[np.int64]

_DAY_S = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_S = int((datetime(1, 1, 2, tzinfo=UTC) - _EPOCH).total_seconds())  # a day inside what datetime holds, so that
_LAST_S = int((datetime(9999, 12, 30, tzinfo=UTC) - _EPOCH).total_seconds())  # no offset leads out of it
_WHOLE = 1000  # where the list of fractions says nothing


def epoch_us(times: pa.Array) -> Int64s:
    """Epoch microseconds of timestamps of any unit; 0 where there is none."""
    return _ints(times.cast(pa.timestamp("us", times.type.tz), safe=False))


def local_us(times: pa.Array, zone: ZoneInfo) -> Int64s:
    """What a clock in `zone` shows, as microseconds since its own 1970-01-01 00:00; 0 hours UTC where there is none."""
    us = epoch_us(times)
    return us + offsets_s(us // 1_000_000, zone) * 1_000_000


def iso_texts(times: pa.Array, zone: ZoneInfo) -> pa.Array:
    """`2026-01-01T08:00:00.250+08:00`: ISO 8601 in `zone` with its offset; milliseconds (cut, not rounded) only where
    the second is not whole; null where there is none."""
    us = epoch_us(times)
    seconds, fraction_us = us // 1_000_000, us % 1_000_000
    ahead_s = offsets_s(seconds, zone)
    day, second = np.divmod(seconds + ahead_s, _DAY_S)
    distinct, which = np.unique(ahead_s, return_inverse=True)
    texts = joined(
        pa.array(day.astype(np.int32)).cast(pa.date32()).cast(pa.string()),
        "T",
        pa.array(second.astype(np.int32)).cast(pa.time32("s")).cast(pa.string()),
        _fractions().take(pa.array(np.where(fraction_us, fraction_us // 1000, _WHOLE))),
        pa.array([_offset(int(s)) for s in distinct], pa.string()).take(pa.array(which)),
    )
    return pc.if_else(times.is_valid(), texts, None)


def offsets_s(seconds: Int64s, zone: ZoneInfo) -> Int64s:
    """How many seconds `zone` is ahead of UTC at each of these epoch seconds.

    Asked of `zoneinfo` twice a day of theirs, and a time only on the days on which the clocks change.
    """
    days, which = np.unique(seconds // _DAY_S, return_inverse=True)
    first = np.array([_offset_s(int(day) * _DAY_S, zone) for day in days], np.int64)
    last = np.array([_offset_s(int(day) * _DAY_S + _DAY_S - 1, zone) for day in days], np.int64)
    offsets = first[which]
    changing = (first != last)[which]
    offsets[changing] = [_offset_s(int(second), zone) for second in seconds[changing]]
    return offsets


def _offset_s(second: int, zone: ZoneInfo) -> int:
    moment = _EPOCH + timedelta(seconds=min(max(second, _FIRST_S), _LAST_S))
    return int((moment.astimezone(zone).utcoffset() or timedelta(0)).total_seconds())


@cache
def _fractions() -> pa.Array:
    return pa.array([f".{ms:03d}" for ms in range(1000)] + [""])  # not at import: the first array loads pandas


def _offset(ahead_s: int) -> str:
    hours, rest = divmod(abs(ahead_s), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{'-' if ahead_s < 0 else '+'}{hours:02d}:{minutes:02d}{f':{seconds:02d}' if seconds else ''}"


def _ints(times: pa.Array) -> Int64s:
    whole: Int64s = times.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return whole
