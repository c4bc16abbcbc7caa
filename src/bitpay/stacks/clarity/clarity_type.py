"""The types that contracts declare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bitpay.stacks.clarity.values import MAX_DEPTH, MAX_VALUE_BYTES
from bitpay.stacks.errors import ValueInvalid
from bitpay.stacks.names import clarity_name

_SIZED: Final = frozenset({"buff", "string-ascii", "string-utf8", "list"})
_PLAIN: Final = ("int", "uint", "bool", "principal", "trait", "none", "buff", "string-ascii", "string-utf8")
# How many parts each kind has; a tuple has as many as names, and a plain type none of both.
_PARTS: Final = {**dict.fromkeys(_PLAIN, 0), "tuple": 0, "optional": 1, "list": 1, "response": 2}


@dataclass(frozen=True, slots=True)
class ClarityType:
    """A type. `kind` is Clarity's word for it; `str` writes it as contracts do, as in "(optional (buff 32))".

    `length` is the most bytes, characters or items where the type has such a limit. `parts` are the types inside: of
    a response first the one of ok; of a tuple in the order of `names`. "trait" and "none" (the part of an optional or
    a response that never is) are words of interfaces only. What is no type raises `ValueInvalid`, a name that a
    tuple cannot have `NameInvalid`.
    """

    kind: str
    length: int | None = None
    parts: tuple[ClarityType, ...] = ()
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in _PARTS:
            raise ValueInvalid("a type has one of Clarity's kinds")
        if not (isinstance(self.parts, tuple) and all(isinstance(part, ClarityType) for part in self.parts)):
            raise ValueInvalid("the parts of a type are a tuple of types")
        self._check_names()
        self._check_length()
        if len(self.parts) != (_PARTS[self.kind] or len(self.names)):
            raise ValueInvalid(f"{self.kind} has another number of parts than {len(self.parts)}")
        if self.levels > MAX_DEPTH:
            raise ValueInvalid(f"a type deeper than {MAX_DEPTH}")

    def _check_names(self) -> None:
        names = self.names
        if not isinstance(names, tuple) or bool(names) != (self.kind == "tuple"):
            raise ValueInvalid("a tuple has names, no other type has")
        for name in names:
            clarity_name(name)
        if len(set(names)) != len(names):
            raise ValueInvalid("the names of a tuple differ")

    def _check_length(self) -> None:
        length = self.length
        if self.kind not in _SIZED:
            if length is not None:
                raise ValueInvalid(f"{self.kind} has no length")
        elif isinstance(length, bool) or not isinstance(length, int) or not 0 <= length <= MAX_VALUE_BYTES:
            raise ValueInvalid(f"the length of {self.kind} is 0 to {MAX_VALUE_BYTES}")

    @property
    def levels(self) -> int:
        """How deep it is; a plain type has one level."""
        return 1 + max((part.levels for part in self.parts), default=0)

    def __str__(self) -> str:
        if self.kind == "tuple":
            members = zip(self.names, self.parts, strict=True)
            return f"{{ {', '.join(f'{name}: {part}' for name, part in members)} }}"
        words = [self.kind, *([] if self.length is None else [str(self.length)]), *map(str, self.parts)]
        return words[0] if len(words) == 1 else f"({' '.join(words)})"
