"""Long-lived tasks end when they are told to."""

import asyncio
from contextlib import suppress

from bitpay.store import Database, changes, end, heed_cancellation


async def test_a_change_stream_tells_what_changes(database: Database) -> None:
    told = asyncio.Queue[int]()

    async def listen() -> None:
        async for change in changes(database["things"], [{"$match": {"operationType": "insert"}}]):
            told.put_nowait(change["documentKey"]["_id"])

    listening = asyncio.create_task(listen())
    number = 0
    async with asyncio.timeout(15):
        while told.empty():
            number += 1
            await database["things"].insert_one({"_id": number})
            await asyncio.sleep(0.02)
    await end([listening])
    assert 1 <= told.get_nowait() <= number


async def test_a_cancellation_that_was_swallowed_is_heard_later() -> None:
    async def deaf() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        heed_cancellation()

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_task_that_does_not_hear_at_once_is_told_again() -> None:
    heard = 0

    async def deaf() -> None:
        nonlocal heard
        while heard < 2:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                heard += 1

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await end([task])
    assert heard == 2
