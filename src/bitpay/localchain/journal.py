"""The chain's truth on disk: an append-only file of records, each whole or not there.

A record is its length and CRC-32 (4 bytes each, big-endian) and deflated JSON. A crash can tear only the last record
and those that nobody waited for (their length has the highest bit set, their checksum starts from 1), which are cut
off at the next start; a damaged record before one that was waited for is an error.
"""

import fcntl
import json
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from bitpay.kit.errors import Conflict, Unavailable

_HEAD = struct.Struct(">II")
_UNSAFE = 1 << 31
"""Marks the length of a record that was on disk only once a later one was."""
_DEFLATED = b"\x78\x01"
"""How every record's body begins."""
MAGIC = b"localchain journal 1\n"


class JournalDamaged(Conflict):
    """A record in the middle of the journal is not what was written: restore a copy or start afresh."""

    code = "journal_damaged"


class JournalInUse(Conflict):
    """Another process holds this journal."""

    code = "journal_in_use"


class JournalUnwritable(Unavailable):
    """What was to be kept is not on disk (perhaps there is no room left), and so did not happen."""

    code = "journal_unwritable"


class Journal:
    """Appends records and reads them back by their place in the file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("r+b" if path.exists() else "w+b", buffering=0)
        os.chmod(path, 0o600)  # noqa: PTH101 - by the path we have just opened
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise JournalInUse(f"{path} is in use by another process") from error
        self._path = path
        self._uncertain = False
        try:
            self._end = self._start()
        except BaseException:
            self._file.close()
            raise

    def _start(self) -> int:
        size = self._file.seek(0, os.SEEK_END)
        if size < len(MAGIC):  # new, or torn at birth
            self._file.truncate(0)
            self._write(0, MAGIC)
            return len(MAGIC)
        if self._read(0, len(MAGIC)) != MAGIC:
            raise JournalDamaged(f"{self._path} is not a journal of this version")
        return size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    @property
    def end(self) -> int:
        """Where the next record will stand."""
        return self._end

    def replay(self) -> Iterator[tuple[int, Any]]:
        """Yield every record with its place, then cut off what a crash has torn. Raises JournalDamaged."""
        place = len(MAGIC)
        while (found := self._record(place)) is not None:
            record, after = found
            yield place, record
            place = after
        if place < self._end:
            if self._holds_a_safe_record_after(place):
                raise JournalDamaged(f"{self._path} is damaged at byte {place}")
            self._end = place
            self._cut_off()

    def append(self, records: Iterable[Any], *, sync: bool = True) -> list[int]:
        """Write records so that a crash from now on cannot lose them. Returns their places.

        Without `sync` they are safe only once something later is. Raises JournalUnwritable, and then none is there.
        """
        places, frames = [], []
        place = self._end
        for record in records:
            frame = _frame(record, 0 if sync else _UNSAFE)
            places.append(place)
            frames.append(frame)
            place += len(frame)
        try:
            if self._uncertain:
                self._cut_off()
            self._write(self._end, b"".join(frames), sync=sync)
        except OSError as error:
            self._uncertain = True
            with suppress(OSError):
                self._cut_off()
            raise JournalUnwritable(f"{self._path} cannot be written: {error.strerror}.") from error
        self._end = place
        return places

    def _cut_off(self) -> None:
        """Leave nothing behind the last record, on disk."""
        self._file.truncate(self._end)
        os.fsync(self._file.fileno())
        self._uncertain = False

    def read(self, place: int) -> Any:  # noqa: ANN401 - whatever was appended
        """Return the record at `place`."""
        found = self._record(place)
        if found is None:
            raise JournalDamaged(f"{self._path} has no record at {place}")
        return found[0]

    def _record(self, place: int) -> tuple[Any, int] | None:
        head = self._read(place, _HEAD.size)
        if len(head) < _HEAD.size:
            return None
        mark, checksum = _HEAD.unpack(head)
        length = mark & ~_UNSAFE
        body = self._read(place + _HEAD.size, length)
        if len(body) == length and _checksum(body, mark & _UNSAFE) == checksum:
            return json.loads(zlib.decompress(body)), place + _HEAD.size + length
        return None

    def _holds_a_safe_record_after(self, place: int) -> bool:
        """Tell whether what looks torn is damage: all before a record that was waited for must be whole."""
        rest = self._read(place, self._end - place)
        at = rest.find(_DEFLATED, _HEAD.size + 1)
        while at >= 0:
            length, checksum = _HEAD.unpack_from(rest, at - _HEAD.size)
            if at + length <= len(rest) and _checksum(memoryview(rest)[at : at + length], 0) == checksum:
                return True  # a marked length is too long for this
            at = rest.find(_DEFLATED, at + 1)
        return False

    def _read(self, place: int, length: int) -> bytes:
        return os.pread(self._file.fileno(), length, place)

    def _write(self, place: int, data: bytes, *, sync: bool = True) -> None:
        written = 0
        while written < len(data):
            written += os.pwrite(self._file.fileno(), memoryview(data)[written:], place + written)
        if sync:
            os.fsync(self._file.fileno())


def _frame(record: Any, mark: int) -> bytes:  # noqa: ANN401 - JSON
    body = zlib.compress(json.dumps(record, separators=(",", ":")).encode(), 1)
    return _HEAD.pack(len(body) | mark, _checksum(body, mark)) + body


def _checksum(body: bytes | memoryview, mark: int) -> int:
    return zlib.crc32(body, 1 if mark else 0)
