"""Clarity values as plain Python and back, principals by name: fast, because a step reads thousands of values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bitpay.stacks import clarity

Encoder: TypeAlias = Callable[[Any], clarity.Value]
"""Turns a plain value into the Clarity value that an argument takes."""

# The first byte of a value (SIP-005).
_UINT, _ERR, _LIST, _TUPLE = 0x01, 0x08, 0x0B, 0x0C
_CONSTANTS = {0x03: True, 0x04: False, 0x09: None}
_WRAPPERS = {0x07, 0x0A}
_STRINGS = {0x0D, 0x0E}
_CONTRACT = 0x06
_PRINCIPALS = {0x05, _CONTRACT}
_PRINCIPAL_BYTES = 22


@dataclass(frozen=True, slots=True)
class Code:
    """A refusal: what stands in `(err u...)`."""

    number: int


class Reader:
    """Reads consensus bytes. `names` maps a principal's consensus bytes to its name.

    uint -> int, string -> str, optional -> value or None, list -> list, tuple -> dict, (ok v) -> v, (err u) -> Code.
    """

    def __init__(self, names: Mapping[bytes, str]) -> None:
        self._names = names

    def read(self, data: bytes) -> Any:  # noqa: ANN401 - any Clarity value
        """Return the plain value of `data`."""
        return self._at(data, 0)[0]

    def _at(self, data: bytes, at: int) -> tuple[Any, int]:
        kind = data[at]
        at += 1
        if kind == _UINT:
            return int.from_bytes(data[at : at + 16], "big"), at + 16
        if kind in _CONSTANTS:
            return _CONSTANTS[kind], at
        if kind in _WRAPPERS:
            return self._at(data, at)
        return self._compound(kind, data, at)

    def _compound(self, kind: int, data: bytes, at: int) -> tuple[Any, int]:
        if kind == _TUPLE:
            return self._tuple(data, at)
        if kind == _LIST:
            return self._list(data, at)
        if kind in _STRINGS:
            end = at + 4 + int.from_bytes(data[at : at + 4], "big")
            return data[at + 4 : end].decode(), end
        if kind in _PRINCIPALS:
            return self._principal(data, at - 1)
        if kind != _ERR:
            raise ValueError(f"no value begins with {kind:#x}")
        number, end = self._at(data, at)
        return Code(number), end

    def _tuple(self, data: bytes, at: int) -> tuple[dict[str, Any], int]:
        count = int.from_bytes(data[at : at + 4], "big")
        at += 4
        found: dict[str, Any] = {}
        for _ in range(count):
            end = at + 1 + data[at]
            key = data[at + 1 : end].decode()
            found[key], at = self._at(data, end)
        return found, at

    def _list(self, data: bytes, at: int) -> tuple[list[Any], int]:
        count = int.from_bytes(data[at : at + 4], "big")
        at += 4
        found: list[Any] = []
        for _ in range(count):
            item, at = self._at(data, at)
            found.append(item)
        return found, at

    def _principal(self, data: bytes, at: int) -> tuple[str, int]:
        end = at + _PRINCIPAL_BYTES
        if data[at] == _CONTRACT:
            end += 1 + data[end]
        return self._names[data[at:end]], end


_SIMPLE: Mapping[str, Encoder] = {
    "uint128": clarity.uint,
    "bool": clarity.bool_,
    "string-ascii": clarity.ascii,
    "string-utf8": clarity.utf8,
    "buffer": clarity.buffer,
}


def encoder(spec: Any, principals: Mapping[str, str]) -> Encoder:  # noqa: ANN401 - a node's interface JSON
    """Return what encodes arguments of the type `spec`, as a contract's interface names it."""
    if spec == "principal":
        return lambda name: clarity.principal(principals[name])
    kind, inner = (spec, {}) if isinstance(spec, str) else next(iter(spec.items()))
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if kind == "optional":
        some = encoder(inner, principals)
        return lambda value: clarity.NONE if value is None else clarity.some(some(value))
    if kind == "list":
        item = encoder(inner["type"], principals)
        return lambda values: clarity.list_([item(value) for value in values])
    fields = {field["name"]: encoder(field["type"], principals) for field in inner}
    return lambda value: clarity.tuple_({name: encode(value[name]) for name, encode in fields.items()})
