"""Clarity values as immutable Python objects.

Every value is checked when it is made: its range, its characters, its depth, what it holds. `encode` refuses what only
the whole shows: more than 1 MiB, or a list of several types. Sizes are in bytes as the chain counts them (SIP-002;
stacks-core `clarity-types/src/types`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from bitpay.stacks.addresses import Principal, parse_principal
from bitpay.stacks.errors import ValueInvalid
from bitpay.stacks.names import clarity_name

MAX_VALUE_BYTES: Final = 1024 * 1024
MAX_UTF8_CHARACTERS: Final = MAX_VALUE_BYTES // 4
MAX_DEPTH: Final = 32
UINT_MAX: Final = (1 << 128) - 1
INT_MIN: Final = -(1 << 127)
INT_MAX: Final = (1 << 127) - 1

# Printable ASCII and the white space Rust calls ASCII white space.
ASCII = re.compile(r"[ -~\t\n\x0c\r]*")


class Value:
    """A Clarity value."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Int(Value):
    """A signed 128-bit integer."""

    value: int

    def __post_init__(self) -> None:
        _check_number(self.value, INT_MIN, INT_MAX, "int")


@dataclass(frozen=True, slots=True)
class UInt(Value):
    """An unsigned 128-bit integer."""

    value: int

    def __post_init__(self) -> None:
        _check_number(self.value, 0, UINT_MAX, "uint")


@dataclass(frozen=True, slots=True)
class Bool(Value):
    """true or false; `TRUE` and `FALSE` are the two of them."""

    value: bool

    def __post_init__(self) -> None:
        if not isinstance(self.value, bool):
            raise ValueInvalid(f"a bool holds True or False, not {type(self.value).__name__}")


TRUE: Final = Bool(True)
FALSE: Final = Bool(False)


@dataclass(frozen=True, slots=True)
class Buffer(Value):
    """Bytes, at most 1 MiB."""

    value: bytes

    def __post_init__(self) -> None:
        if not isinstance(self.value, bytes):
            raise ValueInvalid(f"a buffer holds bytes, not {type(self.value).__name__}")
        _check_length(len(self.value), "buffer")


@dataclass(frozen=True, slots=True)
class Ascii(Value):
    """A string-ascii: printable ASCII, tab, line feed, form feed and carriage return."""

    value: str

    def __post_init__(self) -> None:
        if not isinstance(self.value, str):
            raise ValueInvalid(f"a string holds str, not {type(self.value).__name__}")
        if ASCII.fullmatch(self.value) is None:
            raise ValueInvalid("string-ascii holds printable ASCII and white space only")
        _check_length(len(self.value), "string-ascii")


@dataclass(frozen=True, slots=True)
class Utf8(Value):
    """A string-utf8: any Unicode text without lone surrogates, at most 262,144 characters."""

    value: str

    def __post_init__(self) -> None:
        if not isinstance(self.value, str):
            raise ValueInvalid(f"a string holds str, not {type(self.value).__name__}")
        try:
            self.value.encode()
        except UnicodeEncodeError as error:
            raise ValueInvalid("string-utf8 cannot hold a lone surrogate") from error
        _check_length(4 * len(self.value), "string-utf8")


@dataclass(frozen=True, slots=True, init=False)
class PrincipalValue(Value):
    """A principal: an account or a contract. `value` is the parsed principal, `str()` its text."""

    value: Principal

    def __init__(self, principal: str | Principal) -> None:
        if isinstance(principal, str):
            principal = parse_principal(principal)
        if not isinstance(principal, Principal):
            raise ValueInvalid(f"a principal is text or a parsed one, not {type(principal).__name__}")
        object.__setattr__(self, "value", principal)

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class Ok(Value):
    """The success side of a response."""

    value: Value

    def __post_init__(self) -> None:
        _check_inside((self.value,))


@dataclass(frozen=True, slots=True)
class Err(Value):
    """The failure side of a response."""

    value: Value

    def __post_init__(self) -> None:
        _check_inside((self.value,))


@dataclass(frozen=True, slots=True)
class NoneValue(Value):
    """The empty optional; `NONE` is the only one."""

    def __repr__(self) -> str:
        return "NONE"


