"""Where the follower reads the chain, and how deliveries reach it: what it asks of others, no more."""

from collections.abc import Sequence
from typing import Protocol

from bitpay.stacks.model import Block, BlockHeader


class SourceError(Exception):
    """The chain's API did not answer properly; trying again later may help. `retry_after` in seconds."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ChainSource(Protocol):
    """One view of the canonical chain. Every method raises SourceError when the view cannot be had."""

    async def tip(self) -> BlockHeader:
        """Return the newest block."""

    async def headers(self, first: int, last: int) -> Sequence[BlockHeader]:
        """Return the headers from height `first` to `last` (both included), ascending; fewer where the chain ends."""

    async def block(self, header: BlockHeader) -> Block:
        """Return the whole block: at least every event of our contracts in it."""


class Delivery(Protocol):
    """What somebody told us about blocks. `whole`: each block holds every event of our contracts in it."""

    @property
    def id(self) -> str:
        """The stored arrival."""

    @property
    def blocks(self) -> Sequence[Block]:
        """Blocks said to be on the chain, in the order given."""

    @property
    def whole(self) -> bool:
        """Whether the blocks may be applied as they are."""


class Deliveries(Protocol):
    """The stored arrivals, as the follower reads them."""

    async def reopen(self) -> None:
        """Offer again what an earlier follower took and did not settle."""

    async def take(self) -> Sequence[Delivery]:
        """Return arrivals that no follower has taken, oldest first, and mark them taken."""

    async def settle(self, delivery_id: str, outcome: str) -> None:
        """Note what became of an arrival."""
