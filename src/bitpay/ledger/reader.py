"""Reads runs of blocks from the chain's API, the next one while the present one is being written."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bitpay.ledger.book import Head
from bitpay.ledger.candidates import MAX_BLOCKS, MAX_EVENTS, Candidates, bounded
from bitpay.ledger.events import DecodedBlock, decode_block
from bitpay.ledger.hosted import SparseSource
from bitpay.ledger.prints import few_at_once
from bitpay.ledger.source import ChainSource, SourceError
from bitpay.protocol.ids import Contracts
from bitpay.stacks.model import BlockHeader

_READ_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class _Ahead:
    parent: str
    task: asyncio.Task[list[DecodedBlock] | None]


class Reader:
    """Consecutive whole blocks after a given one, as one view of the chain has them."""

    def __init__(self, source: ChainSource, contracts: Contracts, candidates: Candidates) -> None:
        self._source = source
        self._contracts = contracts
        self._candidates = candidates
        self._ahead: _Ahead | None = None

    async def final_after(self, head: Head, final_burn: int) -> list[DecodedBlock]:
        """Return the next final blocks with events of ours, where the source can tell; they may lie apart."""
        if not isinstance(self._source, SparseSource):
            return []
        blocks = await self._source.final_blocks(head.height, final_burn)
        return bounded([decode_block(block, self._contracts) for block in blocks])

    async def after(self, head: Head, tip: BlockHeader) -> list[DecodedBlock] | None:
        """Return the blocks that follow `head`, as many as one run takes; None when the chain does not follow it.

        Empty when the chain moved while it was read: ask again.
        """
        run = await self._take_ahead(head) or await self._run(head.height + 1, head.hash, tip)
        if run and run[-1].header.height < tip.height:
            self._read_ahead(run[-1].header, tip)
        return run

    async def overlooked(self, first: int, last: int) -> int | None:
        """Return the lowest height from `first` to `last` at which the books lack events, where the source can tell."""
        return await self._source.overlooked(first, last) if isinstance(self._source, SparseSource) else None

    def begin_anew(self) -> None:
        """Forget everything: the books were set back, so that blocks are read again."""
        self.drop()
        if isinstance(self._source, SparseSource):
            self._source.forget()

    def drop(self) -> None:
        """Forget what was read ahead."""
        if self._ahead is not None:
            self._ahead.task.cancel()
            self._ahead = None

    async def _take_ahead(self, head: Head) -> list[DecodedBlock]:
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return []
        if ahead.parent != head.hash:
            ahead.task.cancel()
            return []
        return await ahead.task or []

    def _read_ahead(self, last: BlockHeader, tip: BlockHeader) -> None:
        task = asyncio.create_task(self._run(last.height + 1, last.hash, tip))
        task.add_done_callback(_heard)
        self._ahead = _Ahead(last.hash, task)

    async def _run(self, first: int, parent: str, tip: BlockHeader) -> list[DecodedBlock] | None:
        headers = _linked(first, await self._source.headers(first, min(tip.height, first + MAX_BLOCKS - 1)))
        if headers and parent and headers[0].parent_hash != parent:
            return None
        blocks: list[DecodedBlock] = []
        for start in range(0, len(headers), _READ_AT_ONCE):
            try:
                blocks += await few_at_once(self._whole, headers[start : start + _READ_AT_ONCE])
            except SourceError:
                if not blocks:
                    raise
                break  # what was read is applied; whoever reads on hears of the error
            if sum(len(block.events) for block in blocks) >= MAX_EVENTS:
                break
        return bounded(blocks)

    async def _whole(self, header: BlockHeader) -> DecodedBlock:
        delivered = self._candidates.get(header.hash)
        return delivered or decode_block(await self._source.block(header), self._contracts)


def _linked(first: int, headers: Sequence[BlockHeader]) -> list[BlockHeader]:
    linked: list[BlockHeader] = []
    for height, header in enumerate(headers, first):
        if header.height != height or (linked and header.parent_hash != linked[-1].hash):
            break  # the chain moved while we read it
        linked.append(header)
    return linked


def _heard(task: asyncio.Task[list[DecodedBlock] | None]) -> None:
    """Take note of a failure, so that one which nobody waits for any more is not reported as forgotten."""
    if not task.cancelled():
        task.exception()
