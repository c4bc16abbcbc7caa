"""A database that an older BitPay filled gets its new documents by itself; they can be rolled back like the rest."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.ledger.ledger_chain import CONTRACTS, Chain, View
from tests.ledger.ledger_states import clean_replay, follow, state_of

from bitpay.ledger.book import HEAD, Book
from bitpay.ledger.ledger import Ledger
from bitpay.ledger.projection import Projection
from bitpay.ledger.replay import outdated
from bitpay.realtime.log import RoomLog
from bitpay.registry import PROJECTIONS
from bitpay.store import Database, end
from bitpay.streams.projection import PROJECTION

SOON = 60.0


@asynccontextmanager
async def running(database: Database, view: View, projections: Sequence[Projection]) -> AsyncIterator[Ledger]:
    ledger = Ledger(database, view, CONTRACTS, projections, RoomLog(database), start_height=1, poll=0.05)
    task = asyncio.create_task(ledger.run())
    try:
        yield ledger
    finally:
        await end([task])


async def test_new_projections_are_folded_over_a_database_that_stands(database: Database) -> None:
    chain = Chain(3, facts=0.6, burn_every=10)
    old = chain.grow(None, 40)
    view = View(chain, old)
    async with running(database, view, [PROJECTION]):
        await reaches(database, old.header.hash)
    assert await database["listings"].count_documents({}) == 0
    assert await outdated(database, PROJECTIONS) == [one for one in PROJECTIONS if one is not PROJECTION]

    async with running(database, view, PROJECTIONS):
        await folded(database)
        assert await state_of(database) == await clean_replay(database, chain, old, PROJECTIONS)
        assert await database["listings"].count_documents({}) > 0

        new = chain.grow(chain.ancestor(old, 12), 15)
        view.show(new)
        await reaches(database, new.header.hash)
    assert await state_of(database) == await clean_replay(database, chain, new, PROJECTIONS)


async def test_blocks_that_leave_the_chain_leave_no_trace_in_any_document(database: Database) -> None:
    chain = Chain(4, facts=0.8, burn_every=10)
    old = chain.grow(None, 40)
    view = View(chain, old)
    follower = await follow(Book(database, PROJECTIONS, RoomLog(database)), view)
    assert await state_of(database) == await clean_replay(database, chain, old, PROJECTIONS)
    for depth in (1, 7, 35):
        old = chain.grow(chain.ancestor(old, depth), depth + 2)
        view.show(old)
        while await follower.step():
            pass
        assert await state_of(database) == await clean_replay(database, chain, old, PROJECTIONS)


async def reaches(database: Database, block_hash: str) -> None:
    async with asyncio.timeout(SOON):
        while (await database[HEAD].find_one() or {}).get("hash") != block_hash:
            await asyncio.sleep(0.02)


async def folded(database: Database) -> None:
    async with asyncio.timeout(SOON):
        while await outdated(database, PROJECTIONS):
            await asyncio.sleep(0.02)
