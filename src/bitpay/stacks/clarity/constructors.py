"""Short ways to make Clarity values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bitpay.stacks.addresses import Principal
from bitpay.stacks.clarity.values import (
    FALSE,
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


def uint(number: int) -> UInt:
    """Return an unsigned integer."""
    return UInt(number)


def int_(number: int) -> Int:
    """Return a signed integer."""
    return Int(number)


def bool_(flag: bool) -> Bool:
    """Return `TRUE` or `FALSE`."""
    if flag is True:
        return TRUE
    return FALSE if flag is False else Bool(flag)


def principal(text: str | Principal) -> PrincipalValue:
    """Return a principal from "ADDRESS" or "ADDRESS.contract"."""
    return PrincipalValue(text)


def some(value: Value) -> Some:
    """Return a full optional."""
    return Some(value)


def optional(value: Value | None) -> Some | NoneValue:
    """Return `NONE` for None, a full optional for a value."""
    return NONE if value is None else Some(value)


def ok(value: Value) -> Ok:
    """Return the success side of a response."""
    return Ok(value)


def err(value: Value) -> Err:
    """Return the failure side of a response."""
    return Err(value)


def ascii(text: str) -> Ascii:  # noqa: A001 - Clarity's own word
    """Return a string-ascii."""
    return Ascii(text)


def utf8(text: str) -> Utf8:
    """Return a string-utf8."""
    return Utf8(text)


def buffer(data: bytes | bytearray | memoryview) -> Buffer:
    """Return a buffer."""
    return Buffer(bytes(data) if isinstance(data, bytearray | memoryview) else data)


def list_(items: Sequence[Value]) -> List:
    """Return a list."""
    return List(items)


def tuple_(fields: Mapping[str, Value]) -> Tuple:
    """Return a tuple, its keys in the chain's order."""
    return Tuple(fields)
