"""The type a value has, as far as the chain's limits need it: one type per list, size and depth.

The chain measures a value by its type: a list counts its longest item as often as it has items. Rules and numbers:
stacks-core `clarity-types/src/types/signatures.rs` (`type_of`, `least_supertype_v2_1`, `inner_size`, `type_size`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Final

from bitpay.stacks.clarity.values import (
    MAX_VALUE_BYTES,
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


@dataclass(frozen=True, slots=True)
class Type:
    """A type. `length` is the most bytes, characters or items; `parts` are what it is made of, by name."""

    kind: str
    length: int = 0
    parts: tuple[tuple[str, Type], ...] = ()


UNKNOWN: Final = Type("unknown")
_PLAIN: Final = {Int: Type("int"), UInt: Type("uint"), Bool: Type("bool"), PrincipalValue: Type("principal")}
_PLAIN_SIZE: Final = {"unknown": 1, "int": 16, "uint": 16, "bool": 1, "principal": 148}


def check(value: Value) -> None:
    """Raise `ValueInvalid` when a list mixes types or a part of the value is larger than 1 MiB."""
    type_of(value)


def type_of(value: Value) -> Type:
    """Return the type of a value; raises `ValueInvalid` where the chain knows none."""
    plain = _PLAIN.get(type(value))
    return _sequence_or_wrapper(value) if plain is None else plain


def _sequence_or_wrapper(value: Value) -> Type:
    match value:
        case Buffer(data):
            return Type("buffer", len(data))
        case Ascii(text) | Utf8(text):
            return Type("string-ascii" if isinstance(value, Ascii) else "string-utf8", len(text))
        case List():
            return list_type(value.items)
        case Tuple():
            return _limited(Type("tuple", 0, tuple((key, type_of(item)) for key, item in value.items)))
    return _wrapper(value)


def _wrapper(value: Value) -> Type:
    match value:
        case NoneValue():
            return _optional(UNKNOWN)
        case Some(inner):
            return _optional(type_of(inner))
        case Ok(inner):
            return _response(type_of(inner), UNKNOWN)
        case Err(inner):
            return _response(UNKNOWN, type_of(inner))
    raise ValueInvalid(f"not a Clarity value: {type(value).__name__}")


def list_type(items: tuple[Value, ...]) -> Type:
    """Return the type of a list of these items; raises `ValueInvalid` when they share none."""
    return _list(reduce(unify, map(type_of, items), UNKNOWN), len(items))


def unify(a: Type, b: Type) -> Type:
    """Return the narrowest type that holds both; raises `ValueInvalid` when there is none."""
    if a == b or b is UNKNOWN:
        return a
    if a is UNKNOWN:
        return b
    if a.kind != b.kind:
        raise ValueInvalid(f"a list cannot hold {a.kind} and {b.kind}")
    if a.kind == "list":
        return _list(_unify_parts(a, b)[0][1], max(a.length, b.length))
    return _limited(Type(a.kind, max(a.length, b.length), _unify_parts(a, b)))


def _unify_parts(a: Type, b: Type) -> tuple[tuple[str, Type], ...]:
    if [name for name, _ in a.parts] != [name for name, _ in b.parts]:
        raise ValueInvalid("a list cannot hold tuples of different keys")
    return tuple((name, unify(one, other)) for (name, one), (_, other) in zip(a.parts, b.parts, strict=True))


def _optional(inner: Type) -> Type:
    return _limited(Type("optional", 0, (("some", inner),)))


def _response(ok: Type, err: Type) -> Type:
    return _limited(Type("response", 0, (("ok", ok), ("err", err))))


def _list(entry: Type, length: int) -> Type:
    return _limited(Type("list", length, (("item", entry),)))


def _limited(made: Type) -> Type:
    if made.kind in {"list", "tuple", "optional", "response"} and size(made) > MAX_VALUE_BYTES:
        raise ValueInvalid(f"a {made.kind} that may take more than {MAX_VALUE_BYTES} bytes")
    return made


def size(measured: Type) -> int:
    """Return how many bytes the chain counts for the largest value of a type."""
    plain = _PLAIN_SIZE.get(measured.kind)
    if plain is not None:
        return plain
    inner = [size(part) for _, part in measured.parts]
    match measured.kind:
        case "list":
            return inner[0] * measured.length + _signature_size(measured)
        case "tuple":
            return _signature_size(measured) + _names_size(measured) + sum(inner)
        case "optional" | "response":
            return max(inner) + 1
        case "string-utf8":
            return 4 + 4 * measured.length
    return 4 + measured.length


def _signature_size(measured: Type) -> int:
    """Return how many bytes the chain counts for the type itself."""
    inner = sum(_signature_size(part) for _, part in measured.parts)
    match measured.kind:
        case "tuple":
            return inner + _names_size(measured)
        case "list" | "buffer" | "string-ascii" | "string-utf8":
            return inner + 5
    return inner + 1


def _names_size(measured: Type) -> int:
    return sum(2 + len(name) for name, _ in measured.parts)
