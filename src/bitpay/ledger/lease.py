"""One follower writes at a time: a lease in MongoDB that names its holder's server session.

A holder that dies in the middle of a transaction leaves its locks behind; its successor ends that session first.
Correctness does not depend on the lease (the head's compare-and-swap sees to that), only peace and speed do.
"""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import TypeVar

import structlog
from bson.binary import Binary
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure, PyMongoError

from bitpay.kit.errors import Conflict
from bitpay.store import Database, Kind, collection, end, heed_cancellation

T = TypeVar("T")

LEASES = collection("leases", Kind.PASSING)
FOLLOWER = "follower"
"""The lease of whoever follows the chain."""

_NOT_ALLOWED = (13, 18, 8000)
"""MongoDB's codes for Unauthorized and AuthenticationFailed, and Atlas's for both."""

_MOST_REFUSALS = 5
"""After so many the session is left to MongoDB, which ends it in a while: some hosts have no `killSessions`."""

_PATIENCE = 30.0
"""Seconds that a holder goes on asking a database that does not answer, as while its primary is elected."""

_TO_END = {"$ifNull": ["$toEnd", []]}
"""Sessions of earlier holders that nobody has ended yet."""
_TO_END_AND_LAST = {"$concatArrays": [_TO_END, {"$cond": [{"$ifNull": ["$session", None]}, ["$session"], []]}]}

_log = structlog.get_logger(__name__)


def refused(error: PyMongoError) -> bool:
    """Tell whether the database says that we may not: waiting does not help."""
    return isinstance(error, OperationFailure) and error.code in _NOT_ALLOWED


@dataclass(frozen=True, slots=True)
class Holder:
    """Who had a lease last, until when, and whether it still holds by the database's clock."""

    owner: str
    expires: datetime
    holds: bool


async def holder(database: Database, name: str) -> Holder | None:
    """Return who has the lease or had it last; None where nobody ever had."""
    fields = {"owner": 1, "expires": 1, "holds": {"$gt": ["$expires", "$$NOW"]}}
    found = await database[LEASES].aggregate([{"$match": {"_id": name}}, {"$project": fields}])
    rows = await found.to_list(1)
    return Holder(rows[0]["owner"], rows[0]["expires"], rows[0]["holds"]) if rows and "owner" in rows[0] else None


class LeaseLost(Conflict):
    """Somebody else may have the lease by now: what it protects is no longer ours to change."""

    code = "lease_lost"


class Lease:
    """The right to follow. `seconds` is how long a dead holder keeps others waiting, by the database's clock."""

    def __init__(self, database: Database, name: str, session: AsyncClientSession, *, seconds: float = 1.2) -> None:
        self._database = database
        self._leases = database[LEASES]
        self._name = name
        self._session_id = Binary(session.session_id["id"], session.session_id["id"].subtype)
        self._milliseconds = int(seconds * 1000)
        self._refusals = 0
        self.owner = token_hex(8)
        self.renewal = seconds / 4

    async def acquire(self) -> None:
        """Wait until the lease is ours; a predecessor's session is ended before this returns, if the database lets us.

        Raises the database's error where we are not allowed to write there; every other one is waited for.
        """
        while not (await self._exists() and await self._take()):
            heed_cancellation()
            await asyncio.sleep(self.renewal)

    async def hold(self) -> None:
        """Renew the lease until somebody else has it, or the database does not answer any more; returns then."""
        while await self._keep():
            heed_cancellation()
            await asyncio.sleep(self.renewal)
        _log.warning("lease_lost", lease=self._name)

    async def renew(self) -> None:
        """Make the lease ours for its whole time from now on. Raises LeaseLost."""
        if not await self._keep():
            raise LeaseLost("The database did not answer in time, or somebody else took over.")

    async def lead(self, work: Coroutine[None, None, T]) -> T:
        """Do what only the holder may do, then let go, and return its answer. Raises LeaseLost, the work cancelled."""
        holding, working = asyncio.create_task(self.hold()), asyncio.create_task(work)
        try:
            await asyncio.wait([holding, working], return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise LeaseLost("The database did not answer in time, or somebody else took over.")
            return working.result()
        finally:
            await end([holding, working])
            with suppress(PyMongoError):
                await self.release()

    async def release(self) -> None:
        """Let the next holder start at once."""
        expired = [{"$set": {"expires": "$$NOW", "session": None}}]
        await self._leases.update_one({"_id": self._name, "owner": self.owner}, expired)

    async def _exists(self) -> bool:
        never_held = [{"$set": {"expires": {"$ifNull": ["$expires", "$$NOW"]}}}]
        try:
            await self._leases.update_one({"_id": self._name}, never_held, upsert=True)
        except PyMongoError as error:
            if refused(error):
                raise
            _log.warning("lease_unreachable", lease=self._name, error=str(error))
            return False
        return True

    async def _keep(self) -> bool:
        """Renew the lease, and ask again where the database does not answer: perhaps nobody wants it meanwhile."""
        deadline = time.monotonic() + _PATIENCE
        while (ours := await self._take()) is None and time.monotonic() < deadline:
            heed_cancellation()
            await asyncio.sleep(self.renewal)
        return bool(ours)

    async def _take(self) -> bool | None:
        """Take the lease or renew it. Returns whether it is ours, None where the database does not say."""
        free = {"$or": [{"owner": self.owner}, {"$expr": {"$lte": ["$expires", "$$NOW"]}}]}
        ours = {
            "owner": self.owner,
            "session": self._session_id,
            "expires": {"$add": ["$$NOW", self._milliseconds]},
            "toEnd": {"$cond": [{"$eq": ["$owner", self.owner]}, _TO_END, _TO_END_AND_LAST]},
        }
        try:
            lease = await self._leases.find_one_and_update(
                {"_id": self._name, **free}, [{"$set": ours}], return_document=ReturnDocument.AFTER
            )
            if lease and lease["toEnd"]:
                await self._end(lease["toEnd"])
        except PyMongoError as error:
            _log.warning("lease_unreachable", lease=self._name, error=str(error))
            return False if refused(error) else None
        return lease is not None

    async def _end(self, sessions: list[Binary]) -> None:
        """End the sessions of whoever held the lease before us, and forget them. Raises database errors."""
        try:
            await self._database.command("killSessions", [{"id": session} for session in sessions])
        except OperationFailure as error:
            self._refusals += 1
            if self._refusals < _MOST_REFUSALS:
                raise
            _log.warning("sessions_not_ended", lease=self._name, error=str(error))
        ended = {"$pullAll": {"toEnd": sessions}}
        await self._leases.update_one({"_id": self._name, "owner": self.owner}, ended)
