"""Clarity values as plain Python ones, both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bitpay.stacks.clarity.clarity_type import ClarityType
from bitpay.stacks.clarity.values import (
    NONE,
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
from bitpay.stacks.errors import StacksError, ValueInvalid


def to_python(value: Value) -> Any:  # noqa: ANN401 - the value decides
    """Return a value as Python holds it.

    int and uint become int, strings str, buffers bytes, principals their text, none None, some what it holds,
    lists list, tuples dict. `Ok` and `Err` stay what they are, because success must not be lost on the way, and so does
    a `Some` of an optional, because two kinds of none must not become one. Raises `ValueInvalid` for what is no value.
    """
    reader = _READERS.get(type(value))
    if reader is None:
        raise ValueInvalid(f"not a Clarity value: {type(value).__name__}")
    return reader(value)


def _as_is(value: Value) -> Value:
    return value


def _held(value: Any) -> Any:  # noqa: ANN401 - whatever it holds
    return value.value


def _read_some(value: Some) -> Any:  # noqa: ANN401 - the value decides
    return value if isinstance(value.value, Some | NoneValue) else to_python(value.value)


_READERS: Final[dict[type[Value], Callable[[Any], Any]]] = {
    **dict.fromkeys((Int, UInt, Bool, Buffer, Ascii, Utf8), _held),
    PrincipalValue: str,
    NoneValue: lambda _value: None,
    Some: _read_some,
    Ok: _as_is,
    Err: _as_is,
    List: lambda value: [to_python(item) for item in value.items],
    Tuple: lambda value: {key: to_python(item) for key, item in value.items},
}


def from_python(held: Any, wanted: ClarityType) -> Value:  # noqa: ANN401 - the type decides
    """Return the value of a type that `to_python` would show as `held`.

    Clarity values are taken, too, wherever they are of the type. Raises `ValueInvalid`, which names the place as in
    ".terms.memo[3]", for what the type does not hold: another kind, too long, a key too few or too many.
    """
    if not isinstance(wanted, ClarityType):
        raise ValueInvalid(f"not a type: {type(wanted).__name__}")
    return _make(held, wanted, "")


def _make(held: Any, wanted: ClarityType, path: str) -> Value:  # noqa: ANN401 - the type decides
    maker = _MAKERS.get(wanted.kind)
    return _make_plain(held, wanted, path) if maker is None else maker(held, wanted, path)


_PLAIN: Final[dict[str, Callable[[Any], Value]]] = {
    "int": Int,
    "uint": UInt,
    "bool": Bool,
    "principal": PrincipalValue,
    "trait": PrincipalValue,
    "buff": Buffer,
    "string-ascii": Ascii,
    "string-utf8": Utf8,
}


def _make_plain(held: Any, wanted: ClarityType, path: str) -> Value:  # noqa: ANN401 - the type decides
    kind = _PLAIN[wanted.kind]
    try:
        value: Any = held if type(held) is kind else kind(held)
    except StacksError as error:
        raise _wrong(path, str(error)) from error
    if wanted.length is not None and len(value.value) > wanted.length:
        raise _wrong(path, f"{len(value.value)} are too many for {wanted}")
    if wanted.kind == "trait" and not value.value.is_contract:
        raise _wrong(path, "a trait is a contract, not an account")
    return value  # type: ignore[no-any-return]


def _make_none(_held: Any, _wanted: ClarityType, path: str) -> Value:  # noqa: ANN401 - nothing fits
    raise _wrong(path, "no value is of this type")


def _make_optional(held: Any, wanted: ClarityType, path: str) -> Value:  # noqa: ANN401 - the type decides
    (inside,) = wanted.parts
    if held is None or isinstance(held, NoneValue):
        return NONE
    if isinstance(held, Some):
        held = held.value
    elif inside.kind == "optional":
        raise _wrong(path, f"an optional of an optional is None or a Some, not {type(held).__name__}")
    return Some(_make(held, inside, path))


def _make_response(held: Any, wanted: ClarityType, path: str) -> Value:  # noqa: ANN401 - the type decides
    ok, err = wanted.parts
    if isinstance(held, Ok):
        return Ok(_make(held.value, ok, path))
    if isinstance(held, Err):
        return Err(_make(held.value, err, path))
    raise _wrong(path, f"a response is an Ok or an Err, not {type(held).__name__}")


def _make_list(held: Any, wanted: ClarityType, path: str) -> Value:  # noqa: ANN401 - the type decides
    (inside,) = wanted.parts
    items = held.items if isinstance(held, List) else held
    if not isinstance(items, list | tuple):
        raise _wrong(path, f"a list is a list, not {type(held).__name__}")
    if len(items) > (wanted.length or 0):
        raise _wrong(path, f"{len(items)} are too many for {wanted}")
    return List([_make(item, inside, f"{path}[{index}]") for index, item in enumerate(items)])


def _make_tuple(held: Any, wanted: ClarityType, path: str) -> Value:  # noqa: ANN401 - the type decides
    fields = dict(held.items) if isinstance(held, Tuple) else held
    if not isinstance(fields, Mapping):
        raise _wrong(path, f"a tuple is a mapping, not {type(held).__name__}")
    for name in wanted.names:
        if name not in fields:
            raise _wrong(f"{path}.{name}", "is missing")
    for key in fields:
        if key not in wanted.names:
            raise _wrong(f"{path}.{key}" if isinstance(key, str) else path, "no such key in the tuple")
    members = zip(wanted.names, wanted.parts, strict=True)
    return Tuple({name: _make(fields[name], inside, f"{path}.{name}") for name, inside in members})


_MAKERS: Final[dict[str, Callable[[Any, ClarityType, str], Value]]] = {
    "none": _make_none,
    "optional": _make_optional,
    "response": _make_response,
    "list": _make_list,
    "tuple": _make_tuple,
}


def _wrong(path: str, message: str) -> ValueInvalid:
    return ValueInvalid(f"{path or 'the value'}: {message}")
