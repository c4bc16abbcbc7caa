"""Transactions on a real mongod, with the faults that it can be told to make."""

from typing import Any

import pytest
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError, OperationFailure
from tests.faults import failing

from bitpay.store import CommitUnknown, Database, transaction


async def test_all_writes_of_a_transaction_arrive_or_none(database: Database) -> None:
    async def half(session: AsyncClientSession) -> None:
        await database["things"].insert_one({"_id": 1}, session=session)
        raise LookupError("in the middle")

    with pytest.raises(LookupError):
        await transaction(database.client, half)

    assert await database["things"].count_documents({}) == 0


async def test_a_transient_error_runs_the_whole_work_again(database: Database) -> None:
    runs = 0

    async def work(session: AsyncClientSession) -> int:
        nonlocal runs
        runs += 1
        await database["things"].update_one({"_id": 1}, {"$inc": {"n": 1}}, upsert=True, session=session)
        return runs

    transient = {"errorCode": 112, "errorLabels": ["TransientTransactionError"]}
    async with failing(database.client, 2, "update", **transient):
        assert await transaction(database.client, work) == 3

    assert await database["things"].find_one() == {"_id": 1, "n": 1}


@pytest.mark.parametrize(
    "how",
    [
        {"closeConnection": True},
        {"errorCode": 91, "errorLabels": ["UnknownTransactionCommitResult"]},
        {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}},
    ],
    ids=["connection closed before the commit", "refused before the commit", "applied but reported failed"],
)
async def test_a_commit_whose_outcome_is_unknown_is_repeated_and_counts_once(
    database: Database, how: dict[str, Any]
) -> None:
    async def work(session: AsyncClientSession) -> None:
        await database["things"].update_one({"_id": 1}, {"$inc": {"n": 1}}, upsert=True, session=session)

    async with failing(database.client, 2, "commitTransaction", **how):
        await transaction(database.client, work)

    assert await database["things"].find_one() == {"_id": 1, "n": 1}


async def test_a_commit_that_is_never_confirmed_is_said_to_be_unknown(database: Database) -> None:
    async def work(session: AsyncClientSession) -> None:
        await database["things"].insert_one({"_id": 1}, session=session)

    unconfirmed = {"code": 64, "errmsg": "waiting for replication timed out"}
    async with failing(database.client, "always", "commitTransaction", writeConcernError=unconfirmed):
        with pytest.raises(CommitUnknown):
            await transaction(database.client, work, time_limit=0.2)


async def test_a_duplicate_key_is_the_callers_to_hear_of(database: Database) -> None:
    await database["things"].insert_one({"_id": 1})

    async def work(session: AsyncClientSession) -> None:
        await database["things"].insert_one({"_id": 1}, session=session)

    with pytest.raises(DuplicateKeyError):
        await transaction(database.client, work)


async def test_transient_errors_end_with_the_time_limit(database: Database) -> None:
    async def work(session: AsyncClientSession) -> None:
        await database["things"].insert_one({"_id": 1}, session=session)

    transient = {"errorCode": 112, "errorLabels": ["TransientTransactionError"]}
    async with failing(database.client, "always", "insert", **transient):
        with pytest.raises(OperationFailure):
            await transaction(database.client, work, time_limit=0.2)
