"""What the books have of transactions: held against the API's lists, it shows what was overlooked."""

from collections.abc import Sequence
from enum import Enum, auto

from bitpay.ledger.book import BLOCKS, EVENTS, floor_of, header_of
from bitpay.stacks.client.answers import TransactionBlock
from bitpay.stacks.model import BlockHeader
from bitpay.store import Database


class Place(Enum):
    """How the books stand to a transaction and the block that it is said to be in."""

    KEPT = auto()
    """The block is ours, and so are events of the transaction in it."""
    BARE = auto()
    """The block is ours, without an event of the transaction."""
    OTHER = auto()
    """Another block of ours is at that height."""
    NOWHERE = auto()
    """No block is kept at that height: final ones without events are not."""


class Recorded:
    """Asks the books of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blocks = database[BLOCKS]
        self._events = database[EVENTS]

    async def settled(self, txid: str) -> bool:
        """Return whether a transaction's events are in the books, in a block that is final."""
        hashes = [row["block"] async for row in self._events.find({"txid": txid}, {"block": 1})]
        if not hashes:
            return False
        query = {"_id": {"$in": hashes}, "canonical": True, "height": {"$lte": await floor_of(self._database)}}
        return await self._blocks.find_one(query, {"_id": 1}) is not None

    async def places(self, said: Sequence[tuple[str, TransactionBlock]]) -> dict[str, Place]:
        """Return by transaction id how the books stand to each transaction, said to be in a block up to the head's."""
        heights = {"canonical": True, "height": {"$in": [block.height for _, block in said]}}
        ours = {row["height"]: row["_id"] async for row in self._blocks.find(heights, {"height": 1})}
        written = {"txid": {"$in": [txid for txid, _ in said]}}
        kept = {(row["txid"], row["block"]) async for row in self._events.find(written, {"txid": 1, "block": 1})}
        return {txid: _place(txid, block, ours.get(block.height), kept) for txid, block in said}


async def block_below(database: Database, height: int) -> BlockHeader | None:
    """Return the newest block of our chain that is kept below a height, None where there is none."""
    query = {"canonical": True, "height": {"$lt": height}}
    row = await database[BLOCKS].find_one(query, sort=[("height", -1)])
    return header_of(row) if row else None


def _place(txid: str, block: TransactionBlock, ours: str | None, kept: set[tuple[str, str]]) -> Place:
    if ours is None:
        return Place.NOWHERE
    if ours != block.hash:
        return Place.OTHER
    return Place.KEPT if (txid, block.hash) in kept else Place.BARE
