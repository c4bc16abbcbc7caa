"""Facts of any kind that the schema knows, with fields of the right types: likely, unlikely and absurd ones."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from bitpay.stacks import clarity

SCHEMA: dict[str, dict[str, dict[str, str]]] = json.loads(files("bitpay.protocol").joinpath("events.json").read_text())[
    "contracts"
]
KINDS = [(contract, name) for contract, events in SCHEMA.items() for name in events]

_HUGE = ((1 << 63) - 1, 1 << 63, (1 << 128) - 1)
_WORDS = ("", "seconds", "blocks", "withdrawal", "limit", "rent ⚡")


@dataclass(frozen=True, slots=True)
class Facts:
    """Draws events about few `people` and things with ids up to `ids`.

    So often as `huge` says, a number is one that no BSON integer holds.
    """

    draw: random.Random
    people: Sequence[str]
    ids: int
    huge: float = 0.0

    def of(self, contract: str, name: str) -> dict[str, clarity.Value]:
        """Return the fields of an event."""
        return {field: self._value(spec, field) for field, spec in SCHEMA[contract][name].items()}

    def _value(self, spec: str, field: str) -> clarity.Value:
        if spec == "uint":
            return clarity.uint(self._number(field))
        if spec == "bool":
            return clarity.bool_(self.draw.random() < 0.5)
        if spec == "principal":
            return clarity.principal(self.draw.choice(self.people))
        return self._compound(spec, field)

    def _compound(self, spec: str, field: str) -> clarity.Value:
        if spec.startswith("{"):
            inner = [part.split(":") for part in spec.strip("{} ").split(",")]
            return clarity.tuple_({key.strip(): self._value(one.strip(), field) for key, one in inner})
        head, rest = spec[1:-1].split(" ", 1)
        if head == "optional":
            return clarity.NONE if self.draw.random() < 0.4 else clarity.some(self._value(rest, field))
        if head == "list":
            longest, inner_spec = rest.split(" ", 1)
            count = self.draw.choice([0, 1, 3, int(longest)])
            return clarity.list_([self._value(inner_spec, field) for _ in range(count)])
        return self._text(head, int(rest))

    def _number(self, field: str) -> int:
        if self.draw.random() < self.huge:
            return self.draw.choice(_HUGE)
        if field.endswith("-id"):
            return self.draw.randint(1, self.ids)
        return self.draw.choice(
            [0, 1, self.draw.randint(0, 3), self.draw.randint(0, 10**9), self.draw.randint(0, 21 * 10**14)]
        )

    def _text(self, kind: str, longest: int) -> clarity.Value:
        words = [word[:longest] for word in _WORDS]
        if kind == "string-ascii":
            return clarity.ascii(self.draw.choice([word for word in words if word.isascii()]))
        return clarity.utf8(self.draw.choice([*words, "給" * longest]))
