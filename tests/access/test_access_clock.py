import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bitpay.access.clock import ChainClock, Change, Moment
from bitpay.kit.errors import Unavailable
from bitpay.ledger.book import BLOCKS, HEAD
from bitpay.realtime.log import LOG
from bitpay.store import Database

PATIENCE = 10.0


class Ledger:
    """Moves the head and says things in rooms, as the ledger does in its transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def apply(self, height: int, fork: str = "a", rooms: tuple[str, ...] = ()) -> None:
        name = f"0x{fork}{height}"
        async with self._database.client.start_session() as session, await session.start_transaction():
            block = {"_id": name, "height": height, "canonical": True}
            await self._database[BLOCKS].replace_one({"_id": name}, block, upsert=True, session=session)
            for offset, room in enumerate(rooms):
                row: dict[str, Any] = {"room": room, "offset": height * 100 + offset, "block": name}
                await self._database[LOG].insert_one(row, session=session)
            head = {"hash": name, "height": height, "time": 1_000 + height, "burnHeight": 7, "nonce": height}
            await self._database[HEAD].replace_one({"_id": "head"}, head, upsert=True, session=session)

    async def roll_back(self, height: int) -> None:
        async with self._database.client.start_session() as session, await session.start_transaction():
            gone = {"height": {"$gt": height}}
            await self._database[BLOCKS].update_many(gone, {"$set": {"canonical": False}}, session=session)
            head = {"hash": f"0xa{height}", "height": height, "time": 1_000 + height, "burnHeight": 7, "nonce": 99}
            await self._database[HEAD].replace_one({"_id": "head"}, head, session=session)


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


@pytest.fixture
async def changes(database: Database, ledger: Ledger) -> AsyncIterator[asyncio.Queue[Change]]:
    """What the clock tells from block 1 on."""
    await ledger.apply(1)
    clock, told = ChainClock(database), asyncio.Queue[Change]()
    clock.on_change(told.put_nowait)
    watching = asyncio.create_task(clock.run())
    await asyncio.sleep(0.3)
    yield told
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def next_of(changes: asyncio.Queue[Change]) -> Change:
    async with asyncio.timeout(PATIENCE):
        return await changes.get()


async def test_before_the_first_block_there_is_no_time(database: Database) -> None:
    with pytest.raises(Unavailable):
        await ChainClock(database).now()


async def test_now_is_the_ledgers_head(database: Database, ledger: Ledger) -> None:
    await ledger.apply(5)
    assert await ChainClock(database).now() == Moment(5, 1_005, "0xa5", 7)


async def test_a_block_names_whom_it_touched(ledger: Ledger, changes: asyncio.Queue[Change]) -> None:
    await ledger.apply(2, rooms=("stream:7", "stream:12", "user:ST1"))
    change = await next_of(changes)
    announced = {"height": 2, "time": 1_002, "hash": "0xa2", "streams": [7, 12], "accounts": ["ST1"], "whole": True}
    assert change.announcement() == announced


async def test_a_quiet_block_touches_nobody(ledger: Ledger, changes: asyncio.Queue[Change]) -> None:
    await ledger.apply(2)
    assert (await next_of(changes)).streams == ()


async def test_what_left_the_chain_counts_as_touched(ledger: Ledger, changes: asyncio.Queue[Change]) -> None:
    await ledger.apply(2, rooms=("stream:7",))
    assert (await next_of(changes)).streams == (7,)
    await ledger.roll_back(1)
    change = await next_of(changes)
    assert (change.now.height, change.streams) == (1, (7,))
    await ledger.apply(2, "b", rooms=("stream:8",))
    change = await next_of(changes)
    assert (change.now.hash, 8 in change.streams) == ("0xb2", True)
