"""The lease: whoever takes over ends what a dead holder left in the database, however often it takes."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure
from tests.faults import failing

from bitpay.ledger.lease import LEASES, Lease, LeaseLost
from bitpay.store import Database

NAME = "of this test"
INTERRUPTED, FORBIDDEN = 11601, 13


@pytest.fixture
async def dead(database: Database) -> AsyncIterator[AsyncClientSession]:
    """The session of a holder that died in the middle of a transaction."""
    async with database.client.start_session() as session:
        await Lease(database, NAME, session, seconds=0.0).acquire()
        await session.start_transaction()
        await database["things"].insert_one({}, session=session)
        yield session


async def acquired(database: Database) -> None:
    async with database.client.start_session() as session:
        await Lease(database, NAME, session, seconds=0.2).acquire()


async def sessions_to_end(database: Database) -> int:
    return len((await database[LEASES].find_one({"_id": NAME}) or {})["toEnd"])


async def is_over(session: AsyncClientSession) -> bool:
    try:
        await session.commit_transaction()
    except OperationFailure as error:
        return error.has_error_label("TransientTransactionError")
    return False


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_a_dead_holders_session_is_ended_even_if_that_fails_at_first(
    database: Database, dead: AsyncClientSession, times: int
) -> None:
    async with failing(database.client, times, "killSessions", errorCode=INTERRUPTED):
        await acquired(database)
    assert await is_over(dead)
    assert await sessions_to_end(database) == 0


async def test_who_dies_before_it_could_end_a_session_leaves_that_to_the_next(
    database: Database, dead: AsyncClientSession
) -> None:
    async with (
        failing(database.client, 1, "killSessions", errorCode=INTERRUPTED),
        database.client.start_session() as session,
    ):
        assert not await Lease(database, NAME, session, seconds=0.0)._take()
    assert await sessions_to_end(database) == 1
    await acquired(database)
    assert await is_over(dead)
    assert await sessions_to_end(database) == 0


async def test_a_database_that_lets_nobody_end_sessions_is_not_asked_for_ever(
    database: Database, dead: AsyncClientSession, capsys: pytest.CaptureFixture[str]
) -> None:
    async with failing(database.client, "always", "killSessions", errorCode=FORBIDDEN), asyncio.timeout(30):
        await acquired(database)
    assert "sessions_not_ended" in capsys.readouterr().err
    assert await sessions_to_end(database) == 0
    await dead.abort_transaction()


async def test_a_holder_waits_for_a_database_that_does_not_answer(database: Database) -> None:
    async with database.client.start_session() as session:
        lease = Lease(database, NAME, session, seconds=0.05)
        await lease.acquire()
        async with failing(database.client, 5, "findAndModify", errorCode=INTERRUPTED):
            await lease.renew()
        await lease.release()


async def test_a_holder_that_others_have_followed_gives_up(database: Database) -> None:
    async with database.client.start_session() as session, asyncio.timeout(30):
        lease = Lease(database, NAME, session, seconds=0.0)
        await lease.acquire()
        await acquired(database)
        with pytest.raises(LeaseLost):
            await lease.renew()
        await lease.hold()


async def test_a_holder_does_not_wait_for_a_database_that_refuses_it(database: Database) -> None:
    async with database.client.start_session() as session:
        lease = Lease(database, NAME, session)
        await lease.acquire()
        async with failing(database.client, "always", "findAndModify", errorCode=FORBIDDEN), asyncio.timeout(10):
            await lease.hold()
