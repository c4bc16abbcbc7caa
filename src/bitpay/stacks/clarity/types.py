"""The type a value has, as far as the chain's limits need it: one type per list, and sizes.

The chain measures a value by its type: a list counts its longest item as often as it has items. Rules and numbers:
stacks-core `clarity-types/src/types/signatures.rs` (`type_of`, `least_supertype_v2_1`, `inner_size`, `type_size`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from typing import Any, Final, NamedTuple

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


class Type(NamedTuple):
    """A type: its `size` in bytes for the largest value, and `signature`, the bytes of the type itself.

    `length` is the most bytes, characters or items; `parts` are the types inside and `names` a tuple's keys.
    """

    kind: str
    length: int
    size: int
    signature: int
    parts: tuple[Type, ...] = ()
    names: tuple[str, ...] = ()


# Without lists whose items may differ, a value is at most 52 times as large for the chain as its bytes are (a principal
# counts 148 bytes, a tuple's key once for each of up to 31 tuples around it), so only values with such a list, or of
# more than a 64th of the limit, need their type worked out.
SMALL: Final = MAX_VALUE_BYTES // 64

UNKNOWN: Final = Type("unknown", 0, 1, 1)
_PLAIN: Final[dict[type[Value], Type]] = {
    Int: Type("int", 0, 16, 1),
    UInt: Type("uint", 0, 16, 1),
    Bool: Type("bool", 0, 1, 1),
    PrincipalValue: Type("principal", 0, 148, 1),
}


def check(value: Value) -> None:
    """Raise `ValueInvalid` when a list mixes types or a part of the value is larger than 1 MiB."""
    type_of(value)


def alike(items: Sequence[Value]) -> bool:
    """Say whether all items surely have one and the same type, without working it out or looking into their lists."""
    kinds = set(map(type, items))
    if len(kinds) != 1:
        return False
    kind = kinds.pop()
    return kind in _PLAIN or (kind in _ALIKE and _ALIKE[kind](items))


def type_of(value: Value) -> Type:
    """Return the type of a value; raises `ValueInvalid` where the chain knows none."""
    kind = type(value)
    known = _PLAIN.get(kind)
    return _TYPERS[kind](value) if known is None else known


def unify(a: Type, b: Type) -> Type:
    """Return the narrowest type that holds both; raises `ValueInvalid` when there is none."""
    if a is b or b is UNKNOWN:
        return a
    if a is UNKNOWN:
        return b
    if a.kind != b.kind:
        raise ValueInvalid(f"a list cannot hold {a.kind} and {b.kind}")
    if a.names != b.names:
        raise ValueInvalid("a list cannot hold tuples of different keys")
    return _MAKERS[a.kind](max(a.length, b.length), tuple(map(unify, a.parts, b.parts)), a.names)


def _list_of(value: List) -> Type:
    items = value.items
    entry = type_of(items[0]) if alike(items) else reduce(unify, map(type_of, items), UNKNOWN)
    return _list(len(items), (entry,))


def _sequence(kind: str, width: int) -> Callable[..., Type]:
    @lru_cache(maxsize=1024)  # one object for one length makes unifying quick
    def make(length: int, _parts: tuple[Type, ...] = (), _names: tuple[str, ...] = ()) -> Type:
        return Type(kind, length, 4 + width * length, 5)

    return make


def _list(length: int, parts: tuple[Type, ...], _names: Sequence[str] = ()) -> Type:
    (entry,) = parts
    signature = entry.signature + 5
    return _limited(Type("list", length, entry.size * length + signature, signature, parts))


def _tuple(_length: int, parts: tuple[Type, ...], names: tuple[str, ...]) -> Type:
    named = 2 * len(names) + sum(map(len, names))
    signature = named + sum([part.signature for part in parts])
    return _limited(Type("tuple", 0, signature + named + sum([part.size for part in parts]), signature, parts, names))


def _wrapper(kind: str) -> Callable[..., Type]:
    def make(_length: int, parts: tuple[Type, ...], _names: Sequence[str] = ()) -> Type:
        signature = 1 + sum([part.signature for part in parts])
        return _limited(Type(kind, 0, 1 + max([part.size for part in parts]), signature, parts))

    return make


def _limited(made: Type) -> Type:
    if made.size > MAX_VALUE_BYTES:
        raise ValueInvalid(f"a {made.kind} that may take more than {MAX_VALUE_BYTES} bytes")
    return made


_buffer = _sequence("buffer", 1)
_ascii = _sequence("string-ascii", 1)
_utf8 = _sequence("string-utf8", 4)
_optional = _wrapper("optional")
_response = _wrapper("response")

_MAKERS: Final[dict[str, Callable[..., Type]]] = {
    "buffer": _buffer,
    "string-ascii": _ascii,
    "string-utf8": _utf8,
    "list": _list,
    "tuple": _tuple,
    "optional": _optional,
    "response": _response,
}


def _same_lengths(items: Sequence[Any]) -> bool:
    return len({len(item.value) for item in items}) == 1


def _alike_inside(items: Sequence[Any]) -> bool:
    return alike([item.value for item in items])


def _alike_fields(items: Sequence[Tuple]) -> bool:
    if len(set(map(len, items))) > 1:
        return False
    for column in zip(*[item.items for item in items], strict=True):
        names, values = zip(*column, strict=True)
        if len(set(names)) > 1 or not alike(values):
            return False
    return True


_ALIKE: Final[dict[type[Value], Callable[[Any], bool]]] = {
    Buffer: _same_lengths,
    Ascii: _same_lengths,
    Utf8: _same_lengths,
    NoneValue: lambda _items: True,
    Some: _alike_inside,
    Ok: _alike_inside,
    Err: _alike_inside,
    Tuple: _alike_fields,
}

_TYPERS: Final[dict[type[Value], Callable[[Any], Type]]] = {
    Buffer: lambda value: _buffer(len(value.value)),
    Ascii: lambda value: _ascii(len(value.value)),
    Utf8: lambda value: _utf8(len(value.value)),
    NoneValue: lambda _value: _optional(0, (UNKNOWN,)),
    Some: lambda value: _optional(0, (type_of(value.value),)),
    Ok: lambda value: _response(0, (type_of(value.value), UNKNOWN)),
    Err: lambda value: _response(0, (UNKNOWN, type_of(value.value))),
    List: _list_of,
    Tuple: lambda value: _tuple(0, tuple([type_of(item) for _, item in value.items]), tuple(value.keys())),
}