NONE: Final = NoneValue()


@dataclass(frozen=True, slots=True)
class Some(Value):
    """A full optional."""

    value: Value

    def __post_init__(self) -> None:
        _check_inside((self.value,))


@dataclass(frozen=True, slots=True, init=False)
class List(Value):
    """A list of values of one kind: of one outermost type when made, of one type all through when encoded."""

    items: tuple[Value, ...]

    def __init__(self, items: Iterable[Value] = ()) -> None:
        if not isinstance(items, Iterable):
            raise ValueInvalid(f"a list is made of values, not of {type(items).__name__}")
        object.__setattr__(self, "items", tuple(items))
        _check_inside(self.items)
        if not same_kind(self.items):
            raise ValueInvalid("the items of a list have one type")

    def __iter__(self) -> Iterator[Value]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Value:
        return self.items[index]


@dataclass(frozen=True, slots=True, init=False)
class Tuple(Value):
    """Named values. `items` is sorted by key, as the chain orders them."""

    items: tuple[tuple[str, Value], ...]

    def __init__(self, fields: Mapping[str, Value]) -> None:
        if not isinstance(fields, Mapping):
            raise ValueInvalid(f"a tuple is made of keys and values, not of {type(fields).__name__}")
        if not fields:
            raise ValueInvalid("a tuple has at least one key")
        for key in fields:
            if not isinstance(key, str):
                raise ValueInvalid(f"a tuple's key is text, not {type(key).__name__}")
            clarity_name(key)
        object.__setattr__(self, "items", tuple(sorted(fields.items(), key=_key)))
        _check_inside(fields.values())

    def __getitem__(self, key: str) -> Value:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return any(name == key for name, _ in self.items)

    def __len__(self) -> int:
        return len(self.items)

    def keys(self) -> list[str]:
        """Return the keys in the chain's order."""
        return [name for name, _ in self.items]

    def get(self, key: str) -> Value | None:
        """Return the value of a key, None when there is no such key."""
        for name, value in self.items:
            if name == key:
                return value
        return None


# Values that one list can hold side by side: the sides of an optional, of a response, of a bool.
_KINDS: Final[dict[type[Value], type[Value]]] = {NoneValue: Some, Err: Ok}


def same_kind(items: Sequence[Value]) -> bool:
    """Say whether the outermost types of all items agree."""
    return len({_KINDS.get(kind, kind) for kind in set(map(type, items))}) <= 1


def _check_number(value: int, low: int, high: int, kind: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueInvalid(f"{kind} holds an integer, not {type(value).__name__}")
    if not low <= value <= high:
        raise ValueInvalid(f"{kind} holds {low} to {high}")


def _check_length(length: int, kind: str) -> None:
    if length > MAX_VALUE_BYTES:
        raise ValueInvalid(f"{kind} of {length} bytes, more than {MAX_VALUE_BYTES}")


def _check_inside(values: Collection[Value]) -> None:
    if _deepest(values) >= MAX_DEPTH:
        raise ValueInvalid(f"a value deeper than {MAX_DEPTH}")


# Depth as the chain counts it: the levels of a value's type. What is inside was checked, so no count goes deeper than
# the limit.


def _deepest(values: Collection[Value]) -> int:
    return 1 if _PLAIN.issuperset(map(type, values)) else max(map(_levels, values))


def _levels(value: Value) -> int:
    kind = type(value)
    if kind in _PLAIN:
        return 1
    inside = _INSIDE.get(kind)
    if inside is None:
        raise ValueInvalid(f"not a Clarity value: {kind.__name__}")
    return 1 + _deepest(inside(value))


_key = itemgetter(0)
_PLAIN: Final[frozenset[type]] = frozenset({Int, UInt, Bool, Buffer, Ascii, Utf8, PrincipalValue})
_INSIDE: Final[dict[type, Callable[[Any], Collection[Value]]]] = {
    NoneValue: lambda _value: (),
    Some: lambda value: (value.value,),
    Ok: lambda value: (value.value,),
    Err: lambda value: (value.value,),
    List: lambda value: value.items,
    Tuple: lambda value: [item for _, item in value.items],
}
