"""The file of a backup: a ZIP archive of stored members, sealed by a hash of all its bytes in the archive's comment.

Any ZIP program lists and unpacks it. Nothing in it is compressed (ledgers and Parquet files are already), so that it
cannot unpack to more than its own size; and no byte of it can change without the seal being broken.
"""

from __future__ import annotations

import hashlib
import io
import re
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from nxcc.backup.manifest import BackupError, Member

CHUNK = 1 << 20
_MARK = b"nxcc sha256 "
_SEAL = re.compile(re.escape(_MARK) + rb"[0-9a-f]{64}")
_SEAL_BYTES = len(_MARK) + 64
_EARLIEST = (1980, 1, 1, 0, 0, 0)


class Sealing:
    """Writes members one after the other, in one go; `close` seals the file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._stream = _Stream(file)
        self._zip = zipfile.ZipFile(self._stream, "w", zipfile.ZIP_STORED, allowZip64=True)

    def add(self, name: str, source: Path | bytes) -> Member:
        """One member, out of a file or as it is."""
        info = zipfile.ZipInfo(name, _EARLIEST)
        info.external_attr = (stat.S_IFREG | 0o600) << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as member:
            for chunk in _chunks(source):
                digest.update(chunk)
                size += len(chunk)
                member.write(chunk)
        return Member(size, digest.hexdigest())

    def close(self) -> None:
        """Writes the list of members and the seal."""
        self._zip.comment = bytes(_SEAL_BYTES)  # what stands in for the seal is held back by the stream
        self._zip.close()
        self._stream.seal()


class _Stream(io.RawIOBase):
    """Hashes what passes on its way to the file, all but the last bytes, which the seal takes the place of."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._digest, self._last = file, hashlib.sha256(), b""

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        known, self._last = self._last + data, b""
        passes = max(0, len(known) - _SEAL_BYTES)
        self._digest.update(known[:passes])
        self._file.write(known[:passes])
        self._last = known[passes:]
        return len(data)

    def seal(self) -> None:
        self._file.write(_MARK + self._digest.hexdigest().encode())


def opened(file: IO[bytes], name: str) -> zipfile.ZipFile:
    """The members of a sealed file, whose names and sizes are still to be looked at.

    Raises `BackupError` when it is no backup, or not one byte for byte as it was written.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _SEAL_BYTES))
    seal = file.read()
    if not _SEAL.fullmatch(seal):
        raise BackupError(
            f"{name} is not a backup of nxcc, or its end is missing.", cure="Use another backup; nothing was changed."
        )
    file.seek(0)
    digest, left = hashlib.sha256(), size - _SEAL_BYTES
    while left and (chunk := file.read(min(CHUNK, left))):
        digest.update(chunk)
        left -= len(chunk)
    if _MARK + digest.hexdigest().encode() != seal:
        raise BackupError(
            f"{name} is damaged: it is not what was written.", cure="Use another backup; nothing was changed."
        )
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise _odd(name) from error


def members(archive: zipfile.ZipFile, size: int, name: str) -> dict[str, zipfile.ZipInfo]:
    """The members by name. Raises `BackupError` for what a backup never holds: links, packed or repeated members."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16)
        plain = info.compress_type == zipfile.ZIP_STORED and info.compress_size == info.file_size
        if info.filename in found or not plain or info.flag_bits & 1 or kind not in (0, stat.S_IFREG):
            raise _odd(name)
        found[info.filename] = info
    if sum(info.file_size for info in found.values()) > size:  # members that lie over each other
        raise _odd(name)
    return found


def read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    """The content of a member, in pieces. Raises `BackupError`."""
    try:
        with archive.open(info) as member:
            while chunk := member.read(CHUNK):
                yield chunk
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError) as error:
        raise _odd(name) from error


def _odd(name: str) -> BackupError:
    return BackupError(
        f"{name} is not a backup that nxcc made: its members are not as they should be.",
        cure="Use another backup; nothing was changed.",
    )


def _chunks(source: Path | bytes) -> Iterator[bytes]:
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
