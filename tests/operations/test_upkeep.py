"""An operator's command reaches the chain's tip, or ends and says why not."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.ledger.ledger_chain import CONTRACTS, Chain, View
from tests.ledger.ledger_states import state_of

from bitpay import endings, upkeep
from bitpay.foundation import POLL_SECONDS, Foundation
from bitpay.kit.errors import Conflict, Unavailable
from bitpay.kit.settings import LedgerSettings
from bitpay.ledger import behind
from bitpay.ledger.events import DecodedBlock
from bitpay.ledger.follower import DEEP, MAX_BURN_DEPTH
from bitpay.ledger.lease import FOLLOWER, Lease
from bitpay.ledger.ledger import FAILED
from bitpay.ledger.replay import VERSIONS
from bitpay.ledger.reread import ordered_reread
from bitpay.ledger.source import SourceError
from bitpay.registry import PROJECTIONS
from bitpay.stacks.model import Block, BlockHeader
from bitpay.store import Client, Database, end


class Faulty(View):
    """A view that answers for blocks with what no source should raise."""

    async def block(self, header: BlockHeader) -> Block:
        raise RuntimeError(f"no idea what {header.height} is")


class Climbing(View):
    """A view whose tip comes on whenever it is asked for."""

    climbs = False

    async def tip(self) -> BlockHeader:
        if self.climbs:
            self.show(self.chain.grow(self._path[-1], events=0))
        return await super().tip()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(POLL_SECONDS, "local", 0.02)
    monkeypatch.setattr("bitpay.ledger.ledger._FIRST_PAUSE", 0.001)


@asynccontextmanager
async def ground_on(url: str, database: Database, view: View) -> AsyncIterator[Foundation]:
    settings = LedgerSettings(
        network="local",
        deployer=CONTRACTS.deployer,
        stacks_api_url="http://127.0.0.1:1",
        mongodb_url=url,
        mongodb_database=database.name,
    )
    ground = Foundation(settings)
    ground.source = view
    try:
        yield ground
    finally:
        await ground.close()


@asynccontextmanager
async def led_by_another(client: Client, database: Database) -> AsyncIterator[None]:
    """Hold the lease as another process does."""
    async with client.start_session() as session:
        lease = Lease(database, FOLLOWER, session)
        await lease.acquire()
        holding = asyncio.create_task(lease.hold())
        try:
            yield
        finally:
            await end([holding])
            await lease.release()


def unheard(_done: int, _total: int | None, _speed: str) -> None:
    """Hear of progress and do nothing."""


async def test_it_ends_at_the_block_that_is_the_tip_not_at_its_height(
    mongo_url: str, database: Database, quick: None
) -> None:
    chain = Chain(1)
    base = chain.grow(None, 4)
    ours, theirs = chain.grow(base, 2), chain.grow(base, 2)
    view = View(chain, ours)
    async with ground_on(mongo_url, database, view) as ground:
        assert (await upkeep.fill(ground, unheard)).hash == ours.header.hash
        view.show(theirs)
        assert (await upkeep.fill(ground, unheard)).hash == theirs.header.hash


async def test_blocks_are_read_again_from_a_height(
    mongo_url: str, mongo_client: Client, database: Database, quick: None
) -> None:
    chain = Chain(7, burn_every=30)
    tip = chain.grow(None, 20, events=2)
    view = View(chain, tip)
    async with ground_on(mongo_url, database, view) as ground:
        await upkeep.fill(ground, unheard)
        truth = await state_of(database)
        await ground.ledger.book.rollback(await ground.ledger.book.head(), chain.path(tip)[9].header)
        bare = [DecodedBlock(block.header, ()) for block in chain.path(tip)[10:]]
        await ground.ledger.book.apply(await ground.ledger.book.head(), bare, final_burn=0)
        assert await state_of(database) != truth

        head = await upkeep.reread(ground, 11, unheard)

        assert head.hash == tip.header.hash
        assert await state_of(database) == truth
        assert await ordered_reread(database) is None


async def test_the_process_that_follows_reads_again(mongo_url: str, database: Database, quick: None) -> None:
    chain = Chain(8, burn_every=30)
    tip = chain.grow(None, 20, events=2)
    view = View(chain, tip)
    async with ground_on(mongo_url, database, view) as leader, ground_on(mongo_url, database, view) as ground:
        await upkeep.fill(leader, unheard)
        truth, reads = await state_of(database), view.reads
        following = asyncio.create_task(leader.ledger.run())
        try:
            await upkeep.reread(ground, 11, unheard)
        finally:
            await end([following])
        assert view.reads >= reads + 10
        assert await state_of(database) == truth


async def test_final_blocks_are_not_read_again(mongo_url: str, database: Database, quick: None) -> None:
    chain = Chain(9, burn_every=1)
    view = View(chain, chain.grow(None, 60, events=1))
    async with ground_on(mongo_url, database, view) as ground:
        await upkeep.fill(ground, unheard)
        head = await ground.ledger.book.head()
        with pytest.raises(Conflict, match="begin the ledger anew"):
            await upkeep.reread(ground, 20, unheard)
        assert await ground.ledger.book.head() == head


async def test_a_chain_that_does_not_answer_ends_it(mongo_url: str, database: Database, quick: None) -> None:
    async with ground_on(mongo_url, database, View(Chain(2))) as ground:
        with pytest.raises(SourceError, match="no blocks yet"):
            await upkeep.fill(ground, unheard)


async def test_a_ledger_that_fails_again_and_again_ends_it(mongo_url: str, database: Database, quick: None) -> None:
    chain = Chain(3)
    async with ground_on(mongo_url, database, Faulty(chain, chain.grow(None, 4))) as ground:
        with pytest.raises(Unavailable, match="no idea what"):
            await upkeep.fill(ground, unheard)


async def test_a_ledger_that_stopped_ends_it(mongo_url: str, database: Database, quick: None) -> None:
    chain = Chain(4)
    base = chain.grow(None, 3)
    ours = theirs = base
    while ours.header.burn_height - base.header.burn_height <= MAX_BURN_DEPTH + 1:
        ours = chain.grow(ours)
    while theirs.header.burn_height <= ours.header.burn_height:
        theirs = chain.grow(theirs)
    view = View(chain, ours)
    async with ground_on(mongo_url, database, view) as ground:
        await upkeep.fill(ground, unheard)
        view.show(theirs)
        with pytest.raises(Unavailable, match="Bitcoin blocks; we stop"):
            await upkeep.fill(ground, unheard)
        assert await ground.ledger.alerts.open_among([DEEP])


async def test_a_node_that_comes_on_along_another_branch_ends_it(
    mongo_url: str, database: Database, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = Chain(10, burn_every=2)
    base = chain.grow(None, 10)
    view = Climbing(chain, chain.grow(base, 10))
    async with ground_on(mongo_url, database, view) as ground:
        head = await upkeep.fill(ground, unheard)
        monkeypatch.setattr(behind, "STUCK_SECONDS", 0.0)
        chain.burn_every = 1000
        view.show(chain.grow(base, 20))
        view.climbs = True
        with pytest.raises(Unavailable, match="knows less"):
            await upkeep.fill(ground, unheard)
        assert await ground.ledger.book.head() == head


async def test_another_process_that_stands_still_ends_it(
    mongo_url: str, mongo_client: Client, database: Database, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = Chain(5)
    tip = chain.grow(None, 3)
    view = View(chain, tip)
    monkeypatch.setattr(endings, "STILL_SECONDS", 0.0)
    async with ground_on(mongo_url, database, view) as ground:
        await upkeep.fill(ground, unheard)
        view.show(chain.grow(tip))
        async with led_by_another(mongo_client, database):
            with pytest.raises(Unavailable, match="stands still"):
                await upkeep.fill(ground, unheard)


async def fails(ground: Foundation) -> None:
    await ground.ledger.alerts.raise_once(FAILED, "The ledger cannot go on: as it happens")


async def folds_otherwise(ground: Foundation) -> None:
    row = {"$set": {"version": -1}}
    await ground.database[VERSIONS].update_one({"_id": PROJECTIONS[0].collection}, row, upsert=True)


@pytest.mark.parametrize(
    ("leader", "error", "why"),
    [(fails, Unavailable, "as it happens"), (folds_otherwise, Conflict, f"folded {PROJECTIONS[0].collection}")],
)
async def test_folding_ends_where_the_leader_cannot_do_it(
    mongo_url: str,
    mongo_client: Client,
    database: Database,
    quick: None,
    leader: Callable[[Foundation], Coroutine[Any, Any, None]],
    error: type[Exception],
    why: str,
) -> None:
    chain = Chain(6)
    async with ground_on(mongo_url, database, View(chain, chain.grow(None, 3))) as ground:
        await upkeep.fill(ground, unheard)
        async with led_by_another(mongo_client, database):
            folding = asyncio.create_task(upkeep.fold_anew(ground, PROJECTIONS))
            while not folding.done():
                await asyncio.sleep(0.05)
                await leader(ground)
            with pytest.raises(error, match=why):
                folding.result()
