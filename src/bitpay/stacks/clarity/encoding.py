"""Clarity values to bytes (SIP-005 "Clarity value representation")."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from bitpay.stacks.clarity import types
from bitpay.stacks.clarity.values import (
    Ascii,
    Bool,
    Buffer,
    Err,
    Int,
    List,
    NoneValue,
    Ok,
    PrincipalValue,
    Some,
    Tuple,
    UInt,
    Utf8,
    Value,
)
from bitpay.stacks.errors import ValueInvalid

_Encoder = Callable[[Any, list[List]], bytes]
"""Takes the value, and where to note lists whose type is to be checked."""


def encode(value: Value) -> bytes:
    """Return the bytes of a value.

    Raises `ValueInvalid` when it is larger than the 1 MiB the chain allows, or a list mixes types.
    """
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        raise ValueInvalid(f"not a Clarity value: {type(value).__name__}")
    mixed: list[List] = []
    encoded = encoder(value, mixed)
    if mixed or len(encoded) > types.SMALL:
        types.check(value)
    return encoded


def to_hex(value: Value) -> str:
    """Return "0x" and the value's bytes in hex."""
    return "0x" + encode(value).hex()


# One function per class. What the constructors check holds; size and lists' types are checked above.


def _put_int(value: Int, _mixed: list[List]) -> bytes:
    return b"\x00" + value.value.to_bytes(16, "big", signed=True)


def _put_uint(value: UInt, _mixed: list[List]) -> bytes:
    return b"\x01" + value.value.to_bytes(16, "big")


def _put_bool(value: Bool, _mixed: list[List]) -> bytes:
    return b"\x03" if value.value else b"\x04"


def _put_buffer(value: Buffer, _mixed: list[List]) -> bytes:
    return b"\x02" + len(value.value).to_bytes(4, "big") + value.value


def _put_ascii(value: Ascii, _mixed: list[List]) -> bytes:
    return b"\x0d" + len(value.value).to_bytes(4, "big") + value.value.encode()


def _put_utf8(value: Utf8, _mixed: list[List]) -> bytes:
    text = value.value.encode()
    return b"\x0e" + len(text).to_bytes(4, "big") + text


def _put_principal(value: PrincipalValue, _mixed: list[List]) -> bytes:
    held = value.value
    address = bytes((held.version,)) + held.hash160
    return b"\x05" + address if held.name is None else b"\x06" + address + _name(held.name)


def _put_wrapped(prefix: bytes) -> _Encoder:
    def put(value: Ok | Err | Some, mixed: list[List]) -> bytes:
        inner = value.value
        return prefix + _ENCODERS[type(inner)](inner, mixed)

    return put


def _put_none(_value: NoneValue, _mixed: list[List]) -> bytes:
    return b"\x09"


def _put_list(value: List, mixed: list[List]) -> bytes:
    items = [_ENCODERS[type(item)](item, mixed) for item in value.items]
    if len(items) > 1 and items.count(items[0]) < len(items) and not types.alike(value.items):
        mixed.append(value)
    return b"\x0b" + len(items).to_bytes(4, "big") + b"".join(items)


def _put_tuple(value: Tuple, mixed: list[List]) -> bytes:
    parts = [b"\x0c" + len(value.items).to_bytes(4, "big")]
    for key, item in value.items:
        parts += (_name(key), _ENCODERS[type(item)](item, mixed))
    return b"".join(parts)


@lru_cache(maxsize=4096)
def _name(name: str) -> bytes:
    """Return a name with its length before it."""
    return bytes((len(name),)) + name.encode()


_ENCODERS: dict[type[Value], _Encoder] = {
    Int: _put_int,
    UInt: _put_uint,
    Bool: _put_bool,
    Buffer: _put_buffer,
    Ascii: _put_ascii,
    Utf8: _put_utf8,
    PrincipalValue: _put_principal,
    Ok: _put_wrapped(b"\x07"),
    Err: _put_wrapped(b"\x08"),
    NoneValue: _put_none,
    Some: _put_wrapped(b"\x0a"),
    List: _put_list,
    Tuple: _put_tuple,
}
