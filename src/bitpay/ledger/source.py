"""Where the follower reads the chain, and how deliveries reach it: what it asks of others, no more."""

from collections.abc import AsyncIterator, Awaitable, Container, Sequence
from typing import Protocol, TypeVar

from bitpay.stacks.client import ApiError, StacksClient
from bitpay.stacks.model import Block, BlockHeader

T = TypeVar("T")


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
        """Return the headers from height `first` to `last` (both included), ascending.

        Fewer where the chain ends, or does so for the replica that answers: what is left out need not be missing.
        """

    async def block(self, header: BlockHeader) -> Block:
        """Return the whole block: at least every event of our contracts in it."""


class ClientSource:
    """The chain as a node with the Hiro API in front of it tells it."""

    def __init__(self, client: StacksClient) -> None:
        self._client = client

    async def tip(self) -> BlockHeader:
        """Return the newest block."""
        return await answered(self._client.tip())

    async def headers(self, first: int, last: int) -> Sequence[BlockHeader]:
        """Return the headers from height `first` to `last`, ascending; fewer where the chain ends."""
        return await answered(self._client.headers(first, last))

    async def block(self, header: BlockHeader) -> Block:
        """Return the whole block with every transaction's events."""
        return await answered(self._client.full_block(header.hash))


async def answered(asked: Awaitable[T]) -> T:
    """Return what the client answers. Raises SourceError where it does not."""
    try:
        return await asked
    except ApiError as error:
        raise SourceError(f"{type(error).__name__}: {error}", retry_after=error.retry_after) from error
    except ExceptionGroup as group:  # of requests that were under way together
        refused, rest = group.split(ApiError)
        if refused is None or rest is not None:
            raise
        raise SourceError(f"{refused.exceptions[0]}", retry_after=_longest_wait(refused)) from group


def _longest_wait(group: ExceptionGroup[ApiError]) -> float | None:
    errors = [error for error in group.exceptions if isinstance(error, ApiError)]
    return max((error.retry_after for error in errors if error.retry_after is not None), default=None)


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

    def take(self, held: Container[str]) -> AsyncIterator[Delivery]:
        """Yield arrivals that no follower has taken, oldest first, each marked taken; those `held` are only marked."""

    async def reject(self, delivery_id: str, error: Exception) -> None:
        """Note that an arrival cannot be read."""

    async def settle(self, delivery_id: str, outcome: str) -> None:
        """Note what became of an arrival."""
