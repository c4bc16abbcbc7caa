"""Objects from parts that a reader has checked already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, make_dataclass
from typing import Any, TypeVar

_Made = TypeVar("_Made")


def unchecked(kind: type[_Made]) -> Callable[..., _Made]:
    """Return what makes objects of a frozen dataclass with slots past its checks, from all fields in their order.

    They are made as a class of the same slots that is not frozen, and become `kind` once filled: several times faster
    than to set each field of a frozen one.
    """
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    fillable = make_dataclass(kind.__name__, names, slots=True)

    def make(*values: Any) -> _Made:  # noqa: ANN401 - whatever the fields hold
        made: _Made = fillable(*values)
        made.__class__ = kind
        return made

    return make
