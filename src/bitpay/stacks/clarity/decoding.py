"""Clarity values from bytes (SIP-005 "Clarity value representation").

Decoding is strict: the bytes that come out of `encode` are the only ones that go into `decode`. Unsorted or repeated
tuple keys, impossible names, wrong characters, trailing bytes and values beyond the chain's limits are refused.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache

from bitpay.stacks.addresses import VERSIONS, Principal
from bitpay.stacks.clarity import types
from bitpay.stacks.clarity.values import (
    ASCII,
    FALSE,
    MAX_DEPTH,
    MAX_UTF8_CHARACTERS,
    MAX_VALUE_BYTES,
    NONE,
    TRUE,
    Ascii,
    Buffer,
    Err,
    Int,
    List,
    Ok,
    PrincipalValue,
    Some,
    Tuple,
    UInt,
    Utf8,
    Value,
)
from bitpay.stacks.errors import DecodeError, ValueInvalid
from bitpay.stacks.names import is_clarity_name, is_principal_name

_Decoder = Callable[[bytes, int, int, list[List]], tuple[Value, int]]
"""Takes the bytes, the offset after the type byte, the depth, and where to note lists whose type is to be checked."""


def decode(data: bytes) -> Value:
    """Return the value that `data` is, all of it; raises `DecodeError` with the byte where it goes wrong."""
    if len(data) == _NUMBER_BYTES and data[0] == _UINT:  # what reads mostly answer, in half the time
        high, low = _halves(data, 1)
        number = _new(UInt)
        _fill_uint(number, high << 64 | low if high else low)
        return number
    mixed: list[List] = []
    try:
        value, end = _DECODERS[data[0]](data, 1, 1, mixed)
    except IndexError as error:
        raise _short(data, "value") from error
    if end != len(data):
        raise DecodeError(f"{len(data) - end} bytes after the value", offset=end, field="value")
    if mixed or end > types.SMALL:
        _check_type(value, 0)
    return value


def decode_at(data: bytes, offset: int) -> tuple[Value, int]:
    """Return the value that starts at `offset` and where it ends."""
    mixed: list[List] = []
    try:
        value, end = _DECODERS[data[offset]](data, offset + 1, 1, mixed)
    except IndexError as error:
        raise _short(data, "value") from error
    if mixed or end - offset > types.SMALL:
        _check_type(value, offset)
    return value, end


def _check_type(value: Value, offset: int) -> None:
    try:
        types.check(value)
    except ValueInvalid as error:
        raise DecodeError(str(error), offset=offset, field="value") from error


def from_hex(text: str) -> Value:
    """Return the value of hex text, with or without "0x"; raises `DecodeError`."""
    digits = text[2:] if text[:2] in {"0x", "0X"} else text
    try:
        data = bytes.fromhex(digits)
    except ValueError as error:
        raise DecodeError("not hexadecimal", offset=0, field="hex") from error
    if len(data) * 2 != len(digits):
        raise DecodeError("not hexadecimal", offset=0, field="hex")
    return decode(data)


# Decoding: one function per type byte, called with the offset after that byte. What it makes is checked here, so the
# objects are filled through their slots, past the checks of their constructors. No function looks before it reads a
# single byte: the IndexError of reading past the end is caught once, above.

_new = object.__new__
_fill_int, _fill_uint, _fill_buffer, _fill_ascii, _fill_utf8 = (
    kind.__dict__["value"].__set__ for kind in (Int, UInt, Buffer, Ascii, Utf8)
)
_fill_list, _fill_tuple = List.__dict__["items"].__set__, Tuple.__dict__["items"].__set__
_UINT, _NUMBER_BYTES = 1, 17
_halves = struct.Struct(">QQ").unpack_from  # half the time of slicing and `int.from_bytes`
_signed_halves = struct.Struct(">qQ").unpack_from
_length = struct.Struct(">I").unpack_from


def _int(data: bytes, offset: int, _depth: int, _mixed: list[List]) -> tuple[Value, int]:
    try:
        high, low = _signed_halves(data, offset)
    except struct.error as error:
        raise _short(data, "int") from error
    value = _new(Int)
    _fill_int(value, high << 64 | low if high else low)
    return value, offset + 16


def _uint(data: bytes, offset: int, _depth: int, _mixed: list[List]) -> tuple[Value, int]:
    try:
        high, low = _halves(data, offset)
    except struct.error as error:
        raise _short(data, "uint") from error
    value = _new(UInt)
    _fill_uint(value, high << 64 | low if high else low)
    return value, offset + 16


def _true(_data: bytes, offset: int, _depth: int, _mixed: list[List]) -> tuple[Value, int]:
    return TRUE, offset


def _false(_data: bytes, offset: int, _depth: int, _mixed: list[List]) -> tuple[Value, int]:
    return FALSE, offset


def _none(_data: bytes, offset: int, depth: int, _mixed: list[List]) -> tuple[Value, int]:
    if depth >= MAX_DEPTH:  # its type is an optional of something
        raise _deep(offset)
    return NONE, offset


def _buffer(data: bytes, offset: int, _depth: int, _mixed: list[List]) -> tuple[Value, int]:
    raw, end = _sized(data, offset, "buffer")
    value = _new(Buffer)
    _fill_buffer(value, raw)
    return value, end


def _ascii(data: bytes, offset: int, _depth: int, _mixed: list[List]) -> tuple[Value, int]:
    raw, end = _sized(data, offset, "string-ascii")
    text = raw.decode("latin-1")
    if not (text.isascii() and text.isprintable()) and ASCII.fullmatch(text) is None:
        raise DecodeError("a character that string-ascii cannot hold", offset=offset + 4, field="string-ascii")
    value = _new(Ascii)
    _fill_ascii(value, text)
    return value, end


def _utf8(data: bytes, offset: int, _depth: int, _mixed: list[List]) -> tuple[Value, int]:
    raw, end = _sized(data, offset, "string-utf8")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise DecodeError("not UTF-8", offset=offset + 4 + error.start, field="string-utf8") from error
    if len(text) > MAX_UTF8_CHARACTERS:
        raise DecodeError("too long", offset=offset, field="string-utf8")
    value = _new(Utf8)
    _fill_utf8(value, text)
    return value, end


def _standard(data: bytes, offset: int, _depth: int, _mixed: list[List]) -> tuple[Value, int]:
    end = offset + 21
    return _principal(data, offset, data[offset:end], None), end


def _contract(data: bytes, offset: int, _depth: int, _mixed: list[List]) -> tuple[Value, int]:
    start = offset + 22
    end = start + data[start - 1]
    return _principal(data, offset, data[offset : start - 1], data[start:end]), end


def _principal(data: bytes, offset: int, address: bytes, name: bytes | None) -> Value:
    if len(address) != 21 or (name is not None and offset + 22 + data[offset + 21] > len(data)):
        raise _short(data, "principal" if name is None else "contract name")
    if address[0] >= VERSIONS:
        raise DecodeError(f"no address has version {address[0]}", offset=offset, field="principal")
    value = _principal_value(address, name)
    if value is None:
        raise DecodeError(f"not a contract name: {name!r}", offset=offset + 21, field="contract name")
    return value


@lru_cache(maxsize=16384)
def _principal_value(address: bytes, name: bytes | None) -> PrincipalValue | None:
    """Return the principal of a version, hash160 and name; the same few appear again and again."""
    text = None if name is None else name.decode("latin-1")
    if text is not None and not is_principal_name(text):
        return None
    return PrincipalValue(Principal(address[0], address[1:], text))


def _wrapped(kind: type[Ok | Err | Some]) -> _Decoder:
    fill = kind.__dict__["value"].__set__

    def decoder(data: bytes, offset: int, depth: int, mixed: list[List]) -> tuple[Value, int]:
        if depth >= MAX_DEPTH:
            raise _deep(offset)
        inner, end = _DECODERS[data[offset]](data, offset + 1, depth + 1, mixed)
        value = _new(kind)
        fill(value, inner)
        return value, end

    return decoder


def _list(data: bytes, offset: int, depth: int, mixed: list[List]) -> tuple[Value, int]:
    count = _count(data, offset, 1, depth, "list")
    end = offset + 4
    items: list[Value] = []
    depth += 1
    for _ in range(count):
        item, end = _DECODERS[data[end]](data, end + 1, depth, mixed)
        items.append(item)
    value = _new(List)
    _fill_list(value, tuple(items))
    if count > 1 and not types.plain(items):
        mixed.append(value)
    return value, end


def _tuple(data: bytes, offset: int, depth: int, mixed: list[List]) -> tuple[Value, int]:
    count = _count(data, offset, 3, depth, "tuple")
    if count == 0:
        raise DecodeError("a tuple has at least one key", offset=offset, field="tuple")
    end = offset + 4
    items: list[tuple[str, Value]] = []
    last = ""
    depth += 1
    for _ in range(count):
        start = end + 1
        end = start + data[end]
        key = _key(data[start:end])
        if key <= last:
            raise _bad_key(data, start, end, last)
        item, end = _DECODERS[data[end]](data, end + 1, depth, mixed)
        items.append((key, item))
        last = key
    value = _new(Tuple)
    _fill_tuple(value, tuple(items))
    return value, end


@lru_cache(maxsize=4096)
def _key(raw: bytes) -> str:
    """Return a tuple key, "" for bytes that are none."""
    key = raw.decode("latin-1")
    return key if is_clarity_name(key) else ""


def _bad_key(data: bytes, start: int, end: int, last: str) -> DecodeError:
    if end > len(data):
        return _short(data, "tuple")
    what = "keys out of order or repeated" if last and _key(data[start:end]) else "not a name"
    return DecodeError(f"{what}: {data[start:end]!r}", offset=start - 1, field="tuple key")


def _unknown(data: bytes, offset: int, _depth: int, _mixed: list[List]) -> tuple[Value, int]:
    raise DecodeError(f"no type has the byte {data[offset - 1]:#04x}", offset=offset - 1, field="type")


def _count(data: bytes, offset: int, smallest: int, depth: int, field: str) -> int:
    """Read a u32 count of items of at least `smallest` bytes each, so that no count promises more than is there."""
    if depth >= MAX_DEPTH:
        raise _deep(offset)
    try:
        (count,) = _length(data, offset)
    except struct.error as error:
        raise _short(data, field) from error
    if count * smallest > len(data) - offset - 4:
        raise _short(data, field)
    return int(count)


def _sized(data: bytes, offset: int, field: str) -> tuple[bytes, int]:
    try:
        (size,) = _length(data, offset)
    except struct.error as error:
        raise _short(data, field) from error
    start = offset + 4
    end = start + size
    if end > len(data):
        raise _short(data, field)
    if size > MAX_VALUE_BYTES:
        raise DecodeError("too long", offset=offset, field=field)
    return data[start:end], end


def _short(data: bytes, field: str) -> DecodeError:
    return DecodeError("the bytes end", offset=len(data), field=field)


def _deep(offset: int) -> DecodeError:
    return DecodeError(f"deeper than {MAX_DEPTH}", offset=offset - 1, field="value")


_DECODERS: tuple[_Decoder, ...] = (
    _int,
    _uint,
    _buffer,
    _true,
    _false,
    _standard,
    _contract,
    _wrapped(Ok),
    _wrapped(Err),
    _none,
    _wrapped(Some),
    _list,
    _tuple,
    _ascii,
    _utf8,
    *[_unknown] * 241,
)
