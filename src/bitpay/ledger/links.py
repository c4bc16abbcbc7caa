"""Headers that one view of the chain tells without a gap, each the parent of the one above it.

A hosted API is many replicas: what one of them does not know yet, or tells of another branch, is no answer.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from bitpay.ledger.candidates import MAX_BLOCKS
from bitpay.ledger.source import ChainSource, SourceError
from bitpay.stacks.model import BlockHeader

_WITNESSES = 30
"""So many linked headers, ending with the tip, have to be told before the tip's word counts."""
_ASK_AGAIN_BLOCKS = 300


async def headers_down(source: ChainSource, high: int, low: int) -> AsyncGenerator[BlockHeader]:
    """Yield every header from height `high` down to `low`. Raises SourceError where one lacks or does not link."""
    above: BlockHeader | None = None
    for last in range(high, low - 1, -MAX_BLOCKS):
        first = max(low, last - MAX_BLOCKS + 1)
        headers = await source.headers(first, last)
        if [header.height for header in headers] != list(range(first, last + 1)):
            raise SourceError(f"the API does not tell all blocks from {first} to {last}: replicas differ")
        for header in reversed(headers):
            if above is not None and above.parent_hash != header.hash:
                raise SourceError(f"the chain moved at {header.height} while it was read")
            yield header
            above = header


class Witnessed:
    """The Bitcoin height that the chain has come to, as a page of linked headers says and not the tip alone.

    One false tip would make blocks final that are not, and nothing makes them undoable again.
    """

    def __init__(self, source: ChainSource) -> None:
        self._source = source
        self._tip_height = -_ASK_AGAIN_BLOCKS
        self._burn_height = 0

    async def burn_height(self, tip: BlockHeader) -> int:
        """Return the Bitcoin height of a block not far below this tip or one before. Raises SourceError."""
        if tip.height >= self._tip_height + _ASK_AGAIN_BLOCKS:
            self._burn_height = await self._ask(tip)
            self._tip_height = tip.height
        return self._burn_height

    async def _ask(self, tip: BlockHeader) -> int:
        oldest = tip
        async with aclosing(headers_down(self._source, tip.height, max(1, tip.height - _WITNESSES + 1))) as down:
            async for header in down:
                if header.height == tip.height and header.hash != tip.hash:
                    raise SourceError(f"the API tells two blocks at {tip.height}: replicas differ")
                oldest = header
        return oldest.burn_height
