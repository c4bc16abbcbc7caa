"""A cursor over bytes that knows where it stands, for errors that say where."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any

from bitpay.stacks import clarity
from bitpay.stacks.addresses import VERSIONS, Principal
from bitpay.stacks.errors import DecodeError
from bitpay.stacks.names import is_clarity_name, is_contract_name


class Reader:
    """Reads big-endian fields from `data`, left to right; every method raises `DecodeError`."""

    __slots__ = ("data", "offset")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.offset = 0

    def take(self, count: int, field: str) -> bytes:
        """Read `count` bytes."""
        end = self.offset + count
        if end > len(self.data):
            raise DecodeError("the bytes end", offset=len(self.data), field=field)
        taken = self.data[self.offset : end]
        self.offset = end
        return taken

    def byte(self, field: str) -> int:
        """Read one byte."""
        offset = self.offset
        if offset >= len(self.data):
            raise DecodeError("the bytes end", offset=offset, field=field)
        self.offset = offset + 1
        return self.data[offset]

    def number(self, size: int, field: str) -> int:
        """Read an unsigned integer of `size` bytes."""
        return int.from_bytes(self.take(size, field), "big")

    def unpack(self, layout: struct.Struct, field: str) -> tuple[Any, ...]:
        """Read several fields at once."""
        return layout.unpack(self.take(layout.size, field))

    def count(self, smallest: int, field: str) -> int:
        """Read a u32 count of things of at least `smallest` bytes; a count that promises more than is there fails."""
        start = self.offset
        count = self.number(4, field)
        if count * smallest > len(self.data) - self.offset:
            raise DecodeError(f"{count} announced, but the bytes end", offset=start, field=field)
        return count

    def clarity_name(self, field: str) -> str:
        """Read a name of up to 128 characters."""
        start = self.offset
        name = self.take(self.byte(field), field).decode("latin-1")
        if not is_clarity_name(name):
            raise DecodeError(f"not a name: {name!r}", offset=start, field=field)
        return name

    def contract_name(self, field: str = "contract name") -> str:
        """Read a contract's name."""
        start = self.offset
        name = self.take(self.byte(field), field).decode("latin-1")
        if not is_contract_name(name):
            raise DecodeError(f"not a contract name: {name!r}", offset=start, field=field)
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
