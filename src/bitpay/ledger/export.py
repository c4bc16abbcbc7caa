"""The ledger's facts for others: canonical events in chain order, however many there are."""

from collections.abc import AsyncIterator

from bitpay.kit.errors import Conflict
from bitpay.ledger.book import BLOCKS, EVENTS
from bitpay.store import Database, Document

_BLOCKS_AT_ONCE = 200


class ChainMoved(Conflict):
    """Blocks whose events were given out already have left the chain."""

    code = "chain_moved"


async def canonical_events(database: Database, *, first: int = 0, last: int | None = None) -> AsyncIterator[Document]:
    """Yield the events of canonical blocks from height `first` to `last` (both included), as they are stored.

    Raises ChainMoved when a reorganisation takes back what was yielded: whoever keeps the events begins again.
    """
    given: str | None = None
    at = first
    while True:
        async with database.client.start_session(snapshot=True) as session:
            blocks = database[BLOCKS]
            if given and await blocks.find_one({"_id": given, "canonical": True}, {"_id": 1}, session=session) is None:
                raise ChainMoved("The chain was reorganised under this export; begin again.")
            heights = {"$gte": at} if last is None else {"$gte": at, "$lte": last}
            query = {"canonical": True, "height": heights, "events": {"$gt": 0}}
            found = blocks.find(query, {"height": 1}, session=session).sort("height", 1).limit(_BLOCKS_AT_ONCE)
            rows = [row async for row in found]
            if not rows:
                return
            events = database[EVENTS].find({"block": {"$in": [row["_id"] for row in rows]}}, session=session)
            async for event in events.sort([("height", 1), ("txIndex", 1), ("index", 1)]):
                yield event
        given, at = rows[-1]["_id"], rows[-1]["height"] + 1
