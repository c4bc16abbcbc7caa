"""Blocks that were delivered and wait for the block before them."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence

from bitpay.ledger.book import Head
from bitpay.ledger.events import DecodedBlock

MAX_BLOCKS = 64
MAX_EVENTS = 1_000
"""A run, and with it a transaction, holds at most this many blocks, and ends when it has this many events."""
_CAPACITY = 2_000


class Candidates:
    """Delivered whole blocks by hash; the oldest are forgotten first, the follower can read them again."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[str, DecodedBlock] = OrderedDict()

    def offer(self, block: DecodedBlock) -> None:
        """Keep a whole block."""
        self._blocks[block.header.hash] = block
        while len(self._blocks) > _CAPACITY:
            self._blocks.popitem(last=False)

    def get(self, block_hash: str) -> DecodedBlock | None:
        """Return the block if it was delivered."""
        return self._blocks.get(block_hash)

    def run_after(self, head: Head) -> list[DecodedBlock]:
        """Return delivered blocks that follow `head` one by one; it ends where two blocks claim the same parent."""
        return bounded(self._children(head.hash, head.height)) if not head.empty else []

    def forget(self, height: int) -> None:
        """Drop what lies at or below a height that is applied."""
        for block_hash in [key for key, block in self._blocks.items() if block.header.height <= height]:
            del self._blocks[block_hash]

    def clear(self) -> None:
        """Drop all of them."""
        self._blocks.clear()

    def _children(self, parent: str, height: int) -> Iterator[DecodedBlock]:
        by_parent: dict[str, list[DecodedBlock]] = {}
        for block in self._blocks.values():
            by_parent.setdefault(block.header.parent_hash, []).append(block)
        while len(children := by_parent.get(parent, [])) == 1 and children[0].header.height == height + 1:
            yield children[0]
            parent, height = children[0].header.hash, height + 1


def bounded(blocks: Iterator[DecodedBlock] | Sequence[DecodedBlock]) -> list[DecodedBlock]:
    """Return as many of the blocks as one run takes."""
    run: list[DecodedBlock] = []
    events = 0
    for block in blocks:
        run.append(block)
        events += len(block.events)
        if len(run) == MAX_BLOCKS or events >= MAX_EVENTS:
            break
    return run
