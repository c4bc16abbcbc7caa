"""Readers for Clarity types as they are written in contracts: `(list 24 { after: uint, total: uint })`.

A reader turns a decoded Clarity value into plain Python and raises TypeError where the value is of another type.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from bitpay.stacks import clarity

Reader: TypeAlias = Callable[[clarity.Value], Any]

_TOKEN = re.compile(r"[(){}:,]|[a-z0-9-]+")


def reader(spec: str) -> Reader:
    """Return the reader of one Clarity type. Raises ValueError where the text is not a type we know."""
    tokens = iter(_TOKEN.findall(spec))
    read = _parse(tokens)
    if (rest := next(tokens, None)) is not None:
        raise ValueError(f"{spec!r}: {rest!r} is too much")
    return read


def _parse(tokens: Iterator[str]) -> Reader:
    word = next(tokens, "")
    if word == "(":
        return _parse_compound(tokens)
    if word == "{":
        return _parse_tuple(tokens)
    if word in _SIMPLE:
        return _SIMPLE[word]
    raise ValueError(f"{word!r} is not a Clarity type")


def _parse_compound(tokens: Iterator[str]) -> Reader:
    head = next(tokens, "")
    read: Reader
    if head == "optional":
        read = _optional(_parse(tokens))
    elif head == "list":
        longest = int(next(tokens))
        read = _list(longest, _parse(tokens))
    elif head in _SIZED:
        read = _sized(_SIZED[head], int(next(tokens)))
    else:
        raise ValueError(f"{head!r} is not a Clarity type")
    _expect(tokens, ")")
    return read


def _parse_tuple(tokens: Iterator[str]) -> Reader:
    readers: dict[str, Reader] = {}
    separator = ","
    while separator == ",":
        name = next(tokens)
        _expect(tokens, ":")
        readers[name] = _parse(tokens)
        separator = next(tokens)
    if separator != "}":
        raise ValueError(f"a tuple type ends with }}, not {separator!r}")
    return _tuple(readers)


def _expect(tokens: Iterator[str], wanted: str) -> None:
    if (token := next(tokens, "")) != wanted:
        raise ValueError(f"expected {wanted!r}, found {token!r}")


def _scalar(kind: type[Any]) -> Reader:
    def read(value: clarity.Value) -> Any:  # noqa: ANN401 - plain Python of many kinds
        if not isinstance(value, kind):
            raise TypeError(f"expected {kind.__name__}, found {type(value).__name__}")
        return value.value

    return read


def _principal(value: clarity.Value) -> str:
    if not isinstance(value, clarity.PrincipalValue):
        raise TypeError(f"expected a principal, found {type(value).__name__}")
    return str(value.value)


def _sized(kind: type[Any], longest: int) -> Reader:
    scalar = _scalar(kind)

    def read(value: clarity.Value) -> Any:  # noqa: ANN401 - text or bytes
        content = scalar(value)
        if len(content) > longest:
            raise TypeError(f"{len(content)} is longer than {longest}")
        return content

    return read


def _optional(inner: Reader) -> Reader:
    def read(value: clarity.Value) -> Any:  # noqa: ANN401 - whatever is inside
        if value == clarity.NONE:
            return None
        if not isinstance(value, clarity.Some):
            raise TypeError(f"expected an optional, found {type(value).__name__}")
        return inner(value.value)

    return read


def _list(longest: int, inner: Reader) -> Reader:
    def read(value: clarity.Value) -> list[Any]:
        if not isinstance(value, clarity.List) or len(value.items) > longest:
            raise TypeError(f"expected a list of at most {longest}")
        return [inner(item) for item in value.items]

    return read


def _tuple(readers: dict[str, Reader]) -> Reader:
    def read(value: clarity.Value) -> dict[str, Any]:
        fields = dict(value.items) if isinstance(value, clarity.Tuple) else {}
        if fields.keys() != readers.keys():
            raise TypeError(f"expected a tuple with {sorted(readers)}")
        return {name: inner(fields[name]) for name, inner in readers.items()}

    return read


_SIMPLE: dict[str, Reader] = {
    "uint": _scalar(clarity.UInt),
    "int": _scalar(clarity.Int),
    "bool": _scalar(clarity.Bool),
    "principal": _principal,
}
_SIZED: dict[str, type[Any]] = {"string-ascii": clarity.Ascii, "string-utf8": clarity.Utf8, "buff": clarity.Buffer}
