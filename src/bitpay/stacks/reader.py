"""A cursor over bytes that knows where it stands, for errors that say where."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar

from bitpay.stacks import clarity
from bitpay.stacks.addresses import VERSIONS, Principal
from bitpay.stacks.errors import DecodeError
from bitpay.stacks.names import CLARITY_NAMES, CONTRACT_NAMES

_Meaning = TypeVar("_Meaning")
_COUNT = struct.Struct(">I")


class Reader:
    """Reads big-endian fields from `data`, left to right; every method raises `DecodeError`."""

    __slots__ = ("data", "offset")

    def __init__(self, data: bytes) -> None:
        if not isinstance(data, bytes):
            raise DecodeError(f"not bytes: {type(data).__name__}", offset=0, field="bytes")
        self.data = data
        self.offset = 0

    def take(self, count: int, field: str) -> bytes:
        """Read `count` bytes."""
        start = self.offset
        self.offset = end = start + count
        if end > len(self.data):
            raise self._short(field)
        return self.data[start:end]

    def code(self, meanings: Mapping[int, _Meaning], field: str) -> _Meaning:
        """Read one byte and return what it means."""
        offset = self.offset
        try:
            meaning = meanings[self.data[offset]]
        except IndexError as error:
            raise self._short(field) from error
        except KeyError as error:
            raise DecodeError(f"no {field} is {self.data[offset]}", offset=offset, field=field) from error
        self.offset = offset + 1
        return meaning

    def number(self, size: int, field: str) -> int:
        """Read an unsigned integer of `size` bytes."""
        return int.from_bytes(self.take(size, field), "big")

    def unpack(self, layout: struct.Struct, field: str) -> tuple[Any, ...]:
        """Read several fields at once."""
        start = self.offset
        self.offset = end = start + layout.size
        if end > len(self.data):
            raise self._short(field)
        return layout.unpack_from(self.data, start)

    def count(self, smallest: int, field: str) -> int:
        """Read a u32 count of things of at least `smallest` bytes; a count that promises more than is there fails."""
        start = self.offset
        (count,) = self.unpack(_COUNT, field)
        if count * smallest > len(self.data) - self.offset:
            raise DecodeError(f"{count} announced, but the bytes end", offset=start, field=field)
        return int(count)

    def clarity_name(self, field: str) -> str:
        """Read a name of up to 128 characters."""
        return self._name(CLARITY_NAMES, "a name", field)

    def contract_name(self, field: str = "contract name") -> str:
        """Read a contract's name."""
        return self._name(CONTRACT_NAMES, "a contract name", field)

    def _name(self, names: Mapping[bytes, str], what: str, field: str) -> str:
        start = self.offset + 1
        if start > len(self.data):
            raise self._short(field)
        self.offset = end = start + self.data[start - 1]
        if end > len(self.data):
            raise self._short(field)
        name = names[self.data[start:end]]
        if not name:
            raise DecodeError(f"not {what}: {self.data[start:end]!r}", offset=start - 1, field=field)
        return name

    def address(self, field: str) -> Principal:
        """Read a version and a hash160."""
        start = self.offset
        return self._principal(field, start, self.take(21, field), None)

    def contract(self, field: str) -> Principal:
        """Read an address and a contract's name."""
        start = self.offset
        raw = self.take(21, field)
        return self._principal(field, start, raw, self.contract_name(f"{field} name"))

    def _principal(self, field: str, start: int, raw: bytes, name: str | None) -> Principal:
        if raw[0] >= VERSIONS:
            raise DecodeError(f"no address has version {raw[0]}", offset=start, field=field)
        return _principal(raw, name)

    def value(self) -> clarity.Value:
        """Read a Clarity value."""
        value, self.offset = clarity.decode_at(self.data, self.offset)
        return value

    def principal_value(self, field: str) -> Principal:
        """Read a Clarity value that is a principal."""
        start = self.offset
        value = self.value()
        if not isinstance(value, clarity.PrincipalValue):
            raise DecodeError("not a principal", offset=start, field=field)
        return value.value

    def finish(self, field: str) -> None:
        """Refuse bytes that are left."""
        left = len(self.data) - self.offset
        if left:
            raise DecodeError(f"{left} bytes after the end", offset=self.offset, field=field)

    def _short(self, field: str) -> DecodeError:
        return DecodeError("the bytes end", offset=len(self.data), field=field)


@lru_cache(maxsize=16384)  # transactions name the same principals again and again
def _principal(raw: bytes, name: str | None) -> Principal:
    return Principal(raw[0], raw[1:], name)


def sized_name(name: str) -> bytes:
    """Return a name with its one-byte length."""
    encoded = name.encode()
    return bytes((len(encoded),)) + encoded


def address_bytes(principal: Principal) -> bytes:
    """Return version and hash160 of a principal."""
    return bytes((principal.version,)) + principal.hash160
