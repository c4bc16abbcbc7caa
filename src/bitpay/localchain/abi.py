"""Arguments against a contract's interface: what a node checks before it takes a call into its mempool."""

from collections.abc import Mapping, Sequence
from typing import Any

from bitpay.stacks.clarity import (
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

_SIMPLE: dict[str, type[Value]] = {"int128": Int, "uint128": UInt, "bool": Bool, "principal": PrincipalValue}
_SIZED: dict[str, type[Buffer | Ascii | Utf8]] = {"buffer": Buffer, "string-ascii": Ascii, "string-utf8": Utf8}


def find_function(interface: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """Return the public or read-only function `name` of an interface."""
    for function in interface["functions"]:
        if function["name"] == name and function["access"] != "private":
            found: Mapping[str, Any] = function
            return found
    return None


def misfit(function: Mapping[str, Any], args: Sequence[Value]) -> str | None:
    """Say what is wrong with the arguments of a call, None when they fit."""
    wanted = function["args"]
    if len(wanted) != len(args):
        return f"expected {len(wanted)} arguments, got {len(args)}"
    for parameter, value in zip(wanted, args, strict=True):
        if not admits(parameter["type"], value):
            return f"argument {parameter['name']} is not of type {parameter['type']}"
    return None


def admits(kind: Any, value: Value) -> bool:  # noqa: ANN401 - a JSON type as interfaces write it
    """Tell whether a type, as interfaces write it, has the value."""
    if isinstance(kind, str):
        return _admits_simple(kind, value)
    ((name, of),) = kind.items()
    sized = _SIZED.get(name)
    if sized is not None:
        return isinstance(value, sized) and len(value.value) <= of["length"]
    return _admits_compound(name, of, value)


def _admits_simple(kind: str, value: Value) -> bool:
    if kind == "trait_reference":
        return isinstance(value, PrincipalValue) and value.value.is_contract
    if kind == "none":
        return isinstance(value, NoneValue)
    return isinstance(value, _SIMPLE[kind])


def _admits_compound(name: str, of: Any, value: Value) -> bool:  # noqa: ANN401 - as above
    fits = False
    match name, value:
        case "optional", NoneValue():
            fits = True
        case "optional", Some():
            fits = admits(of, value.value)
        case "response", Ok():
            fits = admits(of["ok"], value.value)
        case "response", Err():
            fits = admits(of["error"], value.value)
        case "list", List():
            fits = len(value) <= of["length"] and all(admits(of["type"], item) for item in value)
        case "tuple", Tuple():
            fits = _admits_tuple(of, value)
    return fits


def _admits_tuple(fields: Sequence[Mapping[str, Any]], value: Tuple) -> bool:
    wanted = {field["name"]: field["type"] for field in fields}
    return wanted.keys() == set(value.keys()) and all(admits(wanted[name], item) for name, item in value.items)
