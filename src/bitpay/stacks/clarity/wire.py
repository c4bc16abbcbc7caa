"""Clarity values as bytes, both ways (SIP-005 "Clarity value representation").

Decoding is strict: the bytes that come out of `encode` are the only ones that go into `decode`. Unsorted or repeated
tuple keys, impossible names, wrong characters, trailing bytes and values beyond the chain's limits are refused.
"""

from __future__ import annotations

from collections.abc import Callable

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
from bitpay.stacks.errors import DecodeError, ValueInvalid
from bitpay.stacks.names import is_clarity_name, is_principal_name

_new = object.__new__
_assign = object.__setattr__

# Without a list, a value is at most seven times as large for the chain as its bytes are (principals count 148), so only
# values with the byte of a list in them, or of more than an eighth of the limit, need their type worked out.
_LIST = b"\x0b"
_SMALL = MAX_VALUE_BYTES // 8

_Decoder = Callable[[bytes, int, int], tuple[Value, int]]
_Encoder = Callable[[Value, list[bytes], int], None]


def encode(value: Value) -> bytes:
    """Return the bytes of a value.

    Raises `ValueInvalid` when it is deeper than 32, larger than the 1 MiB the chain allows, or a list mixes types.
    """
    parts: list[bytes] = []
    _put_inner(value, parts, 1)
    encoded = b"".join(parts)
    if len(encoded) > _SMALL or _LIST in encoded:
        types.check(value)
    return encoded


def decode(data: bytes) -> Value:
    """Return the value that `data` is, all of it; raises `DecodeError` with the byte where it goes wrong."""
    value, end = decode_at(data, 0)
    if end != len(data):
        raise DecodeError(f"{len(data) - end} bytes after the value", offset=end, field="value")
    return value


def decode_at(data: bytes, offset: int) -> tuple[Value, int]:
    """Return the value that starts at `offset` and where it ends."""
    value, end = _value(data, offset, 1)
    if end - offset > _SMALL or data.find(_LIST, offset, end) >= 0:
        try:
            types.check(value)
        except ValueInvalid as error:
            raise DecodeError(str(error), offset=offset, field="value") from error
    return value, end


def to_hex(value: Value) -> str:
    """Return "0x" and the value's bytes in hex."""
    return "0x" + encode(value).hex()


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


# Decoding: one small function per type byte, called with the offset after that byte.


def _value(data: bytes, offset: int, depth: int) -> tuple[Value, int]:
    try:
        decoder = _DECODERS[data[offset]]
    except IndexError as error:
        if offset >= len(data):
            raise DecodeError("the bytes end", offset=offset, field="type") from error
        raise DecodeError(f"no type has the byte {data[offset]:#04x}", offset=offset, field="type") from error
    return decoder(data, offset + 1, depth)


def _int(data: bytes, offset: int, _depth: int) -> tuple[Value, int]:
    end = offset + 16
    raw = data[offset:end]
    if len(raw) != 16:
        raise _short(data, "int")
    value = _new(Int)
    _assign(value, "value", int.from_bytes(raw, signed=True))
    return value, end


def _uint(data: bytes, offset: int, _depth: int) -> tuple[Value, int]:
    end = offset + 16
    raw = data[offset:end]
    if len(raw) != 16:
        raise _short(data, "uint")
    value = _new(UInt)
    _assign(value, "value", int.from_bytes(raw))
    return value, end


def _true(_data: bytes, offset: int, _depth: int) -> tuple[Value, int]:
    return TRUE, offset


def _false(_data: bytes, offset: int, _depth: int) -> tuple[Value, int]:
    return FALSE, offset


def _none(_data: bytes, offset: int, depth: int) -> tuple[Value, int]:
    if depth >= MAX_DEPTH:  # its type is an optional of something
        raise _deep(offset)
    return NONE, offset


def _buffer(data: bytes, offset: int, _depth: int) -> tuple[Value, int]:
    raw, end = _sized(data, offset, "buffer")
    value = _new(Buffer)
    _assign(value, "value", raw)
    return value, end


def _ascii(data: bytes, offset: int, _depth: int) -> tuple[Value, int]:
    raw, end = _sized(data, offset, "string-ascii")
    text = raw.decode("latin-1")
    if ASCII.fullmatch(text) is None:
        raise DecodeError("a character that string-ascii cannot hold", offset=offset + 4, field="string-ascii")
    value = _new(Ascii)
    _assign(value, "value", text)
    return value, end


def _utf8(data: bytes, offset: int, _depth: int) -> tuple[Value, int]:
    raw, end = _sized(data, offset, "string-utf8")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise DecodeError("not UTF-8", offset=offset + 4 + error.start, field="string-utf8") from error
    if len(text) > MAX_UTF8_CHARACTERS:
        raise DecodeError("too long", offset=offset, field="string-utf8")
    value = _new(Utf8)
    _assign(value, "value", text)
    return value, end


def _standard(data: bytes, offset: int, _depth: int) -> tuple[Value, int]:
    end = offset + 21
    return _principal(data, offset, end, None), end


def _contract(data: bytes, offset: int, _depth: int) -> tuple[Value, int]:
    name, end = _name(data, offset + 21, "contract name")
    if not is_principal_name(name):
        raise DecodeError(f"not a contract name: {name!r}", offset=offset + 21, field="contract name")
    return _principal(data, offset, offset + 21, name), end


def _principal(data: bytes, offset: int, end: int, name: str | None) -> Value:
    if len(data) < end:
        raise _short(data, "principal")
    if data[offset] >= VERSIONS:
        raise DecodeError(f"no address has version {data[offset]}", offset=offset, field="principal")
    principal = _new(Principal)
    _assign(principal, "version", data[offset])
    _assign(principal, "hash160", data[offset + 1 : end])
    _assign(principal, "name", name)
    value = _new(PrincipalValue)
    _assign(value, "value", principal)
    return value


