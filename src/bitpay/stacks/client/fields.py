"""JSON objects read field by field, so that a wrong answer is named by the field that is wrong."""

from __future__ import annotations

import math
import re
from typing import Any, TypeGuard

from bitpay.stacks import clarity
from bitpay.stacks.client.errors import AnswerInvalid
from bitpay.stacks.client.json_text import read_json
from bitpay.stacks.errors import StacksError

_HASH = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")
_MAX_BITS = 256
"""More than any number of a chain has."""
_MAX_CURSOR = 500


def hash_in(text: str) -> str | None:
    """Return 32 bytes of hexadecimal as "0x" and 64 lower-case hex digits, None where the text is something else."""
    match = _HASH.fullmatch(text)
    return None if match is None else f"0x{match[1].lower()}"


def is_text(value: object) -> TypeGuard[str]:
    """Tell whether a value is a string of characters: JSON can also escape halves of them, which nobody can encode."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class Fields:
    """A JSON object. Every method raises `AnswerInvalid` when the field is missing or of another type."""

    __slots__ = ("_object", "_path")

    def __init__(self, document: Any, path: str) -> None:  # noqa: ANN401 - JSON
        if not isinstance(document, dict):
            raise AnswerInvalid(f"{path} is not an object")
        self._object: dict[str, Any] = document
        self._path = path

    def __contains__(self, name: str) -> bool:
        return self._object.get(name) is not None

    def _get(self, name: str) -> Any:  # noqa: ANN401 - JSON
        return self._object.get(name)

    def wrong(self, name: str, expected: str) -> AnswerInvalid:
        """Return the error that says which field is wrong."""
        return AnswerInvalid(f"{self._path}.{name} is not {expected}: {self._get(name)!r:.80}")

    def text(self, name: str) -> str:
        """Return a string."""
        value = self._get(name)
        if not is_text(value):
            raise self.wrong(name, "text")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a string, None where there is none or an empty one."""
        return self.text(name) or None if name in self else None

    def number(self, name: str) -> int:
        """Return an integer, also one written as decimal text or as "0x" hex."""
        value = self._get(name)
        if isinstance(value, str) and value.isascii():
            if value.isdecimal() and len(value) <= 64:
                return int(value)
            if re.fullmatch(r"0x[0-9a-fA-F]{1,64}", value):
                return int(value, 16)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value.bit_length() > _MAX_BITS:
            raise self.wrong(name, "an integer")
        return value

    def optional_number(self, name: str) -> int | None:
        """Return an integer, None where there is none."""
        return self.number(name) if name in self else None

    def decimal(self, name: str) -> float:
        """Return a finite number that may have a fraction."""
        value = self._get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(name, "a number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.wrong(name, "a number")
        return number

    def flag(self, name: str) -> bool:
        """Return a boolean."""
        value = self._get(name)
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def hash(self, name: str) -> str:
        """Return 32 bytes as "0x" and 64 lower-case hex digits."""
        found = hash_in(self.text(name))
        if found is None:
            raise self.wrong(name, "a hash")
        return found

    def asked_hash(self, name: str, asked: str) -> str:
        """Return the hash that was asked for, written as `hash` writes it; another one is wrong."""
        if self.hash(name) != asked:
            raise self.wrong(name, asked)
        return asked

    def cursor(self, name: str) -> str | None:
        """Return a cursor of a list's pages, None where there is none."""
        cursor = self.optional_text(name)
        if cursor is not None and len(cursor) > _MAX_CURSOR:
            raise self.wrong(name, "a cursor")
        return cursor

    def data(self, name: str) -> bytes:
        """Return the bytes of hex text."""
        try:
            return bytes.fromhex(self.text(name).removeprefix("0x"))
        except ValueError as error:
            raise self.wrong(name, "hexadecimal") from error

    def value(self, name: str) -> clarity.Value:
        """Return the Clarity value of hex text."""
        try:
            return clarity.decode(self.data(name))
        except StacksError as error:
            raise self.wrong(name, "a Clarity value") from error

    def object(self, name: str) -> Fields:
        """Return an object inside."""
        return Fields(self._get(name), f"{self._path}.{name}")

    def objects(self, name: str) -> list[Fields]:
        """Return a list of objects inside."""
        return [Fields(item, f"{self._path}.{name}[{index}]") for index, item in enumerate(self._list(name))]

    def json(self, name: str) -> Any:  # noqa: ANN401 - JSON
        """Return what the JSON in a text says."""
        try:
            return read_json(self.text(name))
        except ValueError as error:
            raise self.wrong(name, "JSON") from error

    def hashes(self, name: str) -> tuple[str, ...]:
        """Return a list of hashes as `hash` returns one."""
        return tuple(Fields({name: item}, self._path).hash(name) for item in self._list(name))

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return a list of integers as `number` returns one."""
        return tuple(Fields({name: item}, self._path).number(name) for item in self._list(name))

    def _list(self, name: str) -> list[Any]:
        value = self._get(name)
        if not isinstance(value, list):
            raise self.wrong(name, "a list")
        return value

    def plain(self) -> dict[str, Any]:
        """Return the object as it came."""
        return self._object
