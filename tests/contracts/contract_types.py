"""Between plain Python and Clarity values, by the types of a contract's interface."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bitpay.stacks.clarity import Err, List, NoneValue, Ok, PrincipalValue, Some, Tuple, Value, from_python
from bitpay.stacks.client.fields import Fields
from bitpay.stacks.client.interface import read_type

Kind: TypeAlias = str | Mapping[str, Any]
"""A type as a contract's interface writes it in JSON."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An `(err code)` that stands among answers."""

    code: int


def to_value(kind: Kind, plain: Any) -> Value:  # noqa: ANN401 - the type decides
    """Return `plain` as a Clarity value of type `kind`. A principal is an address or anything with one."""
    return from_python(_with_addresses(plain), read_type(Fields({"type": kind}, "interface"), "type"))


def _with_addresses(plain: Any) -> Any:  # noqa: ANN401 - whatever a test passes
    if isinstance(plain, Mapping):
        return {name: _with_addresses(part) for name, part in plain.items()}
    if isinstance(plain, list | tuple):
        return [_with_addresses(part) for part in plain]
    return getattr(plain, "address", plain)


def to_plain(value: Value) -> Any:  # noqa: ANN401 - the value decides
    """Return a value as Python holds it: ok and some are what they hold, err is a `Refusal`, principals are text."""
    if isinstance(value, Ok | Some):
        return to_plain(value.value)
    if isinstance(value, Err):
        return Refusal(to_plain(value.value))
    if isinstance(value, NoneValue):
        return None
    if isinstance(value, List):
        return [to_plain(item) for item in value.items]
    if isinstance(value, Tuple):
        return {key: to_plain(item) for key, item in value.items}
    return str(value) if isinstance(value, PrincipalValue) else getattr(value, "value")  # noqa: B009


def source_text(kind: Kind) -> str:
    """Return a type as it is written in a contract."""
    if isinstance(kind, str):
        return {"uint128": "uint"}.get(kind, kind)
    ((name, of),) = kind.items()
    if name == "optional":
        return f"(optional {source_text(of)})"
    if name == "list":
        return f"(list {of['length']} {source_text(of['type'])})"
    if name == "tuple":
        fields = ", ".join(f"{field['name']}: {source_text(field['type'])}" for field in of)
        return "{ " + fields + " }"
    if name == "response":
        return f"(response {source_text(of['ok'])} {source_text(of['error'])})"
    return f"({name} {of['length']})"
