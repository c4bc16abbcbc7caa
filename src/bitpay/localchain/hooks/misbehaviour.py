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
    """arrives without some of its transactions, and without their events"""
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
        yield from self.release()

    @property
    def holds(self) -> bool:
        """Whether something is held back until what follows it is passed on."""
        return bool(self._held)

    def release(self) -> list[Body]:
        """Let go of what is held back, for somebody else to pass it on."""
        held, self._held = self._held, []
        return held

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
            self._thin(block)
        return thin

    def _thin(self, block: dict[str, Any]) -> None:
        """Take at least one transaction out of a block that has any."""
        transactions = block["transactions"]
        lost = self._random.randrange(len(transactions)) if transactions else None
        left = [one for n, one in enumerate(transactions) if n != lost and self._random.random() < 0.5]
        block["transactions"] = left
        if "index_block_hash" in block:  # a node tells the events apart from their transactions
            told = {one["txid"] for one in left}
            block["events"] = [event for event in block["events"] if event["txid"] in told]

    def _happens(self, probability: float) -> bool:
        return self._random.random() < probability
