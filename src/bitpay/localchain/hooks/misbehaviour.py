"""Delivering badly on purpose, so that receivers can be tested: what networks and services do on their bad days."""

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Probability = Field(default=0.0, ge=0.0, le=1.0)


class Misbehaviour(BaseModel):
    """How often what goes wrong: probabilities between 0 and 1, and the longest delay in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    drop: float = Probability
    """never arrives"""
    duplicate: float = Probability
    """arrives twice"""
    reorder: float = Probability
    """arrives after the one that follows it"""
    truncate: float = Probability
    """arrives cut off, and then not again"""
    partial: float = Probability
    """arrives with only some of its transactions"""
    delay: float = Field(default=0.0, ge=0.0, le=600.0)
    """up to so many seconds late"""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Body:
    """What is posted where. A body that was spoilt on purpose is not tried again."""

    path: str
    content: bytes
    late: float = 0.0
    spoilt: bool = False


class Gremlin:
    """Turns the deliveries that should be made into those that are, the same way for the same seed."""

    def __init__(self, habits: Misbehaviour) -> None:
        self._habits = habits
        self._random = random.Random(habits.seed)  # noqa: S311 - not for secrets
        self._held: list[Body] = []

    def pass_on(self, path: str, document: dict[str, Any]) -> Iterator[Body]:
        """Yield what is posted instead of a document."""
        if self._happens(self._habits.drop):
            return
        body = self._body(path, document)
        if not self._held and self._happens(self._habits.reorder):
            self._held.append(body)
            return
        yield body
        if self._happens(self._habits.duplicate):
            yield body
        yield from self._held
        self._held.clear()

    def _body(self, path: str, document: dict[str, Any]) -> Body:
        if self._happens(self._habits.partial):
            document = self._thinned(document)
        content = json.dumps(document, separators=(",", ":")).encode()
        late = self._random.uniform(0, self._habits.delay)
        if self._happens(self._habits.truncate):
            return Body(path, content[: self._random.randrange(len(content))], late, spoilt=True)
        return Body(path, content, late)

    def _thinned(self, document: dict[str, Any]) -> dict[str, Any]:
        thin = copy.deepcopy(document)
        event = thin.get("event", thin)
        blocks = [thin] if "transactions" in thin else [*event.get("apply", ()), *event.get("rollback", ())]
        for block in blocks:
            block["transactions"] = [one for one in block["transactions"] if self._random.random() < 0.5]
        return thin

    def _happens(self, probability: float) -> bool:
        return self._random.random() < probability
