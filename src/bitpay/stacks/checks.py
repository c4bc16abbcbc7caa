"""What the fields of transactions and post-conditions may hold: every check raises `TransactionInvalid`."""

from __future__ import annotations

from collections.abc import Iterable
from types import UnionType
from typing import Any, Final

from bitpay.stacks.errors import TransactionInvalid

MAX_U64: Final = (1 << 64) - 1


def check_type(value: object, kind: type | UnionType, what: str) -> None:
    """Refuse what is not of that class."""
    if not isinstance(value, kind):
        raise TransactionInvalid(f"{what} cannot be a {type(value).__name__}")


def check_number(value: object, highest: int, what: str) -> None:
    """Refuse what is no whole number from 0 to `highest`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TransactionInvalid(f"{what} is a whole number, not a {type(value).__name__}")
    if not 0 <= value <= highest:
        shown = value if value.bit_length() <= 256 else "more"
        raise TransactionInvalid(f"{what} is 0 to {highest}, not {shown}")


def check_bytes(value: object, size: int, what: str) -> None:
    """Refuse what is not `size` bytes."""
    check_type(value, bytes, what)
    if len(value) != size:  # type: ignore[arg-type]
        raise TransactionInvalid(f"{what} has {size} bytes, not {len(value)}")  # type: ignore[arg-type]


def check_tuple(values: object, kind: type | UnionType, what: str) -> None:
    """Refuse what is not a tuple of that class."""
    check_type(values, tuple, what)
    for value in values:  # type: ignore[attr-defined]
        check_type(value, kind, f"one of {what}")


def as_tuple(values: Iterable[Any], what: str) -> tuple[Any, ...]:
    """Return a sequence as a tuple."""
    if not isinstance(values, Iterable):
        raise TransactionInvalid(f"{what} cannot be a {type(values).__name__}")
    return tuple(values)
