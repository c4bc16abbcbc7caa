"""Clarity values as plain Python ones."""

from __future__ import annotations

from typing import Any

from bitpay.stacks.clarity.values import Err, List, NoneValue, Ok, PrincipalValue, Some, Tuple, Value


def to_python(value: Value) -> Any:  # noqa: ANN401 - the value decides
    """Return a value as Python holds it.

    int and uint become int, strings str, buffers bytes, principals their text, none None, some what it holds,
    lists list, tuples dict. `Ok` and `Err` stay what they are, because success must not be lost on the way.
    """
    if isinstance(value, Ok | Err | NoneValue):
        return None if isinstance(value, NoneValue) else value
    if isinstance(value, List):
        return [to_python(item) for item in value.items]
    if isinstance(value, Tuple):
        return {key: to_python(item) for key, item in value.items}
    return _single(value)


def _single(value: Value) -> Any:  # noqa: ANN401 - the value decides
    if isinstance(value, Some):
        return to_python(value.value)
    if isinstance(value, PrincipalValue):
        return str(value)
    return getattr(value, "value")  # noqa: B009 - all that is left hold a plain value
