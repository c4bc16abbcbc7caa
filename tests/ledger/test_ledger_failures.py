"""What fails again and again is told to a person, and no longer when it has succeeded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pymongo.errors import BulkWriteError
from tests.ledger.ledger_chain import CONTRACTS, Chain, View
from tests.ledger.ledger_states import clean_replay, follow, state_of

from bitpay.ledger.book import Book
from bitpay.ledger.lease import LEASES
from bitpay.ledger.ledger import FAILED, Ledger
from bitpay.ledger.replay import Check, Progress, Replay, order, outdated
from bitpay.ledger.source import SourceError
from bitpay.realtime.log import RoomLog
from bitpay.store import Database, end
from bitpay.streams.projection import PROJECTION

SOON = 60.0


@asynccontextmanager
async def running(ledger: Ledger) -> AsyncIterator[None]:
    task = asyncio.create_task(ledger.run())
    try:
        async with asyncio.timeout(SOON):
            yield
    finally:
        await end([task])


def ledger_on(database: Database, view: View) -> Ledger:
    return Ledger(database, view, CONTRACTS, [PROJECTION], RoomLog(database), start_height=1, poll=0.05)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bitpay.ledger.ledger._FIRST_PAUSE", 0.001)


async def test_folding_that_fails_again_and_again_raises_an_alert_until_it_succeeds(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = Chain(1)
    tip = chain.grow(None, 20)
    await follow(book, View(chain, tip))
    await order(database, [PROJECTION])
    tries = 0

    async def refused(_self: Replay, _book: Book, _check: Check, **_session: object) -> Progress:
        nonlocal tries
        tries += 1
        raise BulkWriteError({"writeErrors": [{"index": 0, "code": 11000, "errmsg": "twice"}]})

    with monkeypatch.context() as patched:
        patched.setattr(Replay, "replace", refused)
        ledger = ledger_on(database, View(chain, tip))
        async with running(ledger):
            while not await ledger.alerts.open():
                await asyncio.sleep(0.01)
        assert tries > 1
    assert [alert["kind"] for alert in await ledger.alerts.open()] == [FAILED]

    async with running(ledger):
        while await ledger.alerts.open():
            await asyncio.sleep(0.01)
    assert await outdated(database, [PROJECTION]) == []
    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_a_chain_that_does_not_answer_is_no_fault_of_the_ledger(database: Database) -> None:
    chain = Chain(2)
    view = View(chain, chain.grow(None, 5))
    view.failures = [SourceError("503", retry_after=0.001) for _ in range(20)]
    ledger = ledger_on(database, view)
    async with running(ledger):
        while view.failures:
            await asyncio.sleep(0.01)
    assert await ledger.alerts.open() == []


async def test_documents_are_replaced_only_while_the_lease_is_held(book: Book, database: Database) -> None:
    chain = Chain(3)
    tip = chain.grow(None, 20)
    await follow(book, View(chain, tip))
    await order(database, [PROJECTION])
    ledger = ledger_on(database, View(chain, tip))
    renew, robbed = ledger._renew, 0

    async def rob() -> None:
        nonlocal robbed
        if not robbed:
            robbed += 1
            taken = [{"$set": {"owner": "another", "expires": {"$add": ["$$NOW", 100]}}}]
            await database[LEASES].update_one({}, taken)
        await renew()

    ledger._renew = rob  # type: ignore[method-assign]
    async with running(ledger):
        while await outdated(database, [PROJECTION]):
            await asyncio.sleep(0.01)
    assert robbed == 1
    assert await ledger.alerts.open() == []
    assert await state_of(database) == await clean_replay(database, chain, tip)
