"""Clarity values from bytes (SIP-005 "Clarity value representation").

Decoding is strict: the bytes that come out of `encode` are the only ones that go into `decode`. Unsorted or repeated
tuple keys, impossible names, wrong characters, trailing bytes and values beyond the chain's limits are refused.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from bitpay.stacks import hexadecimal
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
from bitpay.stacks.memo import Memo
from bitpay.stacks.names import CLARITY_NAMES, is_principal_name

_Decoder = Callable[[bytes, int, int, list[List]], tuple[Value, int]]
"""Takes the bytes, the offset after the type byte, the depth, and where to note lists whose type is to be checked."""


def decode(data: bytes) -> Value:
    """Return the value that `data` is, all of it; raises `DecodeError` with the byte where it goes wrong."""
    if not isinstance(data, bytes):
        raise _no_bytes(data)
    if len(data) == _NUMBER_BYTES and data[0] == _UINT:  # what reads mostly answer, in half the time
        number = _new(UInt)
        _fill_uint(number, _from_bytes(data) - _UINT_TAG)
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
    """Return the value that starts at `offset` (0 or more) and where it ends; raises `DecodeError`."""
    if not isinstance(data, bytes):
        raise _no_bytes(data)
    if offset < 0:  # Python would count from the end
        raise DecodeError("before the first byte", offset=0, field="value")
    mixed: list[List] = []
    try:
        value, end = _DECODERS[data[offset]](data, offset + 1, 1, mixed)
    except IndexError as error:
        raise _short(data, "value") from error
    if mixed or end - offset > types.SMALL:
        _check_type(value, offset)
    return value, end


def _no_bytes(data: object) -> DecodeError:
    return DecodeError(f"not bytes: {type(data).__name__}", offset=0, field="value")


def _check_type(value: Value, offset: int) -> None:
    try:
        types.check(value)
    except ValueInvalid as error:
        raise DecodeError(str(error), offset=offset, field="value") from error


def from_hex(text: str) -> Value:
    """Return the value of hex text, with or without "0x"; raises `DecodeError`."""
    try:
        data = hexadecimal.from_hex(text)
    except ValueError as error:
        raise DecodeError("not hexadecimal", offset=0, field="hex") from error
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
_UINT_TAG = _UINT << 128
_from_bytes = int.from_bytes
_halves = struct.Struct(">QQ").unpack_from  # half the time of slicing and `int.from_bytes`
_signed_halves = struct.Struct(">qQ").unpack_from


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
    start = offset + 4
    size = _from_bytes(data[offset:start])
    end = start + size
    if end > len(data) or size > MAX_VALUE_BYTES:
        raise _bad_length(data, offset, end, "buffer")
    value = _new(Buffer)
    _fill_buffer(value, data[start:end])
    return value, end


def _ascii(data: bytes, offset: int, _depth: int, _mixed: list[List]) -> tuple[Value, int]:
    start = offset + 4
    size = _from_bytes(data[offset:start])
    end = start + size
    if end > len(data) or size > MAX_VALUE_BYTES:
        raise _bad_length(data, offset, end, "string-ascii")
    text = data[start:end].decode("latin-1")
    if not (text.isascii() and text.isprintable()) and ASCII.fullmatch(text) is None:
        raise DecodeError("a character that string-ascii cannot hold", offset=start, field="string-ascii")
    value = _new(Ascii)
    _fill_ascii(value, text)
    return value, end


def _utf8(data: bytes, offset: int, _depth: int, _mixed: list[List]) -> tuple[Value, int]:
    start = offset + 4
    size = _from_bytes(data[offset:start])
    end = start + size
    if end > len(data) or size > MAX_VALUE_BYTES:
        raise _bad_length(data, offset, end, "string-utf8")
    try:
        text = data[start:end].decode()
    except UnicodeDecodeError as error:
        raise DecodeError("not UTF-8", offset=start + error.start, field="string-utf8") from error
    if len(text) > MAX_UTF8_CHARACTERS:
        raise DecodeError("too long", offset=offset, field="string-utf8")
    value = _new(Utf8)
    _fill_utf8(value, text)
    return value, end


def _standard(data: bytes, offset: int, _depth: int, _mixed: list[List]) -> tuple[Value, int]:
    end = offset + 21
    value = _PRINCIPALS[data[offset:end]]
    if value is None:
        raise _bad_principal(data, offset, end)
    return value, end


def _contract(data: bytes, offset: int, _depth: int, _mixed: list[List]) -> tuple[Value, int]:
    end = offset + 22
    end += data[end - 1]
    value = _PRINCIPALS[data[offset:end]]
    if value is None:
        raise _bad_principal(data, offset, end)
    return value, end


def _principal(raw: bytes) -> PrincipalValue | None:
    """Return the principal of a version, a hash160 and maybe a name after its length; None for bytes that are none."""
    if len(raw) < 21 or raw[0] >= VERSIONS:
        return None
    name = None
    if len(raw) > 21:
        name = raw[22:].decode("latin-1")
        if len(name) != raw[21] or not is_principal_name(name):
            return None
    return PrincipalValue(Principal(raw[0], raw[1:21], name))


_PRINCIPALS = Memo(_principal, limit=16384)


def _bad_principal(data: bytes, offset: int, end: int) -> DecodeError:
    if end > len(data):
        return _short(data, "principal" if end == offset + 21 else "contract name")
    if data[offset] >= VERSIONS:
        return DecodeError(f"no address has version {data[offset]}", offset=offset, field="principal")
    return DecodeError(f"not a contract name: {data[offset + 22 : end]!r}", offset=offset + 21, field="contract name")


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
    if depth >= MAX_DEPTH:
        raise _deep(offset)
    end = offset + 4
    count = _from_bytes(data[offset:end])
    if count > len(data) - end:  # no count promises more than is there
        raise _short(data, "list")
    tag = data[end : end + 1]
    stop = end + _NUMBER_BYTES * count
    run = _RUNS.get(tag)
    if run is not None and stop <= len(data) and data[end:stop:_NUMBER_BYTES] == tag * count:
        value = _new(List)
        _fill_list(value, run(data[end:stop]))
        return value, stop
    start = end
    items: list[Value] = []
    ends: list[int] = []
    depth += 1
    for _ in range(count):
        item, end = _DECODERS[data[end]](data, end + 1, depth, mixed)
        items.append(item)
        ends.append(end)
    value = _new(List)
    _fill_list(value, tuple(items))
    if count > 1 and not _repeated(data[start:end], ends[0] - start) and not types.alike(items):
        mixed.append(value)
    return value, end


def _repeated(data: bytes, size: int) -> bool:
    """Say whether the first `size` bytes come again and again, as in (ok true) (ok true), which is of one type."""
    times, rest = divmod(len(data), size)
    return rest == 0 and data == data[:size] * times


def _run(kind: type[Int | UInt], layout: str) -> Callable[[bytes], tuple[Value, ...]]:
    """Return what reads the bytes of numbers of one kind, each after its type byte, in half the time of one by one."""
    fill = kind.__dict__["value"].__set__
    halves = struct.Struct(layout).iter_unpack

    def read(data: bytes) -> tuple[Value, ...]:
        numbers: list[Value] = []
        for high, low in halves(data):
            number = _new(kind)
            fill(number, high << 64 | low if high else low)
            numbers.append(number)
        return tuple(numbers)

    return read


_RUNS = {b"\x00": _run(Int, ">xqQ"), b"\x01": _run(UInt, ">xQQ")}


def _tuple(data: bytes, offset: int, depth: int, mixed: list[List]) -> tuple[Value, int]:
    if depth >= MAX_DEPTH:
        raise _deep(offset)
    end = offset + 4
    count = _from_bytes(data[offset:end])
    if 3 * count > len(data) - end:
        raise _short(data, "tuple")
    if count == 0:
        raise DecodeError("a tuple has at least one key", offset=offset, field="tuple")
    items: list[tuple[str, Value]] = []
    last = ""
    depth += 1
    for _ in range(count):
        start = end + 1
        end = start + data[end]
        key = CLARITY_NAMES[data[start:end]]
        if key <= last:
            raise _bad_key(data, start, end, last)
        item, end = _DECODERS[data[end]](data, end + 1, depth, mixed)
        items.append((key, item))
        last = key
    value = _new(Tuple)
    _fill_tuple(value, tuple(items))
    return value, end


def _bad_key(data: bytes, start: int, end: int, last: str) -> DecodeError:
    if end > len(data):
        return _short(data, "tuple")
    what = "keys out of order or repeated" if last and CLARITY_NAMES[data[start:end]] else "not a name"
    return DecodeError(f"{what}: {data[start:end]!r}", offset=start - 1, field="tuple key")


def _unknown(data: bytes, offset: int, _depth: int, _mixed: list[List]) -> tuple[Value, int]:
    raise DecodeError(f"no type has the byte {data[offset - 1]:#04x}", offset=offset - 1, field="type")


def _bad_length(data: bytes, offset: int, end: int, field: str) -> DecodeError:
    return _short(data, field) if end > len(data) else DecodeError("too long", offset=offset, field=field)


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