def _wrapped(kind: type[Ok | Err | Some]) -> _Decoder:
    def decoder(data: bytes, offset: int, depth: int) -> tuple[Value, int]:
        if depth >= MAX_DEPTH:
            raise _deep(offset)
        inner, end = _value(data, offset, depth + 1)
        value = _new(kind)
        _assign(value, "value", inner)
        return value, end

    return decoder


def _list(data: bytes, offset: int, depth: int) -> tuple[Value, int]:
    count = _count(data, offset, 1, depth, "list")
    end = offset + 4
    items: list[Value] = []
    for _ in range(count):
        item, end = _value(data, end, depth + 1)
        items.append(item)
    value = _new(List)
    _assign(value, "items", tuple(items))
    return value, end


def _tuple(data: bytes, offset: int, depth: int) -> tuple[Value, int]:
    count = _count(data, offset, 3, depth, "tuple")
    if count == 0:
        raise DecodeError("a tuple has at least one key", offset=offset, field="tuple")
    end = offset + 4
    items: list[tuple[str, Value]] = []
    last = ""
    for _ in range(count):
        start = end
        key, end = _name(data, end, "tuple key")
        if not is_clarity_name(key):
            raise DecodeError(f"not a name: {key!r}", offset=start, field="tuple key")
        if key <= last:
            raise DecodeError(f"keys out of order or repeated: {key!r}", offset=start, field="tuple key")
        item, end = _value(data, end, depth + 1)
        items.append((key, item))
        last = key
    return Tuple.from_sorted(tuple(items)), end


def _count(data: bytes, offset: int, smallest: int, depth: int, field: str) -> int:
    """Read a u32 count of items of at least `smallest` bytes each, so that no count promises more than is there."""
    if depth >= MAX_DEPTH:
        raise _deep(offset)
    if len(data) < offset + 4:
        raise _short(data, field)
    count = int.from_bytes(data[offset : offset + 4])
    if count * smallest > len(data) - offset - 4:
        raise _short(data, field)
    return count


def _sized(data: bytes, offset: int, field: str) -> tuple[bytes, int]:
    start = offset + 4
    if len(data) < start:
        raise _short(data, field)
    size = int.from_bytes(data[offset:start])
    end = start + size
    if end > len(data):
        raise _short(data, field)
    if size > MAX_VALUE_BYTES:
        raise DecodeError("too long", offset=offset, field=field)
    return data[start:end], end


def _name(data: bytes, offset: int, field: str) -> tuple[str, int]:
    if len(data) <= offset:
        raise _short(data, field)
    start = offset + 1
    end = start + data[offset]
    if end > len(data):
        raise _short(data, field)
    return data[start:end].decode("latin-1"), end


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
)


# Encoding: one function per class, appending to the parts.


def _put_int(value: Int, parts: list[bytes], _depth: int) -> None:
    parts.append(b"\x00" + value.value.to_bytes(16, signed=True))


def _put_uint(value: UInt, parts: list[bytes], _depth: int) -> None:
    parts.append(b"\x01" + value.value.to_bytes(16))


def _put_bool(value: Bool, parts: list[bytes], _depth: int) -> None:
    parts.append(b"\x03" if value.value else b"\x04")


def _put_buffer(value: Buffer, parts: list[bytes], _depth: int) -> None:
    parts += (b"\x02", len(value.value).to_bytes(4), value.value)


def _put_ascii(value: Ascii, parts: list[bytes], _depth: int) -> None:
    parts += (b"\x0d", len(value.value).to_bytes(4), value.value.encode())


def _put_utf8(value: Utf8, parts: list[bytes], _depth: int) -> None:
    text = value.value.encode()
    parts += (b"\x0e", len(text).to_bytes(4), text)


def _put_principal(value: PrincipalValue, parts: list[bytes], _depth: int) -> None:
    held = value.value
    if held.name is None:
        parts += (b"\x05", bytes((held.version,)), held.hash160)
    else:
        name = held.name.encode()
        parts += (b"\x06", bytes((held.version,)), held.hash160, bytes((len(name),)), name)


def _put_wrapped(prefix: bytes) -> Callable[[Ok | Err | Some, list[bytes], int], None]:
    def put(value: Ok | Err | Some, parts: list[bytes], depth: int) -> None:
        parts.append(prefix)
        _put_inner(value.value, parts, depth + 1)

    return put


def _put_none(_value: NoneValue, parts: list[bytes], depth: int) -> None:
    if depth >= MAX_DEPTH:  # its type is an optional of something
        raise ValueInvalid(f"a value deeper than {MAX_DEPTH}")
    parts.append(b"\x09")


def _put_list(value: List, parts: list[bytes], depth: int) -> None:
    parts += (b"\x0b", len(value.items).to_bytes(4))
    if depth >= MAX_DEPTH:
        raise ValueInvalid(f"a value deeper than {MAX_DEPTH}")
    for item in value.items:
        _ENCODERS[type(item)](item, parts, depth + 1)


def _put_tuple(value: Tuple, parts: list[bytes], depth: int) -> None:
    parts += (b"\x0c", len(value.items).to_bytes(4))
    for key, item in value.items:
        name = key.encode()
        parts += (bytes((len(name),)), name)
        _put_inner(item, parts, depth + 1)


def _put_inner(value: Value, parts: list[bytes], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueInvalid(f"a value deeper than {MAX_DEPTH}")
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        raise ValueInvalid(f"not a Clarity value: {type(value).__name__}")
    encoder(value, parts, depth)


_ENCODERS: dict[type[Value], Callable[..., None]] = {
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
