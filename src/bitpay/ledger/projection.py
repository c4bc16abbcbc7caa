"""What a domain tells the ledger: how its documents follow from events, and what is said when they change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bitpay.stacks.model import BlockHeader
from bitpay.store import Document

Key = str | int


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """One fact of one of our contracts, with its place in the chain.

    `id` is index block hash, transaction index and the event's number among our events of that transaction: the same
    whoever reported the block. `contract` is a name like "bitpay-core"; `fields` keep the contract's kebab-case names.
    """

    id: str
    block: BlockHeader
    txid: str
    tx_index: int
    index: int
    sender: str
    contract: str
    name: str
    version: int
    fields: Mapping[str, Any]

    @property
    def order(self) -> str:
        """Sorts as text the way events lie in the chain."""
        return f"{self.block.height:012}:{self.tx_index:06}:{self.index:06}"


@dataclass(frozen=True, slots=True)
class Message:
    """What a change means to people: `event` and JSON-ready `data` for socket rooms and outbox consumers.

    `rooms` get it at once; each of `kinds` gets an outbox row of that kind.
    """

    event: str
    data: dict[str, Any]
    rooms: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


def _silent(before: Document | None, after: Document | None, event: LedgerEvent) -> Sequence[Message]:  # noqa: ARG001
    return ()


@dataclass(frozen=True, slots=True)
class Projection:
    """Documents of one collection as a fold of events.

    `keys(event)` names the documents that the event touches. `step(document, event)` returns the new document (None:
    there is none), or the same object when nothing changes; it is pure, total and never alters its argument.
    `messages(before, after, event)` is asked once per changed document; for final blocks only where `leaves_house`
    says that some of its messages have `kinds`. A new `version` means that documents folded by older code must be
    folded again. Where `empty` is given, `step` and `messages` see `empty(key)` in the place of a document that is not
    there yet: totals begin at nothing.
    """

    collection: str
    version: int
    keys: Callable[[LedgerEvent], Sequence[Key]]
    step: Callable[[Any, LedgerEvent], Document | None]
    messages: Callable[[Any, Any, LedgerEvent], Sequence[Message]] = field(default=_silent)
    leaves_house: bool = False
    empty: Callable[[Key], Document] | None = None

    def beginning(self, key: Key) -> Document | None:
        """Return what `step` gets for a document that is not there."""
        return self.empty(key) if self.empty is not None else None


def silent(projection: Projection) -> Projection:
    """Return a projection with the same documents that says nothing."""
    return replace(projection, messages=_silent, leaves_house=False)
