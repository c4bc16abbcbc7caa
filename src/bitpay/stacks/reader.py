"""A cursor over bytes that knows where it stands, for errors that say where."""

from __future__ import annotations

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

    def number(self, size: int, field: str) -> int:
        """Read an unsigned integer of `size` bytes."""
        return int.from_bytes(self.take(size, field))

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
        name = self.take(self.number(1, field), field).decode("latin-1")
        if not is_clarity_name(name):
            raise DecodeError(f"not a name: {name!r}", offset=start, field=field)
        return name

    def contract_name(self, field: str = "contract name") -> str:
        """Read a contract's name."""
        start = self.offset
        name = self.take(self.number(1, field), field).decode("latin-1")
        if not is_contract_name(name):
            raise DecodeError(f"not a contract name: {name!r}", offset=start, field=field)
        return name

    def address(self, field: str) -> Principal:
        """Read a version and a hash160."""
        start = self.offset
        version = self.number(1, field)
        if version >= VERSIONS:
            raise DecodeError(f"no address has version {version}", offset=start, field=field)
        return Principal(version, self.take(20, field))

    def contract(self, field: str) -> Principal:
        """Read an address and a contract's name."""
        return self.address(field).contract(self.contract_name(f"{field} name"))

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


def sized_name(name: str) -> bytes:
    """Return a name with its one-byte length."""
    encoded = name.encode()
    return bytes((len(encoded),)) + encoded


def address_bytes(principal: Principal) -> bytes:
    """Return version and hash160 of a principal."""
    return bytes((principal.version,)) + principal.hash160
