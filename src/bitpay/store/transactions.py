"""MongoDB transactions that are retried as MongoDB says they must be, and not for ever."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from bitpay.kit.errors import Unavailable
from bitpay.store.connection import DURABLE, Client

T = TypeVar("T")
Work = Callable[[AsyncClientSession], Awaitable[T]]

_TRANSIENT = "TransientTransactionError"
_UNKNOWN_COMMIT = "UnknownTransactionCommitResult"
_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.5


class CommitUnknown(Unavailable):
    """The database did not say in time whether the transaction was committed: read before you write again."""

    code = "commit_unknown"


async def transaction(
    client: Client, work: Work[T], *, session: AsyncClientSession | None = None, time_limit: float = 20.0
) -> T:
    """Run `work(session)` in one transaction and return its answer.

    The whole of `work` runs again after a TransientTransactionError, so it must have no effect of its own beside
    the session's writes; after an UnknownTransactionCommitResult only the commit is repeated. Both end after
    `time_limit` seconds: then the last error is raised, or CommitUnknown. Errors of `work` abort and pass through.
    """
    deadline = time.monotonic() + time_limit
    async with AsyncExitStack() as stack:
        used = session if session is not None else await stack.enter_async_context(client.start_session())
        attempt = 0
        while True:
            try:
                return await _once(used, work, deadline)
            except PyMongoError as error:
                attempt += 1
                if not error.has_error_label(_TRANSIENT) or time.monotonic() >= deadline:
                    raise
            await asyncio.sleep(_pause(attempt))


async def _once(session: AsyncClientSession, work: Work[T], deadline: float) -> T:
    await session.start_transaction(read_concern=ReadConcern("snapshot"), write_concern=DURABLE)
    try:
        answer = await work(session)
    except BaseException:
        if session.in_transaction:
            await session.abort_transaction()
        raise
    await _commit(session, deadline)
    return answer


async def _commit(session: AsyncClientSession, deadline: float) -> None:
    attempt = 0
    while True:
        try:
            return await session.commit_transaction()
        except PyMongoError as error:
            if not error.has_error_label(_UNKNOWN_COMMIT):
                raise
            if time.monotonic() >= deadline:
                raise CommitUnknown("The database did not confirm a change in time.") from error
        attempt += 1
        await asyncio.sleep(_pause(attempt))


def _pause(attempt: int) -> float:
    """Full jitter below a doubling bound: two writers that collided do not collide again in step."""
    return random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(attempt, 10)))  # noqa: S311 - not a secret
