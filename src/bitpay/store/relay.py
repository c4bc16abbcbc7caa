"""The outbox's relay: leases rows, hands them to their consumer, tries again, gives up loudly.

At least once: a process that dies after delivering and before noting it delivers again, with the same id.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import structlog
from pymongo import ReturnDocument, WriteConcern
from pymongo.errors import PyMongoError

from bitpay.store.changes import changes, end, heed_cancellation
from bitpay.store.connection import Database, Document
from bitpay.store.outbox import DONE, FAILED, LEASED, OUTBOX, WAITING, WITHDRAWN

_FIRST_PAUSE_MS = 500
_LONGEST_PAUSE_MS = 3_600_000

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a consumer delivers. `id` lets the receiver drop repeats; `retracts` names the letter that it takes back."""

    id: str
    event: str
    data: dict[str, Any]
    block: str
    retracts: str | None
    attempt: int


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who delivers the rows of one kind, and when.

    `depth` is the finality delay in Bitcoin blocks; one delivery takes at most `seconds`; after `attempts` the row is
    given up and said so. `deliver` raises when the letter did not arrive.
    """

    kind: str
    deliver: Callable[[Letter], Awaitable[None]]
    depth: int = 0
    seconds: float = 30.0
    attempts: int = 20


class OutboxRelay:
    """Delivers the outbox of one database. `burn_height` tells the ledger's present Bitcoin height."""

    def __init__(
        self,
        database: Database,
        consumers: Sequence[Consumer],
        burn_height: Callable[[], Awaitable[int]],
        *,
        poll: float = 1.0,
    ) -> None:
        # What a failover forgets here is only leased or delivered once more.
        self._outbox = database[OUTBOX].with_options(write_concern=WriteConcern(w=1))
        self._consumers = tuple(consumers)
        self._burn_height = burn_height
        self._poll = poll
        self._wakes = {consumer.kind: asyncio.Event() for consumer in consumers}
        self._owner = token_hex(8)

    def wake(self) -> None:
        """Look for new rows now."""
        for event in self._wakes.values():
            event.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        tasks = [asyncio.create_task(self._serve(consumer)) for consumer in self._consumers]
        tasks.append(asyncio.create_task(self._watch()))
        try:
            await asyncio.gather(*tasks)
        finally:
            await end(tasks)

    async def deliver_next(self, consumer: Consumer, deepest: int | None = None) -> bool:
        """Deliver the consumer's next ready row, of blocks up to the Bitcoin height `deepest`; False: there is none."""
        row = await self._lease(consumer, await self._limit(consumer) if deepest is None else deepest)
        if row is None:
            return False
        if row.get("retracts") and not await self._is_finished(row["retracts"]):
            await self._again(row, pause_ms=_FIRST_PAUSE_MS, attempts=0)
            return True
        try:
            async with asyncio.timeout(consumer.seconds):
                await consumer.deliver(_letter(row))
        except Exception as error:  # noqa: BLE001 - whatever kept it from arriving, it is tried again
            await self._failed(consumer, row, error)
        else:
            await self._finish(row, DONE)
        return True

    async def _serve(self, consumer: Consumer) -> None:
        wake = self._wakes[consumer.kind]
        while True:
            wake.clear()
            heed_cancellation()
            try:
                await self.reap()
                deepest = await self._limit(consumer)
                while await self.deliver_next(consumer, deepest):
                    pass
            except PyMongoError as error:
                _log.warning("outbox_unreachable", kind=consumer.kind, error=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll):
                    await wake.wait()

    async def _watch(self) -> None:
        while True:
            with suppress(PyMongoError):
                async for _ in changes(self._outbox, [{"$match": {"operationType": "insert"}}]):
                    self.wake()
            await asyncio.sleep(self._poll)

    async def _limit(self, consumer: Consumer) -> int:
        return await self._burn_height() - consumer.depth

    async def _lease(self, consumer: Consumer, deepest: int) -> Document | None:
        ready = {
            "kind": consumer.kind,
            "state": WAITING,
            "retracted": {"$ne": True},
            "burnHeight": {"$lte": deepest},
            "$expr": {"$lte": ["$notBefore", "$$NOW"]},
        }
        lease_ms = int(consumer.seconds * 2000)
        taken = {
            "state": LEASED,
            "owner": self._owner,
            "leaseUntil": {"$add": ["$$NOW", lease_ms]},
            "attempts": {"$add": ["$attempts", 1]},
        }
        return await self._outbox.find_one_and_update(
            ready, [{"$set": taken}], sort=[("order", 1)], return_document=ReturnDocument.AFTER
        )

    async def reap(self) -> None:
        """Offer again what a dead relay had leased."""
        dead = {"state": LEASED, "$expr": {"$lte": ["$leaseUntil", "$$NOW"]}}
        await self._outbox.update_many(dead, [{"$set": {**_unless_retracted(WAITING), "owner": None}}])

    async def _is_finished(self, row_id: str) -> bool:
        row = await self._outbox.find_one({"_id": row_id}, {"state": 1})
        return row is None or row["state"] in {DONE, FAILED, WITHDRAWN}

    async def _failed(self, consumer: Consumer, row: Document, error: Exception) -> None:
        told = {"kind": consumer.kind, "row": row["_id"], "attempt": row["attempts"], "error": repr(error)}
        if row["attempts"] >= consumer.attempts:
            _log.error("outbox_given_up", **told)
            await self._outbox.update_one({"_id": row["_id"]}, [{"$set": _unless_retracted(FAILED, "$$NOW")}])
            return
        _log.warning("outbox_not_delivered", **told)
        bound = min(_LONGEST_PAUSE_MS, _FIRST_PAUSE_MS * 2 ** min(row["attempts"], 16))
        await self._again(row, pause_ms=random.randint(bound // 2, bound), attempts=row["attempts"])  # noqa: S311

    async def _again(self, row: Document, *, pause_ms: int, attempts: int) -> None:
        later = {
            **_unless_retracted(WAITING),
            "owner": None,
            "notBefore": {"$add": ["$$NOW", pause_ms]},
            "attempts": attempts,
        }
        await self._outbox.update_one({"_id": row["_id"], "owner": self._owner}, [{"$set": later}])

    async def _finish(self, row: Document, state: str) -> None:
        finished = {"state": state, "finishedAt": "$$NOW"}
        await self._outbox.update_one({"_id": row["_id"]}, [{"$set": finished}])


def _unless_retracted(state: str, finished_at: str | None = None) -> Document:
    """Return what becomes of a row that was not delivered: withdrawn, if its block has left the chain meanwhile."""
    gone = {"$eq": ["$retracted", True]}
    return {
        "state": {"$cond": [gone, WITHDRAWN, state]},
        "finishedAt": {"$cond": [gone, "$$NOW", finished_at or "$$REMOVE"]},
    }


def _letter(row: Document) -> Letter:
    return Letter(row["_id"], row["event"], row["data"], row["block"], row.get("retracts"), row["attempts"])
