"""What a ledger holds, and what it must hold."""

from collections.abc import Sequence

from tests.ledger.ledger_chain import CONTRACTS, Chain, View

from bitpay.ledger.book import Book
from bitpay.ledger.events import decode_block
from bitpay.ledger.follower import Follower
from bitpay.ledger.projection import Projection
from bitpay.realtime.log import RoomLog
from bitpay.registry import PROJECTIONS
from bitpay.stacks.model import Block
from bitpay.store import Database, Document
from bitpay.streams.projection import PROJECTION

COLLECTIONS = [projection.collection for projection in PROJECTIONS]


async def state_of(database: Database) -> dict[str, list[Document]]:
    """Everything that must not depend on the way there: all documents and the events of canonical blocks."""
    canonical = [row["_id"] async for row in database["blocks"].find({"canonical": True}).sort("height", 1)]
    events = database["events"].find({"block": {"$in": canonical}})
    return {
        **{name: [row async for row in database[name].find().sort("_id", 1)] for name in COLLECTIONS},
        "events": [row async for row in events.sort([("height", 1), ("txIndex", 1), ("index", 1)])],
    }


async def clean_replay(
    database: Database, chain: Chain, tip: Block, projections: Sequence[Projection] = (PROJECTION,)
) -> dict[str, list[Document]]:
    """What one undisturbed pass over the canonical chain gives, in a database of its own.

    With projections that post letters also what everybody is `told`, and what is `said` in rooms.
    """
    other = database.client.get_database(f"{database.name}_clean", codec_options=database.codec_options)
    book = Book(other, projections, RoomLog(other))
    head = await book.open(CONTRACTS.deployer, 1)
    path = chain.path(tip)
    for start in range(0, len(path), 50):
        run = [decode_block(block, CONTRACTS) for block in path[start : start + 50]]
        head = await book.apply(head, run, final_burn=0)
    state = await state_of(other)
    if any(projection.leaves_house for projection in projections):
        state["told"] = [row["data"] async for row in other["outbox"].find()]
        state["said"] = [row async for row in other["room_log"].find()]
    await database.client.drop_database(other.name)
    return state


async def follow(book: Book, view: View, start: int = 1) -> Follower:
    """Return a follower that has caught up with the view."""
    await book.open(CONTRACTS.deployer, start)
    follower = Follower(book, view, CONTRACTS, start)
    await follower.load()
    while await follower.step():
        pass
    return follower
